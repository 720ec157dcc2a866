"""The limiter at the end of the mix: of samples, without latency, or of true peaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block, mend
from dsp.effects.true_peak import LATENCY_FRAMES, TruePeak
from dsp.params import ParamSpec, switch
from dsp.parts.limiter import CEILING_DB, RELEASE_DB_PER_S, Limiter
from dsp.parts.ramp import Ramp, ramp_frames

CEILING = ParamSpec("limiter.ceiling_db", "dB", -12.0, 0.0, CEILING_DB, "Ceiling", "Nothing leaves the box louder.")
TRUE_PEAK = switch(
    "limiter.true_peak",
    "True peak",
    "Counts the peaks between the samples too, for broadcast and streaming. It adds 0.8 ms of latency.",
)
LIMITER_PARAMS = (CEILING, TRUE_PEAK)
GLIDE_MS = 20.0


class MixLimiter:
    """Audio thread, but for prepare(); channels share one gain. Under the ceiling no bit changes.

    It is always at work; `wanted` tells whether it looks for true peaks, because only that adds latency.
    change_db: minus the gain reduction. detail: the ceiling in dB.
    """

    latency_frames = LATENCY_FRAMES
    at_work = True

    def __init__(self) -> None:
        self.name = "limiter"
        self.params = LIMITER_PARAMS
        self._ceiling_db = CEILING.default
        self._true = False
        self._samples, self._peaks = Limiter(), TruePeak()
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._samples.prepare(rate_hz, period_frames, channels)
        self._peaks.prepare(rate_hz, period_frames, channels, RELEASE_DB_PER_S)
        frames = ramp_frames(GLIDE_MS, rate_hz)
        self._ramp = Ramp(self._ceiling_db, frames, period_frames)
        self._glide_frames = frames
        self._need: NDArray[np.float64] = np.zeros(period_frames)
        self._gain: Block = np.zeros((period_frames, channels), np.float32)
        self.reset()

    def set_param(self, param_id: str, value: float) -> None:
        if param_id == TRUE_PEAK.id:
            self._true = bool(value)
            return
        self._ceiling_db = value
        self._ramp.set(value)
        self._peaks.set_ceiling(value, self._glide_frames)

    @property
    def wanted(self) -> bool:
        return self._true

    @property
    def reduction_db(self) -> float:
        """At the end of the last block."""
        return self._peaks.reduction_db if self._true else self._samples.reduction_db

    @property
    def change_db(self) -> float:
        return -self.reduction_db

    @property
    def detail(self) -> float:
        return self._ceiling_db

    def process(self, block: Block) -> None:
        """Keep `block` under the ceiling, in place. What is no sound (dsp.block.mend) becomes silence first."""
        if self._true:
            self._peaks.process(block)
        elif self._ramp.still:
            self._samples.process(block)
        else:
            self._under_moving_ceiling(block)

    def reset(self) -> None:
        self._ramp.jump(self._ceiling_db)
        self._samples.set_ceiling(self._ceiling_db)
        self._samples.reset()
        self._peaks.set_ceiling(self._ceiling_db, 0)
        self._peaks.reset()

    def _under_moving_ceiling(self, block: Block) -> None:
        """Scale, limit at full scale, scale back: the ceiling moves without a step."""
        mend(block)
        factors = np.power(10.0, np.multiply(self._ramp.next(len(block)), 0.05, out=self._need[: len(block)]))
        gain = self._gain[: len(block)]
        np.divide(block, factors[:, None], out=gain, casting="same_kind")
        self._samples.set_ceiling(0.0)
        self._samples.process(gain)
        np.multiply(gain, factors[:, None], out=block, casting="same_kind")
        self._samples.set_ceiling(self._ceiling_db)
        lowest = np.float32(max(factors.max(), self._samples.ceiling))
        np.clip(block, -lowest, lowest, out=block)
