"""The tempo of a song, from where notes begin; none where the box cannot be sure.

Onsets as the growth of a spectrum in bands (Dixon, "Onset detection revisited", 2006), then the autocorrelation of
stretches of some seconds, summed over the beat's multiples, under a preference for middling tempos (Ellis, "Beat
tracking by dynamic programming", 2007).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ

HOP_FRAMES = RATE_HZ // 100
PER_SECOND = RATE_HZ / HOP_FRAMES
_SIZE = 2048
_BANDS = 24
_LOWEST_BPM, _HIGHEST_BPM = 40.0, 220.0
_MIDDLE_BPM, _OCTAVES = 115.0, 0.9  # of the preference: its middle and its width
_STRETCH_S = 12.0

LEAST_STRENGTH = 0.16
LEAST_STEADY = 0.6
MOST_RIVAL = 0.77
"""Half and twice the tempo are told for it most often. Chosen on 31 songs of tests/rigs/known_songs.py."""

NEAR = 0.04
LEAST_SECONDS = 10.0


class Onsets:
    """Gathers how much begins, a hundred times a second. One thread. Mono."""

    def __init__(self) -> None:
        self._sound = np.zeros(_SIZE, np.float32)
        self._window = np.hanning(_SIZE).astype(np.float32)
        edges = np.unique(np.geomspace(2, _SIZE // 2 * 0.7, _BANDS + 1).astype(int))
        self._edges = edges
        self._before = np.zeros(len(edges) - 1, np.float32)
        self._values: list[float] = []

    def add(self, hop: NDArray[np.float32]) -> None:
        """float32 (HOP_FRAMES,)."""
        self._sound[:-HOP_FRAMES] = self._sound[HOP_FRAMES:]
        self._sound[-HOP_FRAMES:] = hop
        size = np.abs(np.fft.rfft(self._sound * self._window))[: self._edges[-1]]
        bands = np.log1p(30.0 * np.add.reduceat(size, self._edges[:-1]))
        self._values.append(float(np.maximum(bands - self._before, 0.0).sum()))
        self._before = bands

    @property
    def values(self) -> NDArray[np.float32]:
        """(hops,)."""
        return np.array(self._values, np.float32)


@dataclass(frozen=True, slots=True)
class Tempo:
    """strength: how much of the onsets repeats with the beat, 0 to 1. steady: share of the stretches that agree.

    rival: how likely half or twice of it is instead, or two or three for three or two; 1 is as likely.
    """

    bpm: float
    strength: float
    steady: float
    rival: float

    @property
    def sure(self) -> bool:
        """Whether it may be told."""
        return self.strength >= LEAST_STRENGTH and self.steady >= LEAST_STEADY and self.rival <= MOST_RIVAL


def tempo_of(onsets: NDArray[np.float32]) -> Tempo | None:
    """The likeliest tempo.  onsets: (n,), PER_SECOND of them. None for less than LEAST_SECONDS, or without any."""
    if len(onsets) < LEAST_SECONDS * PER_SECOND:
        return None
    sharp = np.maximum(onsets - _smoothed(onsets, round(PER_SECOND)), 0.0)
    length = min(len(sharp), round(_STRETCH_S * PER_SECOND))
    starts = range(0, len(sharp) - length + 1, max(1, length // 2))
    repeats = [_repeats(sharp[at : at + length]) for at in starts]
    heard = [each for each in repeats if each is not None]
    if not heard:
        return None
    mean = np.mean(heard, axis=0)
    bpm, strength = _best(mean)
    own = np.array([_best(each)[0] for each in heard])
    near = np.linspace(0.99, 1.01, 5)
    rival = max(float(np.max(_likely(mean, bpm * times * near)[1])) for times in (0.5, 2.0, 1.5, 2.0 / 3.0))
    likely = float(_likely(mean, np.array([bpm]))[1][0])
    return Tempo(round(bpm, 1), strength, float(np.mean(np.abs(own / bpm - 1.0) < NEAR)), rival / max(likely, 1e-9))


def _repeats(stretch: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Its autocorrelation, 1 at no lag; longer lags are not weaker because less of them overlaps."""
    even = stretch - stretch.mean()
    size = 1 << (2 * len(even) - 1).bit_length()
    found = np.fft.irfft(np.abs(np.fft.rfft(even, size)) ** 2)[: len(even)]
    if found[0] < 1e-6:
        return None
    return np.asarray(found / found[0] * len(even) / np.arange(len(even), 0, -1))


def _best(repeats: NDArray[np.float64]) -> tuple[float, float]:
    """(bpm, how much repeats with it)."""
    bpm = np.arange(_LOWEST_BPM, _HIGHEST_BPM, 0.25)
    comb, likely = _likely(repeats, bpm)
    at = int(np.argmax(likely))
    return float(bpm[at]), float(comb[at])


def _likely(repeats: NDArray[np.float64], bpm: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much repeats with each tempo, and the same under the preference."""
    lag, places = 60.0 * PER_SECOND / bpm, np.arange(len(repeats))
    comb = np.mean([np.interp(lag * times, places, repeats) for times in (1, 2, 3, 4)], axis=0)
    preference = np.exp(-0.5 * (np.log2(bpm / _MIDDLE_BPM) / _OCTAVES) ** 2)
    return comb, np.maximum(comb, 0.0) * preference


def _smoothed(values: NDArray[np.float32], width: int) -> NDArray[np.float64]:
    """The mean of what is around each."""
    sums = np.cumsum(np.concatenate((np.zeros(width // 2 + 1), values, np.zeros(width - width // 2 - 1))))
    return np.asarray((sums[width:] - sums[:-width])[: len(values)] / width)
