"""Clicks of the mouth, crackle and digital ticks are found and filled in with what the voice would have been.

A click is what a voice's past does not foretell, beyond what the voice itself leaves unforetold: the pulses of its
cords in the last 30 ms. It is short, and the sound goes on behind it as before it; so a consonant, a pluck and a drum
are none. It is filled in from both sides by least squares. S. V. Vaseghi and P. J. W. Rayner, "Detection and
suppression of impulsive noise in speech communication systems", 1990; S. J. Godsill and P. J. W. Rayner, "Digital Audio
Restoration", 1998; Janssen (dsp.restore.prediction).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.native import bound
from dsp.params import ParamSpec, switch
from dsp.restore import prediction
from dsp.restore.lookahead import Lookahead
from dsp.restore.prediction import FLOOR

ON = switch("declick.on", "De-click", "Clicks of the mouth, crackle and digital ticks are filled in. Adds 5 ms.")
AMOUNT = ParamSpec("declick.amount", "%", 0.0, 100.0, 50.0, "Sensitivity", "Higher finds fainter clicks.")
DECLICK_PARAMS = (ON, AMOUNT)

ORDER = 24
HOP_FRAMES, PAST_FRAMES, AHEAD_FRAMES = 32, 1024, 192
LEARN_EVERY = 4  # hops
PEAKS_KEPT = 45  # hops: 30 ms, two periods of a voice of 67 Hz
LONGEST, MARGIN = 112, 4  # frames that are filled in at once, and how many behind what is seen of a click
AFTER = 48  # frames behind a click that have to be as calm as those before it
RISE, PAUSE = 12, 8  # frames that a click may begin before it is found, and be faint within
MOST_FILLS = 8  # tries in a hop and channel, so that a shower of clicks costs no more

LOUDEST_FACTOR, QUIETEST_FACTOR = 6.0, 1.05
"""How far a click's error is above the voice's own, at a sensitivity of 0 and of 100 %: 2.5 in the middle."""

EDGE, OWN_EDGE = 0.02, 1.0  # where a click ends: error relative to its peak, and to the voice's own
CALM, CALM_AFTER, LEFT = 1.2, 1.5, 0.1  # what may be left, relative to the voice's own, and behind it to the peak
BENDS = 0.15  # a click is bright: squares of its slope relative to its own
LONGER, GROWTH = 4.0, 1.5  # frames that a fill grows by where it does not do, and how that grows
FAINTEST = 1e-5

METER_MS, COUNT_S = 100.0, 3.0
TAKEN, MENDED = range(2)


class Declick:
    """Audio thread, but for prepare(). Each channel by itself: a crackling cable is one side's.

    change_db: how much louder the sound was with its clicks, below 0. detail: clicks a second in the last seconds.
    """

    name = "declick"
    params = DECLICK_PARAMS
    latency_frames = HOP_FRAMES + AHEAD_FRAMES

    def __init__(self) -> None:
        self._on, self._amount = False, AMOUNT.default
        self._taken, self._heard, self._a_second = 0.0, 1e-9, 0.0
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._rate_hz, self._channels = rate_hz, channels
        self._rules: NDArray[np.float64] = np.array(
            [1.0, EDGE, OWN_EDGE, CALM, CALM_AFTER, LEFT, BENDS, LONGER, GROWTH, FLOOR, FAINTEST]
        )
        look = self._look = Lookahead(channels, HOP_FRAMES, PAST_FRAMES, AHEAD_FRAMES)
        length, width = look.sound.shape[1], ORDER + 1
        self._window = prediction.make_window(PAST_FRAMES)
        self._peaks: Block = np.zeros((channels, PEAKS_KEPT), np.float32)
        self._errors: Block = np.zeros(length, np.float32)
        self._a = np.zeros((channels, width))
        self._tally = np.zeros(2)
        self._factored, self._turn = np.zeros(channels, np.int32), np.zeros(1, np.int32)
        sizes = ORDER, HOP_FRAMES, PAST_FRAMES, AHEAD_FRAMES, PEAKS_KEPT, PAST_FRAMES, LEARN_EVERY, LONGEST, AFTER
        self._native = bound.declick(
            channels,
            *(*sizes, RISE, PAUSE, MARGIN, MOST_FILLS),
            *(self._rules, self._window, look.sound, look.inlet, look.outlet, self._peaks, self._errors),
            *(np.zeros(length, np.float32), np.zeros(LONGEST, np.float32), self._a, np.zeros(PAST_FRAMES)),
            *(np.zeros((channels, LONGEST, width)), np.zeros(LONGEST), self._tally, np.zeros(LONGEST, np.int32)),
            *(self._factored, self._turn),
        )
        self._set_factor()
        self.reset()

    def set_param(self, param_id: str, value: float) -> None:
        if param_id == ON.id:
            self._on = value >= 0.5
        else:
            self._amount = value
            self._set_factor()

    def _set_factor(self) -> None:
        share = self._amount / AMOUNT.high
        self._rules[0] = LOUDEST_FACTOR * (QUIETEST_FACTOR / LOUDEST_FACTOR) ** share

    @property
    def wanted(self) -> bool:
        return self._on

    @property
    def at_work(self) -> bool:
        return self._on

    @property
    def change_db(self) -> float:
        return -10.0 * math.log10(1.0 + self._taken / self._heard) if self._taken > 0.0 and self._on else 0.0

    @property
    def detail(self) -> float:
        return self._a_second if self._on else 0.0

    def process(self, block: Block) -> None:
        self._tally.fill(0.0)
        if self._native is not None:
            self._look.done = self._native.process(block, self._look.done)
        else:
            self._look.process(block, self._whole)
        seconds = len(block) / self._rate_hz
        kept = math.exp(-1000.0 * seconds / METER_MS)
        self._taken = self._taken * kept + self._tally.item(TAKEN)
        self._heard = self._heard * kept + float(np.vdot(block, block)) + 1e-9
        kept = math.exp(-seconds / COUNT_S)
        self._a_second = self._a_second * kept + self._tally.item(MENDED) / COUNT_S

    def reset(self) -> None:
        """The sound starts anew."""
        self._look.reset()
        self._peaks.fill(0.0)
        self._a.fill(0.0)
        self._a[:, 0] = 1.0
        self._factored.fill(0)
        self._turn.fill(0)
        self._taken, self._heard, self._a_second = 0.0, 1e-9, 0.0

    # --- what dsp/native/declick.c does ---

    def _whole(self) -> None:
        turn = self._turn.item(0)
        for channel in range(self._channels):
            self._work_on(channel, turn)
        self._look.outlet[:] = self._look.sound[:, PAST_FRAMES : PAST_FRAMES + HOP_FRAMES].T
        self._turn[0] = (turn + 1) % (LEARN_EVERY * PEAKS_KEPT)

    def _work_on(self, channel: int, turn: int) -> None:
        sound, peaks = self._look.sound[channel], self._peaks[channel]
        first, last, end = PAST_FRAMES, PAST_FRAMES + HOP_FRAMES, len(sound)
        if turn % LEARN_EVERY == 0:
            self._a[channel] = prediction.learn(sound[:first], self._window, ORDER)
        a, error = self._a[channel], self._errors
        error[first:] = prediction.errors(sound, first, end, a)
        own = max(float(peaks.max()), FAINTEST)
        limit = np.float32(np.float32(own) * np.float32(self._rules[0]))
        self._fills, start = MOST_FILLS, first
        while self._fills > 0 and start < last:
            beyond = np.abs(error[start:last]) > limit
            if not beyond.any():
                break
            start += int(beyond.argmax())
            peak = float(np.abs(error[start : min(start + ORDER, end)]).max())
            start = self._mend_one(sound, a, start, peak, own) or start + ORDER
        peaks[turn % PEAKS_KEPT] = np.abs(error[first:last]).max()

    def _mend_one(self, sound: Block, a: NDArray[np.float64], found: int, peak: float, own: float) -> int:
        """Try to mend what is found at a frame. Return the frame behind it; 0 where it is no click and all stays."""
        error, end = self._errors, len(sound)
        edge = max(own * OWN_EDGE, peak * EDGE)
        start, stop = found, found + 1
        while start > max(PAST_FRAMES, found - RISE) and abs(error.item(start - 1)) > edge:
            start -= 1
        start = max(PAST_FRAMES, start - 1)
        latest = min(start + LONGEST, end - ORDER)
        at = found + 1
        while at < latest and at - stop < PAUSE:
            if abs(float(a @ sound[at : at + ORDER + 1])) > edge:
                stop = at + 1
            at += 1
        stop, longer = min(stop + MARGIN, latest), LONGER
        while self._fills > 0:
            self._fills -= 1
            there = np.arange(start, stop)
            was = sound[there]
            told = prediction.fill(sound, there, a)
            gone = was - told
            sound[there] = told
            taken = float(gone @ gone)
            bends = float(np.square(np.diff(gone, prepend=0.0, append=0.0)).sum())
            until = min(stop + ORDER + AFTER, end)
            fresh = prediction.errors(sound, start, until, a)
            size, near = np.abs(fresh), stop - start + ORDER
            calm = float(size[:near].max()) <= own * CALM
            calm &= float(size[near:].max(initial=0.0)) <= max(own * CALM_AFTER, peak * LEFT)
            if calm and bends >= BENDS * taken:
                error[start:until] = fresh
                self._tally[TAKEN] += taken
                self._tally[MENDED] += 1.0
                return stop
            sound[there] = was
            if stop == latest:
                break
            stop = min(stop + int(longer), latest)
            longer *= GROWTH
        return 0
