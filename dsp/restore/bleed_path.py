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

import numpy as np
from numpy.typing import NDArray

from dsp.native import bound
from dsp.parts.stft import forward_transform, inverse_transform
from dsp.restore.bleed_music import HEAD_FRAMES, LEAN, STEP_FRAMES, TURNS, Music, Spectra

Values = NDArray[np.float32]

KEPT = 0.9995**2
"""How sure one remains of what was learnt, a step: the path of a singer who stands still."""

UNKNOWN = 0.3
"""Expected square of the whole path's gain before anything is known, falling by UNKNOWN_FALL to its end."""

LISTEN_STEPS = 24
GAP_MEMORY = 0.9
GAP_STEPS = 100

UNKNOWN_FALL = 100.0
VOICE_MEMORY = 0.7  # of the voice's power in a bin, a step; a louder step counts at once
HEADS = 2 * TURNS  # partitions of HEAD_FRAMES that the foreground has of its own
HELD_SHORT = 4
"""How many partitions a step are held to their length, besides the first two: each holds half a wave of circular
convolution's making, which learning alone would not remove.
"""

MISFIT_MEMORY = 0.97
CAUTION = 1.0
ROBUST = 0.0
AGAIN = 1.0
SHRINK, LEAST, DROP, PROOF_MEMORY, TIMID, GROW = 0.1, 1e-3, 0.25, 0.999, 0.3, 3.0
MISFIT, MISFIT_SURE = -0.5, 5.0
"""Where the error still goes with what was foreseen, by this share, and that is no chance (in standard deviations),
the path has changed: the microphone was moved.
"""

WORSE, PATIENCE = 1.25, 0.9  # power of the error over that heard, smoothed: what was learnt is dropped
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
        self._unknown: Values = (fall / fall.sum()).astype(np.float32)[:, None, None]
        self._foreseen: Spectra = np.zeros(bins, np.complex64)
        self._error: Spectra = np.zeros(bins, np.complex64)
        self._of_foreseen: Spectra = np.zeros(bins, np.complex64)
        self._power, self._share, self._voice, self._squares = np.zeros((4, bins), np.float32)
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
        self._peaks = [0.0] * count
        self._peak_at = [0] * count
        self._products: Spectra = np.zeros(shape, np.complex64)
        self._calls = bound.calls()
        self._head_native = bound.paths(music.head_spectra, self._head_weights)
        self._tail_native = bound.paths(music.spectra, self._weights)
        self._native = bound.learner(
            music.spectra, self._weights, self._unsure, self._foreseen, self._power, self._share, self._error
        )
        self._turns = self._plan(count)
        self.reset()

    def reset(self) -> None:
        """Forget the path and the sound."""
        self._steps = 0
        self._bold, self._dropped = 1.0, 0
        self._proof = self._proof_power = 0.0
        self._gap, self._gap_before = np.full((2, len(self._power)), 1.0, np.float32)
        self._d_mean, self._x_mean = np.full((2, len(self._power)), 1e-6, np.float32)
        self._forget()
        for array in (self._tail, self._next_tail, self._head_weights, self._next_head, self._heard, self._head_sum):
            array.fill(0.0)
        self._head_weights.fill(0.0)
        self._last_heard = self._last_foreseen = 0.0
        self._next_short = 2
        self._learning = False

    def _forget(self) -> None:
        self._weights.fill(0.0)
        self._unsure[:] = self._unknown * np.minimum(self._gap, self._gap_before) * (UNKNOWN * self._bold)
        self._voice.fill(0.0)
        self._misfit = self._misfit_power = 0.0
        self._added = 0.0
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
        ranges = list(zip(edges[:-1], edges[1:], strict=True))
        look = [partial(self._look, *each) for each in ranges]
        learn = [partial(self._learn, *each) for each in ranges]
        tail = [partial(self._sum_tail, max(2, first), last) for first, last in ranges]
        return [
            (self._begin, *look[:3]),
            (look[3], self._judge, *learn[:1]),
            (*learn[1:], self._hold_head),
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
        kept, found, added = KEPT, 1.0 - KEPT, self._added
        if self._native is not None:
            self._native.foresee(first, last, self._music.newest, kept, found, added)
            return
        for p in range(first, last):
            spectra = self._music.spectra[(self._music.newest + p) % len(self._weights)]
            weights, unsure = self._weights[p], self._unsure[p]
            unsure *= kept
            unsure += found * _squares(weights) + added
            self._power += (unsure * _squares(spectra)).sum(axis=0)
            self._foreseen += (weights * spectra).sum(axis=0)

    def _judge(self) -> None:
        """The error of what the weights foresee, and how far it may be trusted."""
        if not self._learning:
            return
        wave, error = self._wave, self._error
        inverse_transform(self._foreseen, wave)
        wave[:STEP_FRAMES] = 0.0
        forward_transform(wave, self._of_foreseen)
        newest = wave[STEP_FRAMES:]
        np.subtract(self._was, newest, out=newest)
        forward_transform(wave, error)
        self._find_gap()
        squares = self._squares
        np.multiply(error.real, error.real, out=squares)
        squares += np.square(error.imag)
        self._voice *= VOICE_MEMORY
        self._voice += (1.0 - VOICE_MEMORY) * squares
        np.maximum(self._voice, squares, out=squares)
        squares += 1e-9
        changed = self._weigh_misfit(1.0 / (squares + ROBUST * _squares(self._of_foreseen)))
        squares *= CAUTION
        np.add(self._power, squares, out=self._share)
        np.reciprocal(self._share, out=self._share)
        error *= self._share
        self._error_power = PATIENCE * self._error_power + float(np.vdot(newest, newest))
        self._heard_power = PATIENCE * self._heard_power + float(np.vdot(self._was, self._was))
        if self._error_power > WORSE * self._heard_power:
            self._forget()
            changed = True
        if changed:
            error.fill(0.0)
            self._share.fill(0.0)

    def _weigh_misfit(self, weight: Values) -> bool:
        """What the error has in common with what was foreseen, where the voice is weak."""
        both = self._error * self._of_foreseen.conj()
        num, den = float(both.real @ weight), float(_squares(self._of_foreseen) @ weight)
        self._misfit = MISFIT_MEMORY * self._misfit + num
        self._misfit_power = MISFIT_MEMORY * self._misfit_power + den
        self._proof = PROOF_MEMORY * self._proof + 2 * num + den
        self._proof_power = PROOF_MEMORY * self._proof_power + den
        share = self._misfit / (self._misfit_power + 1e-9)
        sure = abs(self._misfit) > MISFIT_SURE * math.sqrt(self._misfit_power + 1e-9)
        if sure and share < MISFIT:
            self.drops = getattr(self, "drops", 0) + 1
            unknown = self._unknown * np.minimum(self._gap, self._gap_before) * UNKNOWN
            self._weights *= DROP
            if self._proof > 0.3 * self._proof_power:
                self._bold = AGAIN
                np.maximum(self._unsure, unknown, out=self._unsure)
            else:
                self._bold = max(LEAST, SHRINK * self._bold)
                self._unsure[:] = self._bold * unknown
            self._misfit = self._misfit_power = 0.0
            return True
        if sure and share > TIMID and self._bold < 1.0:
            self._bold = min(1.0, GROW * self._bold)
            unknown = self._unknown * np.minimum(self._gap, self._gap_before) * (UNKNOWN * self._bold)
            np.maximum(self._unsure, unknown, out=self._unsure)
            self._misfit = self._misfit_power = 0.0
            return True
        return False

    def _find_gap(self) -> None:
        d = _squares(self._error + self._of_foreseen)
        x = _squares(self._music.spectra[self._music.newest]).sum(axis=0)
        self._d_mean *= GAP_MEMORY
        self._d_mean += 2 * (1 - GAP_MEMORY) * d
        self._x_mean *= GAP_MEMORY
        self._x_mean += (1 - GAP_MEMORY) * x
        self._steps += 1
        if self._steps < 10:
            return
        if self._steps % GAP_STEPS == 0:
            self._gap_before[:] = self._gap
            self._gap[:] = 1.0
        np.minimum(self._gap, self._d_mean / (self._x_mean + 1e-9), out=self._gap)
        if self._steps < LISTEN_STEPS:
            self._unsure[:] = 0
        elif self._steps == LISTEN_STEPS:
            self._forget()

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
        self._peak_at[p] = int(np.argmax(np.abs(self._taps[0, :STEP_FRAMES])))
        self._peaks[p] = abs(self._taps.item(self._peak_at[p]))

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
