"""Hum as a stage of the voice: mains hum and sound below hearing, with a switch and a meter."""

from __future__ import annotations

import math

import numpy as np

from dsp.block import RATE_HZ, Block
from dsp.params import switch
from dsp.restore.ahead import Ahead

ON = switch("hum.on", "Hum", "Takes the hum of the mains, and rumble too low to be heard, when it finds them.", True)
HUM_PARAMS = (ON,)
HOP_FRAMES = 128


class Hum:
    """Takes hum and what is below hearing out of a voice. Audio thread, but for prepare().

    A denoiser does that itself, ahead of its network, so that the share of hum that stays is the same as of any noise:
    it calls begin_inside(), and this is then only the switch and the meter. Without a denoiser all of it is taken here.
    change_db: how much quieter the sound is without. detail: the mains' frequency in Hz, 0 where none hums.
    """

    latency_frames = 0

    def __init__(self) -> None:
        self.name = "hum"
        self.params = HUM_PARAMS
        self._on = True
        self._inside = False
        self.kept = 0.0  # the share of the amplitude that the denoiser leaves
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._own = Ahead(channels, HOP_FRAMES, rate_hz)
        self._taken: Block = np.zeros((period_frames, channels), np.float32)
        self._done = 0
        if not self._inside:
            self._ahead = self._own
        self.reset()

    def begin_inside(self, channels: int, hop_frames: int, rate_hz: int) -> Ahead:
        """What a denoiser is to follow. In its prepare()."""
        self._inside = True
        self._ahead = Ahead(channels, hop_frames, rate_hz)
        self._ahead.reset(self._on)
        return self._ahead

    def set_param(self, param_id: str, value: float) -> None:
        self._on = value >= 0.5
        self._ahead.switch(self._on)

    @property
    def elsewhere(self) -> bool:
        """Whether a denoiser takes it, and not process()."""
        return self._inside

    @property
    def wanted(self) -> bool:
        return self._on

    @property
    def at_work(self) -> bool:
        return self._on or not self._ahead.still

    @property
    def change_db(self) -> float:
        left = 1.0 - self._ahead.share * (1.0 - self.kept * self.kept)
        return 10.0 * math.log10(max(left, 1e-12))

    @property
    def detail(self) -> float:
        return self._ahead.mains_hz

    def process(self, block: Block) -> None:
        if not self._inside:
            np.subtract(block, self._follow(block), out=block)

    def begin_to_tell(self) -> None:
        """tell_taken() will be called from the next block on."""
        self._own.reset(True)
        self._done = 0

    def tell_taken(self, block: Block) -> Block:
        """What the denoiser takes from `block`, by a search of its own: it begins when somebody wants to hear it."""
        return np.multiply(self._follow(block), 1.0 - self.kept, out=self._taken[: len(block)])

    def reset(self) -> None:
        """From the exact input."""
        if self._inside:
            return  # the denoiser's reset() is its own
        self._own.reset(False)
        self._own.switch(self._on)
        self._done = 0

    def _follow(self, block: Block) -> Block:
        """What is to be subtracted from `block`; cut into pieces, none of which goes beyond the end of a hop."""
        found, start = self._taken[: len(block)], 0
        while start < len(block):
            piece = slice(start, start + HOP_FRAMES - self._done)
            taken = self._own.follow(block[piece])
            if taken is None:
                found[piece] = 0.0
            else:
                found[piece] = taken
            count = len(block[piece])
            self._done = (self._done + count) % HOP_FRAMES
            start += count
        return found
