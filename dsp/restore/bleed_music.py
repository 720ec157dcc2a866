"""The music that may leak into a microphone, as spectra: what every LeakPath learns from and foresees by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.block import Block
from dsp.native import bound
from dsp.parts.stft import forward_transform

Spectra = NDArray[np.complex64]

HEAD_FRAMES = 128
"""The grid on which leak is foreseen. A block that is not whole yet is transformed with silence for what is to come:
each frame depends on frames before it only, so nothing is late.
"""

STEP_FRAMES = 512
"""The grid on which paths learn, and the length of a partition of what is learnt. A step's work is done in the
TURNS blocks of the step after it.
"""

TURNS = STEP_FRAMES // HEAD_FRAMES
PATH_MS, LOW_PATH_MS, WHOLE_HZ = 200.0, 400.0, 1500.0
"""The longest way from the music to the microphone, its echoes included; below WHOLE_HZ, where rooms ring longer."""

LEAN = 0.9
"""Music falls towards high frequencies, and a strong low bin spills over the weak high ones. So everything is learnt
from the differences of neighbouring frames, x[i] - LEAN * x[i - 1], and what is foreseen is summed up again.
"""

QUIETEST = 1e-9  # mean square of a step, 90 dB below full scale: there is nothing to learn from


def partitions(rate_hz: int) -> int:
    """Of STEP_FRAMES, so that they are LOW_PATH_MS long."""
    return -(-round(LOW_PATH_MS * rate_hz / 1000.0) // STEP_FRAMES)


def whole_partitions(rate_hz: int) -> int:
    """Those with all bins."""
    return -(-round(PATH_MS * rate_hz / 1000.0) // STEP_FRAMES)


def low_bins(rate_hz: int) -> int:
    """Of the partitions behind those."""
    return min(STEP_FRAMES + 1, 1 + round(WHOLE_HZ * 2 * STEP_FRAMES / rate_hz))


LOW_HZ, LOW_FRAMES = (24.0, 36.0, 48.0, 60.0), 4 * STEP_FRAMES


class Low:
    """The power below every voice: of the newest steps, in a long window, so that no voice spills into it."""

    def __init__(self, rate_hz: int) -> None:
        turns = 2j * np.pi / rate_hz * np.outer(LOW_HZ, np.arange(LOW_FRAMES))
        waves = np.exp(turns) * np.hanning(LOW_FRAMES)
        self._waves: NDArray[np.float32] = np.concatenate([waves.real, waves.imag]).astype(np.float32)
        self._sound: NDArray[np.float32] = np.zeros(LOW_FRAMES, np.float32)
        self._parts: NDArray[np.float32] = np.zeros(len(self._waves), np.float32)

    def reset(self) -> None:
        self._sound.fill(0.0)

    def power(self, step: NDArray[np.float32]) -> float:
        """Of the sound whose newest STEP_FRAMES these are."""
        self._sound[:-STEP_FRAMES] = self._sound[STEP_FRAMES:]
        self._sound[-STEP_FRAMES:] = step
        np.dot(self._waves, self._sound, out=self._parts)
        return float(np.dot(self._parts, self._parts))


class Music:
    """The newest music, as middle and side where it is stereo. Audio thread; buffers are made once.

    Left and right have much in common, and then no path can be told from the other: many pairs of paths explain the
    same leak, and a change of the panning would bring it back. Middle and side have little in common; a side that is
    silent (mono on both) is not learnt at all. Of more than two columns every second one is left, the others right.
    Source of the problem: M. M. Sondhi, D. R. Morgan, J. L. Hall, "Stereophonic acoustic echo cancellation - an
    overview of the fundamental problem", IEEE Signal Processing Letters 2 (8), 1995.
    """

    def __init__(self, columns: int, rate_hz: int) -> None:
        """columns: of the blocks that take() gets, 1 or more."""
        self.sides = sides = min(2, columns)
        self._columns = columns
        count, heads = partitions(rate_hz), 2 * TURNS
        self.spectra: Spectra = np.zeros((count, sides, STEP_FRAMES + 1), np.complex64)
        self.head_spectra: Spectra = np.zeros((heads, sides, HEAD_FRAMES + 1), np.complex64)
        self._wave: NDArray[np.float32] = np.zeros((sides, 2 * STEP_FRAMES), np.float32)
        self._head_wave: NDArray[np.float32] = np.zeros((sides, 2 * HEAD_FRAMES), np.float32)
        self._sound: NDArray[np.float32] = np.zeros((sides, HEAD_FRAMES + 1), np.float32)
        self._sums: NDArray[np.float32] = np.zeros((2, HEAD_FRAMES), np.float32)
        self._lean: NDArray[np.float32] = np.zeros((sides, HEAD_FRAMES), np.float32)
        self._silence: Block = np.zeros((HEAD_FRAMES, columns), np.float32)
        self._numbers = np.full(1 + sides, LEAN)  # and the last frame of each side
        self._native = bound.leak_music(STEP_FRAMES, self.head_spectra, self._wave, self._head_wave, self._numbers)
        self.rate_hz = rate_hz
        self._low = [Low(rate_hz) for _ in range(sides)]
        self.reset()

    def reset(self) -> None:
        """Forget the music."""
        for low in self._low:
            low.reset()
        self.low_power = 0.0  # of the newest steps, below every voice
        for array in (self.spectra, self.head_spectra, self._wave, self._head_wave, self._sound):
            array.fill(0.0)
        self._numbers[1:] = 0.0
        self.newest = self.head_newest = 0
        self.quiet = True  # the step that is whole has next to nothing in it

    def take(self, music: Block | None, frames: int, at: int) -> None:
        """The next `frames` of the step, of which `at` are there; not beyond a block. music: None for silence."""
        head_at = at % HEAD_FRAMES
        if self._native is not None:
            if head_at == 0:
                self.head_newest = (self.head_newest - 1) % len(self.head_spectra)
            self._native.take(self._silence[:frames] if music is None else music, at, self.head_newest)
            return
        if head_at == 0:
            self._head_wave[:, :HEAD_FRAMES] = self._head_wave[:, HEAD_FRAMES:]
            self._head_wave[:, HEAD_FRAMES:] = 0.0
            self.head_newest = (self.head_newest - 1) % len(self.head_spectra)
        sound = self._sound[:, : frames + 1]
        if music is None:
            sound[:, 1:] = 0.0
        elif self.sides == 1:
            sound[0, 1:] = music[:, 0]
        else:
            left, right = self._side_of(music, 0), self._side_of(music, 1)
            np.add(left, right, out=sound[0, 1:])
            np.subtract(left, right, out=sound[1, 1:])
            np.multiply(sound[:, 1:], 0.5, out=sound[:, 1:])
        leant = np.multiply(sound[:, :-1], -LEAN, out=self._lean[:, :frames])
        np.add(leant, sound[:, 1:], out=leant)
        self._wave[:, STEP_FRAMES + at : STEP_FRAMES + at + frames] = leant
        self._head_wave[:, HEAD_FRAMES + head_at : HEAD_FRAMES + head_at + frames] = leant
        sound[:, 0] = sound[:, frames]
        forward_transform(self._head_wave, self.head_spectra[self.head_newest])

    def _side_of(self, music: Block, first: int) -> NDArray[np.float32]:
        """The sum of every second column. (frames,)"""
        if self._columns == 2:
            return music[:, first]
        return np.add.reduce(music[:, first::2], axis=1, out=self._sums[first, : len(music)])

    def step(self) -> None:
        """A step is whole."""
        newest = self._wave[:, STEP_FRAMES:]
        self.low_power = sum(low.power(side) for low, side in zip(self._low, newest, strict=True))
        self.quiet = float(np.vdot(newest, newest)) < QUIETEST * newest.size
        self.newest = (self.newest - 1) % len(self.spectra)
        forward_transform(self._wave, self.spectra[self.newest])
        self._wave[:, :STEP_FRAMES] = newest
