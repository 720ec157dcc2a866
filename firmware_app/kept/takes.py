"""takes.json: how long what was played waits in memory, and what a take holds. The page and the command line set it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from firmware_app.errors import AppError
from firmware_app.kept.kept_file import KeptFile
from firmware_app.kept.saver import SaveJob

NAME = "takes.json"
LONGEST_MINUTES = 30
WHAT = ("dry", "wet", "stems")
"""What a take can hold: the inputs, what is heard, and each stem that has outputs of its own."""


class TakeSettingError(AppError, ValueError):
    """A setting of takes that cannot be; the message names it, the value and what is allowed."""


@dataclass(frozen=True, slots=True)
class TakeSettings:
    """minutes: how much of what was played waits in memory; 0 for none. what: of WHAT, one at least."""

    minutes: int = 10
    what: tuple[str, ...] = ("dry", "wet", "stems")


class TakeSettingsStore:
    """Owns takes.json in control. Any thread; the saver writes `save_job`."""

    def __init__(self, folder: Path) -> None:
        self._file = KeptFile(folder, NAME, 1, "takes", "settings of takes")
        self._lock = threading.Lock()
        self._now, self.notes = self._file.load_as(_read)
        self.save_job = SaveJob("the settings of takes", self._write)

    @property
    def now(self) -> TakeSettings:
        return self._now

    def set_minutes(self, minutes: int) -> None:
        """Raises TakeSettingError."""
        self._change(lambda now: replace(now, minutes=check_minutes(minutes)))

    def set_what(self, what: tuple[str, ...]) -> None:
        """Raises TakeSettingError."""
        self._change(lambda now: replace(now, what=check_what(what)))

    def _change(self, make: Callable[[TakeSettings], TakeSettings]) -> None:
        with self._lock:
            self._now = make(self._now)
        self.save_job.changed()

    def _write(self) -> str:
        self._file.save(asdict(self._now))
        return self._file.problem


def check_minutes(minutes: object) -> int:
    """Raises TakeSettingError."""
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 0 <= minutes <= LONGEST_MINUTES:
        raise TakeSettingError(f"minutes = {str(minutes)[:40]}: allowed 0 (off) to {LONGEST_MINUTES}")
    return minutes


def check_what(what: object) -> tuple[str, ...]:
    """In the order of WHAT. Raises TakeSettingError."""
    if not isinstance(what, list | tuple) or not what or not all(each in WHAT for each in what):
        raise TakeSettingError(f"what = {str(what)[:60]}: allowed are one or more of {', '.join(WHAT)}")
    return tuple(each for each in WHAT if each in what)


def _read(body: Mapping[str, Any]) -> TakeSettings:
    """Raises ValueError."""
    standard = TakeSettings()
    return TakeSettings(
        check_minutes(body.get("minutes", standard.minutes)), check_what(body.get("what", standard.what))
    )
