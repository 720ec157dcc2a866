"""The one shape of sound inside the box."""

import numpy as np
from numpy.typing import NDArray

from dsp.native import bound

Block = NDArray[np.float32]
"""float32 `(frames, channels)`, C order, full scale ±1.0; processors change it in place."""

RATE_HZ = 48_000
"""The rate of every chain. Interfaces at other rates are resampled by hw."""

LOUDEST = 1000.0
"""A sample beyond this (60 dB over full scale) is no sound but a broken number."""


def mend(block: Block) -> int:
    """Put silence where a sample is no sound: not a number, infinite, or beyond LOUDEST. Return how many there were.

    Audio thread. The usual case costs one dot product, which such a sample always shows in.
    """
    if (calls := bound.calls()) is not None:
        return calls.mend(block, LOUDEST)
    flat = block.reshape(-1)
    if np.dot(flat, flat) < LOUDEST * LOUDEST:
        return 0
    broken = ~(np.abs(block) <= LOUDEST)
    block[broken] = 0.0
    return int(np.count_nonzero(broken))
