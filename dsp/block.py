"""The one shape of sound inside the box."""

import numpy as np
from numpy.typing import NDArray

from dsp.native import bound

Block = NDArray[np.float32]
"""float32 `(frames, channels)`, C order, full scale ±1.0; processors change it in place."""

RATE_HZ = 48_000
"""The rate of every chain. Interfaces at other rates are resampled by hw."""

LOUDEST = 1000.0
"""A sample beyond this (60 dB over full scale) is a broken number, not sound."""


def mend(block: Block) -> int:
    """Replace broken samples with silence: not a number, infinite, or beyond LOUDEST. Return how many there were.

    Audio thread. The usual case costs one dot product: a broken sample always makes it too large.
    """
    if (calls := bound.calls()) is not None:
        return calls.mend(block, LOUDEST)
    flat = block.reshape(-1)
    if np.dot(flat, flat) < LOUDEST * LOUDEST:
        return 0
    broken = ~(np.abs(block) <= LOUDEST)
    block[broken] = 0.0
    return int(np.count_nonzero(broken))
