"""The page's audio settings, which win over the file's [audio]: `audio.json` in the state folder.

Both processes read it. Control alone writes it, and only settings with which the interface has run.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from firmware_app.config.audio_rules import AudioSettingsError, changed
from firmware_app.config.keys import AudioConfig, Config
from firmware_app.kept.kept_file import KeptFile, shortened

NAME = "audio.json"
KEYS = (
    "device", "capture_device", "playback_device", "input_channels", "music_channels", "output_channels",
    "rate_hz", "period_frames", "periods",
)  # fmt: skip
"""The keys of [audio] that the page may set."""


def settings_file(folder: Path) -> KeptFile:
    """audio.json in the state folder."""
    return KeptFile(folder, NAME, 1, "audio", "audio settings")


def in_force(config: Config, folder: Path, *, look_only: bool = True) -> tuple[AudioConfig, tuple[str, ...]]:
    """The file's settings with the page's applied, and notes for the log. Raises nothing.

    Keys of the command line win over both. If the page's settings do not fit any more (the file's [stems] may have
    changed), none of them is used, and all stay saved.
    """
    (audio, own), notes = settings_file(folder).load_as(lambda body: _read(config, body), look_only=look_only)
    return audio, shortened(
        [*notes, *(f"{folder / NAME}: not used, the settings of the file hold: {note}" for note in own)]
    )


def _read(config: Config, body: Mapping[str, Any]) -> tuple[AudioConfig, list[str]]:
    try:
        return merged(config, body), []
    except AudioSettingsError as error:  # stays saved: it may fit again when the file is changed back
        return config.audio, list(error.mistakes)


def merged(config: Config, changes: Mapping[str, Any]) -> AudioConfig:
    """[audio] with `changes` applied and checked like the file. Raises AudioSettingsError."""
    named = {key.removeprefix("audio.") for key in config.overridden}
    return changed(config, {key: value for key, value in changes.items() if key not in named}, KEYS)


def changes_of(audio: AudioConfig) -> dict[str, Any]:
    """The saved part of these settings, as JSON values."""
    return {name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(audio).items() if name in KEYS}  # fmt: skip


assert set(KEYS) <= {f.name for f in fields(AudioConfig)}
