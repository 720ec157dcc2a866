"""The last minutes, kept in memory, losslessly packed, so that what was just played can still be kept."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import soundfile

from dsp.block import RATE_HZ, Block
from firmware_app.link.take_ring import LaneForm

PIECE_FRAMES = RATE_HZ
"""Packed together: a second."""

_QUICK = 0.0  # FLAC's compression level: half the work of the usual one, 2 % larger
_MOST_FLAC_CHANNELS = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """A second of every lane, packed. position: of its first frame, counted by the recorder."""

    position: int
    packed: tuple[bytes, ...]
    peak: float  # of the first lane, linear

    @property
    def size(self) -> int:
        return sum(len(each) for each in self.packed)


class LastMinutes:
    """Holds up to `seconds` of aligned chunks. One thread.

    A change of lanes, or a jump in position, forgets what was before: a take is one sound without a seam.
    """

    def __init__(self, seconds: int) -> None:
        """seconds: 0 keeps nothing."""
        self.seconds = seconds
        self.bytes = 0
        self._pieces: deque[Piece] = deque()
        self._lanes: tuple[LaneForm, ...] = ()
        self._buffers: list[Block] = []  # the second that is not yet full
        self._begun = self._filled = 0

    def __len__(self) -> int:
        """Whole seconds that are kept."""
        return len(self._pieces)

    @property
    def lanes(self) -> tuple[LaneForm, ...]:
        return self._lanes

    @property
    def begins(self) -> int:
        """Position of the oldest frame; where nothing is kept, of the next."""
        return self._pieces[0].position if self._pieces else self._begun

    def keep_seconds(self, seconds: int) -> None:
        """Keep so much from now on; 0 forgets everything."""
        self.seconds = seconds
        while len(self._pieces) > seconds:
            self.bytes -= self._pieces.popleft().size
        if not seconds:
            self.clear()

    def add(self, position: int, lanes: Sequence[LaneForm], chunk: Sequence[Block]) -> None:
        """Add a chunk of every lane whose first frame is at `position`."""
        if not self.seconds:
            return
        if tuple(lanes) != self._lanes or position != self._begun + self._filled:
            self.clear()
            self._lanes = tuple(lanes)
            self._begun = position
            self._buffers = [np.zeros((PIECE_FRAMES, lane.channels), np.float32) for lane in lanes]
        at, frames = 0, len(chunk[0])
        while at < frames:
            piece = min(frames - at, PIECE_FRAMES - self._filled)
            for buffer, sound in zip(self._buffers, chunk, strict=True):
                buffer[self._filled : self._filled + piece] = sound[at : at + piece]
            at += piece
            self._filled += piece
            if self._filled == PIECE_FRAMES:
                self._pack()

    def sounds(self, begin: int) -> Iterator[tuple[int, list[Block]]]:
        """(position, every lane) from `begin` on, oldest first, up to the newest frame."""
        for piece in list(self._pieces):
            skip = max(0, begin - piece.position)
            if skip < PIECE_FRAMES:
                yield piece.position + skip, [_unpacked(packed)[skip:] for packed in piece.packed]
        skip = max(0, begin - self._begun)
        if skip < self._filled:
            yield self._begun + skip, [buffer[skip : self._filled].copy() for buffer in self._buffers]

    def first_sound(self, above: float) -> int | None:
        """Position of the oldest second of which the first lane is somewhere louder than this; None without one."""
        for piece in self._pieces:
            if piece.peak > above:
                return piece.position
        rest = _peak(self._buffers[0][: self._filled]) if self._buffers else 0.0
        return self._begun if rest > above else None

    def clear(self) -> None:
        """Forget everything."""
        self._pieces.clear()
        self.bytes = 0
        self._lanes = ()
        self._begun = self._filled = 0
        self._buffers = []

    def _pack(self) -> None:
        piece = Piece(
            self._begun,
            tuple(_packed(buffer) for buffer in self._buffers),
            _peak(self._buffers[0]),
        )
        self._pieces.append(piece)
        self.bytes += piece.size
        self._begun += PIECE_FRAMES
        self._filled = 0
        while len(self._pieces) > self.seconds:
            self.bytes -= self._pieces.popleft().size


def _peak(sound: Block) -> float:
    return float(np.abs(sound).max(initial=0.0))


def _packed(sound: Block) -> bytes:
    """FLAC of 24 bit; beyond full scale it is cut off, as in the files."""
    with io.BytesIO() as out:
        clean = np.clip(np.nan_to_num(sound), -1.0, 1.0)
        if sound.shape[1] > _MOST_FLAC_CHANNELS:
            np.save(out, clean)
        else:
            soundfile.write(out, clean, RATE_HZ, format="FLAC", subtype="PCM_24", compression_level=_QUICK)
        return out.getvalue()


def _unpacked(packed: bytes) -> Block:
    with io.BytesIO(packed) as source:
        if packed[:4] != b"fLaC":
            array: Block = np.load(source)
            return array
        sound: Block = soundfile.read(source, dtype="float32", always_2d=True)[0]
        return sound
