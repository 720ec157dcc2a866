"""Peak and RMS of the sound since the meter was last read."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import LOUDEST, Block, mend
from dsp.native import bound

PEAK, RMS = 0, 1
"""The columns that take() fills."""

FULL_SCALE = 32767.0 / 32768.0  # the loudest sample 16 bits can hold


class Meter:
    """Level of each channel. add() and take() on the audio thread; neither makes an array."""

    def __init__(self, channels: int, period_frames: int) -> None:
        self.channels = channels
        self._magnitude: NDArray[np.float32] = np.zeros((channels, period_frames), np.float32)
        self._sums: NDArray[np.float64] = np.zeros((channels, 2))  # peak and energy
        self._native = bound.meter(self._sums)
        self.reset()

    def reset(self) -> None:
        self._sums.fill(0.0)
        self._frames = 0

    def add(self, block: Block) -> None:
        """Measure `block`.  float32 (frames, channels), finite."""
        frames = len(block)
        self._frames += frames
        if self._native is not None:
            self._native.add(block)
            return
        # One row per channel: numpy reduces contiguous rows several times faster than columns.
        magnitude = np.abs(block.T, out=self._magnitude[:, :frames])
        for channel in range(self.channels):
            row, sums = magnitude[channel], self._sums[channel]
            sums[0] = max(sums[0], row.max())
            sums[1] += np.dot(row, row)

    def mend_and_add(self, block: Block) -> int:
        """Put silence where there is no sound (dsp.block.mend), then measure. Return how many samples were broken."""
        if self._native is not None:
            self._frames += len(block)
            return self._native.mend_and_add(block, LOUDEST)
        broken = mend(block)
        self.add(block)
        return broken

    def take(self, into: NDArray[np.float32]) -> bool:
        """Fill `into` and start again from zero. Return whether any sample reached full scale.

        into: float32 (channels, 2), columns PEAK and RMS, linear, 1.0 is full scale. Zeros if nothing was added.
        """
        clipped = False
        for channel in range(self.channels):
            peak, energy = self._sums[channel].tolist()
            into[channel, PEAK] = peak
            into[channel, RMS] = math.sqrt(energy / self._frames) if self._frames else 0.0
            clipped = clipped or peak >= FULL_SCALE
        self.reset()
        return clipped
