"""The key of a song, from how much of each pitch class it holds; none where the box cannot be sure.

Profiles of the keys: Albrecht and Shanahan, "The use of large corpora to develop a new type of key-finding algorithm"
(2013), matched by correlation as Krumhansl does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NAMES = ("A", "B flat", "B", "C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat")
MAJOR, MINOR = "major", "minor"

_PROFILES = {
    MAJOR: (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
    MINOR: (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
}
LEAST_LIKENESS = 0.70
LEAST_LEAD = 0.08
LEAST_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Key:
    """tonic: index in NAMES. likeness: correlation with its profile. lead: before the next key that is likely."""

    tonic: int
    mode: str
    likeness: float
    lead: float

    @property
    def name(self) -> str:
        """Such as "A minor"."""
        return f"{NAMES[self.tonic]} {self.mode}"

    @property
    def sure(self) -> bool:
        """Whether it may be told."""
        return self.likeness >= LEAST_LIKENESS and self.lead >= LEAST_LEAD


def key_of(pitches: NDArray[np.float32]) -> Key | None:
    """The likeliest key.  pitches: (n, 12), A first (pitches.semitones). None for silence."""
    sums = pitches.sum(axis=1)
    heard = pitches[sums > 0.1 * sums.max(initial=0.0)]
    if not len(heard) or not sums.any():
        return None
    # Each moment counts alike, or a loud chorus would be all of the song.
    total = (heard / heard.sum(axis=1, keepdims=True)).mean(axis=0)
    found = sorted(
        (
            (float(np.corrcoef(total, np.roll(profile, tonic))[0, 1]), tonic, mode)
            for mode, profile in _PROFILES.items()
            for tonic in range(12)
        ),
        reverse=True,
    )
    (best, tonic, mode), (second, _, _) = found[:2]
    return Key(tonic, mode, best, best - second)
