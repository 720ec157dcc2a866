"""The foreground of bleed: what is foreseen of each block, by the newest weights, without delay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.native import bound
from dsp.parts.stft import inverse_transform
from dsp.restore.bleed_music import HEAD_FRAMES, LEAN, STEP_FRAMES, TURNS, Music, Spectra

Values = NDArray[np.float32]
HEADS = 2 * TURNS  # partitions of HEAD_FRAMES that the foreground has of its own


class Head:
    """Of one microphone. Audio thread; buffers are made once.

    weights: (HEADS, sides, HEAD_FRAMES + 1), of the newest 1024 frames of the path. tail: (STEP_FRAMES,), what the rest
    of the path brings in this step. heard: (STEP_FRAMES,), the leant sound of this step, as far as it is there.
    """

    def __init__(self, music: Music) -> None:
        self._music = music
        bins = HEAD_FRAMES + 1
        self.weights: Spectra = np.zeros((HEADS, music.sides, bins), np.complex64)
        self._older, self._all = np.zeros((2, bins), np.complex64)
        self._product: Spectra = np.zeros((music.sides, bins), np.complex64)
        self._wave: Values = np.zeros(2 * HEAD_FRAMES, np.float32)
        self.heard, self.tail = np.zeros((2, STEP_FRAMES), np.float32)
        self._leak: Values = np.zeros(HEAD_FRAMES, np.float32)
        self._numbers = np.array([LEAN, 0.0, 0.0])  # and the last frame heard, and foreseen
        self._native = bound.leak_head(
            STEP_FRAMES, music.head_spectra, self.weights, self._older, self._all, self.heard, self.tail, self._leak,
            self._numbers,
        )  # fmt: skip
        # What is foreseen, summed up: a matrix is quicker than a loop.
        powers = LEAN ** np.maximum(0, np.subtract.outer(*[np.arange(HEAD_FRAMES)] * 2))
        self._sum_up: Values = np.tril(powers).astype(np.float32)
        self._fading: Values = (LEAN ** np.arange(1.0, HEAD_FRAMES + 1)).astype(np.float32)
        self._faded: Values = np.zeros(HEAD_FRAMES, np.float32)

    def reset(self) -> None:
        """Forget the path and the sound."""
        for array in (self.weights, self._older, self.heard, self.tail):
            array.fill(0.0)
        self._numbers[1:] = 0.0

    def foresee(self, sound: Values, at: int) -> Values:
        """The music in `sound`, the next frames of the step of which `at` are there; (frames,), a reused buffer."""
        frames, newest = len(sound), self._music.head_newest
        if self._native is not None:
            self._native.foresee(sound, at, newest)
            return self._leak[:frames]
        head_at = at % HEAD_FRAMES
        heard = self.heard[at : at + frames]
        np.multiply(sound[: frames - 1], -LEAN, out=heard[1:])
        heard[0] = -LEAN * self._numbers.item(1)
        np.add(heard, sound, out=heard)
        self._numbers[1] = sound[-1]
        if head_at == 0:
            self._older.fill(0.0)
            self._sum(1, HEADS, newest, self._older)
        np.copyto(self._all, self._older)
        self._sum(0, 1, newest, self._all)
        inverse_transform(self._all, self._wave)
        leak, faded = self._wave[HEAD_FRAMES + head_at : HEAD_FRAMES + head_at + frames], self._faded[:frames]
        np.add(leak, self.tail[at : at + frames], out=leak)
        np.dot(self._sum_up[:frames, :frames], leak, out=self._leak[:frames])
        np.multiply(self._fading[:frames], np.float32(self._numbers.item(2)), out=faded)
        np.add(self._leak[:frames], faded, out=self._leak[:frames])
        self._numbers[2] = self._leak[frames - 1]
        return self._leak[:frames]

    def _sum(self, first: int, last: int, newest: int, out: Spectra) -> None:
        for p in range(first, last):
            np.multiply(self.weights[p], self._music.head_spectra[(newest + p) % HEADS], out=self._product)
            for side in self._product:
                np.add(out, side, out=out)
