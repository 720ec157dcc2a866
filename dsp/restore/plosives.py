"""Pops: the burst of breath of a p or b on the capsule is turned down in the lows, for as long as it lasts.

What is a pop, and what is a note or a drum: dsp.restore.pop_ear.
"""

from __future__ import annotations

import math

import numpy as np

from dsp.block import RATE_HZ, Block
from dsp.native import bound
from dsp.params import ParamSpec, switch
from dsp.parts.biquads import Biquads
from dsp.parts.delay import Delay
from dsp.parts.ramp import Ramp, ramp_frames
from dsp.restore.pop_ear import STEP_FRAMES, PopEar

ON = switch("plosives.on", "Pops", "Bursts of breath from p and b are cut in the lows. Adds 4 ms.")
PLOSIVES_PARAMS: tuple[ParamSpec, ...] = (ON,)

AHEAD_FRAMES = 192  # 4 ms: as long as it takes to tell a pop, nearly
CUT_HZ = 120.0
CUT_Q = 0.541, 1.307  # Butterworth, 24 dB an octave
DOWN_MS, UP_MS = 3.0, 20.0
METER_MS, FAINTEST = 100.0, 1e-6


class Plosives:
    """Audio thread, but for prepare(). One cut for all channels, which are heard as one.

    The cut runs all the time, so that its state is that of a filter that has settled; it is heard while a pop lasts.
    change_db: what goes with it, below 0. detail: 0.
    """

    name = "plosives"
    params = PLOSIVES_PARAMS
    latency_frames = AHEAD_FRAMES
    detail = 0.0

    def __init__(self) -> None:
        self._on = False
        self._cut, self._ear = Biquads(len(CUT_Q)), PopEar()
        self._done, self._pops = 0, False
        self._heard = self._left = self._change_db = 0.0
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._ahead = Delay(AHEAD_FRAMES, period_frames, channels)
        self._cut.prepare(rate_hz, period_frames, channels)
        for at, q in enumerate(CUT_Q):
            self._cut.set(at, "high_pass", CUT_HZ, q=q)
        self._ear.prepare(rate_hz, period_frames)
        self._without: Block = np.zeros((period_frames, channels), np.float32)
        self._down_frames, self._up_frames = (ramp_frames(ms, rate_hz) for ms in (DOWN_MS, UP_MS))
        self._share = Ramp(0.0, self._down_frames, period_frames)  # of the cut in what is heard
        self._native = bound.calls()
        self._newest = 1.0 - math.exp(-1000.0 * STEP_FRAMES / rate_hz / METER_MS)
        self.reset()

    def set_param(self, param_id: str, value: float) -> None:
        self._on = value >= 0.5

    @property
    def wanted(self) -> bool:
        return self._on

    @property
    def at_work(self) -> bool:
        return self._on

    @property
    def change_db(self) -> float:
        return self._change_db if self._on else 0.0

    def process(self, block: Block) -> None:
        start, frames = 0, len(block)
        # The cut comes where a step ends, so that blocks of any length sound the same.
        while start < frames:
            count = min(STEP_FRAMES - self._done, frames - start)
            self._pass(block[start : start + count])
            start += count

    def _pass(self, part: Block) -> None:
        pops = self._ear.hear(part)
        heard, without = self._ahead.process(part), self._without[: len(part)]
        np.copyto(without, heard)
        self._cut.process(without)
        self._heard += float(np.vdot(heard, heard))
        if self._share.still and not self._share.value:
            np.copyto(part, heard)
        else:
            share = self._share.next(len(part))
            if self._native is not None:
                self._native.crossfade(without, heard, share)
            else:
                np.subtract(without, heard, out=without)
                np.multiply(without, share[:, None], out=without)
                np.add(without, heard, out=without)
            np.copyto(part, without)
        self._left += float(np.vdot(part, part))
        self._done = (self._done + len(part)) % STEP_FRAMES
        if self._done:
            return
        if pops != self._pops:
            self._pops = pops
            self._share.set(float(pops), self._down_frames if pops else self._up_frames)
        change_db = 10.0 * math.log10((self._left + FAINTEST) / (self._heard + FAINTEST))
        self._change_db += self._newest * (min(change_db, 0.0) - self._change_db)
        self._heard = self._left = 0.0

    def reset(self) -> None:
        """The sound starts anew."""
        self._ear.reset()
        self._ahead.reset()
        self._cut.reset()
        self._share.jump(0.0)
        self._done, self._pops = 0, False
        self._heard = self._left = self._change_db = 0.0
