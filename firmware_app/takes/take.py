"""What a take's folder says of itself: take.json, beside one file a lane."""

from __future__ import annotations

import contextlib
import json
import math
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from firmware_app.errors import AppError
from firmware_app.link.take_ring import LaneForm
from hw.audio.files import growing_bwf
from hw.replacing import Replacement

FILE = "take.json"
FORM = "hushbox take 1"
RECORDING, WHOLE, MENDED = STATES = ("recording", "whole", "mended")
"""mended: the box lost power, or its recorder was killed, while it recorded."""

LONGEST_NAME = 120
LARGEST_BYTES = 16_000_000  # of take.json: more than the most changes, marks and gaps fill
MOST_CHANGES, MOST_MARKS, MOST_GAPS = 100_000, 1000, 10_000


class TakeError(AppError, ValueError):
    """A take that cannot be read, named or made; the message names the folder or the value, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Sound that is missing in a take: silence stands in its place where its length is known, else nothing does."""

    frame: int
    frames: int  # 0: not known
    why: str


@dataclass(frozen=True, slots=True)
class Take:
    """One take. Frames count from its beginning, at 48 kHz.

    begun: local time, ISO 8601. how: "pressed", "kept" (after it was played) or "heard" (by level). params: every
    parameter at the beginning; changes: (frame, id, value) from there on. trim: the frames to play, first and end;
    (0, 0) for all. part: where a take went on at another place, or in another file, each piece is a take of its own:
    the first is 1; follows: the folder of the piece before, and starts: where this one begins in the whole.
    """

    begun: str
    how: str
    lanes: tuple[LaneForm, ...]
    state: str = RECORDING
    frames: int = 0
    name: str = ""
    preset: str = ""
    star: bool = False
    params: Mapping[str, float] = field(default_factory=dict)
    changes: tuple[tuple[int, str, float], ...] = ()
    gaps: tuple[Gap, ...] = ()
    marks: tuple[tuple[int, str], ...] = ()
    trim: tuple[int, int] = (0, 0)
    format: str = "wav"
    part: int = 1
    follows: str = ""
    starts: int = 0

    def named(self, name: str) -> Take:
        """With a name that a person typed. Raises TakeError."""
        tidy = " ".join(name.split())
        if len(tidy) > LONGEST_NAME or not tidy.isprintable():
            raise TakeError(f"name {tidy[:60]!r}: at most {LONGEST_NAME} printable characters are allowed")
        return replace(self, name=tidy)

    def marked(self, marks: Sequence[tuple[int, str]]) -> Take:
        """With these marks alone, (frame, name) each, in their order in time. Raises TakeError."""
        if len(marks) > MOST_MARKS:
            raise TakeError(f"{len(marks)} marks: at most {MOST_MARKS} are allowed")
        tidy = []
        for frame, name in marks:
            words = " ".join(name.split())[:LONGEST_NAME]
            if not 0 <= frame <= self.frames or not words.isprintable():
                end_s = self.frames / growing_bwf.RATE_HZ
                raise TakeError(f"mark {words[:40]!r} at {frame / growing_bwf.RATE_HZ:g}: allowed are 0 to {end_s:g}")
            tidy.append((frame, words))
        return replace(self, marks=tuple(sorted(tidy)))

    def tags(self, lane: str) -> growing_bwf.Tags:
        """What one of its files says of itself."""
        facts = {"PRESET": self.preset} if self.preset else {}
        return growing_bwf.Tags.at(
            datetime.fromisoformat(self.begun), self.preset, project=self.name, take=self.begun, track=lane, facts=facts
        )


def lane_file(folder: Path, lane: str) -> Path:
    """The file of one lane: WAV, and FLAC where it was packed. Raises TakeError for a link."""
    wav, flac = folder / f"{lane}.wav", folder / f"{lane}.flac"
    path = flac if not wav.exists() and flac.exists() else wav
    if path.is_symlink():  # on a stick, somebody may have made one to any file of the box
        raise TakeError(f"{path}: a link, and the box follows none")
    return path


def save(folder: Path, take: Take) -> None:
    """Write take.json in place of the one before. Raises OSError."""
    tree = {"form": FORM, **asdict(take)}
    replacement = Replacement(folder / FILE)
    try:
        replacement.unfinished.write_text(json.dumps(tree, ensure_ascii=False) + "\n", encoding="utf-8")
        replacement.put_in_place()
    finally:
        replacement.remove()


def load(folder: Path) -> Take:
    """Read take.json. Raises TakeError, which names the folder and what is wrong."""
    try:
        tree = json.loads(_text(folder / FILE))
        if not isinstance(tree, dict) or tree.pop("form", None) != FORM:
            raise TakeError(f"{folder / FILE}: not a take of this kind ({FORM!r} is expected)")
        return of_tree(tree)
    except TakeError:
        raise
    except OSError as error:
        raise TakeError(f"{folder / FILE}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise TakeError(f"{folder / FILE}: damaged: {error}") from None


def _text(path: Path) -> str:
    """What take.json holds. Raises OSError, ValueError for one that no recorder wrote: a stick may hold anything."""
    with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("no file")
        data = file.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise ValueError(f"more than {LARGEST_BYTES // 1_000_000} MB")
    return data.decode()


def of_tree(tree: dict[str, Any]) -> Take:
    """A take, as its fields in JSON say. Raises ValueError, TypeError, KeyError."""
    known = {each.name for each in fields(Take)}
    values = {name: value for name, value in tree.items() if name in known}
    datetime.fromisoformat(values["begun"])
    if values["state"] not in STATES:
        raise ValueError(f"state {values['state']!r}")
    lanes = tuple(LaneForm(_file_word(each["name"]), _count(each["channels"], 64)) for each in values["lanes"])
    if not lanes or len({lane.name for lane in lanes}) != len(lanes):
        raise ValueError("lanes")
    return Take(
        begun=values["begun"],
        how=str(values["how"]),
        lanes=lanes,
        state=values["state"],
        frames=_count(values["frames"]),
        name=str(values["name"])[:LONGEST_NAME],
        preset=str(values["preset"])[:LONGEST_NAME],
        star=bool(values["star"]),
        params={str(id): _number(value) for id, value in values["params"].items()},
        changes=tuple((_count(at), str(id), _number(value)) for at, id, value in values["changes"][:MOST_CHANGES]),
        gaps=tuple(Gap(_count(gap["frame"]), _count(gap["frames"]), str(gap["why"])) for gap in values["gaps"]),
        marks=tuple((_count(at), str(name)[:LONGEST_NAME]) for at, name in values["marks"][:MOST_MARKS]),
        trim=_span(values.get("trim", (0, 0)), values["frames"]),
        format="flac" if values.get("format") == "flac" else "wav",
        part=_count(values.get("part", 1), 10_000),
        follows=str(values.get("follows", ""))[:LONGEST_NAME],
        starts=_count(values.get("starts", 0)),
    )


def _file_word(name: Any) -> str:
    """A lane's name, which is its file's: one plain word."""
    if not isinstance(name, str) or not name.isidentifier() or not name.isascii() or len(name) > 40:
        raise ValueError(f"lane {str(name)[:60]!r}")
    return name


def _count(value: Any, most: int = 2**53) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError(f"{str(value)[:60]!r} is no number of frames")
    return value


def _span(value: Any, frames: int) -> tuple[int, int]:
    first, end = (_count(each) for each in value)
    if (first, end) != (0, 0) and not first < end <= frames:
        raise ValueError(f"trim {first} to {end}")
    return first, end


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is no value")
    return number


def new_folder(root: Path, begun: datetime) -> Path:
    """Make the folder of a take that begins now: its name is the time, and sorts by it. Raises OSError."""
    if not root.is_dir():
        root.mkdir(parents=True, exist_ok=True)
        sync_folder(root.parent)
    stem = begun.strftime("%Y-%m-%d %H.%M.%S")
    number = 1
    while True:
        folder = root / (stem if number == 1 else f"{stem} ({number})")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
            continue
        sync_folder(root)
        return folder


def folders(root: Path) -> list[Path]:
    """Those of all takes, the newest first. An unreadable place has none."""
    try:
        found = [Path(entry.path) for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return sorted((each for each in found if not each.name.startswith(".")), key=lambda each: each.name, reverse=True)


def mend_unfinished(root: Path) -> list[str]:
    """Complete the takes that a power cut or a kill left unfinished; say of each what was done. Raises nothing.

    Nobody else may be recording there.
    """
    said = []
    for folder in folders(root):
        try:
            take = load(folder)
        except TakeError:
            continue
        if take.state != RECORDING:
            continue
        try:
            frames = [growing_bwf.mend(lane_file(folder, lane.name)) for lane in take.lanes]
            save(folder, replace(take, state=MENDED, frames=max(frames)))
            said.append(
                f"take {folder.name}: completed: it had not been ended, {max(frames) / growing_bwf.RATE_HZ:.1f} s"
            )
        except (OSError, ValueError) as error:
            said.append(f"take {folder.name}: cannot be completed: {error}")
    return said


def written_again(takes: Sequence[tuple[Path, Take]]) -> None:
    """Write the tags of finished takes anew, after a name or a preset was learnt. What cannot be written stays."""
    for folder, take in takes:
        for lane in take.lanes:
            with contextlib.suppress(OSError):
                if (path := lane_file(folder, lane.name)).suffix == ".wav":
                    growing_bwf.retag(path, lane.channels, take.tags(lane.name))


def sync_folder(folder: Path) -> None:
    """Make sure of the names in it. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
