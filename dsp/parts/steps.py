"""A gain that is decided once every few frames and glides in between, wherever the blocks are cut."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dsp.block import Block


class SteppedGain:
    """Cuts blocks at a fixed grid of frames, counted from reset(), and asks for a gain at each line. Audio thread.

    The gain moves along a raised cosine from line to line, so even a full step has no corner. A gain of 1 that stays
    changes no bit.
    """

    def __init__(self, step_frames: int, decide: Callable[[float], float]) -> None:
        """decide(power): called when a step is whole, with its mean power over all channels, before this gain;
        returns the gain to be reached at the end of the next step.
        """
        self.step_frames = step_frames
        self._decide = decide
        turn = np.pi * (np.arange(step_frames) + 1.0) / step_frames
        self._rise: NDArray[np.float32] = (0.5 - 0.5 * np.cos(turn)).astype(np.float32)
        self._gains: Block = np.zeros((step_frames, 1), np.float32)
        self.reset()

    def reset(self) -> None:
        """The next frame begins a step, at a gain of 1."""
        self._done, self._energy = 0, 0.0
        self._from = self.gain = 1.0

    @property
    def still(self) -> bool:
        """Whether the gain is 1 and does not move."""
        return self._from == 1.0 and self.gain == 1.0

    def process(self, block: Block) -> None:
        """block: (frames, channels), changed in place."""
        start, frames, step = 0, len(block), self.step_frames
        while start < frames:
            count = min(step - self._done, frames - start)
            piece = block[start : start + count]
            self._energy += float(np.vdot(piece, piece))
            if self._from != 1.0 or self.gain != 1.0:
                if self._from == self.gain:
                    np.multiply(piece, self.gain, out=piece)
                else:
                    gains = self._gains[:count]
                    np.multiply(self._rise[self._done : self._done + count], self.gain - self._from, out=gains[:, 0])
                    np.add(gains, self._from, out=gains)
                    np.multiply(piece, gains, out=piece)
            start += count
            self._done += count
            if self._done == step:
                power = self._energy / (step * block.shape[1])
                self._done, self._energy, self._from = 0, 0.0, self.gain
                self.gain = self._decide(power if math.isfinite(power) else 0.0)
