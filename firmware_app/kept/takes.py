"""takes.json: what a take holds, where takes go and when one begins by itself. The page and the command line set it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from firmware_app.errors import AppError
from firmware_app.kept.kept_file import KeptFile
from firmware_app.kept.saver import SaveJob
from firmware_app.takes.places import INTERNAL

NAME = "takes.json"
LONGEST_MINUTES = 30
WHAT = ("dry", "wet", "stems", "removed")
"""What a take can hold: the inputs, what is heard, each stem that has outputs of its own, and what was taken away."""

FORMATS = ("wav", "flac")
SHORTEST_SILENCE_S, LONGEST_SILENCE_S = 2.0, 120.0
LEAST_QUOTA, MOST_QUOTA = 100, 10_000_000
_LONGEST_PLACE = 64


class TakeSettingError(AppError, ValueError):
    """A setting of takes that cannot be; the message names it, the value and what is allowed."""


@dataclass(frozen=True, slots=True)
class TakeSettings:
    """minutes: how much of what was played waits in memory; 0 for none. what: of WHAT, one at least.

    format: how takes are kept. place: INTERNAL, or a stick's id, which need not be plugged in. quota_megabytes: what
    takes may fill on the box itself; 0 for no limit. armed: a take begins when somebody plays; heard_db: how loud that
    is, above 0 over the quiet that the box has learnt, below 0 as a level (dBFS); silence_s: so much ends it.
    """

    minutes: int = 10
    what: tuple[str, ...] = ("dry", "wet", "stems")
    format: str = "wav"
    place: str = INTERNAL
    quota_megabytes: int = 0
    armed: bool = False
    heard_db: float = 20.0
    silence_s: float = 8.0


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

    def set_format(self, format: str) -> None:
        """Raises TakeSettingError."""
        self._change(lambda now: replace(now, format=check_format(format)))

    def set_place(self, place: str) -> None:
        """Raises TakeSettingError."""
        self._change(lambda now: replace(now, place=check_place(place)))

    def set_quota(self, megabytes: int) -> None:
        """Raises TakeSettingError."""
        self._change(lambda now: replace(now, quota_megabytes=check_quota(megabytes)))

    def set_armed(self, on: bool) -> None:
        self._change(lambda now: replace(now, armed=bool(on)))

    def set_heard(self, heard_db: float, silence_s: float) -> None:
        """Raises TakeSettingError."""
        self._change(lambda now: replace(now, heard_db=check_heard(heard_db), silence_s=check_silence(silence_s)))

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


def check_format(format: object) -> str:
    """Raises TakeSettingError."""
    if format not in FORMATS:
        raise TakeSettingError(f"format = {str(format)[:40]!r}: allowed are {', '.join(FORMATS)}")
    return str(format)


def check_place(place: object) -> str:
    """A place's id: one plain word. Raises TakeSettingError."""
    if not isinstance(place, str) or not place.isascii() or not place.replace("-", "").isalnum():
        raise TakeSettingError(f"place = {str(place)[:60]!r}: {INTERNAL!r} or a stick's id is expected")
    if len(place) > _LONGEST_PLACE:
        raise TakeSettingError(f"place = {place[:60]!r}: at most {_LONGEST_PLACE} letters are allowed")
    return place


def check_quota(megabytes: object) -> int:
    """Raises TakeSettingError."""
    if (
        not isinstance(megabytes, int)
        or isinstance(megabytes, bool)
        or not (megabytes == 0 or LEAST_QUOTA <= megabytes <= MOST_QUOTA)
    ):
        raise TakeSettingError(
            f"quota = {str(megabytes)[:40]} MB: allowed {LEAST_QUOTA} to {MOST_QUOTA}, or 0 for none"
        )
    return megabytes


def check_heard(heard_db: object) -> float:
    """Raises TakeSettingError."""
    number = _number(heard_db, "heard_db")
    if not (6 <= number <= 60 or -70 <= number <= -6):
        raise TakeSettingError(f"heard_db = {number:g}: allowed 6 to 60 above the quiet, or a level of -70 to -6")
    return number


def check_silence(silence_s: object) -> float:
    """Raises TakeSettingError."""
    number = _number(silence_s, "silence_s")
    if not SHORTEST_SILENCE_S <= number <= LONGEST_SILENCE_S:
        raise TakeSettingError(f"silence_s = {number:g}: allowed {SHORTEST_SILENCE_S:g} to {LONGEST_SILENCE_S:g}")
    return number


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TakeSettingError(f"{what} = {str(value)[:40]}: a number is expected")
    return float(value)


def _flag(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise TakeSettingError(f"{what} = {str(value)[:40]}: true or false is allowed")
    return value


def _read(body: Mapping[str, Any]) -> TakeSettings:
    """Raises ValueError."""
    standard = TakeSettings()
    return TakeSettings(
        minutes=check_minutes(body.get("minutes", standard.minutes)),
        what=check_what(body.get("what", standard.what)),
        format=check_format(body.get("format", standard.format)),
        place=check_place(body.get("place", standard.place)),
        quota_megabytes=check_quota(body.get("quota_megabytes", standard.quota_megabytes)),
        armed=_flag(body.get("armed", standard.armed), "armed"),
        heard_db=check_heard(body.get("heard_db", standard.heard_db)),
        silence_s=check_silence(body.get("silence_s", standard.silence_s)),
    )
