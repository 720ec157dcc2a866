"""The ear of feedback: a partial that stands alone, rises in a straight line of dB and has no overtones.

The measures are those of T. van Waterschoot and M. Moonen, "Comparative evaluation of howling detection criteria in
notch-filter-based howling suppression", AES 126, 2009: PNPR (peak to neighbours), PHPR (peak to harmonics), IMSD (how
straight the slope is).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import Block
from dsp.parts.stft import forward_transform

WINDOW_FRAMES, HOP_FRAMES = 2048, 512
LOWEST_HZ, HIGHEST_HZ = 80.0, 12_000.0

NEAR, FAR = 4, 7  # bins beside a peak that are its neighbours
PNPR_DB, PHPR_DB = 13.0, 28.0
HIGHEST_OVERTONE, SERIES_DB = 16, 12.0  # of a note: known by the two below it, which are about as loud
QUIETEST_DB = -60.0  # of full scale: what rises below it is not heard yet
SPANS = (6, 9, 14, 24)
"""Hops over which the level must have risen in a straight line: 64, 96, 149, 256 ms. Slow howl takes longer."""

RISE_DB = (8.0, 4.0, 2.0, 1.0)  # how far, over each of them
BENT = 0.12  # largest deviation from the straight line (IMSD), as a share of the rise
WANDERED_BINS = 0.12  # largest deviation from the mean frequency: 3 Hz

LOUD_DB, STANDS_HOPS = -24.0, 40
STILL_DB, STILL_BINS = 0.6, 0.04
"""A loop at its limit (the limiter's, the amplifier's) stands: as loud as this, nothing else beside it, and for 0.4 s
no more of a change. A voice never stands so still.
"""

FLOOR = 1e-12


class HowlEar:
    """Of all channels together. Audio thread, a hop at a time.

    past: (channels, WINDOW_FRAMES), the newest window; its owner fills the end of it. bin_hz: width of a bin.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._channels = channels
        bins = WINDOW_FRAMES // 2 + 1
        self.bin_hz, self.bins = rate_hz / WINDOW_FRAMES, bins
        self._first = max(FAR + 1, round(LOWEST_HZ / self.bin_hz))
        self._last = min(bins - FAR - 1, round(HIGHEST_HZ / self.bin_hz))
        self._window: NDArray[np.float32] = np.hanning(WINDOW_FRAMES + 1)[:-1].astype(np.float32)
        self._scale = 2.0 / float(np.sum(self._window))
        self.past: Block = np.zeros((channels, WINDOW_FRAMES), np.float32)
        self._wave: Block = np.zeros((channels, WINDOW_FRAMES), np.float32)
        self._spectrum: NDArray[np.complex64] = np.zeros((channels, bins), np.complex64)
        self._squares: NDArray[np.float32] = np.zeros((2, channels, bins), np.float32)
        # Levels in dB, a ring.
        self._history: NDArray[np.float32] = np.zeros((max(*SPANS, STANDS_HOPS), bins), np.float32)
        self._peak: NDArray[np.bool_] = np.zeros((2, self._last - self._first), np.bool_)
        self._beside: NDArray[np.float32] = np.zeros((2, self._last - self._first), np.float32)
        self._times = [np.arange(span) - (span - 1) / 2.0 for span in SPANS]
        self.reset()

    def reset(self) -> None:
        """Forget the sound."""
        self._row = self._hops = 0
        self.past.fill(0.0)
        self._history.fill(10.0 * math.log10(FLOOR))

    def levels_before(self, hops: int) -> NDArray[np.float32]:
        """Of an earlier window, (bins,), in dB of full scale. hops: 0 is the newest."""
        levels: NDArray[np.float32] = self._history[(self._row - hops) % len(self._history)]
        return levels

    def place_hz(self, at: int) -> float:
        """Of the partial around this bin."""
        return (at + self._offset(self._history[self._row], at)) * self.bin_hz

    def analyse(self) -> NDArray[np.float32]:
        """The levels of the newest window in dB of full scale, (bins,): a row of the history."""
        self._hops += 1
        np.multiply(self.past, self._window, out=self._wave)
        forward_transform(self._wave, self._spectrum)
        real, imaginary = self._squares
        self._row = (self._row + 1) % len(self._history)
        levels: NDArray[np.float32] = self._history[self._row]
        np.multiply(self._spectrum.real, self._spectrum.real, out=real)
        np.multiply(self._spectrum.imag, self._spectrum.imag, out=imaginary)
        np.add(real, imaginary, out=real)
        np.add.reduce(real, axis=0, out=levels)
        np.multiply(levels, self._scale * self._scale / self._channels, out=levels)
        np.add(levels, FLOOR, out=levels)
        np.log10(levels, out=levels)
        np.multiply(levels, 10.0, out=levels)
        return levels

    def candidates(self, levels: NDArray[np.float32]) -> list[int]:
        """Bins that stand alone: a peak, its neighbours PNPR_DB below."""
        first, last = self._first, self._last
        here, found, other = levels[first:last], *self._peak
        beside, far = self._beside
        np.greater(here, levels[first - 1 : last - 1], out=found)
        np.logical_and(found, np.greater_equal(here, levels[first + 1 : last + 1], out=other), out=found)
        np.logical_and(found, np.greater(here, QUIETEST_DB, out=other), out=found)
        np.copyto(beside, levels[first - NEAR : last - NEAR])
        for away in (-FAR, -(NEAR + FAR) // 2, NEAR, (NEAR + FAR) // 2, FAR):
            np.copyto(far, levels[first + away : last + away])
            np.maximum(beside, far, out=beside)
        np.subtract(here, beside, out=beside)
        np.logical_and(found, np.greater(beside, PNPR_DB, out=other), out=found)
        if not found.any():
            return []
        return [first + at for at in np.flatnonzero(found).tolist()]

    def rises(self, at: int) -> bool:
        for span, rise, times in zip(SPANS, RISE_DB, self._times, strict=True):
            if self._hops < span:
                return False
            tops, places = self._track(at, span)
            mean, centre = sum(tops) / span, sum(places) / span
            power = float(np.dot(times, times))
            slope = sum(time * top for time, top in zip(times.tolist(), tops, strict=True)) / power
            bent = max(abs(top - mean - slope * time) for time, top in zip(times.tolist(), tops, strict=True))
            wandered = max(abs(place - centre) for place in places)
            if slope * (span - 1) >= rise and bent < BENT * slope * (span - 1) and wandered < WANDERED_BINS:
                return True
        return False

    def _track(self, at: int, span: int) -> tuple[list[float], list[float]]:
        """Level in dB and place in bins of the partial over the last `span` hops, oldest first."""
        tops, places = [], []
        for back in range(span - 1, -1, -1):
            levels = self._history[(self._row - back) % len(self._history)]
            near = at + int(np.argmax(levels[at - 1 : at + 2])) - 1
            offset = self._offset(levels, near)
            places.append(near + offset)
            left, top, right = levels[near - 1 : near + 2].tolist()
            tops.append(top - 0.25 * (left - right) * offset)
        return tops, places

    @staticmethod
    def _offset(levels: NDArray[np.float32], at: int) -> float:
        """Where the top of a parabola over three bins lies, from the middle one."""
        left, top, right = levels[at - 1 : at + 2].tolist()
        bend = left - 2.0 * top + right
        return 0.5 * (left - right) / bend if bend < 0.0 else 0.0

    def stands(self, at: int) -> bool:
        """Whether it is loud, and stands as still as only a loop at its limit does."""
        levels = self._history[self._row]
        if levels.item(at) < LOUD_DB or self._hops < STANDS_HOPS:
            return False
        total = float(np.add.reduce(self._squares[0], axis=None)) * self._scale * self._scale / self._channels
        if 10.0 * math.log10(total + FLOOR) - levels.item(at) > 4.0:
            return False
        tops, places = self._track(at, STANDS_HOPS)
        return max(tops) - min(tops) < STILL_DB and max(places) - min(places) < STILL_BINS

    def has_overtones(self, at: int) -> bool:
        """Whether it is a partial of a note: an octave away there is another, or two in a row lie below it."""
        levels = self._history[self._row]
        least = levels.item(at) - PHPR_DB
        if any(self.near(levels, at * ratio) > least for ratio in (2.0, 0.5, 1.5)):
            return True
        least = levels.item(at) - SERIES_DB
        return any(
            self.near(levels, at * (1.0 - 1.0 / number)) > least
            and self.near(levels, at * (1.0 - 2.0 / number)) > least
            for number in range(3, min(HIGHEST_OVERTONE, at // NEAR) + 1)
        )

    def near(self, levels: NDArray[np.float32], place: float) -> float:
        """The level around this place in bins; silence where there can be no partial."""
        near = round(place)
        return (
            float(levels[near - 1 : near + 2].max()) if self._first <= near < self._last else 10.0 * math.log10(FLOOR)
        )
