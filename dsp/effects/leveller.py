"""The leveller: rides the fader, so that a voice keeps its loudness whether it is near the microphone or far.

It measures loudness as ITU-R BS.1770-4 does (K-weighting), over the seconds in which there is voice, and moves slowly
towards the target. In pauses it stands still, so it never pulls noise up. A hand on the fader waits until it is sure:
what is nearly right stays as it is, a little off is mended slowly, far off soon; and the longer a voice has been heard,
the less must be wrong before the fader moves.
"""

from __future__ import annotations

import math

import numpy as np

from dsp.block import RATE_HZ, Block
from dsp.native import bound
from dsp.params import ParamSpec, switch
from dsp.parts.biquads import Biquads
from dsp.parts.ramp import Ramp
from dsp.parts.voice_sense import VoiceSense

ON = switch("leveller.on", "Leveller", "Rides the fader: keeps the voice at one loudness, and leaves pauses alone.")
TARGET = ParamSpec(
    "leveller.target_lufs", "LUFS", -36.0, -10.0, -20.0, "Loudness", "How loud the voice is to be. Speech: -20 to -16."
)
LEVELLER_PARAMS = (ON, TARGET)

STEP_MS = 20.0
NOW_S, MEMORY_S = 0.8, 3.0  # of the loudness now, and of the voice's own, in time with voice
FIRST_STEPS = 50  # with voice, before it says how loud it is
NEAR_DB, FAR_DB = 2.0, 4.0
"""How far the loudness now may be from the voice's own: nearer it is the melody's; farther, the voice has moved, and
its own loudness is learned as quickly as that of now. In between is in between.
"""
DEAD_DB, SPEED_S = 0.5, 0.9  # less is left alone; time constant of the fader, for what is more
SOON_DB, SOON_S = 4.0, 0.4  # the same for the loudness now
UNSURE_DB = 1.5  # more is left alone after 1 s of voice; half of it after 4 s
MOST_DB_PER_S = 9.0
MOST_UP_DB, MOST_DOWN_DB = 12.0, 18.0
LIKELY = 0.5  # probability of voice from which on it counts
FAINTEST_LUFS, LOUDEST_LUFS = -60.0, 0.0
HANG_STEPS = 12  # the gaps between syllables belong to the voice
UNDER_VOICE_DB, OVER_FLOOR_DB = 18.0, 8.0
"""Sound that much under the voice, or no more than that over the softest of late, is a pause: what counts where there
is no model to tell voice from noise.
"""
FLOOR_RISE_DB_PER_S = 2.0
FADE_STEPS = 5  # off, back to the exact input
_SHELF_HZ, _SHELF_DB, _CUT_HZ, _CUT_Q = 1681.97, 3.99984, 38.135, 0.50033
"""The K-weighting's two filters, as frequency, gain and Q; De Man, "Evaluation of Implementations of the EBU R128
Loudness Measurement", AES 145, 2018.
"""


class Leveller:
    """Audio thread, but for prepare(); channels share one gain, and their mean loudness counts.

    change_db: its gain. detail: the voice's loudness before it, in LUFS; 0 while it has not heard any.
    """

    latency_frames = 0

    def __init__(self, voice: VoiceSense | None = None) -> None:
        self.name = "leveller"
        self.params = LEVELLER_PARAMS
        self._voice = voice or VoiceSense()
        self._on, self._target = False, TARGET.default
        self._weighting = Biquads(2)
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._step_frames = round(STEP_MS * rate_hz / 1000.0)
        self._step_s = self._step_frames / rate_hz
        self._weighting.prepare(rate_hz, period_frames, channels)
        self._weighting.set(0, "high_shelf", _SHELF_HZ, _SHELF_DB)
        self._weighting.set(1, "high_pass", _CUT_HZ, q=_CUT_Q)
        self._weighted: Block = np.zeros((period_frames, channels), np.float32)
        self._ramp = Ramp(1.0, self._step_frames, period_frames)
        self._native = bound.calls()
        self._gain_db = self._leave_by_db = self._energy = self._loud = self._loud_now = 0.0
        self._done = self._heard_steps = self._leaving = self._hang = 0
        self.reset()

    def set_param(self, param_id: str, value: float) -> None:
        if param_id == ON.id:
            self._on = bool(value)
            if self._on:
                self._leaving = 0
            elif self._gain_db != 0.0 or not self._ramp.still or self._ramp.value != 1.0:
                self._leaving = FADE_STEPS
                self._leave_by_db = self._gain_db / FADE_STEPS
        else:
            self._target = value

    @property
    def wanted(self) -> bool:
        return self._on

    @property
    def at_work(self) -> bool:
        return self._on or self._leaving > 0 or not self._ramp.still or self._ramp.value != 1.0

    @property
    def change_db(self) -> float:
        return self._gain_db

    @property
    def detail(self) -> float:
        return _lufs(self._loud) if self._heard_steps >= FIRST_STEPS else 0.0

    def process(self, block: Block) -> None:
        frames, start = len(block), 0
        weighted = self._weighted[:frames]
        np.copyto(weighted, block)
        self._weighting.process(weighted)
        while start < frames:
            end = min(frames, start + self._step_frames - self._done)
            part = weighted[start:end]
            self._energy += float(np.vdot(part, part))
            if not (self._ramp.still and self._ramp.value == 1.0):
                values = self._ramp.next(end - start)
                if self._native is not None:
                    self._native.scale(block[start:end], values)
                else:
                    np.multiply(block[start:end], values[:, None], out=block[start:end])
            self._done += end - start
            if self._done == self._step_frames:
                self._end_step(self._energy / (self._step_frames * block.shape[1]))
                self._energy, self._done = 0.0, 0
            start = end

    def reset(self) -> None:
        """The sound starts anew, from the exact input."""
        self._weighting.reset()
        self._ramp.jump(1.0)
        self._gain_db = self._leave_by_db = 0.0
        self._done = self._heard_steps = self._leaving = 0
        self._energy = self._loud = self._loud_now = 0.0
        self._floor_lufs = LOUDEST_LUFS  # the first sound may be noise
        self._hang = 0

    def _end_step(self, energy: float) -> None:
        """energy: weighted mean square of the step. Move the fader for the next one."""
        if self._leaving:
            self._leaving -= 1
            self._gain_db = self._gain_db - self._leave_by_db if self._leaving else 0.0
        elif self._on and self._counts(energy):
            self._hear(energy)
            if self._heard_steps >= FIRST_STEPS:
                most_db = MOST_DB_PER_S * self._step_s
                gain_db = self._gain_db + min(max(self._move_db(), -most_db), most_db)
                self._gain_db = min(max(gain_db, -MOST_DOWN_DB), MOST_UP_DB)
        self._ramp.set(10.0 ** (self._gain_db / 20.0))

    def _hear(self, energy: float) -> None:
        """Learn how loud the voice is: now, and on the whole."""
        self._heard_steps += 1
        first = 1.0 / self._heard_steps
        quick, slow = self._step_s / NOW_S, self._step_s / MEMORY_S
        self._loud_now += max(quick, first) * (energy - self._loud_now)
        far_db = abs(_lufs(self._loud_now) - _lufs(self._loud))
        moved = min(max((far_db - NEAR_DB) / (FAR_DB - NEAR_DB), 0.0), 1.0)
        self._loud += max(slow + moved * (quick - slow), first) * (energy - self._loud)

    def _move_db(self) -> float:
        """The fader's next step, before its limit of speed."""
        unsure_db = UNSURE_DB / math.sqrt(self._heard_steps * self._step_s)
        move_db = 0.0
        for energy, left_db, speed_s in ((self._loud, DEAD_DB, SPEED_S), (self._loud_now, SOON_DB, SOON_S)):
            off_db = self._target - _lufs(energy) - self._gain_db
            over_db = max(abs(off_db) - left_db - unsure_db, 0.0)
            move_db += math.copysign(over_db, off_db) * self._step_s / speed_s
        return move_db

    def _counts(self, energy: float) -> bool:
        """Whether a step is voice, or follows so soon on one that it is a gap between syllables."""
        if self._is_voice(energy):
            self._hang = HANG_STEPS
        elif self._hang:
            self._hang -= 1
        return self._hang > 0

    def _is_voice(self, energy: float) -> bool:
        lufs = _lufs(energy)
        if not math.isfinite(lufs) or lufs > 60.0:
            return False
        # The softest of late: down at once, up slowly.
        self._floor_lufs = min(max(lufs, FAINTEST_LUFS), self._floor_lufs + FLOOR_RISE_DB_PER_S * self._step_s)
        if lufs < FAINTEST_LUFS:
            return False
        if self._voice.known:
            return float(np.maximum.reduce(self._voice.probability)) >= LIKELY
        under_voice = self._heard_steps >= FIRST_STEPS and lufs < _lufs(self._loud_now) - UNDER_VOICE_DB
        return lufs > self._floor_lufs + OVER_FLOOR_DB and not under_voice


def _lufs(energy: float) -> float:
    return -0.691 + 10.0 * math.log10(max(energy, 1e-12)) if energy == energy else math.nan
