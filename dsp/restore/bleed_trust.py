"""How far the learner of bleed is trusted: what a path may be before it is known, and when what is known is wrong."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dsp.restore.bleed_learner import FAINT, GAP_MEMORY, Learner
from dsp.restore.bleed_music import Low, Music, whole_partitions

Values = NDArray[np.float32]

UNKNOWN, UNKNOWN_FALL = 0.3, 100.0
"""Expected square of the path's gain before anything is known: this share of the least power that the microphone had
for the music's, in a bin, in the last 1 to 2 s. It falls by UNKNOWN_FALL over its whole partitions, as echoes do.
"""

GAP_STEPS, LISTEN_STEPS = 100, 24  # of that least power; steps before it is believed

MISFIT_MEMORY = 0.97
MISFIT, MISFIT_SURE = -0.5, 5.0
"""Where the error goes against what is foreseen by this share, and that is no chance (in standard deviations), nothing
foreseen would be better: the microphone was moved, or a held note was taken for leak. All but LEFT of it is dropped.
"""

LEFT = 0.25
MOVED = 1.0  # square of the gain that a path is expected to have after a move, for that of the old one
TIMID, TIMID_SURE = 0.15, 8.0  # where it goes with what is foreseen: there is more leak than is believed
PROVEN, PROOF_MEMORY = 0.3, 0.999
"""A path that took away so much of what it foresaw, over some 10 s, was the right one: learn the new one as boldly."""

BANDS = (2, 16, 64)
"""Bins at which bands begin, besides 0. Each is as bold as it may be; where those above the lowest go wrong together,
all of them are dropped.
"""

LOW_PRIOR = 10.0
"""Of the lowest band, which no voice reaches: what was heard for the music's, times this. A room's lowest modes answer
one bass note and not the next, so the least power says little there.
"""

SHRINK, GROW, LEAST = 0.1, 3.0, 1e-3  # of the boldness, where it was not; where it was too timid; the least
WORSE, PATIENCE = 1.25, 0.9  # power of the error over that heard, smoothed: what was learnt is dropped


class Trust:
    """Of one microphone. Audio thread; buffers are made once."""

    def __init__(self, music: Music, learner: Learner) -> None:
        self._music, self._learner = music, learner
        bins = len(learner.share)
        fall = UNKNOWN_FALL ** (-np.arange(learner.count) / whole_partitions(music.rate_hz))
        self._unknown = [float(share) for share in fall / fall.sum()]
        self._bold: Values = np.ones(bins, np.float32)
        self._gap_before, self._part, self._other, self._spare = np.zeros((4, bins), np.float32)
        bands = len(learner.both)
        # Of the bands, and of all above the lowest together.
        self._newest, self._newest_power, self._misfit, self._misfit_power, self._proof, self._proof_power = np.zeros(
            (6, bands + 1)
        )
        edges = learner.edges.tolist()
        self._bins = [slice(*pair) for pair in pairwise(edges)] + [slice(BANDS[0], None)]
        self._low = Low(music.rate_hz)

    def reset(self) -> None:
        """Nothing was heard yet."""
        self._steps = 0
        self._low_heard = self._low_music = 0.0
        self._low.reset()
        self._bold.fill(1.0)
        self._gap_before.fill(1.0)
        self._proof.fill(0.0)
        self._proof_power.fill(0.0)
        self.forget()

    def forget(self) -> None:
        """Drop what was learnt."""
        everything = slice(0, None)
        self._doubt(everything, at_least=False)
        if self._proof[-1] > PROVEN * self._proof_power[-1]:
            self._expect_as_strong(everything)
        self._learner.weights.fill(0.0)
        self._learner.voice.fill(0.0)
        self._misfit.fill(0.0)
        self._misfit_power.fill(0.0)
        self._error_power = self._heard_power = 0.0

    def judge(self) -> bool:
        """Of the learner's newest step: whether it may be learnt from. Some bands may be dropped, and learn nothing."""
        learner = self._learner
        self._low_heard = GAP_MEMORY * self._low_heard + self._low.power(learner.was)
        self._low_music = GAP_MEMORY * self._low_music + self._music.low_power
        self._steps += 1
        if self._steps % GAP_STEPS == 0:
            np.copyto(self._gap_before, learner.gap)
            learner.gap.fill(1.0)
        learner.judge(believed=self._steps >= LISTEN_STEPS // 2)
        if self._steps == LISTEN_STEPS:
            self.forget()
        self._error_power = PATIENCE * self._error_power + learner.error_power
        self._heard_power = PATIENCE * self._heard_power + learner.heard_power
        if self._error_power > WORSE * self._heard_power:
            self.forget()
            return False
        if self._steps <= LISTEN_STEPS:
            return False
        learner.weigh()
        self._weigh_misfit()
        return True

    def _weigh_misfit(self) -> None:
        newest, power = self._newest, self._newest_power
        newest[:-1], power[:-1] = self._learner.both, self._learner.foreseen
        newest[-1], power[-1] = newest[1:-1].sum(), power[1:-1].sum()
        self._add(self._misfit, MISFIT_MEMORY, newest)
        self._add(self._misfit_power, MISFIT_MEMORY, power)
        self._add(self._proof_power, PROOF_MEMORY, power)
        np.multiply(newest, 2.0, out=newest)
        np.add(newest, power, out=newest)
        self._add(self._proof, PROOF_MEMORY, newest)
        every = len(newest) - 1
        for band, bins in enumerate(self._bins):
            misfit, of = self._misfit.item(band), self._misfit_power.item(band)
            chance, share = math.sqrt(of + FAINT), misfit / (of + FAINT)
            if share < MISFIT and misfit < -MISFIT_SURE * chance:
                self._drop(band, bins)
            elif band < every and share > TIMID and misfit > TIMID_SURE * chance and self._bold[bins.start] < 1.0:
                bold = self._bold[bins]
                np.minimum(np.multiply(bold, GROW, out=bold), 1.0, out=bold)
                self._doubt(bins, at_least=True)
            else:
                continue
            self._learner.share[bins] = 0.0  # the power holds no more: learn nothing in this step
            if band == every:
                self._misfit.fill(0.0)
                self._misfit_power.fill(0.0)
            self._misfit[band] = self._misfit_power[band] = 0.0

    def _add(self, sums: NDArray[np.float64], memory: float, values: NDArray[np.float64]) -> None:
        np.add(np.multiply(sums, memory, out=sums), values, out=sums)

    def _drop(self, band: int, bins: slice) -> None:
        """Most of what these bins learnt; and expect a path as strong, if it was the right one."""
        bold, proven = self._bold[bins], bool(self._proof[band] > PROVEN * self._proof_power[band])
        if proven:
            np.maximum(bold, 1.0, out=bold)
        else:
            np.maximum(np.multiply(bold, SHRINK, out=bold), LEAST, out=bold)
        self._doubt(bins, at_least=proven)
        if proven:
            self._expect_as_strong(bins)
        weights = self._learner.weights[..., bins]
        np.multiply(weights, LEFT, out=weights)

    def _doubt(self, bins: slice, *, at_least: bool) -> None:
        """Be as unsure of every weight as when nothing was known, by the present boldness."""
        part, other = self._part[bins], self._other[bins]
        np.minimum(self._learner.gap[bins], self._gap_before[bins], out=part)
        np.multiply(part, self._bold[bins], out=part)
        np.multiply(part, UNKNOWN, out=part)
        if bins.start == 0 and self._low_music > 0.0:
            np.multiply(self._bold[: BANDS[0]], LOW_PRIOR * self._low_heard / self._low_music, out=part[: BANDS[0]])
        for unsure, share in zip(self._learner.unsure, self._unknown, strict=True):
            np.multiply(part, share, out=other)
            if at_least:
                np.maximum(unsure[:, bins], other, out=unsure[:, bins])
            else:
                unsure[:, bins] = other

    def _expect_as_strong(self, bins: slice) -> None:
        """The path was the right one, and the microphone was moved: expect one as strong."""
        part, other = self._part[bins], self._other[bins]
        for unsure, weights in zip(self._learner.unsure, self._learner.weights, strict=True):
            for side, of_side in zip(unsure, weights, strict=True):
                here = of_side[bins]
                np.multiply(here.real, here.real, out=part)
                np.add(part, np.multiply(here.imag, here.imag, out=other), out=part)
                np.add(side[bins], np.multiply(part, MOVED, out=part), out=side[bins])
