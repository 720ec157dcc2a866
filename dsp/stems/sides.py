"""Finds whether one side of the music is inverted or late, and undoes that in the separator's features.

The network tells instruments apart by their place: balance and coherence of the two channels. A cable that inverts one
side, or an interface that delays it, moves all instruments at once, to places where no training mix has any. The
cross-correlation of the sides over the last second shows it: the place of its peak is the delay, its sign the polarity.
The network then gets the early side delayed to match the other one. The sound itself is not touched.

Source: C. Knapp and G. Carter, "The generalized correlation method for estimation of time delay", IEEE Trans. ASSP 1976
(the smoothed coherence transform).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.layouts.stems import BINS, CHANNELS, HOP_FRAMES, WINDOW_FRAMES
from dsp.parts.stft import Spectrum, analysis_window, forward_transform, inverse_transform

Array = NDArray[np.float32]

MOST_LATE_MS = 22.0
"""The longest delay of either side that is looked for: 20 ms with some to spare."""

MOST_LATE_FRAMES = round(MOST_LATE_MS * RATE_HZ / 1000)

LOOK_EVERY_HOPS = 4
JUDGE_AFTER_HOPS = 2  # a hop of its own, so that no hop does all of the work
MEMORY_LOOKS, FEWEST_LOOKS = 24.0, 12.0
"""The running mean covers 1 s, a chord and a few strokes. Nothing is judged before half of that is there."""

# Correlations, relative to that of sides that are alike.
LEAST = 0.25  # below it a mix is merely wide
LEAST_INVERTED = 0.32  # for sides in time: wide chords in real songs reach 0.27 for seconds
TURNED = 1.5  # an inverted side beats the best positive correlation by this factor; less is a wide mix
IN_TIME = 0.7
"""Sides are in time where the correlation without delay is this share of the peak: a centre beside a delayed guitar."""

DOUBTFUL, DOUBTS = 0.1, 24
"""A finding is dropped after so many judgements (a second) in which the sides agreed by less than DOUBTFUL."""

BETTER = 1.5  # a new finding beats the agreement of the present one by this factor
JUDGEMENTS = 6  # in a row, a quarter of a second, before a finding is used
SAME_FRAMES = 2  # two findings of one delay differ by no more
SLIGHT_FRAMES, SURE = 12, 0.5
"""Up to so many frames (0.25 ms) a wide instrument looks like a delay, so there the correlation must be over SURE."""

_FAINTEST = 1e-12  # product of both sides' powers: white noise at -90 dBFS in either
_SILENCE = 1e-6 * BINS * CHANNELS


class StemsSides:
    """Follows delay and polarity between two channels. Audio thread; buffers are made once and reused.

    Call `hear` once per hop, with the sound and its spectrum. `late_frames`: how late the right side is, negative where
    the left one is late. `inverted`: whether one of them is.
    """

    def __init__(self) -> None:
        keep = self._keep = WINDOW_FRAMES + MOST_LATE_FRAMES
        self._past: Block = np.zeros((CHANNELS, keep + 16 * HOP_FRAMES), np.float32)
        self._window = analysis_window(WINDOW_FRAMES, 2 * HOP_FRAMES)
        self._delayed: Array = np.zeros((1, WINDOW_FRAMES), np.float32)
        self._aligned: Spectrum = np.zeros((CHANNELS, BINS), np.complex64)
        self._cross: Spectrum = np.zeros(BINS, np.complex64)
        self._newest: Spectrum = np.zeros(BINS, np.complex64)
        self._power: Array = np.zeros((CHANNELS, BINS), np.float32)
        self._newest_power: Array = np.zeros((CHANNELS, BINS), np.float32)
        self._scratch: Array = np.zeros((CHANNELS, BINS), np.float32)
        self._correlation: Array = np.zeros(WINDOW_FRAMES, np.float32)
        self._by_delay: Array = np.zeros(2 * MOST_LATE_FRAMES + 1, np.float32)
        self._shared = _shared(self._window)
        self.reset()

    def reset(self) -> None:
        """Forget the past: as new."""
        self._past.fill(0.0)
        self._end = self._keep
        self._hop = 0
        self._sounds = False
        self._looks = 0.0
        self._cross.fill(0.0)
        self._power.fill(0.0)
        self.late_frames = 0
        self.inverted = False
        self._found = (0, False)
        self._times = self._doubts = 0

    def hear(self, sound: Block, spectrum: Spectrum) -> Spectrum | None:
        """The spectrum with both sides in time and of one polarity; None where they are so by themselves.

        sound: (HOP_FRAMES, 2); spectrum: (2, BINS) -> (2, BINS), a reused buffer.
        """
        self._keep_sound(sound)
        at = self._hop % LOOK_EVERY_HOPS
        self._hop += 1
        if at == 0:
            self._look(spectrum)
        elif at == JUDGE_AFTER_HOPS:
            self._judge()
        if not self.late_frames and not self.inverted:
            return None
        return self._align(spectrum)

    def _keep_sound(self, sound: Block) -> None:
        if self._end + HOP_FRAMES > self._past.shape[1]:
            self._past[:, : self._keep] = self._past[:, self._end - self._keep : self._end]
            self._end = self._keep
        self._past[:, self._end : self._end + HOP_FRAMES] = sound.T
        self._end += HOP_FRAMES

    def _align(self, spectrum: Spectrum) -> Spectrum:
        np.copyto(self._aligned, spectrum)
        if self.late_frames:
            early, by = (0, self.late_frames) if self.late_frames > 0 else (1, -self.late_frames)
            last = self._end - by
            np.multiply(self._past[early, last - WINDOW_FRAMES : last], self._window, out=self._delayed[0])
            forward_transform(self._delayed, self._aligned[early : early + 1])
        if self.inverted:
            np.negative(self._aligned[1], out=self._aligned[1])
        return self._aligned

    def _look(self, spectrum: Spectrum) -> None:
        """Add this window to the means of the cross-spectrum and of the powers."""
        np.square(spectrum.real, out=self._newest_power)
        np.square(spectrum.imag, out=self._scratch)
        np.add(self._newest_power, self._scratch, out=self._newest_power)
        self._sounds = float(self._newest_power.sum()) > _SILENCE
        if not self._sounds:
            return
        self._looks = min(self._looks + 1.0, MEMORY_LOOKS)
        share = np.float32(1.0 / self._looks)
        np.conjugate(spectrum[1], out=self._newest)
        np.multiply(self._newest, spectrum[0], out=self._newest)
        for mean, newest in ((self._cross, self._newest), (self._power, self._newest_power)):
            np.subtract(newest, mean, out=newest)
            np.multiply(newest, share, out=newest)
            np.add(mean, newest, out=mean)

    def _judge(self) -> None:
        """Find where the sides agree best. The same finding JUDGEMENTS times in a row is used."""
        if not self._sounds or self._looks < FEWEST_LOOKS:
            return
        self._correlate()
        found = self._best()
        if (self.late_frames or self.inverted) and self._agreement < DOUBTFUL:
            self._doubts += 1
            if self._doubts >= DOUBTS:
                self._believe((0, False))
        else:
            self._doubts = 0
        if found is None or self._is_now(found):
            self._times = 0
            return
        same = abs(found[0] - self._found[0]) <= SAME_FRAMES and found[1] == self._found[1]
        self._times = self._times + 1 if same else 1
        self._found = found
        if self._times >= JUDGEMENTS:
            self._believe(found)

    def _believe(self, found: tuple[int, bool]) -> None:
        self.late_frames, self.inverted = found
        self._times = self._doubts = 0

    def _is_now(self, found: tuple[int, bool]) -> bool:
        """Whether a finding is the present one. Delays may differ by SAME_FRAMES, but a small one is not none."""
        off = abs(found[0] - self.late_frames)
        return found[1] == self.inverted and (off == 0 or (off <= SAME_FRAMES and found[0] != 0))

    @property
    def _agreement(self) -> float:
        """The correlation of the sides as they are aligned at present."""
        return float(self._by_delay[self.late_frames + MOST_LATE_FRAMES]) * (-1.0 if self.inverted else 1.0)

    def _best(self) -> tuple[int, bool] | None:
        """How late the right side is, and whether one is inverted; None where the sides have too little in common."""
        middle, by_delay = MOST_LATE_FRAMES, self._by_delay
        at, against = int(by_delay.argmax()), int(by_delay.argmin())
        sign = 1.0
        if -by_delay[against] > TURNED * by_delay[at]:
            at, sign = against, -1.0
        size, in_time = sign * float(by_delay[at]), sign * float(by_delay[middle])
        if not size >= LEAST:
            return None
        if in_time >= IN_TIME * size or (abs(at - middle) <= SLIGHT_FRAMES and size < SURE):
            if in_time < (LEAST if sign > 0.0 else LEAST_INVERTED):
                return None
            at = middle
        elif self._agreement * BETTER > size:
            return None
        return at - middle, sign < 0.0

    def _correlate(self) -> None:
        """Set `_by_delay`: the correlation of the sides, at most 1, for each delay of the right one."""
        both = np.multiply(self._power[0], self._power[1], out=self._scratch[0])
        np.add(both, _FAINTEST, out=both)
        np.sqrt(both, out=both)
        np.divide(self._cross, both, out=self._newest)
        inverse_transform(self._newest, self._correlation)
        most = MOST_LATE_FRAMES
        # A right side that is late by n has its peak at -n.
        self._by_delay[: most + 1] = self._correlation[most::-1]
        self._by_delay[most + 1 :] = self._correlation[: -most - 1 : -1]
        np.divide(self._by_delay, self._shared, out=self._by_delay)


def _shared(window: Array) -> Array:
    """The share of a window that two sides have in common, for each delay: the most that alike sides can correlate."""
    lag = np.correlate(window, window, "full")[len(window) - 1 :][: MOST_LATE_FRAMES + 1]
    shared: Array = np.concatenate((lag[:0:-1], lag)) / lag[0]
    return shared.astype(np.float32)
