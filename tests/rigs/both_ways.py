"""The same object in C and with NumPy alone, and sound for both."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dsp import native

CLOSE = 1e-6
PERIODS = (16, 32, 48, 64, 100, 128, 256, 441, 512, 1024)


def pair(make: Callable[[], Any]) -> tuple[Any, Any]:
    """The same object twice: with its part in C, and with NumPy alone."""
    with native.switched(True):
        in_c = make()
    with native.switched(False):
        in_numpy = make()
    return in_c, in_numpy


def assert_close(c: np.ndarray, numpy: np.ndarray, of: float = 1.0) -> None:
    assert np.abs(c - numpy).max() <= CLOSE * max(of, float(np.abs(numpy).max()))


def sound(rng: np.random.Generator, frames: int, channels: int) -> np.ndarray:
    """Loud and soft by turns."""
    level = float(10.0 ** rng.uniform(-3, 0.5))
    return rng.standard_normal((frames, channels)).astype(np.float32) * np.float32(level)
