"""Peaks between the samples, found ahead and turned down smoothly.

The sound is looked at with four times as many samples (ITU-R BS.1770-4, annex 2), by an interpolator twice as long as
the one given there. What a peak needs is held for longer than half a wave of the lowest bass, let go slowly, and
smoothed by a triangle as long as the sound is delayed: the whole reduction is there before the peak is.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from dsp.block import LOUDEST, RATE_HZ, Block, mend
from dsp.native import bound
from dsp.parts.glides import Glides

PHASES, TAPS = 4, 24
SMOOTH_FRAMES = 23  # of the triangle
EARLY_FRAMES = 4  # so long before the peak the whole reduction is there
LATENCY_FRAMES = TAPS // 2 + SMOOTH_FRAMES - 1 + EARLY_FRAMES
HISTORY_FRAMES = LATENCY_FRAMES + TAPS  # of the sound, kept from block to block
MARGIN_DB = 0.15  # for what lies between four times as many samples
STEP_FRAMES, HELD_STEPS = 128, 10
"""A peak is held for ten steps, 24 ms or more: half a wave of 20 Hz is as long."""

NOTHING_DB = 1e-6
_KAISER_BETA = 5.0

_LEFT, _CEILING, _TARGET, _FALL, _MARGIN, _REDUCTION, _IN_STEP, _DONE, _AT, _HELD = range(10)
_NUMBERS = _HELD + HELD_STEPS
"""In the order of struct true_peak (dsp/native/hop.h): the ceiling, which glides; release a frame; margin; the present
reduction; the largest need in this step; the frames of it that are done; the place of the oldest step, and the largest
needs of the last steps. All in dB.
"""

Values = NDArray[np.float64]


def _interpolator() -> Block:
    """(PHASES - 1, TAPS): the taps for the places between two samples, the newest sample first."""
    place = np.arange(1, PHASES)[:, None] / PHASES + np.arange(TAPS) - TAPS / 2
    window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(1.0 - (2.0 * place / TAPS) ** 2, 0.0))) / np.i0(_KAISER_BETA)
    return (np.sinc(place) * window).astype(np.float32)


def _triangle() -> Values:
    half = np.ones((SMOOTH_FRAMES + 1) // 2)
    whole: Values = np.convolve(half, half) / half.sum() ** 2
    return whole


class TruePeak:
    """LATENCY_FRAMES late. Audio thread, but for prepare(). Channels share a gain; without reduction no bit changes."""

    def __init__(self) -> None:
        self._taps, self._smooth = _interpolator(), _triangle()
        self._most_rise = float(np.abs(self._taps).sum(axis=1).max())
        self.prepare(RATE_HZ, 1, 1, 60.0)

    def prepare(self, rate_hz: int, period_frames: int, channels: int, release_db_per_s: float) -> None:
        self._numbers: Values = np.zeros(_NUMBERS)
        self._numbers[_FALL], self._numbers[_MARGIN] = release_db_per_s / rate_hz, MARGIN_DB
        self._glides = Glides(self._numbers[: _TARGET + 1], 1, 1, period_frames)
        past: Block = np.zeros((channels, HISTORY_FRAMES + period_frames), np.float32)
        needs: Values = np.zeros(SMOOTH_FRAMES - 1 + period_frames)
        self._past, self._needs = past, needs
        self._native = bound.calls()
        # For NumPy: windows over what is kept, made once.
        first = past[:, HISTORY_FRAMES - TAPS + 1 :]
        backwards = (channels, period_frames, TAPS)
        self._windows = as_strided(first, backwards, (*first.strides, first.strides[1]))
        self._over: Values = as_strided(needs, (period_frames, SMOOTH_FRAMES), 2 * needs.strides)
        self._between: Block = np.zeros((channels, period_frames, PHASES - 1), np.float32)
        self._reversed = np.ascontiguousarray(self._taps[:, ::-1].T)
        self._peak: Block = np.zeros((channels, period_frames), np.float32)
        self._largest: Block = np.zeros(period_frames, np.float32)
        self._gain: Values = np.zeros(period_frames)
        self._slope: Values = np.arange(1.0, period_frames + 1) * self._numbers[_FALL]
        self.reset()

    @property
    def reduction_db(self) -> float:
        return float(self._numbers[_REDUCTION])

    def set_ceiling(self, ceiling_db: float, glide_frames: int) -> None:
        """0 frames: at once."""
        numbers = self._numbers
        numbers[_TARGET], numbers[_LEFT] = ceiling_db, glide_frames
        if not glide_frames:
            numbers[_CEILING] = ceiling_db

    def reset(self) -> None:
        self._numbers[_REDUCTION:] = 0.0
        self._past.fill(0.0)
        self._needs.fill(0.0)

    def process(self, block: Block) -> None:
        """Keep `block` under the ceiling, in place. What is no sound (dsp.block.mend) becomes silence first."""
        if self._native is not None:
            self._native.limit_true(
                block, self._taps, self._smooth, self._past, self._needs, self._numbers, self._most_rise, LOUDEST
            )
            return
        mend(block)
        frames, past = len(block), self._past
        past[:, HISTORY_FRAMES : HISTORY_FRAMES + frames] = block.T
        ceilings = self._glides.next(frames)[0]
        needs = self._needs[SMOOTH_FRAMES - 1 : SMOOTH_FRAMES - 1 + frames]
        most = max(float(past.max()), -float(past.min()))
        if 20.0 * np.log10(max(most * self._most_rise, 1e-9)) <= ceilings.min() - MARGIN_DB:
            needs.fill(0.0)  # however the samples lie, there is no peak between them that is too high
        else:
            self._find(needs, ceilings)
        self._go_on(needs)
        delayed = past[:, HISTORY_FRAMES - LATENCY_FRAMES : HISTORY_FRAMES - LATENCY_FRAMES + frames].T
        gain = np.matmul(self._over[:frames], self._smooth, out=self._gain[:frames])
        if gain.any():
            np.power(10.0, np.multiply(gain, -0.05, out=gain), out=gain)
            np.multiply(delayed, gain[:, None], out=block, casting="same_kind")
            ceiling = np.float32(10.0 ** (0.05 * max(float(ceilings.max()), float(ceilings[0]))))
            np.clip(block, -ceiling, ceiling, out=block)
        else:
            np.copyto(block, delayed)
        past[:, :HISTORY_FRAMES] = past[:, frames : frames + HISTORY_FRAMES].copy()
        self._needs[: SMOOTH_FRAMES - 1] = self._needs[frames : frames + SMOOTH_FRAMES - 1].copy()

    def _find(self, needs: Values, ceilings: Values) -> None:
        """The dB by which the true peak of each frame is over the ceiling, or 0."""
        frames = len(needs)
        between = np.matmul(self._windows[:, :frames], self._reversed, out=self._between[:, :frames])
        np.abs(between, out=between)
        peak = np.maximum.reduce(between, axis=2, out=self._peak[:, :frames])
        at = HISTORY_FRAMES - TAPS // 2
        np.maximum(peak, np.abs(self._past[:, at : at + frames]), out=peak)
        largest = np.maximum.reduce(peak, axis=0, out=self._largest[:frames])
        np.maximum(largest, 1e-9, out=largest)
        np.log10(largest, out=needs)
        np.multiply(needs, 20.0, out=needs)
        np.subtract(needs, ceilings, out=needs)
        np.add(needs, self._numbers[_MARGIN], out=needs)
        np.maximum(needs, 0.0, out=needs)

    def _go_on(self, needs: Values) -> None:
        """Turn needs into the reduction, in place: up at once, held, then down."""
        numbers, start = self._numbers, 0
        held = numbers[_HELD:]
        while start < len(needs):
            end = min(len(needs), start + STEP_FRAMES - int(numbers[_DONE]))
            part, slope = needs[start:end], self._slope[: end - start]
            part[0] = max(part[0], numbers[_IN_STEP])
            np.maximum.accumulate(part, out=part)
            numbers[_IN_STEP] = part[-1]
            np.maximum(part, held.max(), out=part)
            np.add(part, slope, out=part)
            part[0] = max(part[0], numbers[_REDUCTION])
            np.maximum.accumulate(part, out=part)
            np.subtract(part, slope, out=part)
            part[part < NOTHING_DB] = 0.0  # what rounding has left
            numbers[_REDUCTION] = part[-1]
            numbers[_DONE] += end - start
            if numbers[_DONE] >= STEP_FRAMES:
                held[int(numbers[_AT])] = numbers[_IN_STEP]
                numbers[_AT] = (numbers[_AT] + 1) % HELD_STEPS
                numbers[_IN_STEP] = numbers[_DONE] = 0.0
            start = end
