"""Hear alone: what one stage of a lane takes away from the sound, instead of the sound."""

from __future__ import annotations

import numpy as np

from dsp.block import Block
from dsp.parts.delay import Delay
from dsp.parts.ramp import Ramp, ramp_frames

FADE_MS = 10.0


class HearAlone:
    """The input of the stage, as late as its output, minus that output; as late as the lane. Audio thread.

    For each block: begin(), take() the stage's input and output, mix() where the lane's stages end. It crossfades with
    the sound; from one stage to another it goes through silence. A stage that is off takes nothing away.
    """

    def __init__(self) -> None:
        self.wanted = self.heard = ""  # names of stages, "" for none
        self.active = False  # False: no bit changes, and none of the methods below need be called

    def prepare(self, rate_hz: int, period_frames: int, channels: int, most_latency_frames: int) -> None:
        """most_latency_frames: of the whole lane. What is wanted is then heard at once."""
        self._input = Delay(most_latency_frames, period_frames, channels)
        self._way = Delay(most_latency_frames, period_frames, channels)
        self._taken: Block = np.zeros((period_frames, channels), np.float32)
        self._mix = Ramp(0.0, ramp_frames(FADE_MS, rate_hz), period_frames)  # 1: alone
        self._level = Ramp(1.0, ramp_frames(FADE_MS, rate_hz), period_frames)
        self._period_frames = period_frames
        self._wait_frames = 0
        self.heard = ""
        self.active = bool(self.wanted)

    def choose(self, name: str) -> None:
        """Hear what this stage takes away, "" for the sound."""
        self.wanted = name
        self.active = bool(name or self.heard)

    def restart(self, own_frames: int, later_frames: int) -> None:
        """The stage adds `own_frames` now, and those behind it `later_frames`. Silent until that sound has come."""
        self._input.set_latency(own_frames)
        self._way.set_latency(later_frames)
        self._input.reset()
        self._way.reset()
        self._taken.fill(0.0)
        self._wait_frames = own_frames + later_frames + self._period_frames
        self._level.jump(0.0)

    def begin(self) -> bool:
        """A block begins. True when another stage is heard from now on, and restart() is due."""
        self._taken.fill(0.0)
        if self._wait_frames > 0:
            self._wait_frames -= self._period_frames
        elif self.heard and self.heard == self.wanted:
            self._level.set(1.0)
        if self.heard == self.wanted:
            self._mix.set(1.0 if self.heard else 0.0)
            return False
        if not self.wanted:
            self._mix.set(0.0)
            if self._mix.still and not self._mix.value:
                self.heard, self.active = "", False
            return False
        if self.heard and not (self._level.still and not self._level.value):
            self._level.set(0.0)
            return False
        self.heard = self.wanted
        return True

    def take(self, taken: Block) -> None:
        """What the stage takes away is known by itself, as late as its input."""
        np.copyto(self._taken[: len(taken)], taken)

    def take_input(self, block: Block) -> None:
        """Just before the stage."""
        np.copyto(self._taken[: len(block)], self._input.process(block))

    def take_output(self, block: Block) -> None:
        """Just behind it."""
        taken = self._taken[: len(block)]
        np.subtract(taken, block, out=taken)

    def mix(self, block: Block) -> None:
        """Put what was taken away in the place of `block`, as far as it is to be heard."""
        taken = self._way.process(self._taken[: len(block)])
        if not (self._level.still and self._level.value == 1.0):
            np.multiply(taken, self._level.next(len(block))[:, None], out=taken)
        if self._mix.still and self._mix.value == 1.0:
            np.copyto(block, taken)
            return
        np.subtract(taken, block, out=taken)
        np.multiply(taken, self._mix.next(len(block))[:, None], out=taken)
        np.add(block, taken, out=block)
