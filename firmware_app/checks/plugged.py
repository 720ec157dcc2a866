"""Checks MIDI ports and USB footswitches: which are there, which this user may use, which mapped ones are missing."""

import os
import re
from pathlib import Path

from firmware_app.checks import Finding, advice, ok, problem
from firmware_app.checks.system import user
from firmware_app.config.panel_keys import HidKeyConfig, MidiKnobConfig, MidiSwitchConfig
from firmware_app.panel.plan import PanelPlan
from hw.midi.ports import find_midi_ports


def midi(plan: PanelPlan, root: Path = Path("/")) -> list[Finding]:
    config = plan.config
    if not config.midi and not config.midi_serial:
        return [ok("MIDI", "switched off in the settings")]
    ports = find_midi_ports(root, config.midi, config.midi_serial)
    findings = [
        ok("MIDI", f"{port.name} is there")
        if os.access(port.path, os.R_OK)
        else problem(
            "MIDI",
            f"this user may not use {port.name} ({port.path})",
            f"sudo usermod -aG {'dialout' if port.serial else 'audio'} {user()}, then log in anew",
        )
        for port in ports
    ]
    names = {port.name for port in ports}
    missing = [device for device in config.midi_serial if not Path(device).exists()]
    findings += [problem("MIDI", f"{d} is not there", "sudo raspi-config nonint do_serial_hw 0") for d in missing]
    for control in plan.controls:
        if isinstance(control.config, MidiSwitchConfig | MidiKnobConfig) and control.config.port not in {"*", *names}:
            text = f"{control.name} waits for MIDI port {control.config.port}"
            findings.append(advice("MIDI", text, "plug it in; it works from then on"))
    return findings or [ok("MIDI", "no port is there; one that is plugged in works at once")]


def hid(plan: PanelPlan, root: Path = Path("/")) -> list[Finding]:
    """Check the mapped USB footswitches."""
    wanted = sorted({c.config.device for c in plan.controls if isinstance(c.config, HidKeyConfig)})
    if not wanted:
        return []
    there = _input_devices(root)
    findings = []
    for device in wanted:
        if device not in there:
            findings.append(
                advice("USB footswitch", f"{device} is not plugged in", "plug it in; it works from then on")
            )
        elif not os.access(root / "dev/input" / there[device], os.R_OK):
            mend = f"sudo usermod -aG input {user()}, then log in anew"
            findings.append(problem("USB footswitch", f"this user may not use {device} ({there[device]})", mend))
        else:
            findings.append(ok("USB footswitch", f"{device} is there"))
    return findings


def _input_devices(root: Path) -> dict[str, str]:
    """{"1a86-e026": "event3"} from the kernel's list."""
    try:
        text = (root / "proc/bus/input/devices").read_text(errors="replace")
    except OSError:
        return {}
    found: dict[str, str] = {}
    for block in text.split("\n\n"):
        identity = re.search(r"Vendor=([0-9a-f]{4}) Product=([0-9a-f]{4})", block)
        handler = re.search(r"\b(event\d+)\b", block)
        if identity and handler and "kbd" in block:
            found.setdefault(f"{identity[1]}-{identity[2]}", handler[1])
    return found
