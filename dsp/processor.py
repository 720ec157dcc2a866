"""The interface of a processor, and of one with a model in it.

Each processor declares `latency_frames`, the chain sums it, and a test proves the sum with an impulse.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from numpy import float32
from numpy.typing import NDArray

from dsp.block import Block
from dsp.params import ParamSpec


class Processor(Protocol):
    """One step of a chain. A processor is one file; a gain is 35 lines.

    prepare() is called outside streaming and may allocate. Everything else runs on the audio thread: it does not
    allocate, lock or raise. set_param() stores a target; process() ramps to it. The chain turns NumPy's warnings off
    while it processes: what overflows is caught by value.
    """

    name: str
    latency_frames: int  # fixed once prepare() has returned

    @property
    def params(self) -> tuple[ParamSpec, ...]: ...

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None: ...

    def set_param(self, param_id: str, value: float) -> None: ...

    def process(self, block: Block) -> None: ...

    def reset(self) -> None: ...


class RunningModel(Protocol):
    """The model inside a processor. Audio thread (dsp.inference.guarded)."""

    @property
    def name(self) -> str: ...  # for people: "denoise-live 1.0.0, tflite"

    @property
    def late_hops(self) -> int: ...  # steps that took longer than a hop lasts

    @property
    def dry_hops(self) -> int: ...  # hops without an answer of their own

    @property
    def off(self) -> bool: ...  # it failed or was late again and again

    def rest(self, on: bool) -> None: ...  # leave the model's work out; what is heard fades, and a mute holds


@runtime_checkable
class ModelProcessor(Protocol):
    """What a processor with a model has as well: the model, and how much it takes away."""

    @property
    def model(self) -> RunningModel: ...

    @property
    def reduction_db(self) -> float: ...


@runtime_checkable
class StemMeters(Protocol):
    """What a processor that separates stems has as well."""

    def take_levels(self, into: NDArray[float32]) -> None: ...  # RMS of each since the last call
