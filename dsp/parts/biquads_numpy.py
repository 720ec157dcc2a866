"""Sections of dsp.parts.biquads in NumPy, which has no recursive filter: what dsp/native/biquads.c does in C."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dsp.block import Block

Values = NDArray[np.float64]


class Matrix:
    """Sections at rest, in NumPy: what `frames` of sound and the states before them make of both, as one matrix.

    Cascades that hear the same sound are stacked, so that all of them cost one product.
    """

    def __init__(self, frames: int, channels: int, sections: int = 1, cascades: int = 1) -> None:
        """sections: the most in all cascades together."""
        self._frames, self._channels, self._cascades = frames, channels, cascades
        self._followed: list[list[list[float]]] = []
        most, sounds = 2 * sections, cascades * frames
        self._memory: Values = np.zeros((sounds + most) * (frames + most))
        self._answer: Values = np.zeros((cascades, 2 * frames))  # to an impulse, silence before it
        self._hear: Values = np.zeros((frames, cascades * most))  # what each frame hears of the states before all
        self._take: Values = np.zeros((frames, most))  # what the states after all take from each frame, newest first
        self._step: Values = np.zeros((most, most))
        self._twice: Values = np.zeros((most, most))
        self._input: Values = np.zeros((frames + most, channels))
        self._output: Values = np.zeros((sounds + most, channels))
        self._whole, self._states = self._memory.reshape(sounds + most, frames + most), 0

    def follow(self, cascades: list[list[list[float]]]) -> None:
        """Be the matrix of these sections, each by its coefficients. Audio thread."""
        if cascades == self._followed:
            return
        self._followed = cascades
        frames, count = self._frames, 2 * sum(map(len, cascades))
        sounds = self._cascades * frames
        self._states = count
        whole = self._whole = self._memory[: (sounds + count) * (frames + count)].reshape(sounds + count, -1)
        whole.fill(0.0)
        step, twice = self._step[:count, :count], self._twice[:count, :count]
        hear = self._hear[:, : self._cascades * count].reshape(frames, self._cascades, count)
        take = self._take[:, :count]
        step.fill(0.0)
        at = 0
        for number, sections in enumerate(cascades):
            through, hears = 1.0, hear[0, number]  # what reaches the next section: of the input, and of the states
            hears.fill(0.0)
            for g, k, m0, m1, m2 in sections:
                a1 = 1.0 / (1.0 + g * (g + k))
                a2, a3 = g * a1, g * g * a1
                own = slice(at, at + 2)
                for row, takes in ((at, 2.0 * a2), (at + 1, 2.0 * a3)):
                    np.multiply(hears, takes, out=step[row])
                    take[0, row] = takes * through
                step[own, own] += ((2.0 * a1 - 1.0, -2.0 * a2), (2.0 * a2, 1.0 - 2.0 * a3))
                straight = m0 + m1 * a2 + m2 * a3
                np.multiply(hears, straight, out=hears)
                hears[own] += (m1 * a1 + m2 * a2, m2 * (1.0 - a3) - m1 * a2)
                through *= straight
                at += 2
            self._answer[number, frames] = through
        ahead = whole[sounds:, frames:]
        np.copyto(ahead, step)  # to the power of `frames`, below
        done = 1
        while done < frames:
            more = min(done, frames - done)
            flat = hear[:more].reshape(-1, count)
            np.matmul(flat, step, out=hear[done : done + more].reshape(-1, count))
            np.matmul(take[:more], step.T, out=take[done : done + more])
            np.copyto(step, np.matmul(step, step, out=twice))
            done *= 2
        self._to_the_power(ahead, step, twice)
        np.copyto(whole[sounds:, :frames], take[::-1].T)
        for number in range(self._cascades):
            rows, answer = whole[number * frames :][:frames], self._answer[number]
            np.copyto(rows[:, frames:], hear[:, number])
            np.matmul(take[:-1], hear[0, number], out=answer[frames + 1 :])
            stride = answer.strides[0]
            shifted = np.lib.stride_tricks.as_strided(answer[frames:], (frames, frames), (stride, -stride))
            np.copyto(rows[:, :frames], shifted)

    def _to_the_power(self, matrix: Values, power: Values, scratch: Values) -> None:
        """Raise `matrix` to the power of `frames`, in place."""
        np.copyto(power, matrix)
        matrix.fill(0.0)
        np.fill_diagonal(matrix, 1.0)
        left = self._frames
        while left:
            if left & 1:
                np.copyto(matrix, np.matmul(matrix, power, out=scratch))
            np.copyto(power, np.matmul(power, power, out=scratch))
            left >>= 1

    @property
    def whole(self) -> Values:
        """From sound and states to the sound of each cascade and the states behind it."""
        return self._whole

    def process(self, block: Block, states: Sequence[Values]) -> int:
        """In place, as far as whole matrices go: return how far. Of one cascade.

        states: of each section, (channels, 2), changed in place.
        """
        frames, start = self._frames, 0
        sound, out = self._input[: frames + self._states], self._output[: frames + self._states]
        while start + frames <= len(block):
            piece = block[start : start + frames]
            sound[:frames] = piece
            for at, state in enumerate(states):
                sound[frames + 2 * at : frames + 2 * at + 2] = state.T
            np.matmul(self._whole, sound, out=out)
            piece[:] = out[:frames]
            for at, state in enumerate(states):
                state[:] = out[frames + 2 * at : frames + 2 * at + 2].T
            start += frames
        return start


class Ears:
    """Cascades at rest that hear the same sound of one channel, `frames` at a time. Audio thread."""

    def __init__(self, frames: int, cascades: Sequence[Sequence[Sequence[float]]]) -> None:
        """cascades: of each, the coefficients of its sections (dsp.parts.biquads.design). Allocates."""
        sections = sum(map(len, cascades))
        self._frames, self._sounds = frames, len(cascades) * frames
        self._matrix = Matrix(frames, 1, sections, len(cascades))
        self._matrix.follow([[list(section) for section in cascade] for cascade in cascades])
        self._input: Values = np.zeros(frames + 2 * sections)
        self._output: Values = np.zeros(self._sounds + 2 * sections)
        self._heard = self._output[: self._sounds].reshape(len(cascades), frames)

    def hear(self, sound: NDArray[np.float32]) -> Values:
        """What comes out of each cascade, (cascades, frames): a buffer that the next call overwrites."""
        self._input[: self._frames] = sound
        np.matmul(self._matrix.whole, self._input, out=self._output)
        self._input[self._frames :] = self._output[self._sounds :]
        return self._heard

    def reset(self) -> None:
        """Forget the sound."""
        self._input.fill(0.0)


class Scan:
    """A section in NumPy, which has no recursive filter: each step doubles how far the states of a block look back.

    s[n + 1] = A s[n] + B x[n] takes log2(frames) steps (W. Hillis, G. Steele, "Data Parallel Algorithms", 1986).
    """

    def __init__(self, max_frames: int, channels: int) -> None:
        size, self._channels = max_frames + 1, channels
        self._states: Values = np.zeros((2, size * channels))
        self._carried: Values = np.zeros((2, size * channels))
        self._input: Values = np.zeros(max_frames * channels)
        self._sum: Values = np.zeros(max_frames * channels)
        self._part: Values = np.zeros(max_frames * channels)
        self._step: Values = np.zeros((2, 2))
        self._twice: Values = np.zeros((2, 2))
        # Where coefficients move, each frame has its own step.
        self._count: Values = np.arange(1.0, size)
        self._moving: Values = np.zeros((5, max_frames))
        self._helper: Values = np.zeros((4, max_frames))
        self._steps: Values = np.zeros((size, 2, 2))
        self._products: Values = np.zeros((size, 2, 2))
        self._paths: Values = np.zeros((size, 2, channels))
        self._added: Values = np.zeros((size, 2, channels))
        self._result: Values = np.zeros((max_frames, channels))
        self._share: Values = np.zeros((max_frames, channels))

    def still(self, block: Block, coefficients: Values, state: Values) -> None:
        """state: (channels, 2), changed in place."""
        g, k, m0, m1, m2 = coefficients.tolist()
        a1 = 1.0 / (1.0 + g * (g + k))
        a2, a3 = g * a1, g * g * a1
        frames, channels = block.shape
        x = self._input[: frames * channels]
        np.copyto(x.reshape(frames, channels), block)
        states = self._states[:, : (frames + 1) * channels]
        states[:, :channels] = state.T
        np.multiply(x, 2.0 * a2, out=states[0, channels:])
        np.multiply(x, 2.0 * a3, out=states[1, channels:])
        step = self._step
        step[0, 0], step[0, 1], step[1, 0], step[1, 1] = 2.0 * a1 - 1.0, -2.0 * a2, 2.0 * a2, 1.0 - 2.0 * a3
        back = channels
        while back < states.shape[1]:
            carried = np.matmul(step, states[:, :-back], out=self._carried[:, : states.shape[1] - back])
            np.add(states[:, back:], carried, out=states[:, back:])
            np.copyto(step, np.matmul(step, step, out=self._twice))
            back *= 2
        state[:] = states[:, frames * channels :].T
        total, part = self._sum[: frames * channels], self._part[: frames * channels]
        np.multiply(x, m0 + m1 * a2 + m2 * a3, out=total)
        np.add(total, np.multiply(states[0, :-channels], m1 * a1 + m2 * a2, out=part), out=total)
        np.add(total, np.multiply(states[1, :-channels], m2 * (1.0 - a3) - m1 * a2, out=part), out=total)
        np.copyto(block, total.reshape(frames, channels), casting="same_kind")

    def gliding(self, block: Block, now: Values, target: Values, left: int, state: Values) -> None:
        """now moves to where it is at the block's end. The block is no longer than `left` frames."""
        frames = len(block)
        g, k, m0, m1, m2 = moving = self._moving[:, :frames]
        np.multiply(np.subtract(target, now)[:, None] / left, self._count[:frames], out=moving)
        np.add(moving, now[:, None], out=moving)
        now[:] = moving[:, -1]
        a1, a2, a3, other = self._helper[:, :frames]
        np.add(g, k, out=a1)
        np.multiply(a1, g, out=a1)
        np.add(a1, 1.0, out=a1)
        np.divide(1.0, a1, out=a1)
        np.multiply(g, a1, out=a2)
        np.multiply(g, a2, out=a3)
        steps, paths = self._steps[: frames + 1], self._paths[: frames + 1]
        np.multiply(a1, 2.0, out=steps[1:, 0, 0])
        steps[1:, 0, 0] -= 1.0
        np.multiply(a2, -2.0, out=steps[1:, 0, 1])
        np.multiply(a2, 2.0, out=steps[1:, 1, 0])
        np.multiply(a3, -2.0, out=steps[1:, 1, 1])
        steps[1:, 1, 1] += 1.0
        steps[0] = 0.0
        paths[0] = state.T
        np.multiply(block, steps[1:, 1, 0, None], out=paths[1:, 0])
        np.multiply(a3, 2.0, out=other)
        np.multiply(block, other[:, None], out=paths[1:, 1])
        back = 1
        while back <= frames:
            added = np.matmul(steps[back:], paths[:-back], out=self._added[: frames + 1 - back])
            np.add(paths[back:], added, out=paths[back:])
            steps[back:] = np.matmul(steps[back:], steps[:-back], out=self._products[: frames + 1 - back])
            back *= 2
        state[:] = paths[frames].T
        result, share = self._result[:frames], self._share[:frames]
        # k is used up: it holds what of each state is heard.
        np.multiply(m1, a2, out=k)
        np.add(k, m0, out=k)
        np.add(k, np.multiply(m2, a3, out=other), out=k)
        np.multiply(block, k[:, None], out=result)
        np.multiply(m1, a1, out=k)
        np.add(k, np.multiply(m2, a2, out=other), out=k)
        np.add(result, np.multiply(paths[:-1, 0], k[:, None], out=share), out=result)
        np.subtract(1.0, a3, out=k)
        np.multiply(k, m2, out=k)
        np.subtract(k, np.multiply(m1, a2, out=other), out=k)
        np.add(result, np.multiply(paths[:-1, 1], k[:, None], out=share), out=result)
        np.copyto(block, result, casting="same_kind")
