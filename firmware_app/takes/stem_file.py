"""A take as a stem file for DJ software: what is heard, and its four stems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import soundfile

from dsp.block import Block
from firmware_app.takes import take as takes
from firmware_app.takes import versions
from firmware_app.takes.take import Take, TakeError
from hw.audio.files.growing_bwf import Mark
from hw.audio.files.stem_mp4 import PACKET_FRAMES, Stem, stem_mp4
from hw.replacing import Replacement

SUFFIX = ".stem.mp4"
ORDER = {
    "drums": Stem("Drums", "#0072B2"), "bass": Stem("Bass", "#E69F00"), "other": Stem("Other", "#009E73"),
    "vocals": Stem("Vocals", "#CC79A7"),
}  # fmt: skip
"""As stem files have them. The colours are told apart by everybody (Okabe and Ito)."""


def pieces(folder: Path, take: Take) -> Iterator[bytes]:
    """The file from trim to trim, as it is made. Raises TakeError at once where there are no four stems.

    The stems are the take's own, or those of its newest version that has some.
    """
    if take.state == takes.RECORDING:
        raise TakeError(f"take {folder.name}: it is still being recorded")
    files = _files(folder, take)
    first, end = take.trim if take.trim != (0, 0) else (0, take.frames)
    marks = [Mark(frame - first, name) for frame, name in take.marks if first <= frame < end]
    return stem_mp4(end - first, tuple(ORDER.values()), _packets(files, first, end), marks)


def write(folder: Path, take: Take, to: Path) -> Path:
    """The same as a file. Raises TakeError, which says why nothing was written."""
    made = pieces(folder, take)
    try:
        replacement = Replacement(to)
        try:
            with replacement.unfinished.open("wb") as file:
                for piece in made:
                    file.write(piece)
            replacement.put_in_place()
        finally:
            replacement.remove()
    except OSError as error:
        raise TakeError(f"{error.filename or to}: {error.strerror or error}") from None
    return to


def _files(folder: Path, take: Take) -> list[Path]:
    """The mix and the stems, in their order. Raises TakeError."""
    there = {lane.name for lane in take.lanes}
    if "wet" in there and there.issuperset(ORDER):
        return [takes.lane_file(folder, name) for name in ("wet", *ORDER)]
    for version in reversed(versions.load(folder)):
        if set(version.stems).issuperset(ORDER):
            return [versions.file_of(folder, name) for name in (version.id, *(f"{version.id}_{x}" for x in ORDER))]
    raise TakeError(
        f"take {folder.name}: it has no stems: try it with a preset that takes music apart, then fetch it again"
    )


def _packets(files: Sequence[Path], first: int, end: int) -> Iterator[Sequence[Block]]:
    """Raises TakeError."""
    try:
        with ExitStack() as stack:
            opened = [stack.enter_context(soundfile.SoundFile(path)) for path in files]
            for file in opened:
                file.seek(min(first, file.frames))
            for at in range(first, end, PACKET_FRAMES):
                yield [_stereo(file, min(PACKET_FRAMES, end - at)) for file in opened]
    except soundfile.LibsndfileError as error:
        raise TakeError(f"{files[0].parent.name}: cannot be read: {error}") from None


def _stereo(file: soundfile.SoundFile, frames: int) -> Block:
    sound: Block = np.zeros((frames, 2), np.float32)
    read = file.read(frames, dtype="float32", always_2d=True)
    sound[: len(read)] = read[:, :2]  # one column fills both
    return sound
