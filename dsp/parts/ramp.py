"""A value that never jumps: it moves in a straight line to its target, one step a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ
from dsp.native import bound

Values = NDArray[np.float32]


def ramp_frames(ramp_ms: float, rate_hz: int = RATE_HZ) -> int:
    """Length of a ramp in frames, one at least."""
    return max(1, round(ramp_ms * rate_hz / 1000.0))


class Ramp:
    """Linear ramp. Audio thread; next() uses buffers made at the start.

    A value depends only on the number of frames since set(), so how they are cut into blocks changes nothing.
    Between two frames it moves by at most |target - start| / frames.
    """

    def __init__(self, value: float, frames: int, max_frames: int) -> None:
        """frames: length of a ramp. max_frames: the most frames that next() is asked for."""
        if frames < 1 or max_frames < 1:
            raise ValueError(f"frames = {frames}, max_frames = {max_frames}: allowed 1 or more")
        self.frames = frames
        self._count = np.arange(1, max_frames + 1, dtype=np.float64)
        self._exact = np.zeros(max_frames, np.float64)
        self.values: Values = np.zeros(max_frames, np.float32)  # what next() fills
        self._native = bound.calls()
        self.value = self.target = self._start = float(value)
        self._total = self._left = 0
        self._step = 0.0
        self.still = True  # the target is reached: every value of next() equals `value`
        self._filled = False

    def set(self, target: float, frames: int | None = None) -> None:
        """Move from the present value to `target`, in `frames` if given, else in the ramp's own length."""
        if target == self.target and frames is None:
            return
        self.target = float(target)
        self._start = self.value
        self._total = self._left = frames or self.frames
        self.still = False
        self._step = (self.target - self._start) / self._total

    def jump(self, value: float) -> None:
        """Set the value at once. Only where nothing is heard: at the start, or before a fade-in."""
        self.value = self.target = self._start = float(value)
        self._total = self._left = 0
        self._step = 0.0
        self.still = True
        self._filled = False

    def next(self, frames: int) -> Values:
        """The next `frames` values. Shape (frames,), a view of a buffer that the next call overwrites."""
        out = self.values[:frames]
        walking = min(frames, self._left)
        if walking:
            done = self._total - self._left
            if self._native is not None:
                self._native.ramp(out[:walking], self._start, self._step, done)
            else:
                exact = self._exact[:walking]
                np.add(self._count[:walking], done, out=exact)
                np.multiply(exact, self._step, out=exact)
                np.add(exact, self._start, out=exact)
                out[:walking] = exact
            self._left -= walking
            self._filled = False
            if self._left == 0:
                out[walking - 1 :] = self.target  # exactly, whatever the sum rounded to
                self.value = self.target
                self.still = True
            else:
                self.value = self._start + (done + walking) * self._step
        elif not self._filled:
            self.values.fill(self.target)
            self._filled = True
        return out

    def next_value(self) -> float:
        """The next value alone, for what goes by hops."""
        return self.value if self.still else float(self.next(1)[0])
