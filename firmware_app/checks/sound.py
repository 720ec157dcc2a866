"""The audio interface: may it be used, is it there, does it do what the settings ask, is anybody else at it?"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from firmware_app.checks import Finding, advice, ok, problem
from firmware_app.checks.system import user
from firmware_app.config_keys import AudioConfig
from hw import devices
from hw.devices import Interface

SERVERS = ("pulseaudio", "pipewire", "wireplumber", "jackd", "jackdbus")


def sound(
    config: AudioConfig,
    root: Path = Path("/"),
    list_interfaces: Callable[[], Sequence[Interface]] = devices.list_interfaces,
) -> list[Finding]:
    return [*_permission(root), *_interface(config, list_interfaces()), *_servers(root)]


def _permission(root: Path) -> list[Finding]:
    nodes = sorted((root / "dev/snd").glob("pcm*"))
    if not nodes:
        return []  # no card: said below
    closed = [node.name for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if closed:
        mend = f"sudo usermod -aG audio {user()}, then log in anew"
        return [problem("group audio", f"this user may not use {', '.join(closed)}", mend)]
    return [ok("group audio", "this user may use the sound devices")]


def _interface(config: AudioConfig, interfaces: Sequence[Interface]) -> list[Finding]:
    if config.device == "demo":
        return [ok("audio interface", "the demo plays, as the settings ask")]
    choice = devices.choose(interfaces, config.device)
    if choice.interface is not None:
        return [ok("audio interface", choice.reason), *_abilities(config, choice.interface)]
    mend = "plug in a class-compliant USB interface; `hushbox devices` shows what is seen"
    if config.device == "auto":
        return [advice("audio interface", f"{choice.reason}; the demo plays", mend)]
    return [problem("audio interface", choice.reason, f"{mend}; or set audio.device")]


def _abilities(config: AudioConfig, interface: Interface) -> list[Finding]:
    """Do channels, rate and format of the settings fit?"""
    found = []
    mend = "change it in hushbox.toml; `hushbox devices` shows what there is"
    for caps, channels, key, does in (
        (interface.capture, config.input_channels, "input_channels", "records"),
        (interface.playback, config.output_channels, "output_channels", "plays"),
    ):
        if caps is None:
            continue
        if caps.channels and max(channels) > max(caps.channels):
            text = f"audio.{key} = {list(channels)}: {interface.name} {does} {max(caps.channels)} channels"
            found.append(problem("audio channels", text, mend))
        if caps.rates_hz and config.rate_hz not in caps.rates_hz:
            rates = ", ".join(map(str, caps.rates_hz))
            text = f"audio.rate_hz = {config.rate_hz}: {interface.name} {does} at {rates} Hz"
            found.append(problem("audio rate", text, mend))
        if config.sample_format != "auto" and config.sample_format not in caps.formats:
            text = f"audio.sample_format = {config.sample_format}: {interface.name} {does} {', '.join(caps.formats)}"
            found.append(problem("audio format", text, mend))
    return found


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
