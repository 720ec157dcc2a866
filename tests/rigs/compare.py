"""Hold a live recording against the same sound processed offline, second by second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000
Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The residual of each second that was compared, in dB relative to full scale."""

    residual_db: tuple[float, ...]

    def share_within(self, limit_db: float) -> float:
        return float(np.mean(np.array(self.residual_db) <= limit_db)) if self.residual_db else 0.0

    @property
    def worst_db(self) -> float:
        return max(self.residual_db, default=0.0)


def compare(live: Sound, offline: Sound, skip_s: float = 1.0) -> Comparison:
    """Each second of `offline` (mono) after `skip_s`, searched for in `live` near where the last one was found."""
    # Live is late by periods and chain only; farther away lie repetitions of a looped sound.
    first = int(skip_s * RATE_HZ)
    offset = _find(live, offline[first:][: 2 * RATE_HZ], first, first + 3 * RATE_HZ) - first
    residuals = []
    for start in range(int(skip_s * RATE_HZ), len(offline) - RATE_HZ, RATE_HZ):
        excerpt = offline[start : start + RATE_HZ]
        residual = _residual_db(live, excerpt, start + offset)
        if residual > -100.0:  # an xrun before it moved everything after it
            near = start + offset
            moved = _find(live, excerpt, max(0, near - RATE_HZ // 2), near + 2 * RATE_HZ) - start
            if _residual_db(live, excerpt, start + moved) < residual:
                offset, residual = moved, _residual_db(live, excerpt, start + moved)
        if start + offset + RATE_HZ > len(live):
            break
        residuals.append(residual)
    return Comparison(tuple(residuals))


def _residual_db(live: Sound, excerpt: Sound, at: int) -> float:
    there = live[max(at, 0) : max(at, 0) + len(excerpt)]
    if len(there) < len(excerpt):
        return 0.0
    return float(20 * np.log10(np.sqrt(np.mean((there - excerpt).astype(np.float64) ** 2)) + 1e-12))


def _find(live: Sound, excerpt: Sound, first: int, last: int) -> int:
    """The place in live[first:last] where `excerpt` fits best, by cross-correlation."""
    window = live[first:last]
    size = 1 << (len(window) + len(excerpt)).bit_length()
    product = np.fft.irfft(np.fft.rfft(window, size) * np.conj(np.fft.rfft(excerpt, size)), size)
    return first + int(np.argmax(product[: max(1, len(window))]))
