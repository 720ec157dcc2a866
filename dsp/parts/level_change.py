"""How much louder a stage makes the sound, for its meter."""

from __future__ import annotations

import math

import numpy as np

from dsp.block import RATE_HZ, Block

MEMORY_MS = 100.0
FAINTEST = 1e-10  # mean square below which there is no sound to speak of


class LevelChange:
    """Power after a stage relative to the power before it, over the last 100 ms. Audio thread; no allocation."""

    def __init__(self) -> None:
        self.prepare(RATE_HZ)

    def prepare(self, rate_hz: int) -> None:
        self._per_frame = 1000.0 / (MEMORY_MS * rate_hz)
        self.reset()

    def reset(self) -> None:
        self._in = self._out = 0.0

    @property
    def db(self) -> float:
        """Below 0: softer than it came in."""
        if self._in <= FAINTEST or self._out <= 0.0:
            return 0.0
        return 10.0 * math.log10(self._out / self._in)

    def before(self, block: Block) -> None:
        """block: float32 (frames, channels), in one piece."""
        self._in = self._mixed(self._in, block)

    def after(self, block: Block) -> None:
        self._out = self._mixed(self._out, block)

    def _mixed(self, old: float, block: Block) -> float:
        new = float(np.vdot(block, block)) / block.size
        old += min(1.0, len(block) * self._per_frame) * (new - old)
        return old if math.isfinite(old) else 0.0
