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
from dsp.parts.stft import forward_transform

ON = switch(
    "feedback.on",
    "Feedback",
    "Finds howl between loudspeaker and microphone as it starts, and cuts it with narrow notches. Held notes and "
    "whistles stay.",
)
FEEDBACK_PARAMS = (ON,)

NOTCHES = 8
WINDOW_FRAMES, HOP_FRAMES = 2048, 512
LOWEST_HZ, HIGHEST_HZ = 80.0, 12_000.0

NEAR, FAR = 4, 7  # bins beside a peak that are its neighbours
PNPR_DB, PHPR_DB = 13.0, 28.0
HIGHEST_OVERTONE, SERIES_DB = 16, 12.0  # of a note: known by the two below it, which are about as loud
QUIETEST_DB = -60.0  # of full scale: what rises below it is not heard yet
SPANS = (6, 9, 14, 24)
"""Hops over which the level must have risen in a straight line: 64, 96, 149, 256 ms. Slow howl takes longer."""

RISE_DB = (8.0, 4.0, 2.0, 1.0)  # how far, over each of them
BENT = 0.12  # largest deviation from the straight line (IMSD), as a share of the rise
WANDERED_BINS = 0.12  # largest deviation from the mean frequency: 3 Hz

LOUD_DB, STANDS_HOPS = -24.0, 40
STILL_DB, STILL_BINS = 0.6, 0.04
"""A loop at its limit (the limiter's, the amplifier's) stands: as loud as this, nothing else beside it, and for 0.4 s
no more of a change. A voice never stands so still.
"""

FIRST_DB, STEP_DB, DEEPEST_DB = -9.0, -6.0, -30.0
SHARP, WIDE = 12.0, 5.0  # Q of a notch, and of one that has to cut howl beside it as well
SAME = 1.06  # frequencies closer than this share a notch
ANSWER_HOPS = 14  # 150 ms: until the cut must be seen in the microphone
FALLEN_DB = 3.0
LET_GO_DB = 0.04  # a hop: 4 dB a second
HOLD_HOPS = 375  # 4 s before a notch begins to let go; twice as long each time the howl comes back, up to LONGEST
LONGEST_HOPS = 12_000
RECORD_FALL_DB = 0.05
"""Howl grows beyond what was heard at its frequency before; that is forgotten by so much a hop, 5 dB a second."""

BANNED_HOPS = 300  # 3 s in which a tone that did not fall is left alone
METER_MS = 100.0
FLOOR = 1e-12


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
        self._at = self._row = self._hops = 0
        self._notches = [Notch() for _ in range(NOTCHES)]
        self._filters = Biquads(NOTCHES)
        self.prepare(RATE_HZ, HOP_FRAMES, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        """May allocate: it is called before the sound starts."""
        self._rate_hz, self._channels = rate_hz, channels
        self._filters.prepare(rate_hz, HOP_FRAMES, channels)
        bins = WINDOW_FRAMES // 2 + 1
        self._bin_hz = rate_hz / WINDOW_FRAMES
        self._first = max(FAR + 1, round(LOWEST_HZ / self._bin_hz))
        self._last = min(bins - FAR - 1, round(HIGHEST_HZ / self._bin_hz))
        self._window: NDArray[np.float32] = np.hanning(WINDOW_FRAMES + 1)[:-1].astype(np.float32)
        self._scale = 2.0 / float(np.sum(self._window))
        self._past: Block = np.zeros((channels, WINDOW_FRAMES), np.float32)
        self._wave: Block = np.zeros((channels, WINDOW_FRAMES), np.float32)
        self._spectrum: NDArray[np.complex64] = np.zeros((channels, bins), np.complex64)
        self._squares: NDArray[np.float32] = np.zeros((2, channels, bins), np.float32)
        self._history: NDArray[np.float32] = np.zeros(
            (max(*SPANS, STANDS_HOPS), bins), np.float32
        )  # levels in dB, a ring
        self._peak: NDArray[np.bool_] = np.zeros((2, self._last - self._first), np.bool_)
        self._beside: NDArray[np.float32] = np.zeros((2, self._last - self._first), np.float32)
        self._times = [np.arange(span) - (span - 1) / 2.0 for span in SPANS]
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
            self._past[:, WINDOW_FRAMES - HOP_FRAMES + self._at : WINDOW_FRAMES - HOP_FRAMES + self._at + frames] = (
                piece.T
            )
            self._meter(piece, frames)
            self._at += frames
            done += frames
            if self._at == HOP_FRAMES:
                self._at = 0
                if self._on:
                    self._hop()
                self._past[:, :-HOP_FRAMES] = self._past[:, HOP_FRAMES:]

    def reset(self) -> None:
        """Forget the sound and every notch."""
        self._at = self._row = self._hops = 0
        self._past.fill(0.0)
        self._history.fill(10.0 * math.log10(FLOOR))
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
        levels = self._analyse()
        self._hops += 1
        self._follow(levels)
        for at in self._candidates(levels):
            self._look(at)
        # What lies further back than the shortest rise.
        np.subtract(self._record, RECORD_FALL_DB, out=self._record)
        np.maximum(self._record, self._history[(self._row - SPANS[0]) % len(self._history)], out=self._record)

    def _analyse(self) -> NDArray[np.float32]:
        """The levels of the newest window in dB of full scale, (bins,): a row of the history."""
        np.multiply(self._past, self._window, out=self._wave)
        forward_transform(self._wave, self._spectrum)
        real, imaginary = self._squares
        self._row = (self._row + 1) % len(self._history)
        levels: NDArray[np.float32] = self._history[self._row]
        np.multiply(self._spectrum.real, self._spectrum.real, out=real)
        np.multiply(self._spectrum.imag, self._spectrum.imag, out=imaginary)
        np.add(real, imaginary, out=real)
        np.add.reduce(real, axis=0, out=levels)
        np.multiply(levels, self._scale * self._scale / self._channels, out=levels)
        np.add(levels, FLOOR, out=levels)
        np.log10(levels, out=levels)
        np.multiply(levels, 10.0, out=levels)
        return levels

    def _candidates(self, levels: NDArray[np.float32]) -> list[int]:
        """Bins that stand alone: a peak, its neighbours PNPR_DB below."""
        first, last = self._first, self._last
        here, found, other = levels[first:last], *self._peak
        beside, far = self._beside
        np.greater(here, levels[first - 1 : last - 1], out=found)
        np.logical_and(found, np.greater_equal(here, levels[first + 1 : last + 1], out=other), out=found)
        np.logical_and(found, np.greater(here, QUIETEST_DB, out=other), out=found)
        np.copyto(beside, levels[first - NEAR : last - NEAR])
        for away in (-FAR, -(NEAR + FAR) // 2, NEAR, (NEAR + FAR) // 2, FAR):
            np.copyto(far, levels[first + away : last + away])
            np.maximum(beside, far, out=beside)
        np.subtract(here, beside, out=beside)
        np.logical_and(found, np.greater(beside, PNPR_DB, out=other), out=found)
        if not found.any():
            return []
        return [first + at for at in np.flatnonzero(found).tolist()]

    def _look(self, at: int) -> None:
        """Set or deepen a notch where the partial in this bin rises as howl does."""
        level = self._history.item(self._row, at)
        if self._banned[at] > self._hops or level < self._record[at - 1 : at + 2].max():
            return
        if not (self._rises(at) or self._stands(at)) or self._has_overtones(at):
            return
        hz = (at + self._offset(self._history[self._row], at)) * self._bin_hz
        self._cut(hz, level)

    def _rises(self, at: int) -> bool:
        for span, rise, times in zip(SPANS, RISE_DB, self._times, strict=True):
            if self._hops < span:
                return False
            tops, places = self._track(at, span)
            mean, centre = sum(tops) / span, sum(places) / span
            power = float(np.dot(times, times))
            slope = sum(time * top for time, top in zip(times.tolist(), tops, strict=True)) / power
            bent = max(abs(top - mean - slope * time) for time, top in zip(times.tolist(), tops, strict=True))
            wandered = max(abs(place - centre) for place in places)
            if slope * (span - 1) >= rise and bent < BENT * slope * (span - 1) and wandered < WANDERED_BINS:
                return True
        return False

    def _track(self, at: int, span: int) -> tuple[list[float], list[float]]:
        """Level in dB and place in bins of the partial over the last `span` hops, oldest first."""
        tops, places = [], []
        for back in range(span - 1, -1, -1):
            levels = self._history[(self._row - back) % len(self._history)]
            near = at + int(np.argmax(levels[at - 1 : at + 2])) - 1
            offset = self._offset(levels, near)
            places.append(near + offset)
            left, top, right = levels[near - 1 : near + 2].tolist()
            tops.append(top - 0.25 * (left - right) * offset)
        return tops, places

    @staticmethod
    def _offset(levels: NDArray[np.float32], at: int) -> float:
        """Where the top of a parabola over three bins lies, from the middle one."""
        left, top, right = levels[at - 1 : at + 2].tolist()
        bend = left - 2.0 * top + right
        return 0.5 * (left - right) / bend if bend < 0.0 else 0.0

    def _stands(self, at: int) -> bool:
        """Whether it is loud, and stands as still as only a loop at its limit does."""
        levels = self._history[self._row]
        if levels.item(at) < LOUD_DB or self._hops < STANDS_HOPS:
            return False
        total = float(np.add.reduce(self._squares[0], axis=None)) * self._scale * self._scale / self._channels
        if 10.0 * math.log10(total + FLOOR) - levels.item(at) > 4.0:
            return False
        tops, places = self._track(at, STANDS_HOPS)
        return max(tops) - min(tops) < STILL_DB and max(places) - min(places) < STILL_BINS

    def _has_overtones(self, at: int) -> bool:
        """Whether it is a partial of a note: an octave away there is another, or two in a row lie below it."""
        levels = self._history[self._row]
        least = levels.item(at) - PHPR_DB
        if any(self._near(levels, at * ratio) > least for ratio in (2.0, 0.5, 1.5)):
            return True
        least = levels.item(at) - SERIES_DB
        return any(
            self._near(levels, at * (1.0 - 1.0 / number)) > least
            and self._near(levels, at * (1.0 - 2.0 / number)) > least
            for number in range(3, min(HIGHEST_OVERTONE, at // NEAR) + 1)
        )

    def _near(self, levels: NDArray[np.float32], place: float) -> float:
        """The level around this place in bins; silence where there can be no partial."""
        near = round(place)
        return (
            float(levels[near - 1 : near + 2].max()) if self._first <= near < self._last else 10.0 * math.log10(FLOOR)
        )

    # The notches.

    def _cut(self, hz: float, level_db: float) -> None:
        ratio = [max(notch.hz / hz, hz / notch.hz) if notch.hz else 1e9 for notch in self._notches]
        nearest = min(range(NOTCHES), key=ratio.__getitem__)
        if ratio[nearest] < SAME:
            notch = self._notches[nearest]
            if notch.since < 3:
                return
            if abs(notch.hz - hz) > 1.5 * self._bin_hz:
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
                near = round(notch.hz / self._bin_hz)
                level = float(levels[near - 1 : near + 2].max())
                if level > notch.level_db + 2.0 and notch.depth_db > DEEPEST_DB and notch.since % 3 == 0:
                    notch.depth_db = max(DEEPEST_DB, notch.depth_db + STEP_DB)
                    notch.level_db = level
                    self._filters.set(at, "bell", notch.hz, notch.depth_db, notch.q)
                elif level < notch.level_db - FALLEN_DB:
                    notch.proven = True
                elif notch.since == ANSWER_HOPS and notch.depth_db > DEEPEST_DB and level > LOUD_DB:
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
