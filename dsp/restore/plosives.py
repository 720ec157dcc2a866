"""Pops: the burst of breath of a p or b on the capsule is turned down in the lows, for as long as it lasts.

A pop is a surge below 120 Hz that stands far above everything over it. A voice that starts has its overtones from the
first period on, and so have a bass and a kick drum; what comes again and again at the same level is music.
"""

from __future__ import annotations

import math

import numpy as np

from dsp.block import RATE_HZ, Block
from dsp.params import ParamSpec, switch
from dsp.parts.biquads import Biquads

ON = switch("plosives.on", "Pops", "Bursts of breath from p and b are softened in the lows.")
PLOSIVES_PARAMS: tuple[ParamSpec, ...] = (ON,)

SHELF_HZ, SHELF_DB, GLIDE_MS = 130.0, -9.0, 4.0
SHELVES = 2  # one after the other: 18 dB
STEP_FRAMES = 64
LOW_HZ, MID_HZ = 100.0, (180.0, 1200.0)
QUICK_MS, SLOW_MS = 2.5, 250.0  # of the levels: now, and before the surge
SURGE_DB = 9.0  # above what was there before
OVER_MID_DB = 8.0  # above the voice's own band at the same time
LET_GO_DB = 3.0  # above it, it goes on
AGAIN_DB, FORGOTTEN_DB_PER_S, SEEN_AGAIN_MS = 3.0, 4.0, 60.0
"""A surge has to be that much above those before it, which are forgotten so quickly, and are known after so long."""

LOUD_DB = -8.0  # relative to the loudest voice of the last seconds: a fainter surge is no pop
MEMORY_S = 3.0
QUIETEST = 1e-5  # power: -50 dB
LONGEST_MS, HOLD_MS = 160.0, 25.0
REST_MS = 60.0  # after a pop that was too long to be one


class Plosives:
    """Audio thread, but for prepare(). One shelf for all channels, which are heard as one.

    change_db: of the shelf, below 0 while a pop lasts. detail: 0.
    """

    name = "plosives"
    params = PLOSIVES_PARAMS
    latency_frames = 0
    detail = 0.0

    def __init__(self) -> None:
        self._on, self._done = False, 0
        self._shelf, self._low, self._mid = Biquads(SHELVES, GLIDE_MS), Biquads(1, 1.0), Biquads(2, 1.0)
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._shelf.prepare(rate_hz, period_frames, channels)
        for ear in (self._low, self._mid):
            ear.prepare(rate_hz, STEP_FRAMES, 1)
        self._low.set(0, "low_pass", LOW_HZ)
        self._mid.set(0, "high_pass", MID_HZ[0])
        self._mid.set(1, "low_pass", MID_HZ[1])
        step_ms = 1000.0 * STEP_FRAMES / rate_hz
        self._quick, self._slow = math.exp(-step_ms / QUICK_MS), math.exp(-step_ms / SLOW_MS)
        self._memory = math.exp(-step_ms / 1000.0 / MEMORY_S)
        self._longest, self._hold, self._rest = (round(ms / step_ms) for ms in (LONGEST_MS, HOLD_MS, REST_MS))
        self._forgotten = 10.0 ** (-FORGOTTEN_DB_PER_S * step_ms / 10_000.0)
        self._past = [0.0] * round(SEEN_AGAIN_MS / step_ms)
        self._heard: Block = np.zeros((STEP_FRAMES, 1), np.float32)
        self._copy: Block = np.zeros((STEP_FRAMES, 1), np.float32)
        self._mean: Block = np.zeros(period_frames, np.float32)
        self.reset()

    def set_param(self, param_id: str, value: float) -> None:
        self._on = value >= 0.5
        if not self._on:
            self._aim(False)

    @property
    def wanted(self) -> bool:
        return self._on

    @property
    def at_work(self) -> bool:
        return self._on or not self._shelf.at_rest

    @property
    def change_db(self) -> float:
        return SHELVES * SHELF_DB if self._pops else 0.0

    def process(self, block: Block) -> None:
        start, frames = 0, len(block)
        mean = np.add.reduce(block, axis=1, out=self._mean[:frames])
        while start < frames:
            count = min(STEP_FRAMES - self._done, frames - start)
            self._heard[self._done : self._done + count, 0] = mean[start : start + count]
            self._shelf.process(block[start : start + count])
            self._done += count
            start += count
            if self._done == STEP_FRAMES:
                self._done = 0
                self._listen()

    def reset(self) -> None:
        """The sound starts anew, from the exact input."""
        self._low.reset()
        self._mid.reset()
        self._heard.fill(0.0)
        self._done = 0
        self._now, self._over, self._before, self._voice, self._surge = 0.0, 0.0, QUIETEST, QUIETEST, QUIETEST
        self._past[:] = [0.0] * len(self._past)
        self._at = self._lasted = self._since = self._resting = 0
        self._pops = False
        self._aim(False)
        self._shelf.reset()

    def _aim(self, pops: bool) -> None:
        self._pops = pops
        for at in range(SHELVES):
            self._shelf.set(at, "low_shelf", SHELF_HZ, SHELF_DB if pops else 0.0)

    def _listen(self) -> None:
        """A step is whole: does a pop begin, go on, or end?"""
        np.copyto(self._copy, self._heard)
        self._low.process(self._heard)
        self._mid.process(self._copy)
        low = float(np.vdot(self._heard, self._heard)) / STEP_FRAMES
        mid = float(np.vdot(self._copy, self._copy)) / STEP_FRAMES
        self._now += (1.0 - self._quick) * (low - self._now)
        # The overtones count for as long as a period of a low voice lasts.
        self._over = max(mid, self._over * self._quick**0.4)
        self._voice = max(self._over, self._voice * self._memory, QUIETEST)
        self._surge = max(self._past[self._at], self._surge * self._forgotten)
        self._past[self._at] = self._now
        self._at = (self._at + 1) % len(self._past)
        again = self._now < self._surge * 10.0 ** (AGAIN_DB / 10.0)
        stands_out = self._now > self._over * 10.0 ** (OVER_MID_DB / 10.0)
        loud = self._now > max(QUIETEST, self._voice * 10.0 ** (LOUD_DB / 10.0))
        surges = self._now > self._before * 10.0 ** (SURGE_DB / 10.0)
        if self._pops:
            self._lasted += 1
            goes_on = self._now > max(self._before, self._over) * 10.0 ** (LET_GO_DB / 10.0)
            self._since = 0 if goes_on else self._since + 1
            if self._since >= self._hold or self._lasted >= self._longest:
                self._resting = self._rest if self._lasted >= self._longest else 0
                if self._resting:
                    self._before = max(self._before, self._now)  # it is a tone, not a pop
                self._aim(False)
        elif self._resting:
            self._resting -= 1
            self._before += (1.0 - self._slow) * (self._now - self._before)
        elif stands_out and loud and surges and not again and self._on:
            self._lasted = self._since = 0
            self._aim(True)
        else:
            self._before = max(QUIETEST * 0.1, self._before + (1.0 - self._slow) * (self._now - self._before))
