"""Gate: what is between the phrases goes down by a range, and the voice passes.

An expander that is led by the level alone cuts off consonants and tails, because they are no louder than the noise
beside them. Behind a denoiser this one goes by the probability of voice that the network tells (dsp.denoise.telling),
which knows of a word a hop before its sound leaves: so it is open when the first consonant comes. Without a model it
goes by the level above a noise floor that it follows, with hysteresis.
"""

from __future__ import annotations

import math

from dsp.block import RATE_HZ, Block
from dsp.params import ParamSpec, switch
from dsp.parts.steps import SteppedGain
from dsp.parts.voice_sense import VoiceSense

ON = switch("gate.on", "Gate", "Turns down what is between the phrases.")
RANGE = ParamSpec("gate.range_db", "dB", 0.0, 60.0, 15.0, "Gate range", "How far the pauses go down.")
THRESHOLD = ParamSpec(
    "gate.threshold", "dB", -80.0, -20.0, -60.0, "Gate threshold", "It opens only for what is louder than this."
)
GATE_PARAMS = (ON, RANGE, THRESHOLD)

STEP_FRAMES = 64
OPENS, STAYS = 0.5, 0.35  # probabilities at which it opens, and stays open
MAY_BE = 0.1  # above it, what leaps out of the noise opens it at once: the network is sure a few hops later
CONSONANTS_DB = 15.0  # a voice may be so much quieter than the threshold where a model tells that it is one
ABOVE_DB = 10.0  # without a model: above the noise floor, and louder than the threshold
HYSTERESIS_DB = 3.0
HOLD_MS = 150.0
TAIL_MS = 500.0
"""So long a sound above the floor goes on after the last sure voice: note ends are lost to networks first."""

FALL_MS = 250.0  # through the whole range
LEVEL_MS = 2.0, 20.0  # time constants of the level: rising, falling
FLOOR_RISE_DB_PER_S, OPEN_RISE_DB_PER_S = 6.0, 2.0  # while closed; while open, so that a note of 15 s is no floor
HIGHEST_FLOOR_DB, LOWEST_FLOOR_DB = -35.0, -90.0
LISTEN_MS = 300.0  # of the first sound: the gate stays open, and the floor is where the sound is
SMOOTH_FLOOR_MS = 120.0


class Gate:
    """Audio thread; it adds no latency. Channels share one gain.

    change_db: the gain now. detail: the noise floor that it has found, dBFS.
    """

    latency_frames = 0

    def __init__(self, voice: VoiceSense | None = None) -> None:
        self.name = "gate"
        self.params = GATE_PARAMS
        self._voice = voice or VoiceSense()
        self._values = {spec.id: spec.default for spec in self.params}
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        step_s = STEP_FRAMES / rate_hz
        self._step_s = step_s
        self._hold = HOLD_MS / 1000.0
        self._rise, self._fall, self._floor_newest = (
            1.0 - math.exp(-1000.0 * step_s / ms) for ms in (*LEVEL_MS, SMOOTH_FLOOR_MS)
        )
        self._gain = SteppedGain(STEP_FRAMES, self._decide)
        self.reset()

    @property
    def wanted(self) -> bool:
        return self._values[ON.id] > 0.0

    @property
    def at_work(self) -> bool:
        return self.wanted or not self._gain.still

    @property
    def change_db(self) -> float:
        return 20.0 * math.log10(max(self._gain.gain, 1e-3))

    @property
    def detail(self) -> float:
        return self._floor_db

    def set_param(self, param_id: str, value: float) -> None:
        self._values[param_id] = value

    def process(self, block: Block) -> None:
        self._gain.process(block)

    def reset(self) -> None:
        """The sound starts anew: open, and nothing known of the noise."""
        self._gain.reset()
        self._power = 0.0
        self._level_db = self._smooth_db = LOWEST_FLOOR_DB
        self._floor_db = HIGHEST_FLOOR_DB
        self._heard_s = 0.0
        self._open, self._since_s, self._sure_s = True, 0.0, 0.0
        self._down = 0.0  # 0: open, 1: down by the whole range

    def _decide(self, power: float) -> float:
        self._follow(power)
        if not self.wanted:
            self._down = 0.0
            return 1.0
        if self._asks():
            self._open, self._since_s = True, 0.0
        else:
            self._since_s += self._step_s
            self._open = self._open and self._since_s <= self._hold
        if self._open or self._heard_s < LISTEN_MS / 1000.0:
            self._down = 0.0
        else:
            self._down = min(1.0, self._down + 1000.0 * self._step_s / FALL_MS)
        if self._down == 0.0:
            return 1.0
        # It starts slowly, so that what falls into the hold's end is not cut off.
        return float(10.0 ** (-self._values[RANGE.id] * self._down * self._down * (3.0 - 2.0 * self._down) / 20.0))

    def _follow(self, power: float) -> None:
        """Level and noise floor."""
        now_db = max(10.0 * math.log10(power + 1e-12), LOWEST_FLOOR_DB)
        if self._heard_s == 0.0:
            self._smooth_db = now_db
            self._power = power
        self._power += (self._rise if power > self._power else self._fall) * (power - self._power)
        self._level_db = 10.0 * math.log10(self._power + 1e-12)
        self._smooth_db += self._floor_newest * (now_db - self._smooth_db)
        if now_db > LOWEST_FLOOR_DB:  # before that nothing comes in
            self._heard_s += self._step_s
        if self._heard_s < LISTEN_MS / 1000.0:
            floor = self._smooth_db
        else:
            rise = OPEN_RISE_DB_PER_S if self._open else FLOOR_RISE_DB_PER_S
            floor = min(self._smooth_db, self._floor_db + rise * self._step_s)
        self._floor_db = min(max(floor, LOWEST_FLOOR_DB), HIGHEST_FLOOR_DB)

    def _asks(self) -> bool:
        """Whether there is voice now: to open, or to stay open."""
        threshold_db, eased_db = self._values[THRESHOLD.id], HYSTERESIS_DB * self._open
        above = self._level_db > max(threshold_db, self._floor_db + ABOVE_DB) - eased_db
        if not self._voice.known:
            return above
        probability = float(self._voice.probability.max())
        if above and not self._open and probability > MAY_BE:
            self._sure_s = 0.0
            return True
        sure = probability > (STAYS if self._open else OPENS)
        sure = sure and self._level_db > threshold_db - CONSONANTS_DB - eased_db
        self._sure_s = 0.0 if sure else self._sure_s + self._step_s
        return sure or (self._open and above and self._sure_s < TAIL_MS / 1000.0)
