"""De-ess: an "s" that is too loud beside the singer's vowels is turned down, in the band where that singer's "s" is.

What counts is the relation to the voice's own level, so a whisper and a belted note are treated alike, and a sibilant
that is as loud as the vowels ask stays as it is: no lisp. The band is a bell in the sound's way: at 0 dB it is not
there, bit by bit, and no phase turns. A "t" or "k" is over before the bell begins to move.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.params import ParamSpec, switch
from dsp.parts.biquads import Biquads

ON = switch("deess.on", "De-ess", "Softens an s that is too loud beside the vowels.")
AMOUNT = ParamSpec("deess.amount_db", "dB", 0.0, 18.0, 6.0, "De-ess amount", "The most by which an s goes down.")
DEESS_PARAMS = (ON, AMOUNT)

STEP_FRAMES = 128
LOWEST_HZ, HIGHEST_HZ = 3500.0, 12_000.0
BELL_Q = 0.6
SIBILANT_SHARE = 0.3  # of all power that lies in the band, in a sibilant
VOICED_BELOW_HZ = 700.0
VOICED_SHARE = 0.4
RELATION_DB, WHISPERED_DB = -9.0, 6.0
"""A sibilant's level in the band, beside the level of the vowels, that is right: of a voice, and of a whisper, whose
vowels have no voicing. In the dry voices of shared/data half of the time of sibilants lies under -13 dB.
"""

DULL_HZ, SHARP_HZ = 5100.0, 5600.0
"""Where a voice's sibilants lie lower than the first, it has no edge to soften: a telephone, a lossy file, a "sh". From
the second on it acts fully.
"""

FULL_FROM_DB = 6.0  # an amount beyond it also lowers what is right, by as much: who asks for more hears more of it go
RATIO = 1.25  # the bell per dB that is too loud: a sibilant is wider than the bell, so it falls by less
BURST_MS, SURE_MS = 9.0, 16.0  # shorter is a "t" or "k"; from here on it acts fully
RISE_MS, FALL_MS = 3.0, 25.0  # of the band's level
VOWEL_RISE_MS, VOWEL_HOLD_S, VOWEL_FALL_DB_PER_S = 30.0, 3.0, 3.0
LEARN_MS = 200.0  # of vowels, before anything is taken
CENTRE_MS = 150.0  # of sibilance
VOICED_MS = 400.0
FAINTEST_DB = -70.0


class Deess:
    """Audio thread; it adds no latency. Channels share one bell.

    change_db: the bell's gain now. detail: the centre of the singer's sibilants, Hz.
    """

    latency_frames = 0

    def __init__(self) -> None:
        self.name = "deess"
        self.params = DEESS_PARAMS
        self._values = {spec.id: spec.default for spec in self.params}
        self.prepare(RATE_HZ, STEP_FRAMES, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._rate_hz, self._step_s = rate_hz, STEP_FRAMES / rate_hz
        step_ms = 1000.0 * self._step_s
        self._rise, self._fall = (1.0 - math.exp(-step_ms / ms) for ms in (RISE_MS, FALL_MS))
        self._vowel_rise, self._centre_newest = (1.0 - math.exp(-step_ms / ms) for ms in (VOWEL_RISE_MS, CENTRE_MS))
        self._voiced_newest = 1.0 - math.exp(-step_ms / VOICED_MS)
        self._bell = Biquads(1, glide_ms=step_ms)
        self._bell.prepare(rate_hz, period_frames, channels)
        self._band, self._low_pass = Biquads(3), Biquads(1)
        for filters in (self._band, self._low_pass):
            filters.prepare(rate_hz, period_frames, 1)
        self._band.set(0, "high_pass", LOWEST_HZ, q=0.54)
        self._band.set(1, "high_pass", LOWEST_HZ, q=1.31)
        self._band.set(2, "low_pass", HIGHEST_HZ)
        self._low_pass.set(0, "low_pass", VOICED_BELOW_HZ)
        self._done = 0  # frames of the step under way
        self._mono: Block = np.zeros((period_frames, 1), np.float32)
        self._part: Block = np.zeros((period_frames, 1), np.float32)
        self._turns: NDArray[np.float32] = np.zeros(period_frames, np.float32)
        self.reset()

    @property
    def wanted(self) -> bool:
        return self._values[ON.id] > 0.0 and self._values[AMOUNT.id] > 0.0

    @property
    def at_work(self) -> bool:
        return self.wanted or not self._bell.at_rest

    @property
    def change_db(self) -> float:
        return self._gain_db

    @property
    def detail(self) -> float:
        return self._centre_hz

    def set_param(self, param_id: str, value: float) -> None:
        self._values[param_id] = value

    def process(self, block: Block) -> None:
        start, frames = 0, len(block)
        while start < frames:
            count = min(STEP_FRAMES - self._done, frames - start)
            piece = block[start : start + count]
            self._listen(piece)
            if not self._bell.at_rest:
                self._bell.process(piece)
            self._done += count
            if self._done == STEP_FRAMES:
                self._done = 0
                self._decide()
            start += count

    def reset(self) -> None:
        """The sound starts anew: nothing is known of the voice."""
        self._gain_db = 0.0
        self._bell.set(0, "off")
        for filters in (self._bell, self._band, self._low_pass):
            filters.reset()
        self._done, self._last = 0, 0.0
        self._all = self._sibilant = self._turn = self._low = 0.0
        self._level = 0.0
        self._vowel_db, self._voicing = FAINTEST_DB, 1.0
        self._since_s = self._since_vowel_s = self._learned_s = 0.0
        self._centre_hz = DULL_HZ

    def _listen(self, piece: Block) -> None:
        """Sum up the power of all, of the band, of the band's change from frame to frame, and below 700 Hz."""
        frames = len(piece)
        mono, part, turns = self._mono[:frames], self._part[:frames], self._turns[:frames]
        np.add.reduce(piece, axis=1, out=mono[:, 0])
        np.copyto(part, mono)
        self._all += float(np.vdot(mono, mono))
        self._band.process(mono)
        self._sibilant += float(np.vdot(mono, mono))
        np.subtract(mono[1:, 0], mono[:-1, 0], out=turns[1:])
        turns[0] = mono[0, 0] - self._last
        self._last = float(mono[-1, 0])
        self._turn += float(np.vdot(turns, turns))
        self._low_pass.process(part)
        self._low += float(np.vdot(part, part))

    def _decide(self) -> None:
        """Set the bell for the next step by the step that is whole."""
        every, sibilant, turn, low = (
            value / STEP_FRAMES if math.isfinite(value) else 0.0
            for value in (self._all, self._sibilant, self._turn, self._low)
        )
        self._all = self._sibilant = self._turn = self._low = 0.0
        self._level += (self._rise if sibilant > self._level else self._fall) * (sibilant - self._level)
        hissing = sibilant > SIBILANT_SHARE * every and sibilant > 1e-7
        if hissing:
            self._since_s += self._step_s
            half_turn = math.asin(min(1.0, 0.5 * math.sqrt(turn / sibilant)))
            hz = min(max(half_turn * self._rate_hz / math.pi, LOWEST_HZ), HIGHEST_HZ)
            self._centre_hz += self._centre_newest * (hz - self._centre_hz)
        else:
            self._since_s = max(0.0, self._since_s - 2.0 * self._step_s)
            self._follow_vowels(every - sibilant, low > VOICED_SHARE * every)
        gain_db = self._wanted_db() if self.wanted else 0.0
        if gain_db == 0.0 and self._gain_db == 0.0:
            return
        self._gain_db = gain_db
        self._bell.set(0, "bell", self._centre_hz, gain_db, BELL_Q)

    def _follow_vowels(self, power: float, voiced: bool) -> None:
        level_db = 10.0 * math.log10(max(power, 0.0) + 1e-12)
        if level_db > self._vowel_db:
            self._vowel_db += self._vowel_rise * (level_db - self._vowel_db)
            self._since_vowel_s = 0.0
        elif self._since_vowel_s > VOWEL_HOLD_S:
            self._vowel_db = max(self._vowel_db - VOWEL_FALL_DB_PER_S * self._step_s, FAINTEST_DB)
        self._since_vowel_s += self._step_s
        if level_db > self._vowel_db - 15.0 and level_db > FAINTEST_DB:
            self._learned_s += self._step_s
            self._voicing += self._voiced_newest * (float(voiced) - self._voicing)

    def _wanted_db(self) -> float:
        """The gain that brings the sibilance down to what the vowels ask; 0 where it is not too loud."""
        sure = min(1.0, max(0.0, (1000.0 * self._since_s - BURST_MS) / (SURE_MS - BURST_MS)))
        sure *= min(1.0, max(0.0, (self._centre_hz - DULL_HZ) / (SHARP_HZ - DULL_HZ)))
        if sure == 0.0 or self._learned_s < LEARN_MS / 1000.0:
            return 0.0
        amount_db = self._values[AMOUNT.id]
        relation_db = WHISPERED_DB + (RELATION_DB - WHISPERED_DB) * self._voicing - max(amount_db - FULL_FROM_DB, 0.0)
        over_db = 10.0 * math.log10(self._level + 1e-12) - self._vowel_db - relation_db
        return -sure * min(amount_db, RATIO * over_db) if over_db > 0.0 else 0.0
