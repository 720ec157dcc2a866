"""How much of each pitch class a sound holds, ten times a second: the ground for its key, and for lining two up.

The peaks of a long spectrum, each at the pitch between the bins that it really has, so that a low semitone is told
from its neighbours. After Gómez, "Tonal description of polyphonic audio" (2006).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ

HOP_FRAMES = RATE_HZ // 10
STEPS = 36
"""Thirds of a semitone: a box that is tuned to 435 Hz is heard as that, not as a mixture."""

PER_SEMITONE = STEPS // 12
_SIZE = 16384
_LOW_HZ, _HIGH_HZ = 80.0, 2000.0
_FIRST, _END = int(_LOW_HZ * _SIZE / RATE_HZ), int(_HIGH_HZ * _SIZE / RATE_HZ)
_QUIETER_DB = 50.0  # than the loudest peak of its moment: what is less is not a note


class Pitches:
    """Gathers them while a sound goes by, hop by hop. One thread. Mono."""

    def __init__(self) -> None:
        self._sound = np.zeros(_SIZE, np.float32)
        self._window = np.hanning(_SIZE).astype(np.float32)
        self._rows: list[NDArray[np.float32]] = []

    def add(self, hop: NDArray[np.float32]) -> None:
        """float32 (HOP_FRAMES,)."""
        self._sound[:-HOP_FRAMES] = self._sound[HOP_FRAMES:]
        self._sound[-HOP_FRAMES:] = hop
        self._rows.append(pitch_row(np.abs(np.fft.rfft(self._sound * self._window)[_FIRST - 1 : _END + 1])))

    @property
    def rows(self) -> NDArray[np.float32]:
        """(hops, STEPS): step 0 is A at 440 Hz. A row is heard half a window (170 ms) before its hop ends."""
        return np.array(self._rows, np.float32).reshape(-1, STEPS)


def pitch_row(size: NDArray[np.float32]) -> NDArray[np.float32]:
    """The row of one spectrum's sizes, from one bin below _FIRST to one above the last."""
    row = np.zeros(STEPS, np.float32)
    here, before, after = size[1:-1], size[:-2], size[2:]
    floor = max(1e-6, float(here.max()) * 10.0 ** (-_QUIETER_DB / 20.0))
    at = np.flatnonzero((here > before) & (here >= after) & (here > floor))
    if not len(at):
        return row
    low, mid, high = (np.log(np.maximum(part[at], 1e-12)) for part in (before, here, after))
    between = 0.5 * (low - high) / np.minimum(low - 2.0 * mid + high, -1e-9)  # of the parabola through the three
    hz = (_FIRST + at + between) * (RATE_HZ / _SIZE)
    step = STEPS * np.log2(hz / 440.0)
    # The strength of a note, not its power: one loud string does not drown the chord.
    strength = np.sqrt(here[at])
    lower = np.floor(step).astype(np.int64)
    share = (step - lower).astype(np.float32)
    np.add.at(row, lower % STEPS, strength * (1.0 - share))
    np.add.at(row, (lower + 1) % STEPS, strength * share)
    return row


def tuning(total: NDArray[np.float32]) -> float:
    """How far the sound is above 440 Hz, in steps of STEPS, -1.5 to 1.5.  total: (STEPS,), the sum of all rows."""
    turn = np.exp(-2j * np.pi * np.arange(STEPS) / PER_SEMITONE)
    return float(-np.angle(np.sum(total * turn)) * PER_SEMITONE / (2.0 * np.pi))


def semitones(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, STEPS) -> (n, 12), A first, in the tuning that the sound has."""
    if not len(rows):
        return np.zeros((0, 12), np.float32)
    off = tuning(rows.sum(axis=0))
    distance = (np.arange(STEPS)[:, None] - off) / PER_SEMITONE - np.arange(12)[None, :]
    distance -= 12.0 * np.round(distance / 12.0)
    share = np.maximum(0.0, 1.0 - np.abs(distance) * 1.2).astype(np.float32)
    found: NDArray[np.float32] = rows @ share
    return found
