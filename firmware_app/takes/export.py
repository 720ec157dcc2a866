"""A take for others: a folder of WAV or FLAC files from trim to trim, or a zip of them, and the settings as text."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import soundfile

from dsp.block import Block
from firmware_app.takes import take as takes
from firmware_app.takes.library import sheet
from firmware_app.takes.take import Take, TakeError
from hw.audio.files.growing_bwf import RATE_HZ, GrowingBwf, Mark
from hw.replacing import Replacement

SHEET = "settings.txt"
_PIECE = 1 << 16  # frames


def export(folder: Path, take: Take, to: Path, *, flac: bool = False) -> list[Path]:
    """Write the take to `to`; the files that were made. Raises TakeError, which says why nothing was written.

    to: a folder that is not there yet, or a file whose name ends in .zip.
    """
    if take.state == takes.RECORDING:
        raise TakeError(f"take {folder.name}: it is still being recorded")
    try:
        if to.suffix.lower() == ".zip":
            return _zip(folder, take, to, flac)
        if to.exists():
            raise TakeError(f"{to}: is there already; name a folder that is not")
        with _made(to):
            return _files(folder, take, to, flac)
    except OSError as error:
        raise TakeError(f"{error.filename or to}: {error.strerror or error}") from None
    except soundfile.LibsndfileError as error:
        raise TakeError(f"take {folder.name}: cannot be read: {error}") from None


def _files(folder: Path, take: Take, to: Path, flac: bool) -> list[Path]:
    """Raises OSError, LibsndfileError."""
    first, end = take.trim if take.trim != (0, 0) else (0, take.frames)
    marks = [Mark(frame - first, name) for frame, name in take.marks if first <= frame < end]
    made = []
    for lane in take.lanes:
        path = to / f"{lane.name}{'.flac' if flac else '.wav'}"
        tags = take.tags(lane.name)
        tags = replace(tags, reference=tags.reference + first)
        if flac:
            with soundfile.SoundFile(path, "w", RATE_HZ, lane.channels, "PCM_24", format="FLAC") as out:
                out.title = take.name or folder.name
                if tags.description:  # an empty tag is refused
                    out.comment = tags.description
                for piece in _pieces(takes.lane_file(folder, lane.name), first, end):
                    out.write(piece)
        else:
            bwf = GrowingBwf(path, lane.channels, tags)
            try:
                for piece in _pieces(takes.lane_file(folder, lane.name), first, end):
                    bwf.append(piece)
                bwf.close(marks)
            finally:
                bwf.leave()
        made.append(path)
    (to / SHEET).write_text(sheet(take), encoding="utf-8")
    return [*made, to / SHEET]


def _pieces(path: Path, first: int, end: int) -> Iterator[Block]:
    """The frames from `first` up to `end`, as far as the file goes."""
    with soundfile.SoundFile(path) as file:
        file.seek(min(first, file.frames))
        left = end - first
        while left > 0:
            piece = file.read(min(left, _PIECE), dtype="float32", always_2d=True)
            if not len(piece):
                return
            yield piece
            left -= len(piece)


def _zip(folder: Path, take: Take, to: Path, flac: bool) -> list[Path]:
    """Raises OSError, LibsndfileError."""
    replacement = Replacement(to)
    beside = replacement.unfinished.with_suffix(".folder")
    try:
        with _made(beside):
            files = _files(folder, take, beside, flac)
            with zipfile.ZipFile(replacement.unfinished, "w", zipfile.ZIP_STORED, allowZip64=True) as packed:
                for path in files:
                    packed.write(path, f"{to.stem}/{path.name}")
            shutil.rmtree(beside)
        replacement.put_in_place()
    finally:
        replacement.remove()
    return [to]


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """A new folder, which goes again when something fails. Raises OSError."""
    folder.mkdir()
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
