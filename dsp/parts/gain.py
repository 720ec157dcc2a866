"""Louder or softer."""

from __future__ import annotations

import numpy as np

from dsp.block import RATE_HZ, Block
from dsp.native import bound
from dsp.params import ParamSpec
from dsp.parts.ramp import Ramp, ramp_frames

INPUT_GAIN = ParamSpec("input.gain_db", "dB", -24.0, 24.0, 0.0, "Input gain", "Level into the processors.")
OUTPUT_GAIN = ParamSpec("output.gain_db", "dB", -60.0, 12.0, 0.0, "Output level", "Level before the limiter.")
VOICE_LEVEL = ParamSpec("voice.gain_db", "dB", -60.0, 12.0, 0.0, "Voice level", "Of the microphone over music.")
MUSIC_LEVEL = ParamSpec("music.gain_db", "dB", -60.0, 12.0, 0.0, "Music level", "Of the music under a voice.")

RAMP_MS = 20.0


class Gain:
    """Scale a block by one parameter in dB. Audio thread. At 0 dB no bit changes."""

    latency_frames = 0

    def __init__(self, spec: ParamSpec) -> None:
        self.name = spec.id
        self.params = (spec,)
        self._target = _factor(spec.default)
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._ramp = Ramp(self._target, ramp_frames(RAMP_MS, rate_hz), period_frames)
        self._native = bound.calls()

    def set_param(self, param_id: str, value: float) -> None:
        """value: dB. Ramps there; before prepare() it is the gain that the sound starts with."""
        self._target = _factor(value)
        self._ramp.set(self._target)

    def process(self, block: Block) -> None:
        if self._ramp.still and self._target == 1.0:
            return
        values = self._ramp.next(len(block))
        if self._native is not None:
            self._native.scale(block, values)
        else:
            np.multiply(block, values[:, None], out=block)

    def reset(self) -> None:
        self._ramp.jump(self._target)


def _factor(gain_db: float) -> float:
    return float(10.0 ** (gain_db / 20.0))
