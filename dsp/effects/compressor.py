"""The compressor: what is loud becomes softer, so that all of it can be louder.

After D. Giannoulis, M. Massberg, J. Reiss, "Digital Dynamic Range Compressor Design", JAES 60 (6), 2012: a feed-forward
design whose gain is worked out and smoothed in decibels, with their smooth, decoupled detector and their soft knee.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.native import bound
from dsp.params import ParamSpec, switch
from dsp.parts.delay import Delay
from dsp.parts.followers import Followers, kept
from dsp.parts.glides import Glides
from dsp.parts.ramp import ramp_frames

ON = switch("compressor.on", "Compressor", "Makes loud and soft more alike.")
THRESHOLD = ParamSpec(
    "compressor.threshold_db", "dB", -60.0, 0.0, -22.0, "Threshold", "Above this level it turns down (of peaks)."
)
RATIO = ParamSpec(
    "compressor.ratio", "", 1.0, 20.0, 3.0, "Ratio", "So many dB more above the threshold come out as one."
)
ATTACK = ParamSpec("compressor.attack_ms", "ms", 0.1, 100.0, 8.0, "Attack", "How quickly it turns down.")
RELEASE = ParamSpec("compressor.release_ms", "ms", 10.0, 1000.0, 120.0, "Release", "How quickly it lets go.")
KNEE = ParamSpec("compressor.knee_db", "dB", 0.0, 24.0, 8.0, "Knee", "How gradually it begins around the threshold.")
MAKEUP = ParamSpec("compressor.makeup_db", "dB", 0.0, 24.0, 0.0, "Make-up", "Louder behind the compressor.")
AUTO = switch("compressor.auto_makeup", "Auto make-up", "Keeps the loudness as it was before the compressor.", True)
LOOKAHEAD = switch("compressor.lookahead", "Look ahead", "Turns down before a peak is heard. It adds 2 ms of latency.")
COMPRESSOR_PARAMS = (ON, THRESHOLD, RATIO, ATTACK, RELEASE, KNEE, MAKEUP, AUTO, LOOKAHEAD)

GLIDE_MS = 20.0
LOOKAHEAD_MS = 2.0
STEP_FRAMES = 128  # the auto make-up looks once in so many frames
AUTO_MEMORY_S, AUTO_SMOOTH_S = 5.0, 0.3
QUIET = 1e-6  # mean square below which the auto make-up holds
GATE = 0.1  # times the mean square of late: softer sound does not make the loudness, as in BS.1770
AT_FIRST = 1e-8  # mean square with which the auto make-up's memory begins, uncompressed
FAINTEST = 1e-6  # the lowest level that is told apart

WET, AT_DB, SLOPE, WIDTH_DB, UP_DB, AUTO_SHARE = range(6)
_GLIDING = 6
_ATTACK, _RELEASE, _NEWEST, _SMOOTH, _QUIET, _GATE, _MOST, _FAINTEST = range(13, 21)
_RISEN, _REDUCTION, _IN, _OUT, _LONG_IN, _LONG_OUT, _FROM, _TO, _DONE = range(21, 30)
_NUMBERS = 30
"""All numbers in one array, in the order of struct compressor (dsp/native/hop.h): those that glide; the detector's and
the make-up's speeds and limits; the detector's two states, in dB; energy in and out in this step, and over seconds; the
auto make-up in dB at the step's start and end; frames of the step that are done.
"""


class Compressor:
    """Audio thread, but for prepare(); channels share one gain.

    change_db: minus the gain reduction. detail: the make-up in dB, whoever sets it.
    """

    def __init__(self) -> None:
        self.name = "compressor"
        self.params = COMPRESSOR_PARAMS
        self._values = {spec.id: spec.default for spec in COMPRESSOR_PARAMS}
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._rate_hz = rate_hz
        self._numbers: NDArray[np.float64] = np.zeros(_NUMBERS)
        numbers, step_s = self._numbers, STEP_FRAMES / rate_hz
        numbers[_NEWEST] = 1.0 - math.exp(-step_s / AUTO_MEMORY_S)
        numbers[_SMOOTH] = 1.0 - math.exp(-step_s / AUTO_SMOOTH_S)
        numbers[_QUIET : _FAINTEST + 1] = QUIET, GATE, MAKEUP.high, FAINTEST
        most = min(period_frames, STEP_FRAMES)
        self._glides = Glides(numbers[: 1 + 2 * _GLIDING], _GLIDING, ramp_frames(GLIDE_MS, rate_hz), most)
        self._ahead_frames = self.most_latency_frames = ramp_frames(LOOKAHEAD_MS, rate_hz)
        self._delay = Delay(self._ahead_frames, period_frames, channels)
        self._key: Block = np.zeros((period_frames, channels), np.float32)
        self._native = bound.calls()
        self._followers = Followers(most)
        self._count: NDArray[np.float64] = np.arange(1.0, most + 1)
        self._need, self._part, self._gain, self._energy = np.zeros((4, most))
        self._size: Block = np.zeros((most, channels), np.float32)
        self._scaled: Block = np.zeros((most, channels), np.float32)
        for id, value in self._values.items():
            self._take(id, value)
        self.reset()
        self._glides.jump()

    def set_param(self, param_id: str, value: float) -> None:
        if self._values[param_id] != value:
            self._values[param_id] = value
            self._take(param_id, value)

    @property
    def wanted(self) -> bool:
        return bool(self._values[ON.id])

    @property
    def at_work(self) -> bool:
        # Off it must add no latency, so with lookahead it cannot fade by itself: the chain does.
        return self.wanted or (not self._glides.still and not self.latency_frames)

    @property
    def change_db(self) -> float:
        return -self._numbers[_REDUCTION].item() * self._glides.now(WET) if self.at_work else 0.0

    @property
    def detail(self) -> float:
        auto = self._numbers[_TO].item() * self._glides.now(AUTO_SHARE)
        return (self._glides.now(UP_DB) + auto) * self._glides.now(WET) if self.at_work else 0.0

    def process(self, block: Block) -> None:
        key = block
        if self.latency_frames:
            key = self._key[: len(block)]
            np.copyto(key, block)
            np.copyto(block, self._delay.process(key))
        if self._native is not None:
            self._native.compress(block, key, self._numbers)
            return
        start = 0
        while start < len(block):
            end = min(len(block), start + STEP_FRAMES - int(self._numbers[_DONE]))
            self._compress(block[start:end], key[start:end])
            start = end

    def reset(self) -> None:
        """The sound starts anew, from the exact input: what is wanted fades in."""
        numbers = self._numbers
        numbers[_RISEN:] = 0.0
        numbers[_LONG_IN] = numbers[_LONG_OUT] = AT_FIRST
        self._delay.reset()
        self._glides.jump()
        self._glides.begin(WET, 0.0)

    def _take(self, id: str, value: float) -> None:
        if id == ATTACK.id:
            self._numbers[_ATTACK] = kept(value, self._rate_hz)
        elif id == RELEASE.id:
            self._numbers[_RELEASE] = kept(value, self._rate_hz)
        elif id == LOOKAHEAD.id:
            self.latency_frames = self._ahead_frames if value else 0
        else:
            at = {ON.id: WET, THRESHOLD.id: AT_DB, RATIO.id: SLOPE, KNEE.id: WIDTH_DB, MAKEUP.id: UP_DB}
            self._glides.set(at.get(id, AUTO_SHARE), 1.0 - 1.0 / value if id == RATIO.id else value)

    def _compress(self, block: Block, key: Block) -> None:
        """Frames of one step. What dsp/native/dynamics.c does, a frame after the other."""
        frames, numbers = len(block), self._numbers
        wet, at_db, slope, width_db, up_db, auto_share = self._glides.next(frames)
        need, part, gain, energy = (row[:frames] for row in (self._need, self._part, self._gain, self._energy))
        np.maximum.reduce(np.abs(key, out=self._size[:frames]), axis=1, out=need)
        np.maximum(need, FAINTEST, out=need)
        np.multiply(np.log10(need, out=need), 20.0, out=need)
        np.subtract(need, at_db, out=need)  # dB over the threshold
        static_reduction(need, slope, width_db, part)
        numbers[_RISEN] = self._followers.fall(need, numbers[_RISEN].item(), numbers[_RELEASE].item())
        numbers[_REDUCTION] = self._followers.smooth(need, numbers[_REDUCTION].item(), numbers[_ATTACK].item())
        np.multiply(self._count[:frames], (numbers[_TO] - numbers[_FROM]) / STEP_FRAMES, out=gain)
        np.add(gain, numbers[_FROM] + (numbers[_TO] - numbers[_FROM]) * numbers[_DONE] / STEP_FRAMES, out=gain)
        np.multiply(gain, auto_share, out=gain)
        np.add(gain, up_db, out=gain)
        np.subtract(gain, need, out=gain)
        np.multiply(gain, wet, out=gain)
        np.power(10.0, np.multiply(gain, 0.05, out=gain), out=gain)
        np.add.reduce(np.square(block, out=self._scaled[:frames]), axis=1, out=energy)
        numbers[_IN] += np.add.reduce(energy)
        np.power(10.0, np.multiply(need, -0.1, out=need), out=need)
        numbers[_OUT] += np.dot(energy, need)
        np.multiply(block, gain[:, None], out=self._scaled[:frames], casting="same_kind")
        np.copyto(block, self._scaled[:frames])
        numbers[_DONE] += frames
        if numbers[_DONE] >= STEP_FRAMES:
            self._end_step(block.shape[1])

    def _end_step(self, channels: int) -> None:
        """Look how much softer the compressor makes the sound."""
        numbers, frames = self._numbers, STEP_FRAMES * channels
        new_in, new_out = numbers[_IN].item() / frames, numbers[_OUT].item() / frames
        if QUIET < new_in < 1e6 and new_in > GATE * numbers[_LONG_IN]:
            numbers[_LONG_IN] += numbers[_NEWEST] * (new_in - numbers[_LONG_IN])
            numbers[_LONG_OUT] += numbers[_NEWEST] * (new_out - numbers[_LONG_OUT])
        elif new_in > QUIET:  # forget, so that a voice that has become softer counts again
            numbers[_LONG_IN] *= 1.0 - numbers[_NEWEST]
            numbers[_LONG_OUT] *= 1.0 - numbers[_NEWEST]
        lost_db = 10.0 * math.log10(numbers[_LONG_IN] / max(numbers[_LONG_OUT], 1e-12))
        numbers[_FROM] = numbers[_TO]
        numbers[_TO] += numbers[_SMOOTH] * (min(max(lost_db, 0.0), MAKEUP.high) - numbers[_TO])
        numbers[_IN] = numbers[_OUT] = numbers[_DONE] = 0.0


def static_reduction(
    over_db: NDArray[np.float64],
    slope: NDArray[np.float64] | float,
    knee_db: NDArray[np.float64] | float,
    scratch: NDArray[np.float64],
) -> None:
    """Turn dB over the threshold into dB of reduction, in place. slope: 1 - 1 / ratio. scratch: as long.

    Within the knee it is a parabola: slope * c * c / (2 knee), c running from 0 to the knee; above it a straight line.
    """
    half = np.multiply(knee_db, 0.5)
    np.add(over_db, half, out=scratch)
    np.minimum(scratch, knee_db, out=scratch)
    np.maximum(scratch, 0.0, out=scratch)
    np.subtract(over_db, half, out=over_db)
    np.maximum(over_db, 0.0, out=over_db)
    np.square(scratch, out=scratch)
    np.divide(scratch, np.maximum(np.multiply(half, 4.0), 1e-9), out=scratch)
    np.add(over_db, scratch, out=over_db)
    np.multiply(over_db, slope, out=over_db)
