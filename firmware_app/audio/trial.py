"""Tries new audio settings: the device is opened with them, and when it refuses, the settings before come back.

Control writes the settings into the runtime folder and sends their number. The info frame says what became of them.
They are in force from the first block on. When the device refuses them, or falls silent at once, the settings before
come back, so that a mistake made on the page never costs the sound.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firmware_app.audio.source import AudioSource, Opened
from firmware_app.config.audio_rules import AudioSettingsError
from firmware_app.config.keys import AudioConfig, Config
from firmware_app.config.places import Places
from firmware_app.kept import audio

PROVEN_S = 1.0  # a device that has run for this long has accepted its settings
_NAME = "audio-trial.json"


class AudioTrial:
    """Owns the audio settings in force. Audio thread, outside streaming; only `ask` may be called while streaming."""

    def __init__(self, config: Config, places: Places) -> None:
        self.notes: tuple[str, ...] = ()
        self.audio, self.notes = audio.in_force(config, places.state)
        self.number = 0  # of the settings tried last
        self.refused = ""  # why they are not in force
        self._config, self._runtime = config, places.runtime
        self._asked = 0
        self._before: AudioConfig | None = None

    def ask(self, number: int) -> None:
        """Control has left settings to try, with this number. 0: none; the device is only opened again."""
        self._asked = number or self._asked

    def open(self, source: AudioSource, chain: str) -> Opened:
        """Open the device with the settings to try, else with those in force. Never raises for a device.

        chain: the one that is heard, for AudioSource.open.
        """
        if not self._asked:
            self._before = None
            return source.open(chain)
        self.number, self._asked, self.refused = self._asked, 0, ""
        before, opened = self.audio, None
        try:
            self.audio = _read(self._config, self._runtime, self.number)
        except AudioSettingsError as error:
            self.refused = str(error)
            return source.open(chain)
        source.use(self.audio)
        opened = source.open(chain, exactly=True)
        if opened.io is None:
            self._give_up(before, opened.message, source)
            return source.open(chain)
        self._before = before
        return opened

    def ran(self, seconds: float, reason: str, source: AudioSource) -> None:
        """A stream has ended after `seconds`, and not on purpose. reason: why, empty when it is not known."""
        if self._before is not None and seconds < PROVEN_S:
            self._give_up(self._before, reason or "it opens, but no sound comes from it", source)
        self._before = None

    def _give_up(self, before: AudioConfig, reason: str, source: AudioSource) -> None:
        self.refused = reason or "the interface does not do that"
        self.audio = before
        source.use(before)


def leave(runtime: Path, number: int, changes: Mapping[str, Any]) -> None:
    """For control: leave settings to try. Raises OSError."""
    fresh = runtime / f"{_NAME}.new"
    fresh.write_text(json.dumps({"number": number, "audio": dict(changes)}))
    fresh.chmod(0o640)  # for the audio process, of the same group
    os.replace(fresh, runtime / _NAME)


def _read(config: Config, runtime: Path, number: int) -> AudioConfig:
    try:
        tree = json.loads((runtime / _NAME).read_text())
        left, changes = int(tree["number"]), dict(tree["audio"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError, OverflowError):
        raise AudioSettingsError(["the settings to try cannot be read"]) from None
    if left != number:
        raise AudioSettingsError(["newer settings were sent in the meantime"])
    return audio.merged(config, changes)
