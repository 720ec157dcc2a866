"""What the page has set about the audio interface, over the file's [audio]: `audio.json` in the state folder.

Both processes read it; control alone writes it, and only settings under which the interface has run.
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
    """The file's settings with what is kept over them, and notes for the log. Raises nothing.

    What the command line names wins over both. Kept settings that do not fit any more (the file's [stems] may have
    changed) are left alone as a whole, and the file's hold.
    """
    (audio, own), notes = settings_file(folder).load_as(lambda body: _read(config, body), look_only=look_only)
    return audio, shortened(
        [*notes, *(f"{folder / NAME}: not used, the settings of the file hold: {note}" for note in own)]
    )


def _read(config: Config, body: Mapping[str, Any]) -> tuple[AudioConfig, list[str]]:
    try:
        return merged(config, body), []
    except AudioSettingsError as error:  # left where it is: it may fit again when the file is changed back
        return config.audio, list(error.mistakes)


def merged(config: Config, changes: Mapping[str, Any]) -> AudioConfig:
    """[audio] with `changes` over it, checked as if they stood in the file. Raises AudioSettingsError."""
    named = {key.removeprefix("audio.") for key in config.overridden}
    return changed(config, {key: value for key, value in changes.items() if key not in named}, KEYS)


def changes_of(audio: AudioConfig) -> dict[str, Any]:
    """What is kept of these settings: plain values, as JSON has them."""
    return {name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(audio).items() if name in KEYS}  # fmt: skip


assert set(KEYS) <= {f.name for f in fields(AudioConfig)}
