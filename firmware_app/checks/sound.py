"""Checks the audio interface: permission, presence, what it can do, and programs that may take it."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from firmware_app.audio.fit import dull, fit
from firmware_app.checks import Finding, advice, ok, problem
from firmware_app.checks.system import user
from firmware_app.config.keys import AudioConfig, StemsConfig
from hw.audio import devices
from hw.audio.devices import Interface
from hw.audio.probe import PcmCaps

SERVERS = ("pulseaudio", "pipewire", "wireplumber", "jackd", "jackdbus")


def sound(
    config: AudioConfig,
    root: Path = Path("/"),
    list_interfaces: Callable[[], Sequence[Interface]] = devices.list_interfaces,
    stems: StemsConfig | None = None,
) -> list[Finding]:
    return [*_permission(root), *_interface(config, stems or StemsConfig(), list_interfaces()), *_servers(root)]


def _permission(root: Path) -> list[Finding]:
    nodes = sorted((root / "dev/snd").glob("pcm*"))
    if not nodes:
        return []  # no card: said below
    closed = [node.name for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if closed:
        mend = f"sudo usermod -aG audio {user()}, then log in anew"
        return [problem("group audio", f"this user may not use {', '.join(closed)}", mend)]
    return [ok("group audio", "this user may use the sound devices")]


def _interface(config: AudioConfig, stems: StemsConfig, interfaces: Sequence[Interface]) -> list[Finding]:
    if config.device == "demo":
        return [ok("audio interface", "the demo plays, as the settings ask")]
    choice = devices.choose(interfaces, config.device)
    if choice.interface is not None:
        return [ok("audio interface", choice.reason), *_abilities(config, stems, choice.interface)]
    mend = "plug in a class-compliant USB interface; `hushbox devices` shows what is seen"
    if config.device == "auto":
        return [advice("audio interface", f"{choice.reason}; the demo plays", mend)]
    return [problem("audio interface", choice.reason, f"{mend}; or set audio.device")]


def _abilities(config: AudioConfig, stems: StemsConfig, interface: Interface) -> list[Finding]:
    """Check that the interface has the channels, rate and format of the settings. If not, the box takes the nearest."""
    if interface.capture is None or interface.playback is None:
        return []
    fitted = fit(config, stems, interface.capture, interface.playback)
    mend = "change [audio] in hushbox.toml, or take another interface; `hushbox devices` shows what there is"
    notes = [*fitted.notes, *filter(None, [dull(_rate_of(fitted.audio, interface.capture, interface.playback))])]
    return [advice("audio settings", f"{interface.name}: {note}", mend) for note in notes]


def _rate_of(audio: AudioConfig, capture: PcmCaps, playback: PcmCaps) -> int:
    """The rate that both directions would run at, else the lower one."""
    both = [rate for rate in capture.rates_hz if rate in playback.rates_hz]
    if audio.rate_hz in both:
        return audio.rate_hz
    return both[0] if both else min(caps.rates_hz[0] for caps in (capture, playback) if caps.rates_hz)


def _servers(root: Path) -> list[Finding]:
    """Sound servers that may take the interface at any moment."""
    running = set()
    for comm in (root / "proc").glob("[0-9]*/comm"):
        try:
            running.add(comm.read_text(errors="replace").strip())
        except OSError:
            continue  # it has ended
    servers = sorted(running & set(SERVERS))
    if not servers:
        return [ok("sound servers", "none runs that could take the interface")]
    mend = f"on a box of its own: systemctl --user mask --now {' '.join(servers)}"
    return [advice("sound servers", f"{', '.join(servers)}: may take the interface before the box does", mend)]
