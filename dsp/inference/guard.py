"""Runs a model one step per hop, and decides whether its answer may be heard.

A model that is off is shown as off on the page and by the lights, and is tried again every 0.7 s.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from dsp.inference import PiecewiseModel, StepModel, Values
from dsp.native import bound

REFILL_HOPS = 8
"""Good answers in a row before a model that failed is heard again. Longer than the analysis window."""

CAUGHT_UP_HOPS = 2
"""Answers in time before a model that was late is heard again. Its state is good, so these can be few."""

LONGEST_PAUSE_S = 0.683
"""The longest back-off after repeated errors, so that the voice is back within a second."""

FORGIVEN_AFTER_HOPS = 375
"""After so many good answers in a row earlier errors no longer lengthen the back-off."""

OFF_AFTER_FAULTS = 4
"""A model with so many errors, none of them forgiven between, counts as off."""

OFF_AFTER_LATE = 8
"""A model with so many late steps is too slow for now: it is paused for longer. Each CALM_S in time takes one off."""

CALM_S = 0.17

WILDEST_ENERGY = 1e6
"""A mask with more energy than this, or with NaN in it, is broken."""


class ModelGuard:
    """Runs the model on the audio thread. Lateness and faults become data: nothing raises, nothing is allocated.

    An answer is broken when the step raises or the mask is not finite. The state is then reset, and the wait before the
    next try doubles each time. An answer is late when the step took longer than a hop lasts. The model then pauses
    until it has caught up. In both cases hops are dry until the model has given a few good answers again.
    A model that fails or is late again and again is `off`: it is tried now and then, until it has worked for a while.

    step() is begin(), every one of `pieces` and end(). They may be called in several blocks; what counts against the
    deadline is the sum of the pieces' time. A hop during which forget() or rest() is called has no answer.
    """

    def __init__(
        self,
        model: StepModel,
        neutral: Values,
        hop_s: float,
        deadline_s: float | None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """neutral: the mask that changes nothing. deadline_s: with None (offline) no step counts as late."""
        self._model = model
        self._neutral = neutral
        self._hop_s = hop_s
        self._longest_pause_hops = round(LONGEST_PAUSE_S / hop_s)
        self._calm_hops = max(1, round(CALM_S / hop_s))
        self._deadline_s = math.inf if deadline_s is None else deadline_s
        self._clock = clock
        self.mask: Values = neutral.copy()
        self._native = bound.calls()
        steps = model.pieces if isinstance(model, PiecewiseModel) else (model.step,)
        self.pieces = tuple(partial(self._work, step) for step in steps)
        self._running = self._broken = False  # this hop's step
        self._taken_s = 0.0
        self.late_hops = 0
        self.dry_hops = 0
        self._pause_hops = 0  # hops for which the model is not run
        self._refill_hops = 0  # good answers still needed before one is heard
        self._faults = 0  # in a row
        self._resting = False
        self._good_hops = 0  # since the last fault
        self._late_often = 0
        self._heard_hops = 0  # in a row
        self.off = False
        self.forget()

    @property
    def input(self) -> Values:
        """The network's own input, (1, input_size). What writes its features there saves step() a copy."""
        return self._model.input

    @property
    def in_pieces(self) -> bool:
        """Whether the network was cut, so that a hop's work can be spread (dsp.parts.spread_hops)."""
        return len(self.pieces) > 1

    def forget(self) -> None:
        """Reset state, mask and back-off; the counts stay."""
        np.copyto(self.mask, self._neutral)
        self._pause_hops = self._refill_hops = self._faults = self._good_hops = 0
        self._late_often = self._heard_hops = 0
        self.off = self._running = False
        self._reset_model()

    def rest(self, on: bool) -> None:
        """Do not run the model until rest(False), as if it were late. REFILL_HOPS good answers later it is heard."""
        if on != self._resting:
            self._resting, self._running = on, False
            self._reset_model()

    def step(self, features: Values) -> bool:
        """Run one step; `mask` then holds the newest good answer. Return whether the result may be heard.

        features: (1, input_size); `input` itself, if all of it was written anew.
        """
        self.begin(features)
        for piece in self.pieces:
            piece()
        return self.end()

    def begin(self, features: Values) -> None:
        """Take the features of a hop, as step()."""
        self._running, self._broken, self._taken_s = False, False, 0.0
        if self._resting:
            self._refill_hops = REFILL_HOPS
        elif self._pause_hops:
            self._pause_hops -= 1
        else:
            self._running = True
            if features is not self._model.input:
                np.copyto(self._model.input, features)

    def _work(self, step: Callable[[], None]) -> None:
        if not self._running or self._broken:
            return
        before = self._clock()
        try:
            step()
        except Exception:  # the sound goes on, whatever a runtime raises
            self._broken = True
        self._taken_s += self._clock() - before

    def end(self) -> bool:
        """Judge the step. Return whether the result may be heard, as step()."""
        if not self._running or not self._judge():
            self.dry_hops += 1
            self._heard_hops = 0
            return False
        self._heard_hops += 1
        if self._heard_hops % self._calm_hops == 0:
            self._late_often = max(0, self._late_often - 1)
            self.off = False
        return True

    def _judge(self) -> bool:
        self._running = False
        broken = self._broken or not self._take_answer(self._model.output)
        taken_s = self._taken_s
        if broken:
            self._fault()
        else:
            self._good_hops += 1
            if self._good_hops >= FORGIVEN_AFTER_HOPS:
                self._faults = 0
        if taken_s > self._deadline_s:
            self.late_hops += 1
            self._refill_hops = max(self._refill_hops, CAUGHT_UP_HOPS)
            self._pause_hops = max(self._pause_hops, self._hops_to_catch_up(taken_s))
            self._late_often = min(self._late_often + 1, 2 * OFF_AFTER_LATE)
            if self._late_often >= OFF_AFTER_LATE:
                # Each further try may cost an xrun, so there must be few.
                self.off = True
                self._pause_hops = self._longest_pause_hops
            return False
        if broken:
            return False
        if self._refill_hops:
            self._refill_hops -= 1
            return False
        return True

    def _take_answer(self, answer: Values) -> bool:
        """Copy it to `mask`, unless it is broken."""
        if self._native is not None:
            return self._native.take_answer(answer, self.mask, WILDEST_ENERGY)
        flat = answer.reshape(-1)
        if not np.dot(flat, flat) < WILDEST_ENERGY:
            return False
        np.copyto(self.mask, answer)
        return True

    def _fault(self) -> None:
        self._reset_model()
        self._refill_hops = REFILL_HOPS
        self._good_hops = 0
        self._pause_hops = min(self._longest_pause_hops, REFILL_HOPS * 2**self._faults) if self._faults else 0
        self._faults = min(self._faults + 1, 16)
        self.off |= self._faults >= OFF_AFTER_FAULTS

    def _hops_to_catch_up(self, taken_s: float) -> int:
        return min(self._longest_pause_hops, math.ceil(taken_s / self._hop_s))

    def _reset_model(self) -> None:
        try:
            self._model.reset()
        except Exception:  # a model that cannot be reset is tried again after its back-off
            self._faults = max(self._faults, 1)
