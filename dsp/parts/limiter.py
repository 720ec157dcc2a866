"""The last step of the processed sound: nothing leaves it above the ceiling."""

from __future__ import annotations

import math

import numpy as np

from dsp.block import LOUDEST, RATE_HZ, Block, mend
from dsp.native import bound

CEILING_DB = -1.0
RELEASE_DB_PER_S = 60.0


class Limiter:
    """Peak limiter without lookahead: it adds no delay. Audio thread; channels share one gain.

    The reduction rises at once to what a peak needs and falls by a fixed number of dB a second:
    r[n] = max(need[n], r[n-1] - d). With n * d added on both sides that is a running maximum, so numpy does a whole
    block at a time. Under the ceiling, with no reduction left, no bit changes.
    """

    latency_frames = 0

    def __init__(self, ceiling_db: float = CEILING_DB, release_db_per_s: float = RELEASE_DB_PER_S) -> None:
        self.set_ceiling(ceiling_db)
        self.release_db_per_s = release_db_per_s
        self.reduction = 0.0  # natural log of the gain, positive

    @property
    def reduction_db(self) -> float:
        """The reduction at the end of the last block, in dB."""
        return self.reduction * 20.0 / math.log(10.0)

    def prepare(self, rate_hz: int = RATE_HZ, period_frames: int = 1024, channels: int = 2) -> None:
        self.fall = self.release_db_per_s * math.log(10.0) / 20.0 / rate_hz  # of the reduction, a frame
        self._slope = np.arange(period_frames) * self.fall
        self._level: Block = np.zeros((period_frames, channels), np.float32)
        self._need = np.zeros(period_frames, np.float64)
        self._native = bound.calls()
        self.reset()

    def set_ceiling(self, ceiling_db: float) -> None:
        """At once: for where nothing is heard, or nothing is over it."""
        # Rounded down to float32, so that the clip below ends at or under it.
        self.ceiling = float(np.nextafter(np.float32(10.0 ** (ceiling_db / 20.0)), np.float32(0.0)))

    def reset(self) -> None:
        self.reduction = 0.0

    def process(self, block: Block) -> None:
        """Keep `block` under the ceiling, in place. What is no sound (dsp.block.mend) becomes silence first."""
        if self._native is not None:
            self.reduction = self._native.limit(block, self.ceiling, self.reduction, self.fall, LOUDEST)
            return
        mend(block)
        frames = len(block)
        level = np.abs(block, out=self._level[:frames])
        if self.reduction == 0.0 and level.max() <= self.ceiling:
            return
        need, slope = self._need[:frames], self._slope[:frames]
        np.max(level, axis=1, out=need)
        np.maximum(need, self.ceiling, out=need)
        np.multiply(need, 1.0 / self.ceiling, out=need)
        np.log(need, out=need)
        np.add(need, slope, out=need)
        need[0] = max(need[0], self.reduction - self.fall)
        np.maximum.accumulate(need, out=need)
        np.subtract(need, slope, out=need)
        # Below a millionth of a dB the sum above is only rounding: the release is over.
        last = float(need[-1])
        self.reduction = last if last > 1e-7 else 0.0
        np.negative(need, out=need)
        np.exp(need, out=need)
        gain = self._level[:frames, :1]
        gain[:, 0] = need
        np.multiply(block, gain, out=block)
        np.clip(block, -self.ceiling, self.ceiling, out=block)  # what float32 rounded up
