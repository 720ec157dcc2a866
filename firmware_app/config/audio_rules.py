"""Rules between the keys of [audio] and [stems], for the file and for the page alike."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, cast

from dsp.nearest import did_you_mean
from firmware_app.config.declare import Key
from firmware_app.config.keys import AudioConfig, Config, StemsConfig
from firmware_app.errors import UsageError

DEVICE_KEYS = ("device", "capture_device", "playback_device")
_SAFE_DEVICE = re.compile(r"[^:{}\"'|<>`$\\]*|(plug)?hw:[\w=,.-]+")


class AudioSettingsError(UsageError):
    """Audio settings that are not allowed. `mistakes` has one line for each mistake."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(self.mistakes))


def channel_mistakes(audio: AudioConfig) -> list[tuple[str, str]]:
    """(dotted key, mistake) for channels that do not fit each other."""
    found = []
    for name in ("input_channels", "music_channels"):
        if len(getattr(audio, name)) == 2 and len(audio.output_channels) != 2:
            text = f"[audio] output_channels = {_show(audio.output_channels)}: two {name} need two of them"
            found.append(("audio.output_channels", text))
    for channel in audio.music_channels:
        if channel in audio.input_channels:
            text = (
                f"[audio] music_channels = {_show(audio.music_channels)}: input {channel} is one of input_channels; "
                "leave music_channels empty when music comes on those"
            )
            found.append(("audio.music_channels", text))
    return found


def stem_mistakes(audio: AudioConfig, stems: StemsConfig) -> list[tuple[str, str]]:
    """(dotted key, mistake) for outputs that are given to two sounds."""
    found = []
    taken = dict.fromkeys(audio.output_channels, "output_channels of [audio]")
    for f, channels in zip(fields(stems), stems.outputs, strict=True):
        for channel in channels:
            if channel in taken:
                text = f"[stems] {f.name} = {_show(channels)}: output {channel} is taken by {taken[channel]}"
                found.append((f"stems.{f.name}", text))
            taken.setdefault(channel, f.name)
    return found


def changed(config: Config, changes: Mapping[str, Any], allowed: Iterable[str]) -> AudioConfig:
    """[audio] with `changes` applied and checked like the file. Raises AudioSettingsError.

    allowed: the keys that may be changed.
    """
    keys = {f.name: cast(Key, f.metadata["key"]) for f in fields(AudioConfig) if f.name in tuple(allowed)}
    mistakes = []
    for name, value in changes.items():
        if name not in keys:
            mistakes.append(f"[audio] {name[:40]}: cannot be set here{did_you_mean(name, keys)}")
        elif wrong := keys[name].check(value) or _unsafe_device(name, value, config.audio):
            mistakes.append(f"[audio] {name} = {_show(value)[:40]}: {wrong}")
    if not mistakes:
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()
        }
        audio = replace(config.audio, **values)
        mistakes = [text for _, text in (*channel_mistakes(audio), *stem_mistakes(audio, config.stems))]
        if not mistakes:
            return audio
    raise AudioSettingsError(mistakes)


def _unsafe_device(name: str, value: object, own: AudioConfig) -> str:
    """Why the page may not name this device; "" when it may.

    ALSA's names can have arguments, and some of its plugins write a file or run a program that an argument names
    ("file:'|reboot',raw"). Only the settings file, which is the administrator's, may name such a device.
    """
    if name not in DEVICE_KEYS or value == getattr(own, name) or _SAFE_DEVICE.fullmatch(str(value)):
        return ""
    return "an interface by name or serial number, or hw:CARD=...,DEV=..., is allowed; others in the file only"


def _show(value: object) -> str:
    return json.dumps(value, default=str)
