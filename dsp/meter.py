"""Peak and RMS of what passed since somebody last looked."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import Block

PEAK, RMS = 0, 1
"""Columns of what take() fills."""

FULL_SCALE = 32767.0 / 32768.0  # the loudest sample 16 bits can hold


class Meter:
    """Level of each channel. add() and take() on the audio thread; neither allocates."""

    def __init__(self, channels: int, period_frames: int) -> None:
        self.channels = channels
        self._scratch: Block = np.zeros((period_frames, channels), np.float32)
        self._loud: NDArray[np.float32] = np.zeros(channels, np.float32)
        self._peak: NDArray[np.float32] = np.zeros(channels, np.float32)
        self._block_energy: NDArray[np.float32] = np.zeros(channels, np.float32)
        self._energy: NDArray[np.float64] = np.zeros(channels, np.float64)
        self._frames = 0

    def reset(self) -> None:
        self._peak.fill(0.0)
        self._energy.fill(0.0)
        self._frames = 0

    def add(self, block: Block) -> None:
        """Count `block` in.  float32 (frames, channels), finite."""
        scratch = np.abs(block, out=self._scratch[: len(block)])
        np.maximum.reduce(scratch, axis=0, out=self._loud)
        np.maximum(self._peak, self._loud, out=self._peak)
        np.multiply(scratch, scratch, out=scratch)
        np.add.reduce(scratch, axis=0, out=self._block_energy)
        np.add(self._energy, self._block_energy, out=self._energy)
        self._frames += len(block)

    def take(self, into: NDArray[np.float32]) -> bool:
        """Fill `into` and start anew; return whether any sample reached full scale.

        into: float32 (channels, 2), columns PEAK and RMS, linear, 1.0 is full scale. Silence if nothing was added.
        """
        clipped = False
        for channel in range(self.channels):
            peak = float(self._peak[channel])
            into[channel, PEAK] = peak
            into[channel, RMS] = math.sqrt(float(self._energy[channel]) / self._frames) if self._frames else 0.0
            clipped = clipped or peak >= FULL_SCALE
        self.reset()
        return clipped
