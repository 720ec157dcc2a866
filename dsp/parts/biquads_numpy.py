"""One section of dsp.parts.biquads in NumPy, which has no recursive filter: what dsp/native/biquads.c does in C."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.block import Block

Values = NDArray[np.float64]


class Matrix:
    """A section at rest, in NumPy: what `frames` of sound and the state before them make of both, as one matrix."""

    def __init__(self, frames: int, channels: int) -> None:
        self._frames = frames
        self._coefficients: list[float] = []
        self._whole: Values = np.zeros((frames + 2, frames + 2))
        self._answer: Values = np.zeros(2 * frames)  # to an impulse, silence before it
        step = self._answer.strides[0]
        at_rest = self._answer[frames:]
        self._answers = np.lib.stride_tricks.as_strided(at_rest, (frames, frames), (step, -step))
        self._powers: Values = np.zeros((frames, 2, 2))
        self._step: Values = np.zeros((2, 2))
        self._twice: Values = np.zeros((2, 2))
        self._hears: Values = np.zeros(2)
        self._takes: Values = np.zeros(2)
        self._input: Values = np.zeros((frames + 2, channels))
        self._output: Values = np.zeros((frames + 2, channels))

    def follow(self, coefficients: list[float]) -> None:
        """Be the matrix of this section. Audio thread."""
        if coefficients == self._coefficients:
            return
        self._coefficients = coefficients
        g, k, m0, m1, m2 = coefficients
        a1 = 1.0 / (1.0 + g * (g + k))
        a2, a3 = g * a1, g * g * a1
        frames, step, powers, whole = self._frames, self._step, self._powers, self._whole
        step[0, 0], step[0, 1], step[1, 0], step[1, 1] = 2.0 * a1 - 1.0, -2.0 * a2, 2.0 * a2, 1.0 - 2.0 * a3
        powers[0] = ((1.0, 0.0), (0.0, 1.0))
        done = 1
        while done < frames:
            count = min(done, frames - done)
            np.matmul(powers[:count], step, out=powers[done : done + count])
            np.copyto(step, np.matmul(step, step, out=self._twice))
            done *= 2
        hears, takes = self._hears, self._takes
        hears[:] = m1 * a1 + m2 * a2, m2 * (1.0 - a3) - m1 * a2
        takes[:] = 2.0 * a2, 2.0 * a3
        np.matmul(hears, powers, out=whole[:frames, frames:])
        np.matmul(powers[::-1], takes, out=whole[frames:, :frames].T)
        step[0, 0], step[0, 1], step[1, 0], step[1, 1] = 2.0 * a1 - 1.0, -2.0 * a2, 2.0 * a2, 1.0 - 2.0 * a3
        np.matmul(powers[-1], step, out=whole[frames:, frames:])
        answer = self._answer[frames:]
        answer[0] = m0 + m1 * a2 + m2 * a3
        np.matmul(whole[: frames - 1, frames:], takes, out=answer[1:])
        np.copyto(whole[:frames, :frames], self._answers)

    def process(self, block: Block, state: Values) -> int:
        """In place, as far as whole matrices go: return how far. state: (channels, 2), changed in place."""
        frames, start = self._frames, 0
        sound, out = self._input, self._output
        while start + frames <= len(block):
            piece = block[start : start + frames]
            sound[:frames] = piece
            sound[frames:] = state.T
            np.matmul(self._whole, sound, out=out)
            piece[:] = out[:frames]
            state[:] = out[frames:].T
            start += frames
        return start


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
