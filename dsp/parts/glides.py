"""Several numbers that glide together, for stages whose law works on every frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


class Glides:
    """In straight lines, one step a frame. Audio thread. They live in `memory`, which the part in C shares:

    memory: float64 (1 + 2 * count,): the frames left to glide, where each number is, where it goes.
    """

    def __init__(self, memory: Values, count: int, glide_frames: int, max_frames: int) -> None:
        self._left, self._now, self._target = memory[:1], memory[1 : 1 + count], memory[1 + count :]
        self._glide_frames = glide_frames
        self._count: Values = np.arange(1.0, max_frames + 1)
        self._lines: Values = np.zeros((count, max_frames))
        self._step: Values = np.zeros(count)
        self._filled = False  # every frame of the lines is where the numbers are now

    @property
    def still(self) -> bool:
        return self._left.item() == 0.0

    def set(self, at: int, value: float) -> None:
        if self._target[at] != value:
            self._target[at] = value
            self._left[0] = self._glide_frames

    def jump(self) -> None:
        """Be where they go."""
        self._filled = False
        self._now[:] = self._target
        self._left[0] = 0.0

    def begin(self, at: int, value: float) -> None:
        """One of them starts here, and glides."""
        self._filled = False
        self._now[at] = value
        self._left[0] = 0.0 if (self._now == self._target).all() else self._glide_frames

    def now(self, at: int) -> float:
        return float(self._now[at])

    def next(self, frames: int) -> Values:
        """The next frames, (count, frames): a buffer that the next call overwrites."""
        lines, left = self._lines[:, :frames], int(self._left.item())
        walking = min(left, frames)
        if walking:
            self._filled = False
            step = np.divide(np.subtract(self._target, self._now, out=self._step), left, out=self._step)
            np.multiply(step[:, None], self._count[:walking], out=lines[:, :walking])
            np.add(lines[:, :walking], self._now[:, None], out=lines[:, :walking])
            self._now[:] = lines[:, walking - 1]
            self._left[0] = left - walking
            if walking == left:
                self._now[:] = self._target
                lines[:, walking - 1] = self._target
        if not walking and not self._filled:
            self._lines[:] = self._now[:, None]
            self._filled = True
        elif 0 < walking < frames:
            lines[:, walking:] = self._now[:, None]
        return lines
