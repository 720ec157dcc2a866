"""Envelopes that rise and fall at different speeds, a whole block at once: NumPy has no recursion over frames.

What decays evenly stands still once it is multiplied by what grows evenly: a smoother is then a running sum, and one
that rises at once a running maximum (G. Blelloch, "Prefix Sums and Their Applications", 1990). dsp/native/dynamics.c
does the same frame after frame.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

MOST_GROWTH = 600.0
"""In nepers, within one stretch of a block: float64 holds up to 709. Only the shortest times need more stretches."""


def kept(time_ms: float, rate_hz: int) -> float:
    """Which share of the difference is left after a frame, where 1 / e of it is left after `time_ms`."""
    return math.exp(-1000.0 / (max(time_ms, 1e-3) * rate_hz))


TIMES = 5  # so many speeds are at hand; a sixth takes the place of the oldest


class Followers:
    """Scratch for blocks of at most `max_frames`. Audio thread; no allocation. float64 (frames,), changed in place."""

    def __init__(self, max_frames: int) -> None:
        self._count = np.arange(float(max_frames))
        self._growths: Values = np.zeros((TIMES, max_frames))
        self._kepts = [-1.0] * TIMES  # whose growth each row is
        self._oldest = 0
        self._part: Values = np.zeros(max_frames)

    def smooth(self, values: Values, start: float, kept: float) -> float:
        """y[n] = kept y[n - 1] + (1 - kept) x[n]. Return the last, from which the next block goes on."""
        for piece in self._pieces(values, kept):
            growth = self._grow(len(piece), kept)
            start = self._smooth(piece, piece, start, kept, growth)
        return start

    def fall(self, values: Values, start: float, kept: float) -> float:
        """y[n] = max(x[n], kept y[n - 1] + (1 - kept) x[n]): up at once, down slowly. Return the last.

        From a frame on that rises it is the smoother that begins there: the highest of all these.
        """
        for piece in self._pieces(values, kept):
            growth, smooth = self._grow(len(piece), kept), self._part[: len(piece)]
            self._smooth(piece, smooth, start, kept, growth)
            np.subtract(piece, smooth, out=piece)
            np.multiply(piece, growth, out=piece)
            np.maximum.accumulate(piece, out=piece)
            np.maximum(piece, 0.0, out=piece)
            np.divide(piece, growth, out=piece)
            np.add(piece, smooth, out=piece)
            start = float(piece[-1])
        return start

    def _pieces(self, values: Values, kept: float) -> Iterator[Values]:
        most = self._most(kept)
        return (values[at : at + most] for at in range(0, len(values), most))

    def _grow(self, frames: int, kept: float) -> Values:
        """kept to the power of -n."""
        if kept not in self._kepts:
            row, self._oldest = self._oldest, (self._oldest + 1) % TIMES
            most = min(len(self._count), self._most(kept))
            np.power(1.0 / kept, self._count[:most], out=self._growths[row, :most])
            self._kepts[row] = kept
        growth: Values = self._growths[self._kepts.index(kept), :frames]
        return growth

    @staticmethod
    def _most(kept: float) -> int:
        return max(1, int(MOST_GROWTH / max(-math.log(kept), 1e-9)))

    @staticmethod
    def _smooth(values: Values, out: Values, start: float, kept: float, growth: Values) -> float:
        np.multiply(values, growth, out=out)
        np.add.accumulate(out, out=out)
        np.multiply(out, 1.0 - kept, out=out)
        np.add(out, kept * start, out=out)
        np.divide(out, growth, out=out)
        return float(out[-1])
