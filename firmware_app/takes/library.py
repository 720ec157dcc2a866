"""The takes on disk: listed, named, starred, marked, trimmed, put into the bin and taken out of it, packed for others.

Nothing here changes a sound. A trim is two numbers in take.json. What is put into the bin is moved, and stays for
BIN_DAYS.
"""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from firmware_app.takes import peaks
from firmware_app.takes import take as takes
from firmware_app.takes.listen import narrowed
from firmware_app.takes.take import Take, TakeError
from hw.audio.files.growing_bwf import RATE_HZ

BIN = ".bin"
BIN_DAYS = 30
_SINCE = "binned"
_FIRST_BELIEVED = datetime(2026, 1, 1)
"""A clock that is earlier than this has not been set yet: a board without one starts anywhere."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One take of the list. id: its folder's name. problem: why it cannot be read, and then there is no take."""

    id: str
    take: Take | None
    bytes: int
    problem: str = ""


class TakeLibrary:
    """The folder of all takes. Any thread; each call reads what is on disk."""

    def __init__(self, root: Path, now: Callable[[], datetime] = datetime.now) -> None:
        """root: need not exist."""
        self.root = root
        self._now = now

    def listed(self) -> list[Listed]:
        """All takes, the newest first."""
        return [_listed(folder) for folder in takes.folders(self.root)]

    def binned(self) -> list[Listed]:
        """Those in the bin, the newest first."""
        return [_listed(folder) for folder in takes.folders(self.root / BIN)]

    def folder(self, id: str) -> Path:
        """The folder of a take. Raises TakeError for one that is not there."""
        found = next((each for each in takes.folders(self.root) if each.name == id), None)
        if found is None:
            raise TakeError(f"there is no take {id[:60]!r}")
        return found

    def take(self, id: str) -> Take:
        """Raises TakeError."""
        return takes.load(self.folder(id))

    def change(self, id: str, change: Callable[[Take], Take]) -> Take:
        """Save what `change` makes of a finished take. Raises TakeError, OSError."""
        folder = self.folder(id)
        take = takes.load(folder)
        if take.state == takes.RECORDING:
            raise TakeError(f"take {id}: it is still being recorded")
        changed = change(take)
        if changed != take:
            takes.save(folder, changed)
            if (changed.name, changed.preset) != (take.name, take.preset):
                takes.written_again([(folder, changed)])
        return changed

    def rename(self, id: str, name: str) -> Take:
        """Raises TakeError, OSError."""
        return self.change(id, lambda take: take.named(name))

    def star(self, id: str, on: bool) -> Take:
        """Raises TakeError, OSError."""
        return self.change(id, lambda take: replace(take, star=on))

    def trim(self, id: str, first: int, end: int) -> Take:
        """Play and export only frames from `first` up to `end`; 0, 0 for all of it. Raises TakeError, OSError."""

        def trimmed(take: Take) -> Take:
            if (first, end) != (0, 0) and not 0 <= first < end <= take.frames:
                raise TakeError(f"trim {first} to {end}: allowed are frames 0 to {take.frames}, first before end")
            return replace(take, trim=(first, end))

        return self.change(id, trimmed)

    def set_marks(self, id: str, marks: Sequence[tuple[int, str]]) -> Take:
        """All its marks, (frame, name) each. Raises TakeError, OSError."""
        return self.change(id, lambda take: take.marked(marks))

    # --- the bin ---

    def put_into_bin(self, id: str) -> None:
        """Raises TakeError, OSError."""
        folder = self.folder(id)
        if takes.load(folder).state == takes.RECORDING:
            raise TakeError(f"take {id}: it is still being recorded")
        _move(folder, self.root / BIN / id)
        (self.root / BIN / id / _SINCE).write_text(self._now().isoformat())

    def take_out_of_bin(self, id: str) -> None:
        """Raises TakeError, OSError."""
        folder = self._binned_folder(id)
        _move(folder, self.root / id)
        (self.root / id / _SINCE).unlink(missing_ok=True)

    def empty_bin(self, id: str = "") -> int:
        """Delete one take of the bin, or all of them, for good. Returns the bytes. Raises TakeError, OSError."""
        freed = 0
        for folder in [self._binned_folder(id)] if id else takes.folders(self.root / BIN):
            freed += _size(folder)
            shutil.rmtree(folder)
        return freed

    def forget_old(self) -> list[str]:
        """Delete what has been in the bin for BIN_DAYS; the ids. By a clock that may be believed. Raises OSError."""
        gone, now = [], self._now()
        if now < _FIRST_BELIEVED:
            return []
        for folder in takes.folders(self.root / BIN):
            try:
                since = datetime.fromisoformat((folder / _SINCE).read_text())
            except (OSError, ValueError):
                since = datetime.min
            if not _FIRST_BELIEVED <= since <= now:  # put there by a clock that was wrong: it counts from now
                (folder / _SINCE).write_text(now.isoformat())
            elif now - since >= timedelta(days=BIN_DAYS):
                shutil.rmtree(folder)
                gone.append(folder.name)
        return gone

    def _binned_folder(self, id: str) -> Path:
        found = next((each for each in takes.folders(self.root / BIN) if each.name == id), None)
        if found is None:
            raise TakeError(f"there is no take {id[:60]!r} in the bin")
        return found

    # --- for others ---

    def packed(self, id: str) -> Iterator[bytes]:
        """A zip of the take, as it is made: sounds as they are, settings as text. Raises TakeError at once."""
        folder = self.folder(id)
        take = takes.load(folder)
        return _zipped(folder, take)


def sheet(take: Take) -> str:
    """The settings of a take, for people to read."""
    length_s = take.frames / RATE_HZ
    lines = [
        take.name or take.begun,
        f"begun {take.begun}, {int(length_s // 60)}:{length_s % 60:04.1f}",
        f"preset {take.preset}" if take.preset else "no preset",
        "",
        *(f"{id} = {value:g}" for id, value in sorted(take.params.items())),
    ]
    if take.changes:
        lines += ["", "changed while it was recorded:"]
        lines += [f"{frame / RATE_HZ:9.2f} s  {id} = {value:g}" for frame, id, value in take.changes]
    if take.gaps:
        lines += ["", "missing:"]
        lines += [f"{gap.frame / RATE_HZ:9.2f} s  {gap.frames / RATE_HZ:.2f} s: {gap.why}" for gap in take.gaps]
    if take.marks:
        lines += ["", "marks:", *(f"{frame / RATE_HZ:9.2f} s  {name}" for frame, name in take.marks)]
    return "\n".join(lines) + "\n"


class _Pipe(io.RawIOBase):
    """What zipfile writes to: bytes wait here until they are fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.waiting += data
        return len(data)

    def fetch(self) -> bytes:
        data = bytes(self.waiting)
        self.waiting.clear()
        return data


def _zipped(folder: Path, take: Take) -> Iterator[bytes]:
    pipe, name = _Pipe(), folder.name
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED, allowZip64=True) as packed:
        packed.writestr(f"{name}/settings.txt", sheet(take))
        for path in [takes.lane_file(folder, lane.name) for lane in take.lanes] + [folder / takes.FILE]:
            with path.open("rb") as file, packed.open(f"{name}/{path.name}", "w", force_zip64=True) as entry:
                while piece := file.read(1 << 18):
                    entry.write(piece)
                    yield pipe.fetch()
    yield pipe.fetch()


def _listed(folder: Path) -> Listed:
    try:
        return Listed(folder.name, takes.load(folder), _size(folder))
    except TakeError as error:
        return Listed(folder.name, None, _size(folder), str(error))


def _size(folder: Path) -> int:
    """In bytes; what cannot be read counts for nothing."""
    try:
        return sum(entry.stat(follow_symlinks=False).st_size for entry in os.scandir(folder) if entry.is_file())
    except OSError:
        return 0


def _move(folder: Path, to: Path) -> None:
    """Raises OSError, TakeError where there is one already."""
    if to.exists():
        raise TakeError(f"there is a take {to.name} already")
    to.parent.mkdir(exist_ok=True)
    folder.rename(to)
    takes.sync_folder(to.parent)
    takes.sync_folder(folder.parent)


def outline(folder: Path, take: Take, points: int = 0) -> bytes:
    """The peaks of every lane, int8 pairs, one lane behind the other; at most `points` each. Raises OSError."""
    return narrowed(peaks.load(folder, [lane.name for lane in take.lanes]), points).tobytes()
