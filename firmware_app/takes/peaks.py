"""The outline of a take's sound, for drawing at once: the lowest and the highest sample of every 2048 frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from dsp.block import Block

FILE = "peaks.bin"
EVERY_FRAMES = 2048
_SCALE = 127.0


class Peaks:
    """Gathers the outline of one lane while it is written. One thread."""

    def __init__(self) -> None:
        self._pairs = bytearray()
        self._low = self._high = 0.0
        self._filled = 0

    def add(self, sound: Block) -> None:
        """Take the next frames.  float32 (frames, channels); the loudest channel counts."""
        at = 0
        while at < len(sound):
            piece = sound[at : at + EVERY_FRAMES - self._filled]
            self._low = min(self._low, float(piece.min()))
            self._high = max(self._high, float(piece.max()))
            at += len(piece)
            self._filled += len(piece)
            if self._filled == EVERY_FRAMES:
                self._close()

    def done(self) -> bytes:
        """All pairs: int8 low, int8 high."""
        if self._filled:
            self._close()
        return bytes(self._pairs)

    def _close(self) -> None:
        for value in (self._low, self._high):
            scaled = round(max(-1.0, min(1.0, value)) * _SCALE)
            self._pairs.append(scaled & 0xFF)
        self._low = self._high = 0.0
        self._filled = 0


def save(folder: Path, lanes: Sequence[bytes]) -> None:
    """Write them beside the take, one lane behind the other, each of the same length. Raises OSError."""
    (folder / FILE).write_bytes(b"".join(lanes))


def load(folder: Path, files: Sequence[Path]) -> NDArray[np.int8]:
    """(lanes, pairs, 2). files: of each lane, from which it is made anew where it is missing or does not fit.

    Raises OSError.
    """
    try:
        found = np.fromfile(folder / FILE, np.int8)
    except FileNotFoundError:
        found = np.zeros(0, np.int8)
    if found.size and found.size % (2 * len(files)) == 0:
        return found.reshape(len(files), -1, 2)
    outlines = [_of_file(path) for path in files]
    pairs = max(map(len, outlines))
    save(folder, [outline.ljust(pairs, b"\0") for outline in outlines])
    return np.frombuffer(b"".join(outline.ljust(pairs, b"\0") for outline in outlines), np.int8).reshape(
        len(files), -1, 2
    )


def _of_file(path: Path) -> bytes:
    """Raises OSError."""
    peaks = Peaks()
    try:
        with soundfile.SoundFile(path) as file:
            for block in file.blocks(EVERY_FRAMES * 64, dtype="float32", always_2d=True):
                peaks.add(block)
    except soundfile.LibsndfileError as error:
        raise OSError(f"{path}: cannot be read: {error}") from None
    return peaks.done()
