"""Hum that was found, followed: its frequency, each harmonic's level and phase, and whether it is still there."""

from __future__ import annotations

import math

import numpy as np

from dsp.restore.hum_comb import HARMONICS, Lines, Values
from dsp.restore.hum_search import LOW_HARMONICS, OVERLAP, Flags

CHANGE_PER_WINDOW = 1e-4
"""How much of a harmonic's power may be new with each window: a memory of seconds where a voice covers the line."""

UNKNOWN = 1e6  # variance of a harmonic never seen, against chance
ROBUST = 0.2
"""Share of a line's deviation that counts as chance: a voice on the very line then weighs little."""

EXCESS_SHARE, MOST_EXCESS = 0.2, 50.0
"""A voice on a line may lie between the gaps; how far the line missed lately, against chance, makes it doubtful."""

SURE = 4.0
"""A harmonic's power against its variance, below which nothing of it is taken away."""

DRIFT_HZ = 0.3  # of the mains, in a second
FURTHEST_TURN, FURTHEST_PULL = 0.6, 0.2  # of a phase error: the loop stays stable though a window is always old
RANGE = 0.012

LOUDNESS_SHARE = 0.35  # of the newest window in the common loudness
LEAST_DOUBT = 0.3  # of a harmonic's power: what was clear must not outweigh what is new
CERTAIN = 9.0  # the loudness counts as changed where it is three standard deviations from 1
LOUDEST = 2.0
GONE = 0.3  # of the former loudness
GONE_WINDOWS = 12
COVERED_SHARE = 0.15  # that a window counts in those, where something else is on the lines
FAR, MOST = 0.7, 0.75  # of a line, of the lines
TAKE_OVER = 0.1  # of a change of loudness into the harmonics, each window


class HumTracker:
    """A Kalman filter for every harmonic, one for the common phase and frequency, and one loudness. Audio thread.

    The chance that the gaps show at the moment is each filter's doubt: it learns in the pauses of a voice and hardly
    anything from a voice. All harmonics turn with one phase, as in a phase-locked loop on their weighted sum.

    Sources: R. Kalman, "A new approach to linear filtering and prediction problems", 1960; the notch as an adaptive
    canceller: B. Widrow et al., "Adaptive noise cancelling: principles and applications", Proc. IEEE 63, 1975.
    """

    def __init__(self, spacing_s: float, channels: int) -> None:
        """spacing_s: from window to window."""
        self._spacing_s = spacing_s
        self._numbers = np.arange(1.0, HARMONICS + 1)
        self._squares = np.square(self._numbers)
        shape = (channels, HARMONICS)
        self._level: Lines = np.zeros(shape, np.complex128)
        self._variance: Values = np.zeros(shape)
        self._excess: Values = np.ones(shape)
        self.target: Lines = np.zeros(shape, np.complex128)
        """What to take away: amplitude and phase of each harmonic where `turns` is 0. (channels, HARMONICS)."""
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
        self._aim()

    def hear(self, lines: Lines, noise: Values, age_s: float) -> bool:
        """Learn from a window whose middle is `age_s` old; return whether the hum is still followed."""
        turns = (self.turns - self.hz * age_s) % 1.0
        seen = lines * np.exp(-2j * np.pi * self._numbers * turns)
        level, variance = self._level, self._variance
        chance = noise * OVERLAP
        fresh = variance < 0.0
        np.copyto(variance, UNKNOWN * chance, where=fresh)
        wrong = seen - self.loudness * level
        miss = np.square(wrong.real) + np.square(wrong.imag)
        self._excess += EXCESS_SHARE * (np.minimum(miss / noise, MOST_EXCESS) - self._excess)
        chance *= np.maximum(self._excess, 1.0)
        doubt = chance + ROBUST * miss
        power = np.square(level.real) + np.square(level.imag)
        power *= variance < power  # what is not certain tells nothing of the rest
        match = level.conj() * seen * (variance < power)
        # A line far from what it should be is covered by a voice: the further, the less it tells.
        covered = ROBUST * miss * miss / np.maximum(power, 1e-18)
        self._follow_loudness(match.real, power, chance + LEAST_DOUBT * power + covered + 1e-18)
        covered += doubt
        if self.loudness < GONE:
            # Lines as strong as ever are covered, or out of step, rather than gone.
            strong = np.square(np.abs(seen)) > 0.5 * power
            covers = np.count_nonzero(strong & (power > 0.0)) > 0.5 * np.count_nonzero(power)
            self._gone += COVERED_SHARE if covers else 1.0
            self._aim()
            return self._gone < GONE_WINDOWS
        self._gone = 0.0
        match_turn = float((match.imag / covered @ self._numbers).sum())
        angle = self._follow_phase(match_turn, float((power / covered @ self._squares).sum()))
        if angle:
            seen *= np.exp(-1j * angle * self._numbers)
            wrong = seen - self.loudness * level
        variance += CHANGE_PER_WINDOW * power
        gain = variance / (variance + doubt)
        level += gain * wrong
        variance *= 1.0 - gain
        if abs(self.loudness - 1.0) > 0.05:
            step = 1.0 + TAKE_OVER * (self.loudness - 1.0)
            level *= step
            self._hits /= step
        self._aim()
        return abs(self.hz / self._mains_hz - 1.0) < RANGE

    def missed(self, level: Lines, found: Flags, turns: float, age_s: float) -> Flags:
        """Which of the harmonics found are not what is followed here; none where those are few. (LOW_HARMONICS,).

        level, found: (channels, LOW_HARMONICS) and (LOW_HARMONICS,), where the mains' phase is `turns`, `age_s` ago.
        """
        turning = np.exp(2j * np.pi * self._numbers[:LOW_HARMONICS] * (self.turns - self.hz * age_s - turns))
        wrong = level - self.loudness * self._level[:, :LOW_HARMONICS] * turning
        far: Flags = (np.abs(wrong) > FAR * np.abs(level)).any(axis=0) & found
        # Each second harmonic apart as well: a note that covers those is far louder, and seen before all else.
        few = any(np.count_nonzero(far[first::2]) < MOST * np.count_nonzero(found[first::2]) for first in (0, 1))
        if self.loudness < 1.0 - FAR or few:
            far.fill(False)
        return far

    def _follow_loudness(self, match: Values, power: Values, doubt: Values) -> None:
        """One factor for all harmonics: it tells first when hum is switched off, or a gain is turned."""
        self._hits += LOUDNESS_SHARE * (float((match / doubt).sum()) - self._hits)
        self._all += LOUDNESS_SHARE * (float((power / doubt).sum()) - self._all)
        found = self._hits / max(self._all, 1e-9)
        off = (found - 1.0) ** 2 * 2.0 * self._all / LOUDNESS_SHARE
        self.loudness = 1.0 + (min(max(found, 0.0), LOUDEST) - 1.0) * max(0.0, 1.0 - CERTAIN / max(off, 1e-9))

    def _follow_phase(self, match: float, info: float) -> float:
        """Correct phase and frequency; return by how many radians the phase was wrong."""
        here, across, speed = self._cov
        time = self._spacing_s
        here += 2.0 * time * across + time * time * speed
        across += time * speed
        speed += (2.0 * math.pi * DRIFT_HZ) ** 2 * time
        if info <= 0.0:
            self._cov = [min(here, 0.3), across, min(speed, 4.0)]
            return 0.0
        error = min(max(match / info, -0.5), 0.5)
        doubt = here + 0.5 / info
        turn, pull = here / doubt, across / doubt
        self._cov = [here * (1 - turn), across * (1 - turn), max(speed - pull * across, 0.0)]
        turn, pull = min(turn, FURTHEST_TURN), min(pull, FURTHEST_PULL / time)
        self.turns += turn * error / (2.0 * math.pi)
        self.hz += pull * error / (2.0 * math.pi)
        return turn * error

    def _aim(self) -> None:
        power = np.square(self._level.real) + np.square(self._level.imag)
        power *= self._variance >= 0.0
        sure = np.maximum(0.0, 1.0 - SURE * np.maximum(self._variance, 0.0) / np.maximum(power, 1e-18))
        loudness = self.loudness if self.loudness > 0.05 else 0.0
        np.multiply(self._level, sure * loudness, out=self.target)
