"""The waves of the harmonics of mains hum over one hop, kept up to date as their pitch moves."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.restore.hum_comb import HARMONICS

PER_HOP = 16  # harmonics whose waves are computed in a hop, once hum is found
STALE_TURNS = 2e-4  # by how much a harmonic's stored wave may be off at the end of a hop


class HumWaves:
    """Cosines, then negative sines, of each harmonic: `rows`, (2 * HARMONICS, hop_frames). Audio thread."""

    def __init__(self, hop_frames: int, rate_hz: int) -> None:
        self._hop_s = hop_frames / rate_hz
        self._numbers = np.arange(1.0, HARMONICS + 1)
        self._times = np.arange(1.0, hop_frames + 1) / rate_hz  # since the last frame of the hop before
        self.rows: NDArray[np.float32] = np.zeros((2 * HARMONICS, hop_frames), np.float32)
        self._hz = np.zeros(HARMONICS)
        self._angles: NDArray[np.float32] = np.zeros((PER_HOP, hop_frames), np.float32)
        self.start(0)

    def start(self, missing: int = HARMONICS) -> None:
        """So many waves are to be made anew."""
        self._row, self._stale = 0, missing

    def are_made(self, mains_hz: float) -> bool:
        """Once a hop: whether all are there. After the start PER_HOP are computed each hop; later one is checked each
        hop, and computed again where its pitch has moved.
        """
        row = self._row
        if not self._stale:
            hz = mains_hz * self._numbers[row]
            if abs(hz - self._hz[row]) * self._hop_s > STALE_TURNS:
                self._make(mains_hz, row, 1)
            self._row = (row + 1) % HARMONICS
            return True
        self._make(mains_hz, row, PER_HOP)
        self._row = (row + PER_HOP) % HARMONICS
        self._stale -= PER_HOP
        return self._stale == 0

    def _make(self, mains_hz: float, row: int, count: int) -> None:
        rows, sines = slice(row, row + count), slice(HARMONICS + row, HARMONICS + row + count)
        hz = np.multiply(self._numbers[rows], mains_hz, out=self._hz[rows])
        angles = self._angles[:count]
        np.multiply(self._times, (2.0 * math.pi) * hz[:, None], out=angles, casting="same_kind")
        np.cos(angles, out=self.rows[rows])
        sine = np.sin(angles, out=self.rows[sines])
        np.negative(sine, out=sine)
