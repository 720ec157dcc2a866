"""Pops: the burst of breath of a p or b on the capsule is turned down in the lows, for as long as it lasts.

What is a pop, and what is a note or a drum: dsp.restore.pop_ear.
"""

from __future__ import annotations

from dsp.block import RATE_HZ, Block
from dsp.params import ParamSpec, switch
from dsp.parts.biquads import Biquads
from dsp.restore.pop_ear import STEP_FRAMES, PopEar

ON = switch("plosives.on", "Pops", "Bursts of breath from p and b are softened in the lows.")
PLOSIVES_PARAMS: tuple[ParamSpec, ...] = (ON,)

SHELF_HZ, SHELF_DB, GLIDE_MS = 130.0, -9.0, 4.0
SHELVES = 2  # one after the other: 18 dB


class Plosives:
    """Audio thread, but for prepare(). One shelf for all channels, which are heard as one.

    change_db: of the shelf, below 0 while a pop lasts. detail: 0.
    """

    name = "plosives"
    params = PLOSIVES_PARAMS
    latency_frames = 0
    detail = 0.0

    def __init__(self) -> None:
        self._on, self._done, self._pops = False, 0, False
        self._shelf, self._ear = Biquads(SHELVES, GLIDE_MS), PopEar()
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._shelf.prepare(rate_hz, period_frames, channels)
        self._ear.prepare(rate_hz, period_frames)
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
        # The shelf is set where a step ends, so that blocks of any length sound the same.
        while start < frames:
            count = min(STEP_FRAMES - self._done, frames - start)
            part = block[start : start + count]
            pops = self._ear.hear(part)
            self._shelf.process(part)
            self._done = (self._done + count) % STEP_FRAMES
            start += count
            if pops != self._pops and self._done == 0:
                self._aim(pops and self._on)

    def reset(self) -> None:
        """The sound starts anew, from the exact input."""
        self._ear.reset()
        self._done = 0
        self._aim(False)
        self._shelf.reset()

    def _aim(self, pops: bool) -> None:
        self._pops = pops
        for at in range(SHELVES):
            self._shelf.set(at, "low_shelf", SHELF_HZ, SHELF_DB if pops else 0.0)
