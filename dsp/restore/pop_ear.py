"""Is there a burst of breath on the capsule? Answered step by step, from the sound as it comes.

A pop surges far above what was there, and has little over it, as a voice that starts has from its first period on. A
drum's skin is struck with a click. Lows that sound for longer are a note, and what comes as loud again soon after is
one too. All that is known within 4 to 8 ms. That a pop is deepest below 40 Hz, where neither a kick drum nor most
basses have their notes, shows later: what does not show it is let go.
"""

from __future__ import annotations

import math

import numpy as np

from dsp.block import RATE_HZ, Block
from dsp.native import bound
from dsp.parts.biquads import SMOOTH_Q, Kind, design
from dsp.parts.biquads_numpy import Ears

STEP_FRAMES = 64
EARS: tuple[tuple[Kind, float], ...] = (
    ("low_pass", 100.0),
    ("low_pass", 35.0),
    ("high_pass", 180.0),
    ("high_pass", 1000.0),
    ("low_pass", 1200.0),  # the second of the voice's band
)
QUICK_MS, SLOW_MS = 2.5, 250.0  # of the levels: now, and before the surge
OVER_MS = 6.25  # the overtones count for as long as a period of a low voice lasts
MEMORY_S = 3.0  # of the loudest voice
CLICK_MS = 14.0  # so long after a click no surge is a pop
FORGOTTEN_DB_PER_S, SEEN_AGAIN_MS = 4.0, 60.0
"""Surges are forgotten so quickly, and are known after so long."""

SURGE_DB = 13.0  # above what was there before
AGAIN_DB = -9.0  # relative to the surges that are not yet forgotten
TONE_DB, TONE_DB_PER_S = 5.0, 1.5  # above the level that lows have held for SEEN_AGAIN_MS; and how that is forgotten
OVER_MID_DB = 11.0  # above the voice's own band at the same time
LOUD_DB = -8.0  # relative to the loudest voice of the last seconds: a fainter surge is no pop
QUIETEST = 1e-5  # power: -50 dB
DEEP_DB = -5.0  # what is below 35 Hz, to what is below 100 Hz; a tone of 55 Hz has -9 dB
CLICK_OVER_DB, CLICK_DB = 8.0, -28.0  # above 1 kHz: above what was there before, and to what is below 100 Hz
LET_GO_DB = 3.0  # above what was there, it goes on
DOUBT_MS = 14.0  # within it the depth must show
LONGEST_MS, HOLD_MS = 160.0, 25.0
REST_MS = 60.0  # after what was no pop

_SECTIONS, _STATE, _LEVELS, _COUNTS, _NUMBERS = 21, 46, 56, 65, 72
"""Of struct pops (dsp/native/hop.h): where each part begins."""


def _power(db: float) -> float:
    return math.pow(10.0, db / 10.0)


class PopEar:
    """Audio thread, but for prepare(). Channels are heard as one."""

    def __init__(self) -> None:
        self.prepare(RATE_HZ, 1)

    def prepare(self, rate_hz: int, period_frames: int) -> None:
        """Allocates."""
        step_ms = 1000.0 * STEP_FRAMES / rate_hz
        quick, slow, over, memory, click = (
            math.exp(-step_ms / ms) for ms in (QUICK_MS, SLOW_MS, OVER_MS, 1000.0 * MEMORY_S, CLICK_MS)
        )
        self._numbers = np.zeros(_NUMBERS)
        self._numbers[:_SECTIONS] = [
            *(1.0 - quick, 1.0 - slow, over, memory, click),
            *(_power(-db * step_ms / 1000.0) for db in (FORGOTTEN_DB_PER_S, TONE_DB_PER_S)),
            *map(_power, (SURGE_DB, AGAIN_DB, TONE_DB, OVER_MID_DB, LOUD_DB)),
            QUIETEST,
            *map(_power, (DEEP_DB, CLICK_OVER_DB, CLICK_DB, LET_GO_DB)),
            *(round(ms / step_ms) for ms in (LONGEST_MS, HOLD_MS, REST_MS, DOUBT_MS)),
        ]
        for at, (kind, hz) in enumerate(EARS):
            self._numbers[_SECTIONS + 5 * at : _SECTIONS + 5 * at + 5] = design(kind, hz, 0.0, SMOOTH_Q, rate_hz)
        self._past = np.zeros(round(SEEN_AGAIN_MS / step_ms))
        self._heard: Block = np.zeros(STEP_FRAMES, np.float32)
        self._native = bound.calls()
        self._twin = _Twin(self._numbers, self._past)
        self._sum: Block = np.zeros(period_frames, np.float32)
        self.reset()

    def hear(self, block: Block) -> bool:
        """Whether there is a pop where the block ends. The block stays as it is."""
        if self._native is not None:
            return self._native.pops_hear(block, self._heard, self._numbers, self._past)
        frames, done = len(block), round(self._numbers[_COUNTS + 1].item())
        np.add.reduce(block, axis=1, out=self._sum[:frames])
        start = 0
        while start < frames:
            count = min(STEP_FRAMES - done, frames - start)
            self._heard[done : done + count] = self._sum[start : start + count]
            done, start = (done + count) % STEP_FRAMES, start + count
            if done == 0:
                self._twin.listen(self._heard)
        self._numbers[_COUNTS + 1] = done
        pops: float = self._numbers[-1].item()
        return pops > 0.0

    def reset(self) -> None:
        """Forget all that was heard."""
        self._numbers[_STATE:] = 0.0
        self._numbers[_LEVELS + 3 : _LEVELS + 5] = self._numbers[_LEVELS + 7] = QUIETEST  # before, voice; surge
        self._past.fill(0.0)
        self._heard.fill(0.0)
        self._twin.reset()


class _Twin:
    """What dsp/native/pops.c does with a step."""

    def __init__(self, numbers: bound.Exact, past: bound.Exact) -> None:
        self._numbers, self._past = numbers, past
        low, deep, over, high, under = numbers[_SECTIONS:_STATE].reshape(-1, 5).tolist()
        self._ears = Ears(STEP_FRAMES, ([low], [deep], [over, under], [high]))
        self._powers = np.zeros(4)

    def reset(self) -> None:
        self._ears.reset()

    def listen(self, heard: Block) -> None:
        low, deep_now, mid, high = self._powers_of(heard)
        rules: list[float] = self._numbers[:_SECTIONS].tolist()
        quick, slow, over_kept, voice_kept, click_kept, forgotten, tone_kept = rules[:7]
        surge_over, again_over, tone_over, mid_over, loud, quietest = rules[7:13]
        deep_enough, click_over, click_loud, let_go, longest, hold, rest, doubt = rules[13:]
        now, deep, over, before, voice, click, highs, surge, tone = self._numbers[_LEVELS:_COUNTS].tolist()
        at, done, lasted, since, resting, sure, pops = self._numbers[_COUNTS:].tolist()
        now += quick * (low - now)
        deep += quick * (deep_now - deep)
        over = max(mid, over * over_kept)
        voice = max(over, voice * voice_kept, quietest)
        click = max(high if high > click_over * highs else 0.0, click * click_kept)
        highs += slow * (high - highs)
        surge = max(self._past[int(at)].item(), surge * forgotten)
        self._past[int(at)] = now
        at = (at + 1) % len(self._past)
        tone = max(self._past.min().item(), tone * tone_kept)
        is_deep = deep > now * deep_enough
        surges = now > before * surge_over and now >= surge * again_over and now > tone * tone_over
        stands_out = now > over * mid_over and now > voice * loud and now > quietest
        if pops:
            lasted += 1
            sure = 1.0 if is_deep else sure
            goes_on = now > max(before, over) * let_go and (is_deep or not sure)
            since = 0.0 if goes_on else since + 1
            no_pop = (not sure and lasted >= doubt) or lasted >= longest
            if since >= hold or no_pop:
                resting = rest if no_pop else 0.0
                if no_pop:
                    before = max(before, now)  # it is a tone
                pops = 0.0
        elif resting:
            resting -= 1
            before += slow * (now - before)
        elif surges and stands_out and click <= now * click_loud:
            lasted = since = 0.0
            sure, pops = float(is_deep), 1.0
        else:
            before = max(quietest * 0.1, before + slow * (now - before))
        self._numbers[_LEVELS:_COUNTS] = now, deep, over, before, voice, click, highs, surge, tone
        self._numbers[_COUNTS:] = at, done, lasted, since, resting, sure, pops

    def _powers_of(self, heard: Block) -> list[float]:
        sounds = self._ears.hear(heard)
        np.einsum("ij,ij->i", sounds, sounds, out=self._powers)
        powers: list[float] = np.divide(self._powers, STEP_FRAMES, out=self._powers).tolist()
        return powers
