"""TakesPort: takes that are recorded, kept, listed, named, trimmed, put into the bin and fetched."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

LONGEST_TAKE_NAME = 120
LONGEST_PIECE = 480_000
"""Frames that a player may fetch at once: ten seconds."""
MOST_MARKS = 1000


@dataclass(frozen=True, slots=True)
class RecorderView:
    """What the recorder does, for every open page.

    there: whether it runs. can: whether a take could begin now. seconds: of the present take. kept_s: of what was
    played and waits in memory; minutes: how much may wait there, 0 for none. what: what the next take holds.
    problem: what is wrong with the disk. note: what was said last, and note_id counts what was said. done: takes that
    were completed since the start; another number means that the list has changed.
    """

    there: bool
    can: bool
    recording: bool
    seconds: float
    kept_s: int
    kept_megabytes: float
    minutes: int
    what: tuple[str, ...]
    problem: str
    note: str
    note_id: int
    done: int


@dataclass(frozen=True, slots=True)
class TakeView:
    """One line of the list. state: "recording", "whole", "mended" or "damaged"; then `problem` says what is wrong.

    lanes: names of its sounds. trim_s: what is played and exported, from and to; the whole length without a trim.
    missing_s: how much of it is silence in place of sound that was lost; gaps: how many times.
    """

    id: str
    name: str
    begun: str
    state: str
    how: str
    seconds: float
    megabytes: float
    star: bool
    preset: str
    lanes: tuple[str, ...]
    marks: tuple[tuple[float, str], ...]
    trim_s: tuple[float, float]
    missing_s: float
    gaps: int
    problem: str


@dataclass(frozen=True, slots=True)
class TakesView:
    """All takes, the newest first; those in the bin; and the room there is. bin_days: how long the bin keeps them."""

    takes: tuple[TakeView, ...]
    bin: tuple[TakeView, ...]
    bin_days: int
    free_megabytes: float


class TakesPort(Protocol):
    """Every method returns at once. Raises ControlRefused, and NotThere for a take that is not there."""

    def news(self) -> RecorderView: ...

    def record(self) -> None: ...

    def end(self) -> None: ...

    def keep(self) -> None: ...

    def mark(self, name: str) -> None: ...

    def set_minutes(self, minutes: int) -> None:
        """How much of what is played waits in memory; 0 for none."""
        ...

    def set_what(self, what: tuple[str, ...]) -> None:
        """What the next take holds: of "dry", "wet" and "stems"."""
        ...

    def listed(self) -> TakesView: ...

    def rename(self, id: str, name: str) -> None: ...

    def star(self, id: str, on: bool) -> None: ...

    def trim(self, id: str, from_s: float, to_s: float) -> None:
        """Play and export only this part; 0 to 0 for all of it. The sound stays as it is."""
        ...

    def put_into_bin(self, id: str) -> None: ...

    def take_out_of_bin(self, id: str) -> None: ...

    def empty_bin(self, id: str) -> float:
        """Delete one take of the bin for good, or with "" all of them. Returns the megabytes that are free now."""
        ...

    def set_marks(self, id: str, marks: tuple[tuple[float, str], ...]) -> None:
        """All marks of a finished take: (seconds, name). The sound stays as it is."""
        ...

    def outline(self, id: str, points: int) -> bytes:
        """For drawing: of each lane the lowest and the highest sample of every 2048 frames, int8, lane by lane.

        points: at most so many pairs a lane, each of which reaches over more frames then; 0: as they are.
        """
        ...

    def piece(self, id: str, lane: str, first: int, frames: int) -> bytes:
        """A WAV of 16 bit, 48 kHz, one or two channels, with the lane's frames from `first` on, for a player.

        At most LONGEST_PIECE frames; fewer, or none, behind the end of the sound.
        """
        ...

    def sound(self, id: str, lane: str) -> Path:
        """The WAV file of a lane."""
        ...

    def packed(self, id: str) -> Iterator[bytes]:
        """The take as a zip, in pieces as it is made."""
        ...
