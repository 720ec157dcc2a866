"""AudioSettings: the page's audio settings. The audio process tries new ones before they are saved."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from firmware_app.audio import trial
from firmware_app.audio.trial import PROVEN_S
from firmware_app.config.audio_rules import AudioSettingsError
from firmware_app.config.keys import Config
from firmware_app.config.places import Places
from firmware_app.errors import AppError
from firmware_app.kept import audio as kept_audio
from firmware_app.kept import choice
from firmware_app.kept.saver import SaveJob
from firmware_app.link.wire import InfoFrame, MeterFrame, State

log = logging.getLogger(__name__)

ANSWER_S = 15.0  # an interface that takes longer to open counts as refusing


class TrialError(AppError, RuntimeError):
    """New settings cannot be tried at this moment."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The state of the newest change. reason: why it was refused, in words."""

    state: str = "settled"  # | "trying" | "refused"
    reason: str = ""


class AudioSettings:
    """Owns audio.json. Any thread; the take_* are called by the link, `save_job` by the saver.

    New settings are saved only after sound has run with them. After a power cut before that, the old ones hold.
    """

    def __init__(self, config: Config, places: Places, reopen: Callable[[int], None]) -> None:
        """reopen: tells the audio process to open its device with the settings of that number (ControlLink)."""
        self._config, self._runtime = config, places.runtime
        self._file = kept_audio.settings_file(places.state)
        self.in_force, self.notes = kept_audio.in_force(config, places.state, look_only=False)
        # Keys that the page has set. They stay, even where they equal the defaults, which a measurement may change.
        self._by_hand = frozenset(self._file.load(look_only=True).body or {})
        self.trial = Trial()
        self._reopen = reopen
        self._lock = threading.Lock()
        self._number = 0
        self._wanted = self._before = self.in_force
        self._begun = self._ran_from = 0.0
        self._alive = False
        self.save_job = SaveJob("audio settings", self._write)
        self.on_change: Callable[[], None] = lambda: None  # tells the page

    @property
    def fixed(self) -> tuple[str, ...]:
        """Keys that were set on the command line, which cannot be changed here."""
        named = (key.removeprefix("audio.") for key in self._config.overridden if key.startswith("audio."))
        return tuple(sorted(named))

    def stand_on(self, config: Config) -> None:
        """These settings hold for all that the page has not set: bundle and period were measured since the start."""
        with self._lock:
            own = self._own()
            self._config = config
            if self.trial.state == "settled":
                self.in_force = self._wanted = self._before = kept_audio.merged(config, own)

    def change(self, changes: Mapping[str, Any]) -> None:
        """Begin to try these keys of [audio]; `trial` tells the result. Raises AudioSettingsError, TrialError.

        "device" counts for both directions, unless the changes name capture_device or playback_device too.
        """
        named = [key for key in changes if key in self.fixed]
        if named:
            raise AudioSettingsError([f"[audio] {key}: set on the command line, so not here" for key in named])
        if "device" in changes:
            changes = {"capture_device": "", "playback_device": "", **changes}
        with self._lock:
            wanted = kept_audio.merged(self._config, {**kept_audio.changes_of(self.in_force), **changes})
            if self.trial.state == "trying":
                raise TrialError("other audio settings are being tried this moment")
            if not self._alive:
                raise TrialError("the audio process does not answer, so nothing can be tried: wait until it is back")
            self._wanted, self._before = wanted, self.in_force
            self._wanted_by_hand = frozenset(changes)
            # A number that no earlier control process has used.
            self._number = max(self._number + 1, int(time.monotonic()) & 0x7FFFFFFF)
            try:
                trial.leave(self._runtime, self._number, kept_audio.changes_of(wanted))
            except OSError as error:
                raise TrialError(f"{self._runtime}: cannot be written: {error.strerror}") from None
            self.trial = Trial("trying")
            self._begun, self._ran_from = time.monotonic(), 0.0
        self._reopen(self._number)
        self.on_change()

    def take_info(self, info: InfoFrame) -> None:
        """The audio process told what runs."""
        with self._lock:
            self._alive = True
            if info.trial != self._number or not self._number or not info.refused:
                self._opened = info.trial == self._number
                return
        self._refuse(info.refused)

    def take_meter(self, meter: MeterFrame) -> None:
        """Save settings once sound has run with them for PROVEN_S."""
        if self.trial.state != "trying" or not self._opened or meter.state != State.RUNNING:
            return
        now = time.monotonic()
        with self._lock:
            self._ran_from = self._ran_from or now
            if now - self._ran_from < PROVEN_S:
                return
            self.in_force = self._wanted
            self._by_hand |= self._wanted_by_hand
            self.trial = Trial()
        self.save_job.changed()
        self.on_change()

    def audio_down(self) -> None:
        """The link broke. The audio process comes back with the saved settings."""
        self._alive = self._opened = False
        if self.trial.state == "trying":
            self._refuse("the audio process ended while it tried")

    def tick(self) -> None:
        """Once in a while: give up when no answer comes."""
        if self.trial.state == "trying" and time.monotonic() - self._begun > ANSWER_S:
            self._refuse(f"no sound came within {ANSWER_S:.0f} s")
            self._reopen(0)

    def _write(self) -> str:
        self._file.save(self._own())
        return self._file.problem

    def _own(self) -> dict[str, Any]:
        """What is saved: what differs from the file, which still counts for the rest, and a period that was chosen."""
        standing, now = kept_audio.changes_of(self._config.audio), kept_audio.changes_of(self.in_force)
        chosen = self._by_hand & {"period_frames"} if choice.PERIOD not in self._config.named else frozenset()
        return {key: value for key, value in now.items() if value != standing[key] or key in chosen}

    def _refuse(self, reason: str) -> None:
        with self._lock:
            if self.trial == Trial("refused", reason):
                return
            was_kept = self.trial.state == "settled" and self.in_force == self._wanted != self._before
            self.in_force = self._before
            self.trial = Trial("refused", reason)
        if was_kept:  # the device failed after they were saved
            self.save_job.changed()
        log.warning("audio settings refused: %s", reason)
        self.on_change()

    _opened = False
    _wanted_by_hand: frozenset[str] = frozenset()
