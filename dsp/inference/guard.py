"""Runs a model one step per hop, and decides whether its answer may be heard.

A model that is off is shown as off on the page and by the lights, and is tried again every 0.7 s.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from dsp.inference import StepModel, Values
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

    def forget(self) -> None:
        """Reset state, mask and back-off; the counts stay."""
        np.copyto(self.mask, self._neutral)
        self._pause_hops = self._refill_hops = self._faults = self._good_hops = 0
        self._late_often = self._heard_hops = 0
        self.off = False
        self._reset_model()

    def rest(self, on: bool) -> None:
        """Do not run the model until rest(False), as if it were late. REFILL_HOPS good answers later it is heard."""
        if on != self._resting:
            self._resting = on
            self._reset_model()

    def step(self, features: Values) -> bool:
        """Run one step; `mask` then holds the newest good answer. Return whether the result may be heard.

        features: (1, input_size); `input` itself, if all of it was written anew.
        """
        if not self._try(features):
            self.dry_hops += 1
            self._heard_hops = 0
            return False
        self._heard_hops += 1
        if self._heard_hops % self._calm_hops == 0:
            self._late_often = max(0, self._late_often - 1)
            self.off = False
        return True

    def _try(self, features: Values) -> bool:
        if self._resting:
            self._refill_hops = REFILL_HOPS
            return False
        if self._pause_hops:
            self._pause_hops -= 1
            return False
        model = self._model
        before = self._clock()
        try:
            if features is not model.input:
                np.copyto(model.input, features)
            model.step()
            broken = not self._take_answer(model.output)
        except Exception:  # the sound goes on, whatever a runtime raises
            broken = True
        taken_s = self._clock() - before
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
