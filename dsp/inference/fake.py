"""Models for tests and for trying the box without weights: one with a constant answer, one that fails on command."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import numpy as np

from dsp.inference import StepModel, Values
from dsp.layouts.denoise import LIVE


class ConstantModel:
    """Answers every step with the same mask. A StepModel."""

    runtime = "fake"

    def __init__(self, mask: Values, input_size: int = LIVE.input_size) -> None:
        self.input: Values = np.zeros((1, input_size), np.float32)
        self.output: Values = mask.astype(np.float32).reshape(1, -1)

    def step(self) -> None:
        pass

    def reset(self) -> None:
        pass


class InPieces:
    """Another model as if it had been cut in three: the middle piece does its step. A PiecewiseModel.

    piece_s: how long each piece takes by the model's own clock.
    """

    def __init__(self, model: StepModel, piece_s: float = 0.0) -> None:
        self.runtime, self.input, self.output = model.runtime, model.input, model.output
        self.reset = model.reset
        self.pieces = (self._wait, self.step, self._wait)
        self.now_s = 0.0
        self._model, self._piece_s = model, piece_s

    def clock(self) -> float:
        return self.now_s

    def step(self) -> None:
        self._wait()
        self._model.step()

    def _wait(self) -> None:
        self.now_s += self._piece_s


class Trouble(Enum):
    RAISE = "raise"  # the step raises
    POISON = "poison"  # the step sees NaN, which stays in the state until reset()
    BROKEN = "broken"  # the answer is NaN, the state is well
    LATE = "late"  # the step takes `late_s`


class TroubledModel:
    """Passes everything on to another model, but fails at the given steps. A StepModel.

    It has a clock of its own, to be given to the processor as `clock`: time passes in late steps only.
    """

    def __init__(self, model: StepModel, trouble: Mapping[int, Trouble], late_s: float = 0.004) -> None:
        """trouble: by the number of the step, from 0."""
        self.runtime = model.runtime
        self.model = model
        self.trouble = trouble
        self.late_s = late_s
        self.steps = 0
        self.resets = 0
        self.now_s = 0.0
        self.input = model.input
        self.output: Values = model.output.copy()

    def clock(self) -> float:
        return self.now_s

    def step(self) -> None:
        trouble = self.trouble.get(self.steps)
        self.steps += 1
        if trouble is Trouble.RAISE:
            raise RuntimeError("told to")
        if trouble is Trouble.POISON:
            self.input.fill(np.nan)
        self.model.step()
        np.copyto(self.output, self.model.output)
        if trouble is Trouble.BROKEN:
            self.output.fill(np.nan)
        if trouble is Trouble.LATE:
            self.now_s += self.late_s

    def reset(self) -> None:
        self.resets += 1
        self.model.reset()
