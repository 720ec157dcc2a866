"""The model of a processor: a bundle's network behind its guard, with a name and its counts."""

from __future__ import annotations

import time
from collections.abc import Callable

from dsp.inference import StepModel, Values
from dsp.inference.bundle import Bundle, BundleError
from dsp.inference.guard import ModelGuard


class GuardedModel:
    """What every processor with a model owns; a dsp.processor.RunningModel.

    guard: runs the network, a step a hop. hop_s: how long a hop lasts. Made outside streaming; the rest is for the
    audio thread.
    """

    def __init__(
        self,
        bundle: Bundle,
        model: StepModel,
        neutral: Values,
        *,
        kind: str,
        real_time: bool = True,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """kind: the kind of bundle that the processor plays. neutral: the mask that changes nothing.

        real_time: False where no deadline exists (files), so that no step counts as late.
        Raises BundleError for a bundle of another kind, or one that looks ahead.
        """
        if bundle.kind != kind or bundle.lookahead_frames:
            raise BundleError(
                f"{bundle.folder}: kind = {bundle.kind!r}, lookahead_frames = {bundle.lookahead_frames}: "
                f"allowed {kind!r}, 0"
            )
        self._bundle = bundle
        self.name = f"{bundle.name} {bundle.version}, {model.runtime}"
        self.hop_s = bundle.hop_frames / bundle.rate_hz
        self.guard = ModelGuard(model, neutral, self.hop_s, self.hop_s if real_time else None, clock)

    @property
    def late_hops(self) -> int:
        return self.guard.late_hops

    @property
    def dry_hops(self) -> int:
        return self.guard.dry_hops

    @property
    def off(self) -> bool:
        return self.guard.off

    def rest(self, on: bool) -> None:
        self.guard.rest(on)

    def check_rate(self, rate_hz: int) -> None:
        """Raises BundleError when the bundle is made for another rate than `rate_hz`."""
        if rate_hz != self._bundle.rate_hz:
            raise BundleError(f"{self._bundle.folder}: rate_hz = {self._bundle.rate_hz}: the chain runs at {rate_hz}")
