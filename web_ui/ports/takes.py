"""TakesPort: takes that are recorded, kept, listed, named, trimmed, put into the bin and fetched."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

LONGEST_TAKE_NAME = 120
MOST_VERSIONS = 8
"""Of one take. Each is as long as the take, so they fill a disk; one that is dropped makes room for another."""
MOST_JOBS = 20
"""Versions that wait to be made, of all takes together."""
AS_IT_WAS = ""
"""The preset of a version that is made with the take's own settings and their changes."""
LONGEST_PIECE = 480_000
"""Frames that a player may fetch at once: ten seconds."""
MOST_MARKS = 1000


@dataclass(frozen=True, slots=True)
class PlaceView:
    """Where takes can go. id: "internal", or a stick's. label: a stick's name, "" for the box itself.

    in_use: the present take is being written there. problem: why no take can go there; empty when one can.
    """

    id: str
    label: str
    free_megabytes: float
    total_megabytes: float
    writable: bool
    in_use: bool
    problem: str


@dataclass(frozen=True, slots=True)
class RecorderView:
    """What the recorder does, for every open page.

    there: whether it runs. can: whether a take could begin now. seconds: of the present take. kept_s: of what was
    played and waits in memory; minutes: how much may wait there, 0 for none. what: what the next take holds.
    problem: what is wrong with the disk. note: what was said last, and note_id counts what was said. done: takes that
    were completed since the start; another number means that the list has changed. armed: a take begins by itself when
    somebody plays; heard_db: how loud that is, above 0 over what the box hears when nobody plays, below 0 as a level
    (dBFS); silence_s: such a take ends after so much silence. format: how takes are kept, "wav" or "flac". place: where
    the next take goes, of `places`; the stick that was chosen may not be plugged in, then it goes to "internal".
    level_db: the loudest sample (dBFS) of what was written just now; None while nothing is.
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
    armed: bool
    heard_db: float
    silence_s: float
    format: str
    place: str
    places: tuple[PlaceView, ...]
    level_db: float | None


@dataclass(frozen=True, slots=True)
class VersionView:
    """The dry take through other settings. It is as long as the take, and aligned with it.

    id: also the name of its sound, for sound() and outline(). name: for people; preset: AS_IT_WAS for the take's own
    settings. lanes: its stems, where they were rendered: names for sound(). lufs: None for silence.
    """

    id: str
    name: str
    preset: str
    seconds: float
    lufs: float | None
    lane: str
    lanes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobView:
    """A version that is to be made. state: "waiting", "running", "done", "failed" or "cancelled"; problem: why.

    take, name: the id and the name of the take. version: what was made, "" until it is done. progress: 0 to 1.
    """

    id: str
    take: str
    name: str
    preset: str
    progress: float
    state: str
    problem: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Two takes of a song, lined up. state: "working" (ask again), "same", "different" (no such pairs) or "failed".

    pairs: (seconds in the one, seconds in the other), about every half second, both rising. score: 0 to 1, how alike
    they are; two songs that differ have less than about 0.5. problem: what to tell when it is not "same".
    """

    state: str
    pairs: tuple[tuple[float, float], ...]
    score: float
    problem: str


@dataclass(frozen=True, slots=True)
class TakeView:
    """One line of the list. state: "recording", "whole", "mended" or "damaged"; then `problem` says what is wrong.

    lanes: names of its sounds. trim_s: what is played and exported, from and to; the whole length without a trim.
    missing_s: how much of it is silence in place of sound that was lost; gaps: how many times.
    lane_lufs: how loud each lane is, None where not known yet or silent. lufs: of what was heard, else of the first
    lane. key: such as "A minor", bpm: the tempo, sounds: who sounds ("voice", "drums", …); each is there only when the
    box is sure. facts: whether they were found out already. where: label of the stick it lies on, "" for the box.
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
    facts: bool = False
    lufs: float | None = None
    lane_lufs: tuple[float | None, ...] = ()
    key: str = ""
    bpm: float | None = None
    sounds: tuple[str, ...] = ()
    versions: tuple[VersionView, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class TakesView:
    """All takes, the newest first; those in the bin; and the room there is. bin_days: how long the bin keeps them.

    used_megabytes: what takes and bin fill on the box itself; quota_megabytes: what they may, 0 for no limit.
    """

    takes: tuple[TakeView, ...]
    bin: tuple[TakeView, ...]
    bin_days: int
    free_megabytes: float
    quota_megabytes: int
    used_megabytes: float


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
        """What the next take holds: of "dry", "wet", "stems" and "removed" (what came in less what is heard)."""
        ...

    def set_format(self, format: str) -> None:
        """How takes are kept: "wav", or "flac", which is packed after the take has ended."""
        ...

    def set_armed(self, on: bool) -> None:
        """Begin a take by itself when somebody plays."""
        ...

    def set_heard(self, heard_db: float, silence_s: float) -> None:
        """How loud playing is, and how much silence ends such a take; see RecorderView."""
        ...

    def set_place(self, id: str) -> None:
        """Where takes go from the next one on: "internal" or a stick that is plugged in."""
        ...

    def remove_safely(self, id: str) -> None:
        """Let go of a stick. A take that goes there goes on on the box; what became of it is said."""
        ...

    def set_quota(self, megabytes: int) -> None:
        """What takes and bin may fill on the box itself; 0 for no limit."""
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

    def outline(self, id: str, lane: str = "", points: int = 0) -> bytes:
        """For drawing: of each lane the lowest and the highest sample of every 2048 frames, int8, lane by lane.

        lane: only of this one, or of this version. points: at most so many pairs a lane, each of which reaches over
        more frames then; 0: as they are.
        """
        ...

    def piece(self, id: str, lane: str, first: int, frames: int) -> bytes:
        """A WAV of 16 bit, 48 kHz, one or two channels, with the lane's frames from `first` on, for a player.

        At most LONGEST_PIECE frames; fewer, or none, behind the end of the sound.
        """
        ...

    def sound(self, id: str, lane: str) -> Path:
        """The WAV file of a lane, or of a version and its stems."""
        ...

    def packed(self, id: str) -> Iterator[bytes]:
        """The take as a zip, in pieces as it is made."""
        ...

    def stem_file(self, id: str) -> Iterator[bytes]:
        """Mix and stems in one .stem.mp4 for DJ software, in pieces. Of a take, or a version, that has four stems."""
        ...

    # --- other settings ---

    def retry(self, id: str, preset: str) -> str:
        """Have the dry take played through a preset, or AS_IT_WAS. Returns the job's id; it waits for its turn."""
        ...

    def jobs(self) -> tuple[JobView, ...]:
        """Those that wait or run, in their order, and after them those that ended since the start, newest first."""
        ...

    def cancel(self, job: str) -> None: ...

    def drop_version(self, id: str, version: str) -> None:
        """Delete a version for good: it can be made again from the take."""
        ...

    def compare(self, id: str, other: str) -> Alignment:
        """Line two takes up in time. Where that is not known yet it is begun, and the state is "working"."""
        ...
