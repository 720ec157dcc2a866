"""How likely there is voice now: told by the denoiser of a lane, heard by the stages behind it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class VoiceSense:
    """One for a lane. Audio thread.

    probability: of voice in each channel of the sound that leaves the denoiser in this block, 0 to 1, float32
    (channels,). known: whether a model tells it; where not, a stage goes by the level alone.
    """

    def __init__(self) -> None:
        self.prepare(1)

    def prepare(self, channels: int) -> None:
        """Not while streaming."""
        self.known = False
        self.probability: NDArray[np.float32] = np.zeros(channels, np.float32)

    def reset(self) -> None:
        """Forget what was told: nobody knows."""
        self.known = False
        self.probability.fill(0.0)
