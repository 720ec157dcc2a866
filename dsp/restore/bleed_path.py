"""The way from the music to one microphone: learnt while somebody sings, and foreseen without delay.

It is a filter in partitions whose every bin is followed by a Kalman filter: what is not yet known of the path is set
against the power of the voice in that bin, so that a loud voice teaches nothing and a gap between its partials much.
Source: F. Kuech, E. Mabande, G. Enzner, "State-space architecture of the partitioned-block-based acoustic echo
controller", ICASSP 2014; G. Enzner, P. Vary, "Frequency-domain adaptive Kalman filter for acoustic echo control in
hands-free telephones", Signal Processing 86, 2006.

Learning goes by steps of 512 frames, in the background. The foreground foresees with the weights of the step before:
the newest 1024 frames of the path in partitions of 128, the rest in those of the background, a step ahead (W. G.
Gardner, "Efficient convolution without input-output delay", Journal of the AES 43, 1995).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dsp.native import bound
from dsp.parts.stft import forward_transform, inverse_transform
from dsp.restore.bleed_music import HEAD_FRAMES, LEAN, STEP_FRAMES, TURNS, Low, Music, Spectra

Values = NDArray[np.float32]

KEPT = 0.9995**2
"""How sure one remains of what was learnt, a step: the path of a singer who stands still."""

UNKNOWN, UNKNOWN_FALL = 0.3, 100.0
"""Expected square of the path's gain before anything is known: this share of the least power that the microphone had
for the music's, in a bin, in the last 1 to 2 s. It falls by UNKNOWN_FALL to the path's end, as echoes do.
"""

VOICE_MEMORY = 0.7  # of the voice's power in a bin, a step; a louder step counts at once
GAP_MEMORY, GAP_STEPS, LISTEN_STEPS = 0.9, 100, 24  # of that least power; steps before it is believed
HEADS = 2 * TURNS  # partitions of HEAD_FRAMES that the foreground has of its own
HELD_SHORT = 1
"""How many partitions a step are held to their length, besides the first two, which are foreseen in pieces: each holds
half a wave of circular convolution's making, which learning alone would remove slowly.
"""

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
FAINT = 1e-9
RANGES = 4  # calls in which all partitions are done


class LeakPath:
    """Of one microphone. Audio thread; buffers are made once."""

    def __init__(self, music: Music) -> None:
        self._music = music
        shape = music.spectra.shape
        count, sides, bins = shape
        self._weights: Spectra = np.zeros(shape, np.complex64)
        self._unsure: Values = np.zeros(shape, np.float32)
        fall = UNKNOWN_FALL ** (-np.arange(count) / count)
        self._unknown = [float(share) for share in fall / fall.sum()]
        self._foreseen: Spectra = np.zeros(bins, np.complex64)
        self._error: Spectra = np.zeros(bins, np.complex64)
        self._of_foreseen: Spectra = np.zeros(bins, np.complex64)
        self._was_spectrum: Spectra = np.zeros(bins, np.complex64)
        self._power, self._share, self._voice, self._squares = np.zeros((4, bins), np.float32)
        self._gap, self._gap_before, self._mean_heard, self._mean_music = np.zeros((4, bins), np.float32)
        self._part, self._other, self._spare = np.zeros((3, bins), np.float32)
        self._heard, self._was = np.zeros((2, STEP_FRAMES), np.float32)
        self._wave: Values = np.zeros(2 * STEP_FRAMES, np.float32)
        self._tail_sum: Spectra = np.zeros(bins, np.complex64)
        self._tail, self._next_tail = np.zeros((2, STEP_FRAMES), np.float32)
        self._head_weights: Spectra = np.zeros((HEADS, sides, HEAD_FRAMES + 1), np.complex64)
        self._next_head: Spectra = np.zeros_like(self._head_weights)
        self._head_sum: Spectra = np.zeros(HEAD_FRAMES + 1, np.complex64)
        self._head_all: Spectra = np.zeros(HEAD_FRAMES + 1, np.complex64)
        self._head_wave: Values = np.zeros(2 * HEAD_FRAMES, np.float32)
        self._pieces: Values = np.zeros((HEADS, sides, 2 * HEAD_FRAMES), np.float32)
        self._taps: Values = np.zeros((sides, 2 * STEP_FRAMES), np.float32)
        self._sum_up: Values = np.tril(LEAN ** np.maximum(0, np.subtract.outer(*[np.arange(HEAD_FRAMES)] * 2))).astype(
            np.float32
        )
        self._fading: Values = (LEAN ** np.arange(1.0, HEAD_FRAMES + 1)).astype(np.float32)
        self._magnitudes: Values = np.zeros(STEP_FRAMES, np.float32)
        self._peaks = [0.0] * count
        self._peak_at = [0] * count
        self._calls = bound.calls()
        self._head_native = bound.paths(music.head_spectra, self._head_weights)
        self._tail_native = bound.paths(music.spectra, self._weights)
        self._native = bound.learner(
            music.spectra, self._weights, self._unsure, self._foreseen, self._power, self._share, self._error
        )
        self._turns = self._plan(count)
        self._bold: Values = np.ones(bins, np.float32)
        self._edges = [0, *BANDS, bins]
        self._newest_misfit, self._newest_power, self._misfit, self._misfit_power, self._proof, self._proof_power = (
            np.zeros((6, len(self._edges)))  # of the bands, and of all above the lowest together
        )
        self._error_power = self._heard_power = 0.0
        self._low = Low(music.rate_hz)
        self.reset()

    def reset(self) -> None:
        """Forget the path and the sound."""
        self._last_heard = self._last_foreseen = 0.0
        self._next_short, self._learning = 2, False
        self._steps = 0
        self._low_heard = self._low_music = 0.0
        self._low.reset()
        self._bold.fill(1.0)
        self._proof.fill(0.0)
        self._proof_power.fill(0.0)
        self._gap.fill(1.0)
        self._gap_before.fill(1.0)
        self._mean_heard.fill(1e-6)
        self._mean_music.fill(1e-6)
        for values in (self._tail, self._next_tail, self._heard):
            values.fill(0.0)
        for spectra in (self._head_weights, self._next_head, self._head_sum, self._tail_sum):
            spectra.fill(0.0)
        self._forget()

    def _forget(self) -> None:
        everything = slice(0, None)
        self._doubt(everything, at_least=False)
        if self._proof[-1] > PROVEN * self._proof_power[-1]:
            self._expect_as_strong(everything)
        self._weights.fill(0.0)
        self._misfit.fill(0.0)
        self._misfit_power.fill(0.0)
        self._voice.fill(0.0)
        self._error_power = self._heard_power = 0.0
        self._peaks[:] = [0.0] * len(self._peaks)

    # The foreground.

    def foresee(self, sound: Values, at: int) -> Values:
        """The music in `sound`, the next frames of the step of which `at` are there; (frames,), a reused buffer."""
        frames, head_at, newest = len(sound), at % HEAD_FRAMES, self._music.head_newest
        heard = self._heard[at : at + frames]
        np.multiply(sound[: frames - 1], -LEAN, out=heard[1:])
        heard[0] = -LEAN * self._last_heard
        np.add(heard, sound, out=heard)
        self._last_heard = sound.item(frames - 1)
        if head_at == 0:
            self._head_sum.fill(0.0)
            self._sum_head(1, HEADS, newest, self._head_sum)
        np.copyto(self._head_all, self._head_sum)
        self._sum_head(0, 1, newest, self._head_all)
        inverse_transform(self._head_all, self._head_wave)
        leak = self._head_wave[HEAD_FRAMES + head_at : HEAD_FRAMES + head_at + frames]
        np.add(leak, self._tail[at : at + frames], out=leak)
        if self._calls is not None:
            self._last_foreseen = self._calls.lean(leak, LEAN, self._last_foreseen)
        else:
            leak[:] = self._sum_up[:frames, :frames] @ leak + self._fading[:frames] * np.float32(self._last_foreseen)
            self._last_foreseen = leak.item(frames - 1)
        return leak

    def _sum_head(self, first: int, last: int, newest: int, out: Spectra) -> None:
        if self._head_native is not None:
            self._head_native.sum(first, last, newest, out)
            return
        for p in range(first, last):
            spectra = self._music.head_spectra[(newest + p) % HEADS]
            out += (self._head_weights[p] * spectra).sum(axis=0)

    # The background: a share of a step's work at the end of each block.

    def turn(self, number: int) -> None:
        """The work at the end of a block. number: 0 where the block ends a step, which is then learnt from."""
        for task in self._turns[number]:
            task()

    def _plan(self, count: int) -> list[tuple[Callable[[], None], ...]]:
        edges = [count * at // RANGES for at in range(RANGES + 1)]
        ranges = list(pairwise(edges))
        look = [partial(self._look, *each) for each in ranges]
        learn = [partial(self._learn, *each) for each in ranges]
        tail = [partial(self._sum_tail, max(2, first), last) for first, last in ranges]
        return [
            (self._begin, *look),
            (self._judge,),
            (*learn, self._hold_head),
            (self._hold_tail, *tail, self._end),
        ]

    def _begin(self) -> None:
        self._tail, self._next_tail = self._next_tail, self._tail
        np.copyto(self._head_weights, self._next_head)
        np.copyto(self._was, self._heard)
        self._foreseen.fill(0.0)
        self._power.fill(0.0)
        self._learning = not self._music.quiet

    def _look(self, first: int, last: int) -> None:
        if not self._learning:
            return
        kept, found = KEPT, 1.0 - KEPT
        if self._native is not None:
            self._native.foresee(first, last, self._music.newest, kept, found)
            return
        for p in range(first, last):
            spectra = self._music.spectra[(self._music.newest + p) % len(self._weights)]
            weights, unsure = self._weights[p], self._unsure[p]
            unsure *= kept
            unsure += found * _squares(weights)
            self._power += (unsure * _squares(spectra)).sum(axis=0)
            self._foreseen += (weights * spectra).sum(axis=0)

    def _judge(self) -> None:
        """The error of what the weights foresee, and how far it may be trusted."""
        if not self._learning:
            return
        wave, error, squares = self._wave, self._error, self._squares
        inverse_transform(self._foreseen, wave)
        wave[:STEP_FRAMES] = 0.0
        forward_transform(wave, self._of_foreseen)
        newest = wave[STEP_FRAMES:]
        np.subtract(self._was, newest, out=newest)
        forward_transform(wave, error)
        self._find_gap()
        self._square(error, squares)
        np.multiply(self._voice, VOICE_MEMORY, out=self._voice)
        np.add(self._voice, np.multiply(squares, 1.0 - VOICE_MEMORY, out=self._part), out=self._voice)
        np.maximum(self._voice, squares, out=squares)
        np.add(squares, FAINT, out=squares)
        self._error_power = PATIENCE * self._error_power + float(np.vdot(newest, newest))
        self._heard_power = PATIENCE * self._heard_power + float(np.vdot(self._was, self._was))
        if self._error_power > WORSE * self._heard_power:
            self._forget()
        elif self._steps > LISTEN_STEPS:
            np.add(self._power, squares, out=self._share)
            np.reciprocal(self._share, out=self._share)
            self._weigh_misfit(squares)
            np.multiply(error, self._share, out=error)
            return
        self._share.fill(0.0)
        error.fill(0.0)

    def _find_gap(self) -> None:
        """The least power heard for the music's, in each bin: the leak is no louder."""
        np.add(self._error, self._of_foreseen, out=self._was_spectrum)
        heard = self._square(self._was_spectrum, self._squares)
        np.multiply(self._mean_heard, GAP_MEMORY, out=self._mean_heard)
        # Twice, as a window of the music is twice as long as the step that is heard.
        np.add(self._mean_heard, np.multiply(heard, 2.0 - 2.0 * GAP_MEMORY, out=heard), out=self._mean_heard)
        np.multiply(self._mean_music, GAP_MEMORY, out=self._mean_music)
        for side in self._music.spectra[self._music.newest]:
            music = self._square(side, self._squares)
            np.add(self._mean_music, np.multiply(music, 1.0 - GAP_MEMORY, out=music), out=self._mean_music)
        self._low_heard = GAP_MEMORY * self._low_heard + self._low.power(self._was)
        self._low_music = GAP_MEMORY * self._low_music + self._music.low_power
        self._steps += 1
        if self._steps % GAP_STEPS == 0:
            np.copyto(self._gap_before, self._gap)
            self._gap.fill(1.0)
        if self._steps >= LISTEN_STEPS // 2:
            np.add(self._mean_music, FAINT, out=self._part)
            np.divide(self._mean_heard, self._part, out=self._part)
            np.minimum(self._gap, self._part, out=self._gap)
        if self._steps == LISTEN_STEPS:
            self._forget()

    def _weigh_misfit(self, voice: Values) -> None:
        """What the error has in common with what is foreseen, where the voice is weak, in each band and in all."""
        error, foreseen = self._error, self._of_foreseen
        np.multiply(error.real, foreseen.real, out=self._part)
        both = np.add(self._part, np.multiply(error.imag, foreseen.imag, out=self._other), out=self._part)
        np.divide(both, voice, out=both)
        self._square(foreseen, self._other)
        np.divide(self._other, voice, out=self._other)
        newest, power = self._newest_misfit, self._newest_power
        np.add.reduceat(both, self._edges[:-1], out=newest[:-1])
        np.add.reduceat(self._other, self._edges[:-1], out=power[:-1])
        newest[-1], power[-1] = newest[1:-1].sum(), power[1:-1].sum()
        for sums, memory, values in (
            (self._misfit, MISFIT_MEMORY, newest),
            (self._misfit_power, MISFIT_MEMORY, power),
            (self._proof, PROOF_MEMORY, 2.0 * newest + power),
            (self._proof_power, PROOF_MEMORY, power),
        ):
            sums *= memory
            sums += values
        every = len(newest) - 1
        for band, (misfit, of) in enumerate(zip(self._misfit.tolist(), self._misfit_power.tolist(), strict=True)):
            chance, share = math.sqrt(of + FAINT), misfit / (of + FAINT)
            bins = slice(self._edges[band], self._edges[band + 1]) if band < every else slice(BANDS[0], None)
            bold = self._bold[bins]
            if share < MISFIT and misfit < -MISFIT_SURE * chance:
                proven = bool(self._proof[band] > PROVEN * self._proof_power[band])
                if proven:
                    np.maximum(bold, 1.0, out=bold)
                else:
                    np.maximum(SHRINK * bold, LEAST, out=bold)
                self._doubt(bins, at_least=proven)
                if proven:
                    self._expect_as_strong(bins)
                np.multiply(self._weights[..., bins], LEFT, out=self._weights[..., bins])
            elif band < every and share > TIMID and misfit > TIMID_SURE * chance and bold[0] < 1.0:
                np.minimum(GROW * bold, 1.0, out=bold)
                self._doubt(bins, at_least=True)
            else:
                continue
            self._share[bins] = 0.0  # the power holds no more: learn nothing in this step
            self._misfit[band] = self._misfit_power[band] = 0.0
            if band == every:
                self._misfit.fill(0.0)
                self._misfit_power.fill(0.0)

    def _doubt(self, bins: slice, *, at_least: bool) -> None:
        """Be as unsure of every weight as when nothing was known, by the present boldness."""
        part, other = self._part[bins], self._other[bins]
        np.minimum(self._gap[bins], self._gap_before[bins], out=part)
        np.multiply(part, self._bold[bins], out=part)
        np.multiply(part, UNKNOWN, out=part)
        if bins.start == 0 and self._low_music > 0.0:
            np.multiply(self._bold[: BANDS[0]], LOW_PRIOR * self._low_heard / self._low_music, out=part[: BANDS[0]])
        for unsure, share in zip(self._unsure, self._unknown, strict=True):
            np.multiply(part, share, out=other)
            if at_least:
                np.maximum(unsure[:, bins], other, out=unsure[:, bins])
            else:
                unsure[:, bins] = other

    def _expect_as_strong(self, bins: slice) -> None:
        """The path was the right one, and the microphone was moved: expect one as strong."""
        for unsure, weights in zip(self._unsure, self._weights, strict=True):
            for side, of_side in zip(unsure, weights, strict=True):
                squares = self._square(of_side[bins], self._other[bins])
                np.multiply(squares, MOVED, out=squares)
                np.add(side[bins], squares, out=side[bins])

    def _square(self, values: Spectra, out: Values) -> Values:
        """Squared magnitudes, into `out`."""
        np.multiply(values.real, values.real, out=out)
        return np.add(out, np.multiply(values.imag, values.imag, out=self._spare[: len(out)]), out=out)

    def _learn(self, first: int, last: int) -> None:
        if not self._learning:
            return
        if self._native is not None:
            self._native.learn(first, last, self._music.newest)
            return
        for p in range(first, last):
            spectra = self._music.spectra[(self._music.newest + p) % len(self._weights)]
            unsure = self._unsure[p]
            self._weights[p] += unsure * spectra.conj() * self._error
            unsure *= 1.0 - 0.5 * unsure * _squares(spectra) * self._share

    def _hold_head(self) -> None:
        if not self._learning:
            return
        for p in range(2):
            self._hold(p)
            for piece in range(TURNS):
                taps = self._taps[:, HEAD_FRAMES * piece : HEAD_FRAMES * (piece + 1)]
                self._pieces[TURNS * p + piece, :, :HEAD_FRAMES] = taps
        forward_transform(self._pieces, self._next_head)

    def _hold_tail(self) -> None:
        if not self._learning:
            return
        count = len(self._weights)
        for _ in range(min(HELD_SHORT, count - 2)):
            self._hold(self._next_short)
            self._next_short = self._next_short + 1 if self._next_short + 1 < count else 2

    def _hold(self, p: int) -> None:
        """Make a partition's filter no longer than a partition."""
        inverse_transform(self._weights[p], self._taps)
        self._taps[:, STEP_FRAMES:] = 0.0
        forward_transform(self._taps, self._weights[p])
        taps = self._taps[0, :STEP_FRAMES]
        np.abs(taps, out=self._magnitudes)
        self._peak_at[p] = int(self._magnitudes.argmax())
        self._peaks[p] = self._magnitudes.item(self._peak_at[p])

    def _sum_tail(self, first: int, last: int) -> None:
        if first == 2:
            self._tail_sum.fill(0.0)
        newest, count = (self._music.newest - 2) % len(self._weights), len(self._weights)
        if self._tail_native is not None:
            self._tail_native.sum(first, last, newest, self._tail_sum)
            return
        for p in range(first, last):
            self._tail_sum += (self._weights[p] * self._music.spectra[(newest + p) % count]).sum(axis=0)

    def _end(self) -> None:
        inverse_transform(self._tail_sum, self._wave)
        self._next_tail[:] = self._wave[STEP_FRAMES:]

    @property
    def delay_frames(self) -> int:
        """Of the strongest part of the path."""
        p = self._peaks.index(max(self._peaks))
        return STEP_FRAMES * p + self._peak_at[p]


def _squares(values: Spectra) -> Values:
    return np.square(values.real) + np.square(values.imag)
