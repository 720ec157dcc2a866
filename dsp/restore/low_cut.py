"""The low cut: takes away what is below the voice, and follows it down.

A low cut at a fixed corner leaves rumble under a high voice, or takes the ground from a low one. This one asks how low
the voice is: its pitch, by the normalised autocorrelation of the last 64 ms below 1 kHz. P. McLeod and G. Wyvill, "A
smarter way to find pitch", 2005. The corner goes down at once with a lower note, up slowly, and rests in pauses.
"""

from __future__ import annotations

import math

import numpy as np

from dsp.block import RATE_HZ, Block
from dsp.native import bound
from dsp.params import ParamSpec, switch
from dsp.parts.biquads import Biquads

ON = switch("low_cut.on", "Low cut", "Takes away rumble, steps and wind below the voice.")
AUTO = switch("low_cut.auto", "Follow the voice", "The corner stays just below the lowest note sung.", default=True)
HZ = ParamSpec("low_cut.hz", "Hz", 20.0, 200.0, 80.0, "Corner", "Where the cut begins while it does not follow.")
LOW_CUT_PARAMS = (ON, AUTO, HZ)

BUTTERWORTH_Q = 0.5411961, 1.3065630
"""24 dB an octave."""

LOWEST_HZ, HIGHEST_HZ = 20.0, 200.0
UNDER_PITCH = 0.6
"""Of the pitch found: a glide down does not reach the corner (0.7 of the pitch at most) before it is followed."""

START_HZ = 40.0  # while no voice has been heard: below the lowest note of a bass

HEARD_HZ = 75.0, 900.0  # rumble would hide the period; a lower voice still has its overtones
DECIMATION = 16
STEP_FRAMES = 384  # 8 ms
WINDOW = 192  # decimated frames, 64 ms: four periods of 62 Hz
PITCH_HZ = 55.0, 600.0
CLEAR, NEARLY = 0.85, 0.9
"""A voice's periods are this much alike; the shortest period that is nearly as clear as the clearest is the pitch's."""

FAINT_DB, MEMORY_S = -35.0, 3.0  # below the loudest of the last seconds it is a pause
LOWEST_POWER = 1e-8
RISE_OCTAVES_PER_S = 0.7
NEAR = 0.01  # of a corner: it stays there
ALIKE = 2.0**0.25  # two findings in a row this near to one another are a note


class LowCut:
    """Audio thread, but for prepare(). One corner for all channels, which are heard as one.

    change_db: what it takes away, below 0. detail: the corner in Hz, 0 while off.
    """

    name = "low_cut"
    params = LOW_CUT_PARAMS
    latency_frames = 0

    def __init__(self) -> None:
        self._on, self._auto, self._hz = False, bool(AUTO.default), HZ.default
        self._voice_hz = START_HZ / UNDER_PITCH
        self._done, self._before, self._after = 0, 0.0, 0.0
        self._filters = Biquads(2)
        self._ear = Biquads(4, glide_ms=1.0)
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._rate_hz, self._channels = rate_hz, channels
        self._filters.prepare(rate_hz, period_frames, channels)
        self._ear.prepare(rate_hz, STEP_FRAMES, 1)
        for at, q in enumerate(BUTTERWORTH_Q):
            self._ear.set(at, "low_pass", HEARD_HZ[1], q=q)
            self._ear.set(2 + at, "high_pass", HEARD_HZ[0], q=q)
        self._heard: Block = np.zeros((STEP_FRAMES, 1), np.float32)
        self._past = np.zeros(WINDOW)
        rate = rate_hz / DECIMATION
        self._lags = range(math.floor(rate / PITCH_HZ[1]), math.ceil(rate / PITCH_HZ[0]) + 1)
        self._alike, self._sound = np.zeros(len(self._lags)), np.zeros(WINDOW)
        self._native = bound.calls()
        self._sum: Block = np.zeros(period_frames, np.float32)
        self.reset()

    def set_param(self, param_id: str, value: float) -> None:
        if param_id == ON.id:
            self._on = value >= 0.5
        elif param_id == AUTO.id:
            self._auto = value >= 0.5
        else:
            self._hz = value
        self._aim()

    @property
    def wanted(self) -> bool:
        return self._on

    @property
    def at_work(self) -> bool:
        return self._on or not self._filters.at_rest

    @property
    def change_db(self) -> float:
        if not self.at_work or self._before <= 0.0:
            return 0.0
        return 10.0 * math.log10(max(self._after, 1e-12) / max(self._before, 1e-12))

    @property
    def detail(self) -> float:
        return self._corner_hz if self._on else 0.0

    def process(self, block: Block) -> None:
        before = float(np.vdot(block, block))
        start, frames = 0, len(block)
        mean = np.add.reduce(block, axis=1, out=self._sum[:frames])
        # The filter is set where a step ends, so that blocks of any length sound the same.
        while start < frames:
            count = min(STEP_FRAMES - self._done, frames - start)
            self._heard[self._done : self._done + count, 0] = mean[start : start + count]
            self._filters.process(block[start : start + count])
            self._done += count
            start += count
            if self._done == STEP_FRAMES:
                self._done = 0
                self._listen()
        kept = math.exp(-10.0 * frames / self._rate_hz)
        self._before = self._before * kept + before
        self._after = self._after * kept + float(np.vdot(block, block))

    def reset(self) -> None:
        """The sound starts anew, from the exact input: the cut glides in."""
        self._ear.reset()
        self._heard.fill(0.0)
        self._past.fill(0.0)
        self._done = 0
        self._voice_hz, self._last_hz, self._loudest = START_HZ / UNDER_PITCH, 0.0, 0.0
        self._before = self._after = 0.0
        self._aim()
        self._filters.reset(glide=True)

    def _wanted_hz(self) -> float:
        wanted = self._voice_hz * UNDER_PITCH if self._auto else self._hz
        return min(max(wanted, LOWEST_HZ), HIGHEST_HZ)

    def _aim(self) -> None:
        self._corner_hz = self._wanted_hz()
        for at, q in enumerate(BUTTERWORTH_Q):
            self._filters.set(at, "high_pass" if self._on else "off", self._corner_hz, q=q)

    def _listen(self) -> None:
        """A step is whole: where is the voice?"""
        heard = self._heard
        self._ear.process(heard)
        count = STEP_FRAMES // DECIMATION
        np.copyto(self._sound[:-count], self._past[count:])
        np.copyto(self._past[:-count], self._sound[:-count])
        self._past[-count:] = heard[::DECIMATION, 0]
        pitch_hz = self._pitch()
        known = self._last_hz > 0.0 and pitch_hz > 0.0 and 1.0 / ALIKE < pitch_hz / self._last_hz < ALIKE
        self._last_hz = pitch_hz
        if not known:
            return
        step = STEP_FRAMES / self._rate_hz
        highest = self._voice_hz * 2.0 ** (RISE_OCTAVES_PER_S * step)
        voice_hz = min(pitch_hz, highest)
        if voice_hz != self._voice_hz:
            self._voice_hz = voice_hz
            # A filter is designed in tens of microseconds; nobody hears a hundredth of a corner.
            if self._auto and abs(self._wanted_hz() - self._corner_hz) > NEAR * self._corner_hz:
                self._aim()

    def _pitch(self) -> float:
        """Of the last 64 ms, in Hz; 0 where there is none."""
        sound, lags = self._sound, self._lags
        np.subtract(self._past, float(np.add.reduce(self._past)) / WINDOW, out=sound)
        power = float(np.dot(sound, sound)) / WINDOW
        self._loudest = max(power, self._loudest * math.exp(-STEP_FRAMES / self._rate_hz / MEMORY_S))
        if power < LOWEST_POWER or power < self._loudest * 10.0 ** (FAINT_DB / 10.0):
            return 0.0
        if self._native is not None:
            period = self._native.period_of(sound, lags[0], self._alike, CLEAR, NEARLY)
        else:
            period = self._period()
        return self._rate_hz / DECIMATION / period if period else 0.0

    def _period(self) -> float:
        """What dsp/native/predict.c does: after how many frames the sound repeats itself, 0 where it does not."""
        sound, lags = self._sound, self._lags
        for at, lag in enumerate(lags):
            late, early = sound[lag:], sound[: WINDOW - lag]
            # Twice the product over the power of both: 1 where they are the same.
            self._alike[at] = 2.0 * np.dot(late, early) / (np.dot(late, late) + np.dot(early, early) + 1e-12)
        like: list[float] = self._alike.tolist()
        peaks = [at for at in range(1, len(like) - 1) if like[at - 1] <= like[at] > like[at + 1]]
        best = max((like[at] for at in peaks), default=0.0)
        if best < CLEAR:
            return 0.0
        at = next(at for at in peaks if like[at] >= NEARLY * best)
        left, middle, right = like[at - 1 : at + 2]
        bend = left - 2.0 * middle + right
        return lags[at] + (0.5 * (left - right) / bend if bend else 0.0)
