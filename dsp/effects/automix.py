"""The automatic mixer: several microphones to one voice mix, in which the one that is spoken into leads.

Gain sharing after D. Dugan, "Automatic Microphone Mixing", JAES 23 (6), 1975: a microphone gets as much gain as it has
a share in the power of all of them. The shares add up to one, so however many microphones are open, room and noise are
as loud as from one. Here a share counts what is above the microphone's own noise, and only voice where a model tells.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.native import bound
from dsp.params import switch
from dsp.parts.glides import Glides
from dsp.parts.ramp import ramp_frames
from dsp.parts.voice_sense import VoiceSense

ON = switch(
    "automix.on", "Automix", "Two to eight microphones to one mix: the one that is spoken into leads, the others wait."
)
AUTOMIX_PARAMS = (ON,)

MOST_CHANNELS = 8
GLIDE_MS = 20.0
STEP_FRAMES = 64
UP_MS, DOWN_MS = 4.0, 60.0  # of the levels
MOVE_MS = 5.0  # of the shares
OVER_NOISE = 6.0  # times its noise: less is no voice
NOISE_RISE_DB_PER_S, NOISE_FALL_MS = 3.0, 100.0
FIRST_NOISE = 1e-7  # mean square
MOST_ENERGY = 1e9
LEAST_SHARE = 1e-3  # so that a voice that begins is never wholly away
UNLIKELY = 0.02  # what is left of a microphone's weight where a model hears no voice

_LEFT, _WET, _TARGET, _UP, _DOWN, _MOVE, _OVER, _RISE, _FALL, _LEAST, _DONE = range(11)
_ROWS = 7
(_ENERGY, _LEVEL, _NOISE, _SHARE, _FROM, _TO, _VOICE) = range(_ROWS)
_NUMBERS = _DONE + 1 + _ROWS * MOST_CHANNELS
"""In the order of struct automix (dsp/native/hop.h): how much of it is heard, which glides; speeds and limits; the
frames of this step that are done; then for each microphone its energy in this step, level, noise, share of the power,
gain at the step's start and end, and how likely it has voice.
"""


class Automix:
    """Audio thread, but for prepare(). Every column gets the mix, so that it does not matter which of them are taken.

    For two to eight channels; with others it does nothing. change_db: the gain of the softest microphone. detail: the
    number of the microphone that leads, from 1.
    """

    latency_frames = 0

    def __init__(self, voice: VoiceSense | None = None) -> None:
        self.name = "automix"
        self.params = AUTOMIX_PARAMS
        self._on = False
        self._voice = voice or VoiceSense()
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._channels = channels
        self._numbers: NDArray[np.float64] = np.zeros(_NUMBERS)
        numbers, step_s = self._numbers, STEP_FRAMES / rate_hz
        times_ms = (UP_MS, DOWN_MS, MOVE_MS)
        numbers[_UP : _MOVE + 1] = [1.0 - math.exp(-1000.0 * step_s / ms) for ms in times_ms]
        numbers[_OVER], numbers[_LEAST] = OVER_NOISE, LEAST_SHARE
        numbers[_RISE] = 10.0 ** (NOISE_RISE_DB_PER_S * step_s / 10.0)
        numbers[_FALL] = 1.0 - math.exp(-1000.0 * step_s / NOISE_FALL_MS)
        self._rows = numbers[_DONE + 1 :].reshape(_ROWS, MOST_CHANNELS)[:, : min(channels, MOST_CHANNELS)]
        most = min(period_frames, STEP_FRAMES)
        self._glides = Glides(numbers[: _TARGET + 1], 1, ramp_frames(GLIDE_MS, rate_hz), most)
        self._count: NDArray[np.float64] = np.arange(1.0, most + 1)[:, None]
        self._gains: NDArray[np.float64] = np.zeros((most, channels))
        self._mix: NDArray[np.float64] = np.zeros((most, 1))
        self._part: Block = np.zeros((most, channels), np.float32)
        self._native = bound.calls()
        self._glides.set(0, float(self._on))
        self._glides.jump()
        self._forget()

    def set_param(self, param_id: str, value: float) -> None:
        self._on = bool(value)
        self._glides.set(0, value)

    @property
    def wanted(self) -> bool:
        return self._on and 2 <= self._channels <= MOST_CHANNELS

    @property
    def at_work(self) -> bool:
        return 2 <= self._channels <= MOST_CHANNELS and (self._on or not self._glides.still)

    @property
    def change_db(self) -> float:
        lowest = float(np.minimum.reduce(self._rows[_TO]))
        return 20.0 * math.log10(max(lowest, 1e-3)) * self._glides.now(0) if self.at_work else 0.0

    @property
    def detail(self) -> float:
        return 1.0 + int(self._rows[_SHARE].argmax()) if self.at_work else 0.0

    def process(self, block: Block) -> None:
        if not 2 <= self._channels <= MOST_CHANNELS:
            return
        voice = self._rows[_VOICE]
        if self._voice.known and len(self._voice.probability) == self._channels:
            np.maximum(self._voice.probability, UNLIKELY, out=voice)
        else:
            voice.fill(1.0)
        if self._native is not None:
            self._native.automix(block, self._numbers)
            return
        start = 0
        while start < len(block):
            end = min(len(block), start + STEP_FRAMES - int(self._numbers[_DONE]))
            self._mix_step(block[start:end])
            start = end

    def reset(self) -> None:
        """The sound starts anew, from the exact input."""
        self._glides.jump()
        self._glides.begin(0, 0.0)
        self._forget()

    def _forget(self) -> None:
        self._numbers[_DONE] = 0.0
        rows = self._rows
        rows[: _VOICE + 1] = 0.0
        rows[_NOISE] = FIRST_NOISE
        rows[_SHARE] = 1.0 / rows.shape[1]
        rows[_FROM] = rows[_TO] = math.sqrt(1.0 / rows.shape[1])

    def _mix_step(self, block: Block) -> None:
        """Frames of one step. What dsp/native/dynamics.c does."""
        frames, numbers, rows = len(block), self._numbers, self._rows
        wet = self._glides.next(frames)[0][:, None]
        square = np.square(block, out=self._part[:frames])
        rows[_ENERGY] += np.add.reduce(square, axis=0)
        gains = np.multiply(self._count[:frames], (rows[_TO] - rows[_FROM]) / STEP_FRAMES, out=self._gains[:frames])
        np.add(gains, rows[_FROM] + (rows[_TO] - rows[_FROM]) * numbers[_DONE] / STEP_FRAMES, out=gains)
        np.multiply(gains, block, out=gains)
        mix = np.add.reduce(gains, axis=1, keepdims=True, out=self._mix[:frames])
        np.subtract(mix, block, out=gains)
        np.multiply(gains, wet, out=gains)
        np.add(gains, block, out=gains)
        np.copyto(block, gains, casting="same_kind")
        numbers[_DONE] += frames
        if numbers[_DONE] >= STEP_FRAMES:
            self._end_step()

    def _end_step(self) -> None:
        """Share the gain anew."""
        numbers, rows = self._numbers, self._rows
        weights = []
        for channel in range(rows.shape[1]):
            power, level, noise = rows[: _NOISE + 1, channel].tolist()
            power = power / STEP_FRAMES if power < MOST_ENERGY else 0.0  # a broken number is no voice
            level += (numbers[_UP] if power > level else numbers[_DOWN]) * (power - level)
            noise = noise + numbers[_FALL] * (level - noise) if level < noise else noise * numbers[_RISE]
            rows[_LEVEL, channel], rows[_NOISE, channel] = level, noise
            weights.append(max(level - numbers[_OVER] * noise, 0.0) * rows[_VOICE, channel])
        whole = sum(weights)
        rows[_FROM] = rows[_TO]
        if whole > 0.0:  # else nobody speaks, and the last one keeps its share
            for channel, weight in enumerate(weights):
                change = max(weight / whole, numbers[_LEAST]) - rows[_SHARE, channel]
                rows[_SHARE, channel] += numbers[_MOVE] * change
        shares = sum(rows[_SHARE].tolist())
        np.sqrt(np.divide(rows[_SHARE], shares, out=rows[_TO]), out=rows[_TO])
        rows[_ENERGY] = numbers[_DONE] = 0.0
