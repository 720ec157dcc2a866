"""Is there mains hum, and at what frequency exactly? Evidence from the last second, before anything is taken away."""

from __future__ import annotations

import numpy as np

from dsp.hum_comb import Lines, Values

LOW_HARMONICS = 16
"""The search looks at these: the others follow from them."""

WINDOWS = 20
RANGE = 0.01
"""How far from its nominal value the mains is looked for."""

STEP_HZ = 0.02

SIGNIFICANT = 30.0
"""Of a line: its power over all windows together against what chance would give."""

CLEAR = 120.0
LEAST_CHANCE = 0.01  # of a line's largest power
OVERLAP = 2.66
"""So many windows one after the other, which overlap, say as much as one."""

FAST_WINDOWS, DRIFT_STEPS = 4, 2.5
"""Windows in a row for hum beyond doubt, and how far its frequency may move from one to the next."""

SLOW_WINDOWS, STILL_STEPS = 75, 1.5
"""For what might be a deep note. Its frequency must not move further in all of them: no voice stays within 0.05 %."""

EDGE_STEPS = 2  # of the range: what fits best there lies outside


class MainsSearch:
    """Looks for lines at the harmonics of one mains frequency that turn steadily together. Audio thread.

    A held note is steady too, but all its partials are multiples of its own pitch. Hum shows lines that are not
    multiples of any one number: 50, 100 and 150 Hz, or 50 and 150. Only even harmonics (100, 200, 300 Hz: what a
    rectifier makes) might be a deep note, and must last a second longer.
    """

    def __init__(self, mains_hz: float, spacing_s: float, channels: int) -> None:
        """spacing_s: from window to window."""
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
        self._sums = np.zeros((channels, LOW_HARMONICS, len(self._offsets), 1), np.complex64)
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

    def hear(self, lines: Lines, noise: Values) -> bool:
        """Take the lines of the next window (at the nominal frequency); return whether they are hum."""
        self.turns = (self.turns + self._turns_per_window) % 1.0
        low = lines[:, :LOW_HARMONICS]
        for ring in (self._levels, self._powers, self._chances):
            ring[:, :, :-1] = ring[:, :, 1:]
        self._levels[:, :, -1] = low * np.exp(-2j * np.pi * self._numbers * self.turns)
        self._powers[:, :, -1] = np.square(low.real) + np.square(low.imag)
        self._chances[:, :, -1] = noise[:, :LOW_HARMONICS]
        return self._judge()

    def _judge(self) -> bool:
        weights = self._weights
        # Silence before the hum began must not outweigh it.
        np.maximum(self._chances, LEAST_CHANCE * self._powers.max(axis=2)[..., None], out=weights)
        np.divide(1.0, weights, out=weights)
        np.matmul(self._turning, (self._levels * weights)[..., None], out=self._sums)
        sums = self._sums[..., 0]
        weight = weights.sum(axis=2)[..., None]
        gathered = (np.square(sums.real) + np.square(sums.imag)) / np.maximum(weight, 1e-9)
        # What does not turn with it is a measure of chance as well: a voice on the line, which no gap shows.
        rest = ((self._powers * weights).sum(axis=2)[..., None] - gathered) / WINDOWS
        np.maximum(rest, 1.0, out=rest)
        ratio = (gathered / rest).max(axis=0)
        best = int(np.argmax(np.log1p(ratio).sum(axis=0)))
        self._best = best
        self.offset_hz = float(self._offsets[best])
        self._rest = rest[:, :, best]
        clear, maybe = self._witnessed(ratio[:, best])
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

    def _witnessed(self, ratio: Values) -> tuple[bool, bool]:
        """Whether the lines found, by ratio (LOW,), are hum beyond doubt, and whether they might be."""
        found = np.greater(ratio, SIGNIFICANT, out=self.found)
        lowest = bool(ratio[0] > CLEAR)
        witnesses = self._not_multiple @ found + lowest
        together = bool(found[1:].any() and witnesses[1:].min() >= 2)
        alone = lowest and not found[1:].any()
        return together and bool(witnesses[0] >= 2), together or alone

    def level(self) -> tuple[Lines, Values]:
        """Lines of the found hum, in the middle of the newest window, and the variance of each. (channels, LOW)."""
        weight = np.maximum(self._weights.sum(axis=2), 1e-9)
        return self._sums[:, :, self._best, 0] / weight, OVERLAP * self._rest / weight
