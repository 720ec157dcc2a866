"""The chain: processors in order, then the delay-matched dry path beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from dsp import params
from dsp.block import Block, mend
from dsp.dry_path import DryPath
from dsp.errors import DspError
from dsp.gain import INPUT_GAIN, OUTPUT_GAIN, Gain
from dsp.limiter import Limiter
from dsp.meter import Meter
from dsp.params import ParamSpec

CHAIN_PARAMS: tuple[ParamSpec, ...] = (*DryPath.params, INPUT_GAIN, OUTPUT_GAIN)
"""What every chain has, whatever its processors."""


class Processor(Protocol):
    """One step of a chain. A processor is one file; a gain is 35 lines.

    prepare() may allocate and is called outside streaming; everything else runs on the audio thread, without
    allocating, locking or raising. set_param() stores a target which process() ramps to.
    """

    name: str
    latency_frames: int  # fixed once prepare() has returned

    @property
    def params(self) -> tuple[ParamSpec, ...]: ...

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None: ...

    def set_param(self, param_id: str, value: float) -> None: ...

    def process(self, block: Block) -> None: ...

    def reset(self) -> None: ...


@runtime_checkable
class ModelProcessor(Protocol):
    """What a processor with a model tells besides: what runs, hops late or gone dry, how much it takes away."""

    @property
    def model_name(self) -> str: ...  # for people: "denoise-live 1.0.0, tflite"

    @property
    def late_hops(self) -> int: ...

    @property
    def dry_hops(self) -> int: ...

    @property
    def reduction_db(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Meters:
    """Of one chain: its input before anything touches it, and what is heard."""

    input: Meter
    output: Meter


class BlockShapeError(DspError, ValueError):
    """A block which is not the shape that the chain was prepared for: a mistake in the program, not audio trouble."""


class Chain:
    """Input gain, processors, output gain, limiter; there the dry path joins, then mute and the output meter.

    Threads: prepare() before streaming; everything else on the audio thread. Only set_param() and a block of the wrong
    shape raise.
    """

    def __init__(self, processors: Sequence[Processor] = ()) -> None:
        """No processors make a dry chain: gains, limiter, switches and meters only."""
        steps: tuple[Processor, ...] = (Gain(INPUT_GAIN), *processors, Gain(OUTPUT_GAIN))
        self._steps = steps
        self._limiter = Limiter()
        self._dry = DryPath()
        self._models = tuple(step for step in processors if isinstance(step, ModelProcessor))
        owners: list[tuple[Processor | DryPath, ParamSpec]] = [(self._dry, spec) for spec in DryPath.params]
        owners += [(step, spec) for step in steps for spec in step.params]
        self.params: Mapping[str, ParamSpec] = params.table(spec for _, spec in owners)
        self._owner = {spec.id: owner for owner, spec in owners}
        self._values = {spec.id: spec.default for _, spec in owners}
        self.latency_frames = 0
        self.bad_samples = 0  # not finite or absurdly loud, replaced by silence, since the start

    @property
    def model_name(self) -> str:
        """The models at work, for people; empty for a dry chain."""
        return " + ".join(model.model_name for model in self._models)

    @property
    def late_hops(self) -> int:
        """Model steps that took longer than a hop lasts, since the start."""
        return sum(model.late_hops for model in self._models)

    @property
    def dry_hops(self) -> int:
        """Hops that went round a late or broken model, since the start."""
        return sum(model.dry_hops for model in self._models)

    @property
    def reduction_db(self) -> float:
        """What the models take away at present, in dB."""
        return sum(model.reduction_db for model in self._models)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        """Allocate for blocks of exactly (period_frames, channels). Sound starts where the parameters stand."""
        self._shape = (period_frames, channels)
        for step in self._steps:
            step.prepare(rate_hz, period_frames, channels)
        self._limiter.prepare(rate_hz, period_frames, channels)
        self.latency_frames = sum(step.latency_frames for step in self._steps)
        self._dry.prepare(rate_hz, period_frames, channels, self.latency_frames)
        self.meters = Meters(Meter(channels, period_frames), Meter(channels, period_frames))

    def param(self, param_id: str) -> float:
        """The value last set. Raises UnknownParamError."""
        return self._values[params.find(self.params, param_id).id]

    def set_param(self, param_id: str, value: float) -> None:
        """Check `value` (in the parameter's unit) and ramp there. Raises UnknownParamError, ParamRangeError."""
        checked = params.find(self.params, param_id).check(value)
        self._values[param_id] = checked
        self._owner[param_id].set_param(param_id, checked)

    @np.errstate(all="ignore")  # a broken number is mended and counted; numpy must not print about it
    def process(self, block: Block) -> None:
        """One period in place: what came in becomes what is heard, `latency_frames` later. Audio thread."""
        if block.shape != self._shape:
            raise BlockShapeError(f"block of shape {block.shape}: prepared for {self._shape} (frames, channels)")
        self.bad_samples += mend(block)
        self.meters.input.add(block)
        self._dry.push(block)
        for step in self._steps:
            step.process(block)
        mend(block)  # a processor that breaks its word must not reach an ear
        self._limiter.process(block)
        self._dry.join(block)
        self.meters.output.add(block)

    def fade_in(self) -> None:
        """Rise from silence: call at the start, after a re-plug and after a recovery. A muted output stays muted."""
        self._dry.fade_in()

    def reset(self) -> None:
        """Forget the sound on its way and every state; parameters stay. While somebody listens, fade_in() after it."""
        for step in self._steps:
            step.reset()
        self._limiter.reset()
        self._dry.reset()
        self.meters.input.reset()
        self.meters.output.reset()
