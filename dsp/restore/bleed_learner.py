"""The background of bleed: a filter in partitions whose every bin is followed by a Kalman filter.

What is not yet known of the path is set against the power of the voice in that bin, so that a loud voice teaches
nothing and a gap between its partials much. Source: F. Kuech, E. Mabande, G. Enzner, "State-space architecture of the
partitioned-block-based acoustic echo controller", ICASSP 2014; G. Enzner, P. Vary, "Frequency-domain adaptive Kalman
filter for acoustic echo control in hands-free telephones", Signal Processing 86, 2006.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.native import bound
from dsp.parts.stft import forward_transform, inverse_transform
from dsp.restore.bleed_music import STEP_FRAMES, Music, Spectra, low_bins, whole_partitions

Values = NDArray[np.float32]

KEPT = 0.9995**2
"""How sure one remains of what was learnt, a step: the path of a singer who stands still."""

VOICE_MEMORY = 0.7  # of the voice's power in a bin, a step; a louder step counts at once
GAP_MEMORY = 0.9  # of the power heard and that of the music, whose ratio is least in a gap of the voice
FAINT = 1e-9


class Learner:
    """Of one microphone. Audio thread; buffers are made once.

    weights, unsure: (partitions, sides, bins), and the expected square error of each weight. was: (STEP_FRAMES,), the
    leant sound of the step that is learnt from. gap: (bins,), the least power heard for the music's. both, foreseen: of
    each band, what the error has in common with what was foreseen, and the power of that; each for the voice's power.
    """

    def __init__(self, music: Music, edges: list[int]) -> None:
        """edges: bins between which the bands lie, 0 and the number of bins included."""
        self._music = music
        self.count, self.sides, bins = shape = music.spectra.shape
        self._whole, self._low = min(self.count, whole_partitions(music.rate_hz)), low_bins(music.rate_hz)
        self.edges, self._starts = np.array(edges, np.int32), np.array(edges[:-1])
        self.weights: Spectra = np.zeros(shape, np.complex64)
        self.unsure: Values = np.zeros(shape, np.float32)
        self._foreseen, self._error, self._of_foreseen, self._spectrum = np.zeros((4, bins), np.complex64)
        self._power, self.share, self._part, self._other = np.zeros((4, bins), np.float32)
        self.was: Values = np.zeros(STEP_FRAMES, np.float32)
        self._wave: Values = np.zeros(2 * STEP_FRAMES, np.float32)
        self.taps: Values = np.zeros((self.sides, 2 * STEP_FRAMES), np.float32)
        self._by_bin: Values = np.zeros((5, bins), np.float32)
        self.voice, self._noise, self._mean_heard, self._mean_music, self.gap = self._by_bin
        bands = len(edges) - 1
        self._sums = np.zeros(2 + 2 * bands)  # power of the error and of what was heard, then of the bands
        self.both, self.foreseen = self._sums[2 : 2 + bands], self._sums[2 + bands :]
        self._products: Spectra = np.zeros((self.sides, bins), np.complex64)
        self._squares, self._spare = np.zeros((2, self.sides, bins), np.float32)
        self._magnitudes: Values = np.zeros(STEP_FRAMES, np.float32)
        self._sum_native = bound.paths(music.spectra, self.weights, self._whole, self._low)
        self._native = bound.learner(
            (self._whole, self._low, bands), music.spectra, self.weights, self.unsure, self._foreseen, self._power,
            self.share, self._error, self._of_foreseen, self.was, self._wave, self.taps, self._by_bin, self._sums,
            self.edges,
        )  # fmt: skip

    def reset(self) -> None:
        """Forget the sound, not the weights."""
        self.gap.fill(1.0)
        self._mean_heard.fill(1e-6)
        self._mean_music.fill(1e-6)

    @property
    def error_power(self) -> float:
        return self._sums.item(0)

    @property
    def heard_power(self) -> float:
        return self._sums.item(1)

    def bins_of(self, p: int) -> int:
        """The bins that a partition has."""
        return len(self.share) if p < self._whole else self._low

    def begin(self, heard: Values) -> None:
        """A step is whole."""
        np.copyto(self.was, heard)
        self._foreseen.fill(0.0)
        self._power.fill(0.0)

    def look(self, first: int, last: int) -> None:
        """What these partitions foresee, and how far it may be wrong."""
        newest = self._music.newest
        if self._native is not None:
            self._native.foresee(first, last, newest, KEPT, 1.0 - KEPT)
            return
        for p in range(first, last):
            here = slice(0, self.bins_of(p))
            spectra = self._music.spectra[(newest + p) % self.count]
            for side in range(self.sides):
                weights, unsure, music = self.weights[p, side, here], self.unsure[p, side, here], spectra[side, here]
                part = self._square(weights, self._part[here])
                np.multiply(part, 1.0 - KEPT, out=part)
                np.multiply(unsure, KEPT, out=unsure)
                np.add(unsure, part, out=unsure)
                np.multiply(unsure, self._square(music, part), out=part)
                np.add(self._power[here], part, out=self._power[here])
                product = np.multiply(weights, music, out=self._products[0, here])
                np.add(self._foreseen[here], product, out=self._foreseen[here])

    def judge(self, *, believed: bool) -> None:
        """The error of what all foresee, and the voice's power. believed: what is heard counts for the gap."""
        if self._native is not None:
            self._native.judge(self._music.newest, believed, VOICE_MEMORY, GAP_MEMORY, FAINT)
            return
        wave, newest = self._wave, self._wave[STEP_FRAMES:]
        inverse_transform(self._foreseen, wave)
        wave[:STEP_FRAMES] = 0.0
        forward_transform(wave, self._of_foreseen)
        np.subtract(self.was, newest, out=newest)
        forward_transform(wave, self._error)
        self._sums[0], self._sums[1] = np.vdot(newest, newest), np.vdot(self.was, self.was)
        np.add(self._error, self._of_foreseen, out=self._spectrum)
        part = self._square(self._spectrum, self._part)
        np.multiply(self._mean_heard, GAP_MEMORY, out=self._mean_heard)
        # Twice, as a window of the music is twice as long as the step that is heard.
        np.add(self._mean_heard, np.multiply(part, 2.0 - 2.0 * GAP_MEMORY, out=part), out=self._mean_heard)
        np.multiply(self._mean_music, GAP_MEMORY, out=self._mean_music)
        for side in self._music.spectra[self._music.newest]:
            part = self._square(side, self._part)
            np.add(self._mean_music, np.multiply(part, 1.0 - GAP_MEMORY, out=part), out=self._mean_music)
        if believed:
            np.add(self._mean_music, FAINT, out=part)
            np.minimum(self.gap, np.divide(self._mean_heard, part, out=part), out=self.gap)
        squares = self._square(self._error, self._noise)
        np.multiply(self.voice, VOICE_MEMORY, out=self.voice)
        np.add(self.voice, np.multiply(squares, 1.0 - VOICE_MEMORY, out=part), out=self.voice)
        np.add(np.maximum(self.voice, squares, out=squares), FAINT, out=self._noise)

    def weigh(self) -> None:
        """How far the error may be trusted, and what it has in common with what was foreseen."""
        if self._native is not None:
            self._native.weigh()
            return
        np.reciprocal(np.add(self._power, self._noise, out=self.share), out=self.share)
        error, foreseen, part, other = self._error, self._of_foreseen, self._part, self._other
        np.multiply(error.real, foreseen.real, out=part)
        np.add(part, np.multiply(error.imag, foreseen.imag, out=other), out=part)
        np.add.reduceat(np.divide(part, self._noise, out=part), self._starts, out=self.both)
        self._square(foreseen, other)
        np.add.reduceat(np.divide(other, self._noise, out=other), self._starts, out=self.foreseen)

    def trust(self, *, at_all: bool) -> None:
        """Take the error for what it is worth; or not at all."""
        if not at_all:
            self.share.fill(0.0)
        np.multiply(self._error, self.share, out=self._error)

    def learn(self, first: int, last: int) -> None:
        """Kalman's step, for these partitions."""
        newest = self._music.newest
        if self._native is not None:
            self._native.learn(first, last, newest)
            return
        for p in range(first, last):
            here = slice(0, self.bins_of(p))
            spectra = self._music.spectra[(newest + p) % self.count]
            for side in range(self.sides):
                unsure, music, product = self.unsure[p, side, here], spectra[side, here], self._products[0, here]
                np.multiply(np.conjugate(music, out=product), self._error[here], out=product)
                np.multiply(product, unsure, out=product)
                np.add(self.weights[p, side, here], product, out=self.weights[p, side, here])
                part = np.multiply(self._square(music, self._part[here]), self.share[here], out=self._part[here])
                np.multiply(np.multiply(part, unsure, out=part), 0.5, out=part)
                np.subtract(1.0, part, out=part)
                np.multiply(unsure, part, out=unsure)

    def hold(self, p: int) -> int:
        """Make a partition's filter no longer than a partition. Return where it is strongest; `taps` are its values."""
        if self._native is not None:
            return self._native.hold(p)
        inverse_transform(self.weights[p], self.taps)
        self.taps[:, STEP_FRAMES:] = 0.0
        forward_transform(self.taps, self.weights[p])
        self.weights[p, :, self.bins_of(p) :] = 0.0
        return int(np.abs(self.taps[0, :STEP_FRAMES], out=self._magnitudes).argmax())

    def sum(self, first: int, last: int, newest: int, out: Spectra) -> None:
        """Add what these partitions foresee where `newest` is the newest spectrum."""
        if self._sum_native is not None:
            self._sum_native.sum(first, last, newest, out)
            return
        for p in range(first, last):
            here = slice(0, self.bins_of(p))
            np.multiply(self.weights[p], self._music.spectra[(newest + p) % self.count], out=self._products)
            for side in self._products:
                np.add(out[here], side[here], out=out[here])

    def _square(self, values: Spectra, out: Values) -> Values:
        """Squared magnitudes, into `out`."""
        spare = self._spare[0, : len(out)]
        np.multiply(values.real, values.real, out=out)
        return np.add(out, np.multiply(values.imag, values.imag, out=spare), out=out)
