"""Stages whose sound is easily foretold: a gain without latency, a delay with a gain, and one that hears the music."""

from __future__ import annotations

import numpy as np

from dsp.block import RATE_HZ, Block
from dsp.params import ParamSpec, switch
from dsp.parts.delay import Delay
from dsp.parts.ramp import Ramp, ramp_frames


class Louder:
    """Scales by `<name>.gain`, ramped. Off at 0."""

    latency_frames = 0
    detail = 7.0

    def __init__(self, name: str) -> None:
        self.name = name
        self.params: tuple[ParamSpec, ...] = (ParamSpec(f"{name}.gain", "", -0.9, 1.0, 0.0, name),)
        self.processed = self.resets = 0
        self._gain = 0.0
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._ramp = Ramp(self._gain, ramp_frames(20.0, rate_hz), period_frames)

    def set_param(self, param_id: str, value: float) -> None:
        self._gain = value
        self._ramp.set(value)

    @property
    def wanted(self) -> bool:
        return self._gain != 0.0

    @property
    def at_work(self) -> bool:
        return self.wanted or not self._ramp.still

    @property
    def change_db(self) -> float:
        return float(20.0 * np.log10(1.0 + self._gain))

    def process(self, block: Block) -> None:
        self.processed += 1
        block *= 1.0 + self._ramp.next(len(block))[:, None]

    def reset(self) -> None:
        """From the exact input."""
        self.resets += 1
        self._ramp.jump(0.0)
        self._ramp.set(self._gain)


class Offset(Louder):
    """Adds `<name>.gain`, so that its order with a gain can be told."""

    def process(self, block: Block) -> None:
        self.processed += 1
        block += self._ramp.next(len(block))[:, None]


class Ahead:
    """Looks ahead: delays by `frames`, and halves the sound. It does not fade by itself."""

    change_db = -6.0
    detail = 0.0

    def __init__(self, name: str, frames: int = 240) -> None:
        self.name = name
        self.params: tuple[ParamSpec, ...] = (switch(f"{name}.on", name),)
        self.wanted = False
        self._frames = frames
        self.prepare(RATE_HZ, 1, 1)

    @property
    def at_work(self) -> bool:
        return self.wanted

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self.latency_frames = self._frames
        self._delay = Delay(self._frames, period_frames, channels)

    def set_param(self, param_id: str, value: float) -> None:
        self.wanted = value >= 0.5

    def process(self, block: Block) -> None:
        np.multiply(self._delay.process(block), 0.5, out=block)

    def reset(self) -> None:
        self._delay.reset()


class Leaks(Louder):
    """Subtracts `<name>.gain` times the first column of the music that it hears. At -0.9 it does not matter."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.columns = -1

    def prepare_reference(self, columns: int) -> None:
        self.columns = columns

    def hear_reference(self, music: Block) -> None:
        self.music = music.copy()

    def process(self, block: Block) -> None:
        block -= self._ramp.next(len(block))[:, None] * self.music[:, :1]
