"""The two sides of a stereo microphone as one spectrum, whatever their polarity.

The network was trained on one channel and takes one. The plain mean is right while the sides agree. Where one of them
is inverted (by a cable, a preamplifier's switch, two microphones that face each other) the mean loses a voice that is
in both sides. So the sides are brought to one polarity before the mean is taken.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ
from dsp.layouts.denoise import LIVE, Layout
from dsp.native import bound

Spectrum = NDArray[np.complex64]
Array = NDArray[np.float32]

MEMORY_MS = 300.0
"""Memory for whether the sides agree: a syllable or two, so that a single consonant does not turn a side. After silence
the first sound decides at once, so that a voice is not lost meanwhile.
"""

OPPOSED = -0.3
"""A side is turned when its correlation with the first side, as turned so far, falls below this. Sides that have little
in common stay as they are. Turning back takes as much correlation the other way.
"""

LOWEST_HZ = 100.0  # rumble and hum below tell nothing about voices


class Sides:
    """The mean of all channels, each turned to the first one's polarity. Audio thread; buffers are made once.

    Channels that are alike give their plain mean.
    """

    def __init__(self, channels: int, layout: Layout = LIVE) -> None:
        self._bins = layout.low_bins
        self._first_bin = math.ceil(LOWEST_HZ / layout.bin_hz)
        self._newest = 1.0 - math.exp(-1000.0 * layout.hop_frames / (RATE_HZ * MEMORY_MS))
        self._turned: Spectrum = np.zeros((channels, self._bins), np.complex64)
        self.mid: Spectrum = np.zeros(self._bins, np.complex64)
        self._signs: Array = np.ones((channels, 1), np.float32)
        self._agreement: NDArray[np.float64] = np.zeros(channels)
        self._level: NDArray[np.float64] = np.zeros(channels)
        self._native = bound.sides(self._first_bin, self._signs[:, 0], self._agreement, self._level, self.mid)

    def reset(self) -> None:
        """Forget the past: as new."""
        self._signs.fill(1.0)
        self._agreement.fill(0.0)
        self._level.fill(0.0)

    def mean(self, spectrum: Spectrum) -> Spectrum:
        """spectrum: (channels, low_bins or more) -> (low_bins,), a reused buffer."""
        if self._native is not None:
            self._native.mean(spectrum, self._newest, OPPOSED)
            return self.mid
        low = spectrum[:, : self._bins]
        self._compare(low[:, self._first_bin :])
        if (self._signs > 0.0).all():
            np.add.reduce(low, axis=0, out=self.mid)
        else:
            np.multiply(low, self._signs, out=self._turned)
            np.add.reduce(self._turned, axis=0, out=self.mid)
        return np.multiply(self.mid, np.float32(1.0 / len(low)), out=self.mid)

    def _compare(self, low: Spectrum) -> None:
        """Turn each side that has been opposed to the first one for a while."""
        first = low[0]
        power = float(np.vdot(first, first).real)
        for side in range(1, len(low)):
            other = low[side]
            agreement = float(np.vdot(first, other).real) * float(self._signs[side, 0])
            level = math.sqrt(power * float(np.vdot(other, other).real))
            self._agreement[side] += self._newest * (agreement - self._agreement[side])
            self._level[side] += self._newest * (level - self._level[side])
            if self._agreement[side] < OPPOSED * self._level[side]:
                self._signs[side, 0] *= -1.0
                self._agreement[side] *= -1.0
