"""Linear prediction in NumPy, as in dsp/native/predict.c: what the past foretells, and what both sides tell.

J. Makhoul, "Linear prediction: a tutorial review", 1975; A. J. E. M. Janssen, R. N. J. Veldhuis, L. B. Vries, "Adaptive
interpolation of discrete-time signals that can be modeled as autoregressive processes", 1986.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]
Values = NDArray[np.float64]

FLOOR = 1e-7
"""Of white noise in what is learnt from, relative to its power, so that the equations stay solvable."""

FULL_AT, FADE = 0.85, 0.15
"""Where in the window the newest sound has its full weight, and the share of it in which the weight falls again."""


def make_window(frames: int) -> Sound:
    """What weighs the past: the newer the more, without an edge."""
    place = np.arange(frames) / frames
    rise = np.sin(np.pi / 2 * place / FULL_AT) ** 2
    fall = np.cos(np.pi / 2 * (place - FULL_AT) / FADE) ** 2
    return np.where(place < FULL_AT, rise, fall).astype(np.float32)


def learn(sound: Sound, window: Sound, order: int) -> Values:
    """The predictor of `sound` (frames,) by Levinson's and Durbin's recursion. (order + 1,), the first is 1."""
    weighed = (sound * window).astype(np.float64)
    r = np.correlate(np.concatenate((weighed, np.zeros(order))), weighed, "valid")
    a = np.zeros(order + 1)
    a[0] = 1.0
    left = r[0] * (1.0 + FLOOR) + 1e-20
    for m in range(1, order + 1):
        turned = -float(a[:m] @ r[m:0:-1]) / left
        a[1 : m + 1] += turned * a[m - 1 :: -1][:m]
        left *= 1.0 - turned * turned
        if not left > 0.0:
            break
    return a


def errors(sound: Sound, start: int, stop: int, a: Values) -> Sound:
    """What was not foretold from `start` to `stop`."""
    return np.convolve(sound[start - len(a) + 1 : stop], a.astype(np.float32), "valid")


def fill(sound: Sound, at: NDArray[np.intp], a: Values) -> Values:
    """What the frames `at` of `sound` (rising) have to be for the least squares of its errors."""
    order = len(a) - 1
    kinship = np.zeros(len(sound) + order + 1)
    kinship[: order + 1] = np.correlate(a, a, "full")[order:]
    first, last = at[0] - order, at[-1] + order + 1
    known = sound[first:last].astype(np.float64)
    known[at - first] = 0.0
    both = np.concatenate((kinship[order:0:-1], kinship[: order + 1]))
    told = -np.convolve(known, both, "valid")[at - at[0]]
    matrix = kinship[np.abs(at[:, None] - at)]
    matrix[np.diag_indices(len(at))] *= 1.0 + FLOOR
    return np.linalg.solve(matrix, told)
