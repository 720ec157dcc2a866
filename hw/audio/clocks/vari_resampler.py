"""VariResampler: reads a stream at a speed that may change at any time, with half a millisecond of lookahead."""

from math import ceil

import numpy as np
from numpy.typing import NDArray

from hw.audio.audio_io import Block

TAPS = 48  # at the lower of the two rates; flat to 0.01 dB up to 20 kHz at 48 kHz
PHASES = 512  # between two input frames; interpolated linearly, with an error of -110 dB
KAISER_BETA = 7.86  # stop band at -80 dB
CAPACITY_FRAMES = 16384


class VariResampler:
    """Holds input frames until they are read, at any speed near `nominal`. float32, one thread, no growth.

    A windowed sinc in a table of PHASES, linearly interpolated (J. O. Smith and P. Gossett, "A flexible sampling-rate
    conversion method", ICASSP 1984). The output is the input at the reading position, without delay; the filter needs
    `margin_frames` of input after it. The position is exact to a billionth of a frame. Within a block the speed changes
    linearly, so that the pitch never jumps. soxr's variable mode would do the same 240 frames late.
    """

    def __init__(self, nominal: float, block_frames: int, channels: int) -> None:
        """nominal: input frames per output frame. The filter is made for a change of a few thousandths.

        block_frames: length of the blocks that are read.
        """
        width = max(1.0, nominal)
        taps = 2 * ceil(TAPS * width / 2)
        self.margin_frames = taps // 2
        self._table = _table(taps, 1.0 / width)
        self._slope = np.diff(self._table, axis=0, append=self._table[-1:])
        self._input = np.zeros((channels, CAPACITY_FRAMES), np.float32)
        self._end = self.margin_frames  # silence was before the beginning
        self._at = float(self.margin_frames)  # reading position in _input
        self._steps = np.arange(block_frames, dtype=np.float64)
        self._half_squares = self._steps**2 / (2 * block_frames)
        self._places = np.zeros(block_frames)
        self._first = np.zeros(block_frames, np.int64)
        self._phase = np.zeros(block_frames, np.int64)
        self._between = np.zeros((block_frames, 1), np.float32)
        self._reach = np.arange(1 - self.margin_frames, self.margin_frames + 1)
        self._indices = np.zeros((block_frames, taps), np.int64)
        self._filters = np.zeros((block_frames, taps), np.float32)
        self._slopes = np.zeros((block_frames, taps), np.float32)
        self._around = np.zeros((block_frames, taps), np.float32)
        self._column = np.zeros(block_frames, np.float32)

    @property
    def waiting_frames(self) -> float:
        """Input frames after the reading position."""
        return self._end - self._at

    def push(self, frames: Block) -> None:
        """Add input, (any number below a quarter of CAPACITY_FRAMES, channels). The oldest is dropped when full."""
        if self._end + len(frames) > CAPACITY_FRAMES:
            self._forget()
        self._input[:, self._end : self._end + len(frames)] = frames.T
        self._end += len(frames)

    def has(self, frames: int, speed: float) -> bool:
        """Whether there is enough input to pull this many frames at `speed` or less."""
        return self.waiting_frames >= frames * speed + self.margin_frames

    def set_waiting(self, frames: float) -> None:
        """Move the reading position so that `frames` wait: drop input, or append silence.

        The sound jumps: only for the start, and after sound was lost.
        """
        missing = ceil(frames - self.waiting_frames)
        if missing > 0:
            self.push(np.zeros((missing, len(self._input)), np.float32))
        self._at = self._end - frames

    def pull(self, block: Block, speed_from: float, speed_to: float) -> None:
        """Fill `block`. The speed, in input frames per output frame, goes from the one value to the other."""
        frames = len(block)
        np.multiply(self._steps, speed_from, out=self._places)
        self._places += self._half_squares * (speed_to - speed_from)
        self._places += self._at
        self._at += frames * (speed_from + speed_to) / 2
        np.floor(self._places, out=self._first, casting="unsafe")
        self._places -= self._first
        self._places *= PHASES
        np.floor(self._places, out=self._phase, casting="unsafe")
        self._places -= self._phase
        self._between[:, 0] = self._places
        # With mode="clip" numpy writes directly into `out`.
        np.take(self._table, self._phase, axis=0, out=self._filters, mode="clip")
        np.take(self._slope, self._phase, axis=0, out=self._slopes, mode="clip")
        np.multiply(self._slopes, self._between, out=self._slopes)
        np.add(self._filters, self._slopes, out=self._filters)
        np.add(self._first[:, None], self._reach, out=self._indices)
        for channel, line in enumerate(self._input):
            np.take(line, self._indices, out=self._around, mode="clip")
            np.einsum("ij,ij->i", self._around, self._filters, out=self._column)
            block[:, channel] = self._column

    def _forget(self) -> None:
        """Make room: keep what the filter still needs, and of what waits at most half the capacity."""
        begin = max(int(self._at) - self.margin_frames, self._end - CAPACITY_FRAMES // 2)
        kept = self._end - begin
        self._input[:, :kept] = self._input[:, begin : self._end].copy()
        self._end = kept
        self._at = max(self._at - begin, float(self.margin_frames))


def _table(taps: int, cutoff: float) -> NDArray[np.float32]:
    """(PHASES + 1, taps): row p is the filter for p / PHASES of a frame after the middle. Each row sums to one."""
    middle = taps // 2
    distance = np.arange(1 - middle, middle + 1) - np.arange(PHASES + 1)[:, None] / PHASES
    # np.i0 of the window's argument; zero at and beyond its end.
    inside = np.sqrt(np.clip(1.0 - (distance / middle) ** 2, 0.0, None))
    filters = np.sinc(cutoff * distance) * np.i0(KAISER_BETA * inside) / np.i0(KAISER_BETA)
    return np.asarray(filters / filters.sum(axis=1, keepdims=True), np.float32)
