"""The way from the music to one microphone: learnt while somebody sings, and foreseen without delay.

Learning goes by steps of 512 frames, in the background. The foreground foresees with the weights of the step before:
the newest 1024 frames of the path in partitions of 128, the rest in those of the background, a step ahead (W. G.
Gardner, "Efficient convolution without input-output delay", Journal of the AES 43, 1995).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dsp.parts.stft import forward_transform, inverse_transform
from dsp.restore.bleed_head import HEADS, Head
from dsp.restore.bleed_learner import Learner
from dsp.restore.bleed_music import HEAD_FRAMES, STEP_FRAMES, TURNS, Music, Spectra
from dsp.restore.bleed_trust import BANDS, Trust

Values = NDArray[np.float32]

OWN = HEADS // TURNS  # partitions whose frames the foreground foresees in pieces
HELD_SHORT = 1
"""How many partitions a step are held to their length, besides those: each holds half a wave of circular convolution's
making, which learning alone would remove slowly.
"""

RANGES = 4  # calls in which all partitions are done


class LeakPath:
    """Of one microphone. Audio thread; buffers are made once."""

    def __init__(self, music: Music) -> None:
        self._music = music
        self._count, sides, bins = music.spectra.shape
        self._head = Head(music)
        self._learner = Learner(music, [0, *BANDS, bins])
        self._trust = Trust(music, self._learner)
        self._tail_sum: Spectra = np.zeros(bins, np.complex64)
        self._tail_wave: Values = np.zeros(2 * STEP_FRAMES, np.float32)
        self._pieces: Values = np.zeros((HEADS, sides, 2 * HEAD_FRAMES), np.float32)
        self._next_head: Spectra = np.zeros_like(self._head.weights)
        self._peaks, self._peak_at = [0.0] * self._count, [0] * self._count
        self._turns = self._plan()
        self.reset()

    def reset(self) -> None:
        """Forget the path and the sound."""
        self._next_short, self._learning = OWN, False
        self._head.reset()
        self._learner.reset()
        self._trust.reset()
        for array in (self._tail_sum, self._tail_wave, self._next_head):
            array.fill(0.0)
        for p in range(self._count):
            self._peaks[p] = 0.0

    def foresee(self, sound: Values, at: int) -> Values:
        """The music in `sound`, the next frames of the step of which `at` are there; (frames,), a reused buffer."""
        return self._head.foresee(sound, at)

    def turn(self, number: int) -> None:
        """The work at the end of a block. number: 0 where the block ends a step, which is then learnt from."""
        for task in self._turns[number]:
            task()

    # The background: a share of a step's work at the end of each block.

    def _plan(self) -> list[tuple[Callable[[], None], ...]]:
        edges = [self._count * at // RANGES for at in range(RANGES + 1)]
        ranges = list(pairwise(edges))
        look = [partial(self._look, *each) for each in ranges]
        learn = [partial(self._learn, *each) for each in ranges]
        tail = [partial(self._sum_tail, max(OWN, first), last) for first, last in ranges]
        return [
            (self._begin, *look),
            (self._judge,),
            (*learn, self._hold_head),
            (self._hold_tail, *tail, self._end),
        ]

    def _begin(self) -> None:
        np.copyto(self._head.tail, self._tail_wave[STEP_FRAMES:])
        np.copyto(self._head.weights, self._next_head)
        self._learner.begin(self._head.heard)
        self._learning = not self._music.quiet

    def _look(self, first: int, last: int) -> None:
        if self._learning:
            self._learner.look(first, last)

    def _judge(self) -> None:
        if self._learning:
            self._learner.trust(at_all=self._trust.judge())

    def _learn(self, first: int, last: int) -> None:
        if self._learning:
            self._learner.learn(first, last)

    def _hold_head(self) -> None:
        if not self._learning:
            return
        for p in range(OWN):
            self._hold(p)
            for piece in range(TURNS):
                taps = self._learner.taps[:, HEAD_FRAMES * piece : HEAD_FRAMES * (piece + 1)]
                self._pieces[TURNS * p + piece, :, :HEAD_FRAMES] = taps
        forward_transform(self._pieces, self._next_head)

    def _hold_tail(self) -> None:
        if not self._learning:
            return
        for _ in range(min(HELD_SHORT, self._count - OWN)):
            self._hold(self._next_short)
            self._next_short = self._next_short + 1 if self._next_short + 1 < self._count else OWN

    def _hold(self, p: int) -> None:
        at = self._learner.hold(p)
        self._peaks[p], self._peak_at[p] = abs(self._learner.taps.item(0, at)), at

    def _sum_tail(self, first: int, last: int) -> None:
        if first == OWN:
            self._tail_sum.fill(0.0)
        self._learner.sum(first, last, (self._music.newest - OWN) % self._count, self._tail_sum)

    def _end(self) -> None:
        inverse_transform(self._tail_sum, self._tail_wave)

    @property
    def delay_frames(self) -> int:
        """Of the strongest part of the path."""
        p = self._peaks.index(max(self._peaks))
        return STEP_FRAMES * p + self._peak_at[p]
