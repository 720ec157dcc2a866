"""Breaths between phrases, turned down but never off: a singer without breath sounds like a machine.

A breath is noise without voicing, well below the singer's own level, its middle between 1 and 5 kHz; it comes after a
pause in the voicing, and it lasts. An "s" lies higher, an "h" or "f" within a word is too short, and where all is
whispered there is no voiced level to be below. The gain waits until a breath is sure and is back within 3 ms of the
first voiced sound.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.params import ParamSpec
from dsp.parts.biquads import Biquads
from dsp.parts.steps import SteppedGain

AMOUNT = ParamSpec("breath.amount_db", "dB", 0.0, 12.0, 0.0, "Breaths", "How far breaths between phrases go down.")
BREATH_PARAMS = (AMOUNT,)

STEP_FRAMES = 128
VOICED_BELOW_HZ = 700.0
VOICED_SHARE = 0.4  # of the power below, in voiced sound
UNVOICED_SHARE = 0.25
LEAP = 2.0  # times the power so far: a voice that begins is known in its first step
LOWEST_HZ, HIGHEST_HZ = 1000.0, 5200.0  # the root mean square frequency of a breath
BELOW_DB, ABOVE_DB = 14.0, 55.0  # under the voice's own level: from, to
PAUSE_MS = 60.0  # without voicing, before it may be a breath
SURE_MS = 55.0  # so long it must have looked like one
HOLD_MS = 60.0
TURN_DOWN_MS = 40.0
LEVEL_MS = 15.0
VOICE_HOLD_S, VOICE_FALL_DB_PER_S = 2.0, 6.0
FAINTEST_DB = -75.0


class Breath:
    """Audio thread; it adds no latency. Channels share one gain.

    change_db: the gain now. detail: the level of the voice, dBFS, under which breaths are looked for.
    """

    latency_frames = 0

    def __init__(self) -> None:
        self.name = "breath"
        self.params = BREATH_PARAMS
        self._amount_db = AMOUNT.default
        self.prepare(RATE_HZ, STEP_FRAMES, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._rate_hz, self._step_s = rate_hz, STEP_FRAMES / rate_hz
        self._newest = 1.0 - math.exp(-1000.0 * self._step_s / LEVEL_MS)
        self._low_pass = Biquads(1)
        self._low_pass.prepare(rate_hz, period_frames, 1)
        self._low_pass.set(0, "low_pass", VOICED_BELOW_HZ)
        self._gain = SteppedGain(STEP_FRAMES, self._decide)
        self._mono: Block = np.zeros((period_frames, 1), np.float32)
        self._turns: NDArray[np.float32] = np.zeros(period_frames, np.float32)
        self.reset()

    @property
    def wanted(self) -> bool:
        return self._amount_db > 0.0

    @property
    def at_work(self) -> bool:
        return self.wanted or not self._gain.still

    @property
    def change_db(self) -> float:
        return 20.0 * math.log10(max(self._gain.gain, 1e-3))

    @property
    def detail(self) -> float:
        return self._voice_db

    def set_param(self, param_id: str, value: float) -> None:
        """value: dB."""
        self._amount_db = value

    def process(self, block: Block) -> None:
        start, frames = 0, len(block)
        while start < frames:  # as the gain's steps are cut
            count = min(STEP_FRAMES - self._done, frames - start)
            self._listen(block[start : start + count])
            self._done = (self._done + count) % STEP_FRAMES
            self._gain.process(block[start : start + count])
            start += count

    def reset(self) -> None:
        """The sound starts anew: nothing is known of the voice."""
        self._low_pass.reset()
        self._gain.reset()
        self._done, self._last = 0, 0.0
        self._energy = self._low_energy = self._turn_energy = 0.0
        self._power = self._low = self._turning = 0.0
        self._voice_db, self._since_loud_s = FAINTEST_DB, 0.0
        self._unvoiced_s = self._like_s = 0.0
        self._held_s = HOLD_MS / 1000.0
        self._down = 0.0

    def _listen(self, piece: Block) -> None:
        """Sum up power: of all, below the low-pass, and of the difference from frame to frame."""
        frames, mono = len(piece), self._mono[: len(piece)]
        np.add.reduce(piece, axis=1, out=mono[:, 0])
        turns = self._turns[:frames]
        np.subtract(mono[1:, 0], mono[:-1, 0], out=turns[1:])
        turns[0] = mono[0, 0] - self._last
        self._last = float(mono[-1, 0])
        self._energy += float(np.vdot(mono, mono))
        self._turn_energy += float(np.vdot(turns, turns))
        self._low_pass.process(mono)
        self._low_energy += float(np.vdot(mono, mono))

    def _decide(self, power: float) -> float:
        """power: of the step; what _listen() summed up is used instead."""
        newest = self._newest
        now, low, turning = (
            value / STEP_FRAMES if math.isfinite(value) else 0.0
            for value in (self._energy, self._low_energy, self._turn_energy)
        )
        self._energy = self._low_energy = self._turn_energy = 0.0
        leaps = low > VOICED_SHARE * now and low > LEAP * self._power
        self._power += newest * (now - self._power)
        self._low += newest * (low - self._low)
        self._turning += newest * (turning - self._turning)
        level_db = 10.0 * math.log10(self._power + 1e-12)
        voiced = (leaps or self._low > VOICED_SHARE * self._power) and level_db > FAINTEST_DB
        self._follow_voice(level_db, voiced)
        breath = self._looks_like_breath(level_db, voiced)
        if voiced or not self.wanted or level_db > self._voice_db - BELOW_DB:
            self._down = self._like_s = 0.0
            self._held_s = HOLD_MS / 1000.0
        elif breath:
            self._like_s += self._step_s
            if self._like_s >= SURE_MS / 1000.0:
                self._held_s = 0.0
        else:
            self._like_s = max(0.0, self._like_s - 2.0 * self._step_s)
            self._held_s += self._step_s
        move = 1000.0 * self._step_s / TURN_DOWN_MS
        if self._held_s < HOLD_MS / 1000.0:
            self._down = min(1.0, self._down + move)
        else:
            self._down = max(0.0, self._down - move)
        return float(10.0 ** (-self._amount_db * self._down / 20.0)) if self._down else 1.0

    def _follow_voice(self, level_db: float, voiced: bool) -> None:
        if voiced and level_db > self._voice_db:
            self._voice_db, self._since_loud_s = level_db, 0.0
        else:
            self._since_loud_s += self._step_s
            if self._since_loud_s > VOICE_HOLD_S:
                self._voice_db = max(FAINTEST_DB, self._voice_db - VOICE_FALL_DB_PER_S * self._step_s)
        self._unvoiced_s = 0.0 if voiced and level_db > self._voice_db - 30.0 else self._unvoiced_s + self._step_s

    def _looks_like_breath(self, level_db: float, voiced: bool) -> bool:
        if voiced or self._unvoiced_s < PAUSE_MS / 1000.0 or level_db < FAINTEST_DB:
            return False
        under_db = self._voice_db - level_db
        if not BELOW_DB < under_db < ABOVE_DB or self._low > UNVOICED_SHARE * self._power:
            return False
        # Of a tone of w radians a frame the difference has 2 sin(w / 2) times the amplitude.
        half_turn = math.asin(min(1.0, 0.5 * math.sqrt(self._turning / (self._power + 1e-15))))
        return LOWEST_HZ < half_turn * self._rate_hz / math.pi < HIGHEST_HZ
