"""The one shape of sound inside the box."""

import numpy as np
from numpy.typing import NDArray

Block = NDArray[np.float32]
"""float32 `(frames, channels)`, C order, full scale ±1.0; processors change it in place."""

RATE_HZ = 48_000
"""The rate of every chain. Interfaces at other rates are resampled by hw."""
