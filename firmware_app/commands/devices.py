"""List the audio interfaces and what they can do, and which one the box would use.

A * marks that one. PipeWire and JACK are listed where ALSA reaches them; the
box takes one only by name: [audio] device = "pipewire".

examples:
    hushbox devices
    hushbox devices --json
"""

import argparse
import json
from dataclasses import asdict

from firmware_app.commands.common import add_settings, settings
from hw.audio import devices
from hw.audio.devices import Choice, Interface
from hw.audio.probe import PcmCaps

DEMO = "demo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print as JSON")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    config, _ = settings(args)
    wanted = config.audio.device
    found = [*devices.list_interfaces(), *devices.list_servers()]
    if wanted == DEMO:
        choice = Choice(None, "the demo was asked for (audio.device)")
    else:
        choice = devices.choose(found, wanted)
        if choice.interface is not None and choice.interface not in found:
            found.append(choice.interface)  # a PCM that belongs to no card
    if args.json:
        print(json.dumps(_document(found, choice, wanted), indent=2))
    else:
        print("\n".join([*_lines(found, choice), _verdict(choice, wanted)]))
    return 0


def _document(found: list[Interface], choice: Choice, wanted: str) -> dict[str, object]:
    return {
        "wanted": wanted,
        "chosen": choice.interface.device if choice.interface else None,
        "reason": choice.reason,
        "interfaces": [asdict(interface) for interface in found],
    }


def _lines(found: list[Interface], choice: Choice) -> list[str]:
    if not found:
        return ["no audio interfaces"]
    lines = []
    for interface in found:
        mark = "*" if interface is choice.interface else " "
        kind = "USB" if interface.usb else "not USB" if interface.card_id else "by name"
        lines.append(f"{mark} {interface.name}   {interface.device}   ({kind})")
        place = [f"serial {interface.serial}"] * bool(interface.serial) + [interface.usb_path] * bool(
            interface.usb_path
        )
        lines += [f"    known by  {', '.join(place)}"] * bool(place)
        lines += [f"    records   {_caps(interface.capture)}", f"    plays     {_caps(interface.playback)}"]
        lines += [f"    in use    by {interface.in_use_by}"] * bool(interface.in_use_by)
        lines += [f"    not for the box: {interface.why_not}"] * (not interface.usable)
    return lines


def _caps(caps: PcmCaps | None) -> str:
    if caps is None:
        return "-"
    rates = ", ".join(map(str, caps.rates_hz)) or "no rate that the box can use"
    formats = ", ".join(caps.formats) or "no format that the box can use"
    return f"{_channels(caps.channels)} channels; {rates} Hz; {formats}"


def _channels(counts: tuple[int, ...]) -> str:
    if len(counts) > 2 and counts == tuple(range(counts[0], counts[-1] + 1)):
        return f"{counts[0]} to {counts[-1]}"
    return " or ".join(map(str, counts)) or "0"


def _verdict(choice: Choice, wanted: str) -> str:
    if choice.interface is not None:
        return f"the box uses {choice.interface.device}: {choice.reason}"
    if wanted in (DEMO, "auto"):
        return f"the box plays its demo: {choice.reason}"
    return f"the box waits: {choice.reason}"
