"""Decides whether there is mains hum, and at what exact frequency, from the sound of the last second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.restore.hum_comb import Lines, Values

Flags = NDArray[np.bool_]

LOW_HARMONICS = 16
"""The search uses the lowest harmonics only; the frequency of the others follows from theirs."""

WINDOWS = 20
RANGE = 0.01
"""How far from its nominal frequency the mains is looked for, as a share."""

STEP_HZ = 0.02

SIGNIFICANT = 30.0
"""A line counts when its power over all windows together is this many times what chance would give."""

CLEAR = 120.0
LEAST_WEIGHT = 1e-9
LEAST_CHANCE = 0.01  # of a line's largest power
OVERLAP = 2.66
"""Windows overlap: so many in a row hold as much information as one."""

FAST_WINDOWS, DRIFT_STEPS = 4, 2.5
"""For hum beyond doubt: windows in a row, and how far its frequency may move from one to the next."""

SLOW_WINDOWS, STILL_STEPS = 75, 1.5
"""For hum that might be a deep note: windows in a row, and how far its frequency may move in all of them together. No
voice stays within 0.05 %.
"""

EDGE_STEPS = 2  # a best fit this close to the edge of the range lies outside it


class MainsSearch:
    """Looks for lines at the harmonics of one mains frequency whose phases turn steadily together. Audio thread.

    A held note is steady too, but all its partials are multiples of its own pitch. The lines of hum are not all
    multiples of one higher harmonic: 50, 100 and 150 Hz, or 50 and 150. Even harmonics alone (100, 200, 300 Hz, what a
    rectifier makes) might be a deep note, so they must last a second longer.
    """

    def __init__(self, mains_hz: float, spacing_s: float, channels: int) -> None:
        """spacing_s: time from window to window."""
        self._turns_per_window = mains_hz * spacing_s
        steps = round(RANGE * mains_hz / STEP_HZ)
        self._offsets = np.arange(-steps, steps + 1) * STEP_HZ
        ages = np.arange(WINDOWS) - (WINDOWS - 1.0)
        numbers = np.arange(1, LOW_HARMONICS + 1)
        turns = numbers[:, None, None] * self._offsets[:, None] * (ages * spacing_s)
        self._turning = np.exp(-2j * np.pi * turns).astype(np.complex64)
        self._numbers = numbers
        lines_shape = (channels, LOW_HARMONICS, WINDOWS)
        self._levels = np.zeros(lines_shape, np.complex64)
        self._powers = np.zeros(lines_shape, np.float32)
        self._chances = np.full(lines_shape, np.inf, np.float32)
        self._weights = np.zeros(lines_shape, np.float32)
        self._weighted = np.zeros((*lines_shape, 1), np.complex64)
        sums_shape = (channels, LOW_HARMONICS, len(self._offsets))
        self._sums = np.zeros((*sums_shape, 1), np.complex64)
        self._gathered = np.zeros(sums_shape, np.float32)
        self._rest = np.zeros(sums_shape, np.float32)
        self._ratio = np.zeros(sums_shape[1:], np.float32)
        self._ones = np.ones(LOW_HARMONICS, np.float32)
        # Row d - 2: the harmonics that are not multiples of d.
        self._not_multiple = (numbers % np.arange(2, 9)[:, None] != 0).astype(np.float64)
        self.reset()

    def reset(self) -> None:
        """Forget the past: as new."""
        for ring, empty in ((self._levels, 0.0), (self._powers, 0.0), (self._chances, np.inf)):
            ring.fill(empty)
        self.turns = 0.0
        """Phase of the mains in the middle of the newest window."""
        self.offset_hz = 0.0
        self.found = np.zeros(LOW_HARMONICS, np.bool_)
        self._best = self._before = self._still_at = 0
        self._clear = self._still = 0  # windows in a row
        self.clear = False
        """Whether there is hum beyond doubt."""

    def hear(self, lines: Lines, noise: Values) -> None:
        """Take the lines of the next window.  lines, noise: (channels, HARMONICS), see Comb.read()."""
        self.turns = (self.turns + self._turns_per_window) % 1.0
        low = lines[:, :LOW_HARMONICS]
        for ring in (self._levels, self._powers, self._chances):
            ring[:, :, :-1] = ring[:, :, 1:]
        self._levels[:, :, -1] = low * np.exp(-2j * np.pi * self._numbers * self.turns)
        self._powers[:, :, -1] = np.square(low.real) + np.square(low.imag)
        self._chances[:, :, -1] = noise[:, :LOW_HARMONICS]

    def gather(self) -> None:
        """Judge the last windows, step one of three: add up, for every frequency, what turns with it."""
        weights, gathered, rest = self._weights, self._gathered, self._rest
        # Else the silence before the hum began would outweigh it.
        np.multiply(self._powers.max(axis=2)[..., None], LEAST_CHANCE, out=weights)
        np.maximum(self._chances, weights, out=weights)
        np.divide(1.0, weights, out=weights)
        np.multiply(self._levels, weights, out=self._weighted[..., 0])
        np.matmul(self._turning, self._weighted, out=self._sums)
        np.square(self._sums[..., 0].real, out=gathered)
        np.square(self._sums[..., 0].imag, out=rest)
        np.add(gathered, rest, out=gathered)

    def compare(self) -> None:
        """Step two: compare that with what chance would give."""
        weights, gathered, rest = self._weights, self._gathered, self._rest
        np.divide(gathered, np.maximum(weights.sum(axis=2), LEAST_WEIGHT)[..., None], out=gathered)
        # Power that does not turn with the line counts as chance too: a voice on the line, which no gap shows.
        np.subtract(np.einsum("cnk,cnk->cn", self._powers, weights)[..., None], gathered, out=rest)
        np.multiply(rest, 1.0 / WINDOWS, out=rest)
        np.maximum(rest, 1.0, out=rest)
        np.divide(gathered, rest, out=gathered)
        np.max(gathered, axis=0, out=self._ratio)

    def decide(self) -> bool:
        """Step three: return whether there is hum in the last windows. Windows in a row are those that were judged."""
        likely = self._gathered[0]
        np.maximum(self._ratio, SIGNIFICANT, out=likely)
        np.log(likely, out=likely)
        best = int(np.argmax(self._ones @ likely))
        self._best = best
        self.offset_hz = float(self._offsets[best])
        ratio = self._ratio[:, best]
        clear, maybe = self.witnessed(np.greater(ratio, SIGNIFICANT, out=self.found), bool(ratio[0] > CLEAR))
        inside = EDGE_STEPS <= best < len(self._offsets) - EDGE_STEPS
        clear, maybe = clear and inside, maybe and inside
        self._clear = self._clear + 1 if clear and abs(best - self._before) <= DRIFT_STEPS else 0
        if maybe and self._still and abs(best - self._still_at) <= STILL_STEPS:
            self._still += 1
        else:
            self._still, self._still_at = int(maybe), best
        self._before = best
        self.clear = self._clear >= FAST_WINDOWS
        return self.clear or self._still >= SLOW_WINDOWS

    def witnessed(self, found: Flags, lowest: bool = False) -> tuple[bool, bool]:
        """Whether the lines are hum beyond doubt, and whether they might be hum.

        found: which harmonics have lines, (LOW_HARMONICS,). lowest: whether the first is so clear that it counts twice.
        """
        witnesses = self._not_multiple @ found + lowest
        together = bool(found[1:].any() and witnesses[1:].min() >= 2)
        alone = lowest and not found[1:].any()
        return together and bool(witnesses[0] >= 2), together or alone

    def level(self) -> tuple[Lines, Values]:
        """The lines of the hum found, in the middle of the newest window, and their variances.

        Each (channels, LOW_HARMONICS).
        """
        weight = np.maximum(self._weights.sum(axis=2), LEAST_WEIGHT)
        return self._sums[:, :, self._best, 0] / weight, OVERLAP * self._rest[:, :, self._best] / weight

    def lines(self) -> Lines:
        """The lines alone."""
        weight = np.maximum(self._weights.sum(axis=2), LEAST_WEIGHT)
        lines: Lines = self._sums[:, :, self._best, 0] / weight
        return lines
