"""Envelopes that rise and fall at different speeds, a whole block at once: NumPy has no recursion over frames.

Each step doubles the stretch of frames that a value has seen, so a block takes log2(frames) steps (W. Hillis and
G. Steele, "Data Parallel Algorithms", 1986). dsp/native/dynamics.c does the same frame after frame.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def kept(time_ms: float, rate_hz: int) -> float:
    """Which share of the difference is left after a frame, where 1 / e of it is left after `time_ms`."""
    return math.exp(-1000.0 / (max(time_ms, 1e-3) * rate_hz))


class Followers:
    """Scratch for blocks of at most `max_frames`. Audio thread; no allocation. float64 (frames,), changed in place."""

    def __init__(self, max_frames: int) -> None:
        self._count = np.arange(1.0, max_frames + 1)
        self._rest: Values = np.zeros(max_frames)
        self._part: Values = np.zeros(max_frames)
        self._more: Values = np.zeros(max_frames)

    def smooth(self, values: Values, start: float, kept: float) -> float:
        """y[n] = kept y[n - 1] + (1 - kept) x[n]. Return the last, from which the next block goes on."""
        frames, part = len(values), self._part
        np.multiply(values, 1.0 - kept, out=values)
        values[0] += kept * start
        back, share = 1, kept
        while back < frames:
            carried = np.multiply(values[:-back], share, out=part[: frames - back])
            np.add(values[back:], carried, out=values[back:])
            back, share = 2 * back, share * share
        return float(values[-1])

    def fall(self, values: Values, start: float, kept: float) -> float:
        """y[n] = max(x[n], kept y[n - 1] + (1 - kept) x[n]): up at once, down slowly. Return the last.

        A stretch of frames makes max(c, a y + d) of what came before it; so do two in a row.
        """
        frames, part, more = len(values), self._part, self._more
        rest = np.multiply(values, 1.0 - kept, out=self._rest[:frames])
        back, share = 1, kept
        while back < frames:
            carried = np.multiply(values[:-back], share, out=part[: frames - back])
            np.add(carried, rest[back:], out=carried)
            passed = np.multiply(rest[:-back], share, out=more[: frames - back])
            np.maximum(values[back:], carried, out=values[back:])
            np.add(rest[back:], passed, out=rest[back:])
            back, share = 2 * back, share * share
        from_start = np.power(kept, self._count[:frames], out=part[:frames])
        np.multiply(from_start, start, out=from_start)
        np.add(rest, from_start, out=rest)
        np.maximum(values, rest, out=values)
        return float(values[-1])
