"""How likely there is voice now: told by the denoiser of a lane, heard by the stages behind it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class TakesRoom(Protocol):
    """What takes late echo inside the denoiser's own transform (dsp.restore.late_reverb). Audio thread."""

    def ask(self, amount: float) -> None: ...  # 0 to 1; ramps there

    @property
    def at_work(self) -> bool: ...

    @property
    def change_db(self) -> float: ...

    @property
    def echo_percent(self) -> float: ...


class VoiceSense:
    """One for a lane. Audio thread.

    probability: of voice in each channel of the sound that leaves the denoiser in this block, 0 to 1, float32
    (channels,). known: whether a model tells it; where not, a stage goes by the level alone. room: what takes late echo
    in the denoiser's transform, at no latency; None where there is no model. The denoiser sets it as it is prepared.
    """

    def __init__(self) -> None:
        self.room: TakesRoom | None = None
        self.prepare(1)

    def prepare(self, channels: int) -> None:
        """Not while streaming."""
        self.known = False
        self.probability: NDArray[np.float32] = np.zeros(channels, np.float32)

    def reset(self) -> None:
        """Forget what was told: nobody knows."""
        self.known = False
        self.probability.fill(0.0)
