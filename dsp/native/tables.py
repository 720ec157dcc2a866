"""What the C code reads and never writes: factors and turns of the transform, and where the bands lie."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Indices = NDArray[np.int32]


def radices(frames: int) -> Indices | None:
    """Of the passes that transform `frames` real values; None for a length that has other factors than 2, 3 and 5."""
    if frames < 4 or frames % 2:
        return None
    left, found = frames // 2, []
    for radix in (4, 2, 3, 5):
        while left % radix == 0:
            found.append(radix)
            left //= radix
    return np.array(found, np.int32) if left == 1 else None


def twiddles(frames: int, passes: Indices) -> Array:
    """Pass after pass, for each k from 1: cosines, then sines, of every butterfly."""
    length, rows = frames // 2, []
    for radix in passes.tolist():
        butterflies = length // radix
        for k in range(1, radix):
            angles = -2.0 * np.pi * k * np.arange(butterflies) / length
            rows += [np.cos(angles), np.sin(angles)]
        length = butterflies
    return np.concatenate(rows).astype(np.float32)


def turns(frames: int) -> Array:
    """exp(-2 pi i k / frames) for k = 0 .. frames / 2: all real parts, then all imaginary ones."""
    angles = -2.0 * np.pi * np.arange(frames // 2 + 1) / frames
    return np.concatenate((np.cos(angles), np.sin(angles))).astype(np.float32)


def bands(triangles: Array) -> tuple[Indices, Array, Array, Array]:
    """Of overlapping triangles (bands, bins) whose columns add up to one: first, falling, rising, scale (struct bands).

    Raises ValueError where a bin lies in other bands than two neighbours.
    """
    count, bins = triangles.shape
    lower = np.array([np.flatnonzero(column)[0] for column in triangles.T])
    upper = np.minimum(lower + 1, count - 1)
    at = np.arange(bins)
    falling, rising = triangles[lower, at], np.where(upper > lower, triangles[upper, at], 0.0)
    if np.any(np.diff(lower) < 0) or np.count_nonzero(triangles) != np.count_nonzero(falling) + np.count_nonzero(
        rising
    ):
        raise ValueError("triangles: each bin may lie in two neighbouring bands only, in rising order")
    first = np.searchsorted(lower, np.arange(count + 1)).astype(np.int32)
    scale = 1.0 / triangles.astype(np.float64).sum(axis=1)
    return first, falling.astype(np.float32), rising.astype(np.float32), scale.astype(np.float32)
