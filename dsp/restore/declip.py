"""Peaks that were cut off are rebuilt, and room is made for them.

A converter or a preamplifier that is driven too far cuts every peak at the same level. Such flat tops are found by
themselves: the sound runs into them steeply, yet they are even, and nothing goes beyond them. What they were is told by
the voice around them, by least squares over its linear prediction (dsp.restore.prediction), and is never below what was
left of them. After S. J. Godsill and P. J. W. Rayner, "Digital Audio Restoration", 1998; A. Dahimene et al., "A simple
algorithm for the restoration of clipped speech signal", 2008.
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

ON = switch("declip.on", "De-clip", "Peaks that were cut off are rebuilt. Adds 5 ms.")
THRESHOLD = ParamSpec(
    "declip.threshold_db",
    "dB",
    -30.0,
    0.0,
    0.0,
    "Clipped from",
    "All above it counts as cut off. At 0 dB the box finds flat tops by itself.",
)
DECLIP_PARAMS = (ON, THRESHOLD)

ORDER = 32
HOP_FRAMES, PAST_FRAMES, AHEAD_FRAMES = 32, 1024, 160
MOST = 128  # frames that are unknown at once

EVEN = 2e-3  # of a flat top: how uneven it may be, relative to its level
GRAIN = 6e-5  # two steps of 16 bit
SHARPER = 4.0  # a peak by itself bends by 2.3 times its unevenness at most
QUIETEST = 0.03
ALIKE, BEYOND = 0.01, 1.02  # of levels: flat tops of one cause, and what proves that nothing was cut off there
FULL, NEAR = 0.98, 0.996  # where one flat top is enough; and what is clipped, relative to the level found
HIGHEST = 4.0  # a rebuilt peak, relative to what was left of it
ROOM_DB_PER_S = 2.0  # how quickly the room made is given back

METER_MS, SHARE_S = 100.0, 3.0
ADDED, REBUILT = range(2)
SEEN, TOP, RUN, LOW, HIGH, STEP, BEFORE, LOOKED = 0, 4, 5, 6, 7, 8, 9, 10
"""Of a channel, in the order of struct looked (declip.c): level and count of flat tops above zero and below; then the
flat top that may be under way.
"""


class Declip:
    """Audio thread, but for prepare(). Each channel by itself, but all leave the same room.

    Where nothing is rebuilt and no room is needed, no bit changes. change_db: what the peaks add, above 0. detail: the
    share of frames rebuilt in the last seconds, in percent.
    """

    name = "declip"
    params = DECLIP_PARAMS
    latency_frames = 2 * HOP_FRAMES + AHEAD_FRAMES

    def __init__(self) -> None:
        self._on, self._threshold_db = False, THRESHOLD.default
        self._added = self._heard = self._share = 0.0
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._rate_hz, self._channels = rate_hz, channels
        rise = 10.0 ** (ROOM_DB_PER_S * HOP_FRAMES / rate_hz / 20.0)
        self._rules: NDArray[np.float64] = np.array(
            [0.0, EVEN, GRAIN, SHARPER, QUIETEST, ALIKE, BEYOND, FULL, NEAR, HIGHEST, rise, FLOOR]
        )
        look = self._look = Lookahead(channels, HOP_FRAMES, PAST_FRAMES, AHEAD_FRAMES)
        self._window = prediction.make_window(PAST_FRAMES)
        self._looked = np.zeros((channels, LOOKED))
        self._room, self._tally = np.ones(2), np.zeros(2)
        self._native = bound.declip(
            channels,
            *(ORDER, HOP_FRAMES, PAST_FRAMES, AHEAD_FRAMES, PAST_FRAMES, MOST),
            *(self._rules, self._window, look.sound, look.inlet, look.outlet),
            *(np.zeros(ORDER + 1), np.zeros(PAST_FRAMES), np.zeros((MOST, ORDER + 1)), np.zeros(MOST)),
            *(self._looked, self._room, self._tally, np.zeros(MOST, np.int32)),
        )
        self._seen, self._size = np.zeros((2, HOP_FRAMES + 1))
        self._steps, self._most = np.zeros((2, HOP_FRAMES))
        self._near, self._loud = np.zeros((2, HOP_FRAMES), bool)
        self._set_threshold()
        self.reset()

    def set_param(self, param_id: str, value: float) -> None:
        if param_id == ON.id:
            self._on = value >= 0.5
        else:
            self._threshold_db = value
            self._set_threshold()

    def _set_threshold(self) -> None:
        self._rules[0] = 10.0 ** (self._threshold_db / 20.0) if self._threshold_db < 0.0 else 0.0

    @property
    def wanted(self) -> bool:
        return self._on

    @property
    def at_work(self) -> bool:
        return self._on

    @property
    def change_db(self) -> float:
        if not self._on or self._added <= 0.0:
            return 0.0
        return 10.0 * math.log10(1.0 + self._added / max(self._heard - self._added, 1e-9))

    @property
    def detail(self) -> float:
        return 100.0 * self._share if self._on else 0.0

    def process(self, block: Block) -> None:
        self._tally.fill(0.0)
        if self._native is not None:
            self._look.done = self._native.process(block, self._look.done)
        else:
            self._look.process(block, self._whole)
        seconds = len(block) / self._rate_hz
        kept = math.exp(-1000.0 * seconds / METER_MS)
        self._added = self._added * kept + self._tally.item(ADDED)
        self._heard = self._heard * kept + float(np.vdot(block, block)) + self._tally.item(ADDED)
        kept = math.exp(-seconds / SHARE_S)
        newest = self._tally.item(REBUILT) / (len(block) * self._channels)
        self._share = self._share * kept + (1.0 - kept) * newest

    def reset(self) -> None:
        """The sound starts anew."""
        self._look.reset()
        self._looked.fill(0.0)
        self._room.fill(1.0)
        self._added = self._heard = self._share = 0.0

    # --- what dsp/native/declip.c does ---

    def _whole(self) -> None:
        look = self._look
        first, hop = PAST_FRAMES, HOP_FRAMES
        loudest = 0.0
        for channel in range(self._channels):
            sound = look.sound[channel]
            if not self._rules[0] > 0.0:
                self._look_at(self._looked[channel], sound[-hop:])
            if self._rebuild(sound, self._looked[channel]):
                loudest = max(loudest, float(np.abs(sound[first : first + hop]).max()))
        need, start = (1.0 / loudest if loudest > 1.0 else 1.0), self._room.item(0)
        goal = min(start * self._rules.item(10), need, self._room.item(1))
        leaves = look.sound[:, first - hop : first].T
        if start == goal == 1.0:
            look.outlet[:] = leaves
        else:
            look.outlet[:] = leaves * (start + (goal - start) / hop * np.arange(1.0, hop + 1))[:, None]
        self._room[:] = goal, need

    def _look_at(self, looked: NDArray[np.float64], sound: Block) -> None:
        """Find flat tops. Frame by frame only where one is about as loud as that before it, as in a flat top."""
        values: list[float] = looked.tolist()
        seen, size, near = self._seen, self._size, self._near
        seen[0], seen[1:] = values[BEFORE], sound
        np.abs(seen, out=size)
        steps = np.subtract(seen[1:], seen[:-1], out=self._steps)  # a change of sign is a large one
        np.less_equal(np.abs(steps, out=steps), np.multiply(size[1:], 2.0 * EVEN, out=self._most), out=near)
        np.logical_and(near, np.greater(size[1:], 0.9 * QUIETEST, out=self._loud), out=near)
        frames: list[float] = seen.tolist()
        places: list[int] = np.flatnonzero(near).tolist()
        start, count = 1, len(frames)
        for place in (*places, count):
            while start < count and values[RUN] > 1.0 and start < place + 1:
                _look_at_frame(values, frames[start])
                start += 1
            stop = min(place + 1, count)
            if start < stop:  # none of these goes on with what was before it
                _pass_by(values, frames[start - 1 : stop])
                start = stop
            if start < count:
                _look_at_frame(values, frames[start])
                start += 1
        looked[:] = values

    def _rebuild(self, sound: Block, looked: NDArray[np.float64]) -> bool:
        """Rebuild what is clipped in the hop under way. Return whether there was any."""
        first, last = PAST_FRAMES, PAST_FRAMES + HOP_FRAMES
        seen = sound[first : len(sound) - ORDER]
        if self._rules[0] > 0.0:
            levels = [self._rules.item(0)] * 2
        else:
            levels = [
                level * NEAR if count >= 2.0 or (count >= 1.0 and level >= FULL) else math.inf
                for level, count in looked[:4].reshape(2, 2).tolist()
            ]
            if levels == [math.inf, math.inf]:
                return False
        hop = seen[:HOP_FRAMES]
        if hop.max() < levels[0] and -hop.min() < levels[1]:
            return False
        clipped = np.abs(seen).astype(np.float64) >= np.where(seen < 0.0, levels[1], levels[0])
        at = np.flatnonzero(clipped)[:MOST] + first
        wanted = int(np.searchsorted(at, last))
        if not wanted:
            return False
        told = prediction.fill(sound, at, prediction.learn(sound[:first], self._window, ORDER))[:wanted]
        there = at[:wanted]
        was = sound[there].astype(np.float64)
        peaks = np.minimum(told * np.sign(was), HIGHEST * np.abs(was))
        higher = peaks > np.abs(was)
        sound[there[higher]] = (peaks * np.sign(was))[higher]
        self._tally[ADDED] += float((np.square(peaks) - np.square(was))[higher].sum())
        self._tally[REBUILT] += wanted
        return True


def _look_at_frame(values: list[float], now: float) -> None:
    """The next frame of a channel."""
    size, side, before = abs(now), SEEN + 2 * (now < 0.0), values[BEFORE]
    if size > values[side] * BEYOND:
        values[side + 1] = 0.0
    if values[RUN] > 0.0 and now * before > 0.0 and abs(size - values[TOP]) <= EVEN * values[TOP]:
        values[RUN] += 1.0
        values[LOW], values[HIGH] = min(values[LOW], size), max(values[HIGH], size)
    else:
        down = (before - now) * (-1.0 if before < 0.0 else 1.0)
        uneven = max(values[HIGH] - values[LOW], GRAIN)
        steep = values[RUN] * (values[STEP] + down) > 8.0 * SHARPER * uneven
        if values[RUN] >= 3.0 and values[STEP] > 0.0 and down > 0.0 and values[HIGH] >= QUIETEST and steep:
            _shown(values, SEEN + 2 * (before < 0.0), values[HIGH])
        values[RUN], values[TOP], values[LOW], values[HIGH] = 1.0, size, size, size
        values[STEP] = (now - before) * (-1.0 if now < 0.0 else 1.0)
    values[BEFORE] = now


def _pass_by(values: list[float], frames: list[float]) -> None:
    """The first is the one before them. All others begin anew: only the last matters to what follows."""
    for side, highest in ((SEEN, max(frames[1:])), (SEEN + 2, -min(frames[1:]))):
        if highest > 0.0 and highest > values[side] * BEYOND:
            values[side + 1] = 0.0
    before, now = frames[-2:]
    values[RUN], values[TOP], values[LOW], values[HIGH] = 1.0, abs(now), abs(now), abs(now)
    values[STEP] = (now - before) * (-1.0 if now < 0.0 else 1.0)
    values[BEFORE] = now


def _shown(values: list[float], side: int, level: float) -> None:
    """A flat top of this level was seen on a side."""
    if values[side + 1] > 0.0 and abs(level - values[side]) <= ALIKE * values[side]:
        values[side + 1] = min(values[side + 1] + 1.0, 8.0)
        values[side] = max(values[side], level)
    elif values[side + 1] == 0.0 or level > values[side]:
        values[side], values[side + 1] = level, 1.0
