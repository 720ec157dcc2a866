"""The takes on disk: listed, named, starred, marked, trimmed, put into the bin and taken out of it, packed for others.

Nothing here changes a sound. A trim is two numbers in take.json. What is put into the bin is moved, and stays for
30 days.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from firmware_app.takes import bin as bin_of_takes
from firmware_app.takes import peaks
from firmware_app.takes import take as takes
from firmware_app.takes.bin import BIN, SINCE
from firmware_app.takes.listen import narrowed
from firmware_app.takes.listing import Listed, Listing
from firmware_app.takes.take import Take, TakeError
from hw.audio.files.growing_bwf import RATE_HZ

Stick = tuple[str, str, Path]
"""A stick with takes: its id, its label, the folder of its takes."""


class TakeLibrary:
    """The takes of the box, and of the sticks that are plugged in. Any thread; each call looks at what is on disk."""

    def __init__(
        self,
        root: Path,
        now: Callable[[], datetime] = datetime.now,
        sticks: Callable[[], Sequence[Stick]] = tuple,
    ) -> None:
        """root: of the box; need not exist."""
        self.root = root
        self._now, self._sticks = now, sticks
        self._listings = {root: Listing(root, keep=True)}

    def listed(self) -> list[Listed]:
        """All takes, the newest first."""
        return self._all("")

    def binned(self) -> list[Listed]:
        """Those in the bins, the newest first."""
        return self._all(BIN)

    def _all(self, below: str) -> list[Listed]:
        found = self._listing(self.root).listed(below)
        for place, label, root in self._sticks():
            there = self._listing(root).listed(below)
            found += [replace(each, id=f"{each.id}@{place}", where=label) for each in there]
        return sorted(found, key=lambda each: each.id, reverse=True)

    def _listing(self, root: Path) -> Listing:
        return self._listings.setdefault(root, Listing(root, keep=False))

    def folder(self, id: str) -> Path:
        """The folder of a take. Raises TakeError for one that is not there."""
        root, name = self._where(id)
        found = next((each for each in takes.folders(root) if each.name == name), None)
        if found is None:
            raise TakeError(f"there is no take {id[:60]!r}")
        return found

    def _where(self, id: str) -> tuple[Path, str]:
        """(folder of all takes there, name of its own)."""
        name, _, place = id.rpartition("@")
        return next(((root, name) for stick, _, root in self._sticks() if name and stick == place), (self.root, id))

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
        binned = folder.parent / BIN / folder.name
        _move(folder, binned)
        bin_of_takes.note(binned, self._now())

    def take_out_of_bin(self, id: str) -> None:
        """Raises TakeError, OSError."""
        folder = self._binned_folder(id)
        out = folder.parent.parent / folder.name
        _move(folder, out)
        (out / SINCE).unlink(missing_ok=True)

    def empty_bin(self, id: str = "") -> int:
        """Delete one take of the bin, or all of them, for good. Returns the bytes. Raises TakeError, OSError."""
        freed = 0
        roots = [self.root, *(root for _, _, root in self._sticks())]
        everything = [folder for root in roots for folder in takes.folders(root / BIN)]
        for folder in [self._binned_folder(id)] if id else everything:
            freed += bin_of_takes.size(folder)
            shutil.rmtree(folder)
        return freed

    def forget_old(self) -> list[str]:
        """See bin.forget_old. Raises OSError."""
        return bin_of_takes.forget_old(self.root, self._now())

    def _binned_folder(self, id: str) -> Path:
        root, name = self._where(id)
        found = next((each for each in takes.folders(root / BIN) if each.name == name), None)
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
        *([f"part {take.part}: goes on from {take.follows}, {take.starts} frames in"] if take.follows else []),
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
    files = [takes.lane_file(folder, lane.name) for lane in take.lanes]
    return narrowed(peaks.load(folder, files), points).tobytes()


def lane_outline(folder: Path, take: Take, lane: str, points: int = 0) -> bytes:
    """The same of one lane. Raises OSError."""
    names = [each.name for each in take.lanes]
    found = peaks.load(folder, [takes.lane_file(folder, name) for name in names])[names.index(lane)]
    return narrowed(found[None], points).tobytes()
