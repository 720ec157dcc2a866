"""Feedback: a partial that rises as only howl does is found, and cut by a narrow notch that lets go again.

Howl is a loop: each way round from the loudspeaker to the microphone multiplies it by the same factor. So its level in
dB rises in a straight line, at one frequency, with nothing beside it and no overtones. A note does not: it has
overtones, its pitch moves, its level bends. The measures are those of T. van Waterschoot and M. Moonen, "Fifty years of
acoustic feedback control: state of the art and future challenges", Proceedings of the IEEE 99 (2), 2011, and
"Comparative evaluation of howling detection criteria in notch-filter-based howling suppression", AES 126, 2009: PNPR
(peak to neighbours), PHPR (peak to harmonics) and IMSD (how straight the slope is). Then the notch asks: howl falls in
the microphone once its loop is cut; a whistled note does not, and is let go at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.params import switch
from dsp.parts.biquads import Biquads
from dsp.restore.howl_ear import FLOOR, HOP_FRAMES, SPANS, WINDOW_FRAMES, HowlEar

ON = switch(
    "feedback.on",
    "Feedback",
    "Finds howl between loudspeaker and microphone as it starts, and cuts it with narrow notches. Held notes and "
    "whistles stay.",
)
FEEDBACK_PARAMS = (ON,)

NOTCHES = 8
FIRST_DB, STEP_DB, DEEPEST_DB = -9.0, -6.0, -30.0
SHARP, WIDE = 12.0, 5.0  # Q of a notch, and of one that has to cut howl beside it as well
SAME = 1.06  # frequencies closer than this share a notch
ANSWER_HOPS = 14  # 150 ms: until the cut must be seen in the microphone
FALLEN_DB = 3.0
TWICE_DB = -50.0  # what is louder, and did not fall, is asked a second time
LET_GO_DB = 0.04  # a hop: 4 dB a second
HOLD_HOPS = 375  # 4 s before a notch begins to let go; twice as long each time the howl comes back, up to LONGEST
LONGEST_HOPS = 12_000
RECORD_FALL_DB = 0.05
"""Howl grows beyond what was heard at its frequency before; that is forgotten by so much a hop, 5 dB a second."""

BANNED_HOPS = 300  # 3 s in which a tone that did not fall is left alone
METER_MS = 100.0


@dataclass(slots=True)
class Notch:
    """hz 0: free. depth_db: below 0. since: hops since it was set deeper. level_db: in the microphone at that time."""

    hz: float = 0.0
    depth_db: float = 0.0
    q: float = SHARP
    since: int = 0
    level_db: float = 0.0
    proven: bool = False
    hold: int = HOLD_HOPS


class Feedback:
    """The stage. Audio thread; no latency. Without howl no bit changes.

    change_db: what the notches take away now, smoothed over 100 ms. detail: frequency in Hz of the last notch that was
    set, 0 before the first.
    """

    latency_frames = 0

    def __init__(self) -> None:
        self.name = "feedback"
        self.params = FEEDBACK_PARAMS
        self._on = False
        self._at = self._hops = 0
        self._notches = [Notch() for _ in range(NOTCHES)]
        self._filters = Biquads(NOTCHES)
        self.prepare(RATE_HZ, HOP_FRAMES, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        """May allocate: it is called before the sound starts."""
        self._rate_hz, self._channels = rate_hz, channels
        self._filters.prepare(rate_hz, HOP_FRAMES, channels)
        self._ear = HowlEar(rate_hz, channels)
        bins = self._ear.bins
        self._record: NDArray[np.float32] = np.zeros(bins, np.float32)
        self._banned: NDArray[np.int32] = np.zeros(bins, np.int32)
        self.reset()

    @property
    def wanted(self) -> bool:
        return self._on

    @property
    def at_work(self) -> bool:
        return self._on or not self._filters.at_rest

    @property
    def change_db(self) -> float:
        if self._before < 1e-9 or self._after >= self._before:
            return 0.0
        return 10.0 * math.log10(max(self._after / self._before, 1e-6))

    @property
    def detail(self) -> float:
        return self._last_hz

    def set_param(self, param_id: str, value: float) -> None:
        if param_id == ON.id:
            self._on = value >= 0.5
            if not self._on:
                for at in range(NOTCHES):
                    self._free(at)

    def process(self, block: Block) -> None:
        done = 0
        while done < len(block):
            frames = min(len(block) - done, HOP_FRAMES - self._at)
            piece = block[done : done + frames]
            start = WINDOW_FRAMES - HOP_FRAMES + self._at
            self._ear.past[:, start : start + frames] = piece.T
            self._meter(piece, frames)
            self._at += frames
            done += frames
            if self._at == HOP_FRAMES:
                self._at = 0
                if self._on:
                    self._hop()
                self._ear.past[:, :-HOP_FRAMES] = self._ear.past[:, HOP_FRAMES:]

    def reset(self) -> None:
        """Forget the sound and every notch."""
        self._at = self._hops = 0
        self._ear.reset()
        self._banned.fill(0)
        self._record.fill(10.0 * math.log10(FLOOR))
        self._before = self._after = self._last_hz = 0.0
        for at in range(NOTCHES):
            self._free(at)
        self._filters.reset()

    def _meter(self, piece: Block, frames: int) -> None:
        if self._filters.at_rest:
            self._before = self._after = 0.0
            return
        share = 1000.0 / (self._rate_hz * METER_MS)
        left = (1.0 - share) ** frames
        self._before = left * self._before + share * float(np.vdot(piece, piece))
        self._filters.process(piece)
        self._after = left * self._after + share * float(np.vdot(piece, piece))

    # A hop of analysis. What comes in is analysed, before the notches.

    def _hop(self) -> None:
        levels = self._ear.analyse()
        self._hops += 1
        self._follow(levels)
        for at in self._ear.candidates(levels):
            self._look(at)
        # What lies further back than the shortest rise.
        np.subtract(self._record, RECORD_FALL_DB, out=self._record)
        np.maximum(self._record, self._ear.levels_before(SPANS[0]), out=self._record)

    def _look(self, at: int) -> None:
        """Set or deepen a notch where the partial in this bin rises as howl does."""
        level = self._ear.levels_before(0).item(at)
        if self._banned[at] > self._hops or level < self._record[at - 1 : at + 2].max():
            return
        if not (self._ear.rises(at) or self._ear.stands(at)) or self._ear.has_overtones(at):
            return
        self._cut(self._ear.place_hz(at), level)

    # The notches.

    def _cut(self, hz: float, level_db: float) -> None:
        ratio = [max(notch.hz / hz, hz / notch.hz) if notch.hz else 1e9 for notch in self._notches]
        nearest = min(range(NOTCHES), key=ratio.__getitem__)
        if ratio[nearest] < SAME:
            notch = self._notches[nearest]
            if notch.since < 3:
                return
            if abs(notch.hz - hz) > 1.5 * self._ear.bin_hz:
                notch.hz, notch.q = math.sqrt(notch.hz * hz), max(WIDE, notch.q / 1.5)
            notch.depth_db = max(DEEPEST_DB, notch.depth_db + STEP_DB)
            notch.hold = min(LONGEST_HOPS, 2 * notch.hold)
        else:
            free = [at for at, each in enumerate(self._notches) if not each.hz]
            # All are taken: the shallowest gives way.
            nearest = free[0] if free else max(range(NOTCHES), key=lambda at: self._notches[at].depth_db)
            notch = self._notches[nearest] = Notch(hz, FIRST_DB)
        notch.since, notch.level_db = 0, level_db
        self._last_hz = hz
        self._filters.set(nearest, "bell", notch.hz, notch.depth_db, notch.q)

    def _follow(self, levels: NDArray[np.float32]) -> None:
        """Ask each notch whether its howl has fallen; let go what did not fall, and what is long over."""
        for at, notch in enumerate(self._notches):
            if not notch.hz:
                continue
            notch.since += 1
            if not notch.proven and notch.since <= ANSWER_HOPS:
                near = round(notch.hz / self._ear.bin_hz)
                level = float(levels[near - 1 : near + 2].max())
                if level > notch.level_db + 2.0 and notch.depth_db > DEEPEST_DB and notch.since % 3 == 0:
                    notch.depth_db = max(DEEPEST_DB, notch.depth_db + STEP_DB)
                    notch.level_db = level
                    self._filters.set(at, "bell", notch.hz, notch.depth_db, notch.q)
                elif level < notch.level_db - FALLEN_DB:
                    notch.proven = True
                elif notch.since == ANSWER_HOPS and notch.depth_db > DEEPEST_DB and level > TWICE_DB:
                    # Howl moves aside in a room of many modes: ask once more, as deep and wide as it goes.
                    notch.depth_db, notch.q, notch.since, notch.level_db = DEEPEST_DB, WIDE, 0, level
                    self._filters.set(at, "bell", notch.hz, notch.depth_db, notch.q)
                elif notch.since == ANSWER_HOPS:
                    self._banned[near - 3 : near + 4] = self._hops + BANNED_HOPS
                    self._free(at)
            elif notch.since > notch.hold:
                notch.depth_db += LET_GO_DB
                if notch.depth_db >= -0.5:
                    self._free(at)
                elif notch.since % 8 == 0:
                    self._filters.set(at, "bell", notch.hz, notch.depth_db, notch.q)

    def _free(self, at: int) -> None:
        self._notches[at] = Notch()
        self._filters.set(at, "off")
