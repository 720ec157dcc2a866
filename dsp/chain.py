"""The chain: processors in order, then the delay-matched dry path beside them."""

from typing import Protocol

from dsp.block import Block
from dsp.params import ParamSpec


class Processor(Protocol):
    """One step of a chain. A processor is one file; a gain is 35 lines.

    prepare() may allocate and is called outside streaming; everything else runs on the audio thread, without
    allocating, locking or raising. set_param() stores a target which process() ramps to.
    """

    name: str
    params: tuple[ParamSpec, ...]
    latency_frames: int  # fixed once prepare() has returned

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None: ...

    def set_param(self, param_id: str, value: float) -> None: ...

    def process(self, block: Block) -> None: ...

    def reset(self) -> None: ...
