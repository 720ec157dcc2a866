"""Follows hum that was found: its frequency, the level and phase of each harmonic, and whether it is still there."""

from __future__ import annotations

import math

import numpy as np

from dsp.restore.hum_comb import HARMONICS, Lines, Values
from dsp.restore.hum_search import LOW_HARMONICS, OVERLAP, Flags

CHANGE_PER_WINDOW = 1e-4
"""The share of a harmonic's power that may change with each window. Where a voice covers the line, that is a memory of
seconds.
"""

UNKNOWN = 1e6  # variance of a harmonic never seen, relative to chance
ROBUST = 0.2
"""The share of a line's deviation that counts as chance, so that a voice right on the line has little weight."""

EXCESS_SHARE, MOST_EXCESS = 0.2, 50.0
"""A voice on a line may not show in the gaps. A line that lately deviated by more than chance is doubted as much more.
EXCESS_SHARE: weight of the newest window in that measure. MOST_EXCESS: its limit.
"""

SURE = 4.0
"""Below this ratio of a harmonic's power to its variance nothing of it is removed."""

DRIFT_HZ = 0.3  # by which the mains may drift in a second
FURTHEST_TURN, FURTHEST_PULL = 0.6, 0.2  # most of a phase error corrected at once: stable, though windows are old
RANGE = 0.012

LOUDNESS_SHARE = 0.35  # weight of the newest window in the common loudness
LEAST_DOUBT = 0.3  # of a harmonic's power: else a line that was clear would outweigh the newest window
CERTAIN = 9.0  # the loudness counts as changed where it is three standard deviations from 1
LOUDEST = 2.0
GONE = 0.3  # of the former loudness: below it the hum counts as gone
GONE_WINDOWS = 12
COVERED_SHARE = 0.15  # how much a window counts towards those while other sound covers the lines
FAR, MOST = 0.7, 0.75  # a line is far off by this share of its level; the tracker is wrong if this share of lines is
TAKE_OVER = 0.1  # share of a change in loudness that goes into the harmonics with each window


class HumTracker:
    """A Kalman filter for every harmonic, one for the common phase and frequency, and one loudness. Audio thread.

    The level in the gaps is each filter's measurement noise, so it learns in the pauses of a voice and hardly anything
    while there is one. All harmonics share one phase, as in a phase-locked loop on their weighted sum.

    Sources: R. Kalman, "A new approach to linear filtering and prediction problems", 1960; the notch as an adaptive
    canceller: B. Widrow et al., "Adaptive noise cancelling: principles and applications", Proc. IEEE 63, 1975.
    """

    def __init__(self, spacing_s: float, channels: int) -> None:
        """spacing_s: time from window to window."""
        self._spacing_s = spacing_s
        self._numbers = np.arange(1.0, HARMONICS + 1)
        self._squares = np.square(self._numbers)
        shape = (channels, HARMONICS)
        self._level: Lines = np.zeros(shape, np.complex128)
        self._variance: Values = np.zeros(shape)
        self._excess: Values = np.ones(shape)
        self.target: Lines = np.zeros(shape, np.complex128)
        """What to subtract: amplitude and phase of each harmonic where `turns` is 0. (channels, HARMONICS)."""
        self.hz = 0.0
        self.turns = 0.0
        """Phase of the mains at the newest frame."""

    def start(self, mains_hz: float, hz: float, turns: float, level: Lines, variance: Values) -> None:
        """Follow what the search found.  level, variance: (channels, LOW_HARMONICS); turns: at the newest frame."""
        self._mains_hz = mains_hz
        self.hz, self.turns = hz, turns
        self._level.fill(0.0)
        self._level[:, :LOW_HARMONICS] = level
        self._excess.fill(1.0)
        self._variance.fill(-1.0)  # not seen yet
        self._variance[:, :LOW_HARMONICS] = variance
        self._cov = [0.01, 0.0, (2 * math.pi * 0.03) ** 2]  # of phase (rad) and frequency (rad/s)
        self._hits, self._all = 1.0, 1.0
        self.loudness = 1.0
        self._gone = 0.0
        self._turn = self._pull = 0.0
        self._aim()

    def hear(self, lines: Lines, noise: Values, age_s: float) -> None:
        """Learn from a window whose middle is `age_s` old, step one of four. The next ones may come hops later.

        Only settle(), the last one, changes `turns`, `hz` and `target`.
        """
        turns = (self.turns - self.hz * age_s) % 1.0
        self._seen = seen = lines * np.exp(-2j * np.pi * self._numbers * turns)
        level, variance = self._level, self._variance
        self._chance = chance = noise * OVERLAP
        np.copyto(variance, UNKNOWN * chance, where=variance < 0.0)
        self._wrong = wrong = seen - self.loudness * level
        self._miss = miss = np.square(wrong.real) + np.square(wrong.imag)
        self._excess += EXCESS_SHARE * (np.minimum(miss / noise, MOST_EXCESS) - self._excess)
        chance *= np.maximum(self._excess, 1.0)
        self._doubt = chance + ROBUST * miss

    def weigh(self) -> None:
        """Step two: how loud all harmonics are together, and whether there are any."""
        level, seen, miss = self._level, self._seen, self._miss
        power = np.square(level.real) + np.square(level.imag)
        sure = self._variance < power
        power *= sure  # uncertain harmonics are no evidence about the others
        self._power = power
        self._match = match = level.conj() * seen * sure
        # A line far from what it should be is covered by a voice: the further off, the less weight it has.
        self._covered = covered = ROBUST * miss * miss / np.maximum(power, 1e-18)
        self._follow_loudness(match.real, power, self._chance + LEAST_DOUBT * power + covered + 1e-18)
        self._turn = self._pull = 0.0
        if self.loudness < GONE:
            # Lines as strong as before are covered or out of step, not gone.
            strong = np.square(np.abs(seen)) > 0.5 * power
            covers = np.count_nonzero(strong & (power > 0.0)) > 0.5 * np.count_nonzero(power)
            self._gone += COVERED_SHARE if covers else 1.0
        else:
            self._gone = 0.0

    def learn(self) -> None:
        """Step three: how far phase and frequency are off; move every harmonic towards what was seen of it."""
        if self._gone:
            return
        level, variance, seen, power, covered = self._level, self._variance, self._seen, self._power, self._covered
        covered += self._doubt
        match = float((self._match.imag / covered @ self._numbers).sum())
        self._follow_phase(match, float((power / covered @ self._squares).sum()))
        if self._turn:
            seen *= np.exp(-2j * np.pi * self._turn * self._numbers)
            self._wrong = seen - self.loudness * level
        variance += CHANGE_PER_WINDOW * power
        gain = variance / (variance + self._doubt)
        level += gain * self._wrong
        variance *= 1.0 - gain
        if abs(self.loudness - 1.0) > 0.05:
            step = 1.0 + TAKE_OVER * (self.loudness - 1.0)
            level *= step
            self._hits /= step

    def settle(self) -> bool:
        """Step four: take over what was learnt; return whether the hum is still followed."""
        self.turns += self._turn
        self.hz += self._pull
        self._aim()
        return self._gone < GONE_WINDOWS and abs(self.hz / self._mains_hz - 1.0) < RANGE

    def missed(self, level: Lines, found: Flags, turns: float, age_s: float) -> Flags:
        """Which of the harmonics found differ from those followed here; none where only few do. (LOW_HARMONICS,).

        level, found: from the search, (channels, LOW_HARMONICS) and (LOW_HARMONICS,). turns: the mains' phase there,
        `age_s` ago.
        """
        turning = np.exp(2j * np.pi * self._numbers[:LOW_HARMONICS] * (self.turns - self.hz * age_s - turns))
        wrong = level - self.loudness * self._level[:, :LOW_HARMONICS] * turning
        far: Flags = (np.abs(wrong) > FAR * np.abs(level)).any(axis=0) & found
        # Odd and even harmonics are judged apart: a note that covers one half of them is far louder.
        few = np.count_nonzero(far.reshape(-1, 2), axis=0) < MOST * np.count_nonzero(found.reshape(-1, 2), axis=0)
        if self.loudness < 1.0 - FAR or few.any():
            far.fill(False)
        return far

    def _follow_loudness(self, match: Values, power: Values, doubt: Values) -> None:
        """Follow one factor for all harmonics: the first to show that hum is switched off, or a gain is turned."""
        self._hits += LOUDNESS_SHARE * (float((match / doubt).sum()) - self._hits)
        self._all += LOUDNESS_SHARE * (float((power / doubt).sum()) - self._all)
        found = self._hits / max(self._all, 1e-9)
        off = (found - 1.0) ** 2 * 2.0 * self._all / LOUDNESS_SHARE
        self.loudness = 1.0 + (min(max(found, 0.0), LOUDEST) - 1.0) * max(0.0, 1.0 - CERTAIN / max(off, 1e-9))

    def _follow_phase(self, match: float, info: float) -> None:
        """Find by how much the phase (in turns) and the frequency (in Hz) are to be moved."""
        here, across, speed = self._cov
        time = self._spacing_s
        here += 2.0 * time * across + time * time * speed
        across += time * speed
        speed += (2.0 * math.pi * DRIFT_HZ) ** 2 * time
        if info <= 0.0:
            self._cov = [min(here, 0.3), across, min(speed, 4.0)]
            return
        error = min(max(match / info, -0.5), 0.5)
        doubt = here + 0.5 / info
        turn, pull = here / doubt, across / doubt
        self._cov = [here * (1 - turn), across * (1 - turn), max(speed - pull * across, 0.0)]
        turn, pull = min(turn, FURTHEST_TURN), min(pull, FURTHEST_PULL / time)
        self._turn, self._pull = turn * error / (2.0 * math.pi), pull * error / (2.0 * math.pi)

    def _aim(self) -> None:
        power = np.square(self._level.real) + np.square(self._level.imag)
        power *= self._variance >= 0.0
        sure = np.maximum(0.0, 1.0 - SURE * np.maximum(self._variance, 0.0) / np.maximum(power, 1e-18))
        loudness = self.loudness if self.loudness > 0.05 else 0.0
        np.multiply(self._level, sure * loudness, out=self.target)
