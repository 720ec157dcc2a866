"""Mains hum is followed in frequency, level and phase, and subtracted ahead of the network.

It goes ahead of the network in every denoiser. The share of hum that `denoise.amount_db` leaves is the same as of any
noise. The dry path never passes it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dsp.block import Block
from dsp.restore.hum_comb import HARMONICS, PARTS, Comb, Lines
from dsp.restore.hum_search import MainsSearch
from dsp.restore.hum_tracker import HumTracker
from dsp.restore.hum_waves import HumWaves

MAINS_HZ = (50.0, 60.0)
WINDOW_EVERY_HOPS = 15
STARTS = 0, 7
"""In which of the 15 hops a window ends, for 50 Hz and for 60 Hz. Each hop from there on does one task with it."""

JUDGE_EVERY = 3  # windows, while hum is followed
STRANGE_JUDGEMENTS = 2  # in a row, before the tracker is started again
WALK_HOPS = 6  # length of the ramp from one estimate of the harmonics to the next
FAINTEST = 1e-7  # amplitude of a harmonic, below the last bit of 24


Task = Callable[[int], None]


class HumCanceller:
    """Predicts the hum in the present sound. Audio thread; it adds no delay.

    The prediction uses past sound only: levels and phases of up to 64 harmonics of the mains (HumTracker). It starts
    when MainsSearch finds hum. Without hum there is nothing to subtract.

    The work with a window is cut into tasks, of which each hop does one, so that no hop does much more than another.
    Hum is found 7 hops after the window that shows it, and a new estimate is heard from 6 hops after its window on.
    """

    def __init__(self, channels: int, hop_frames: int = 128, rate_hz: int = 48_000) -> None:
        self._hop_frames = hop_frames
        self._hop_s = hop_frames / rate_hz
        spacing_s = WINDOW_EVERY_HOPS * self._hop_s
        self._combs = [Comb(hz, rate_hz, channels) for hz in MAINS_HZ]
        self._searches = [MainsSearch(hz, spacing_s, channels) for hz in MAINS_HZ]
        self._tracker = HumTracker(spacing_s, channels)
        keep = max(comb.frames for comb in self._combs) + (PARTS - 1) * hop_frames
        self._past: Block = np.zeros((channels, keep + 64 * hop_frames), np.float32)
        self._keep = keep
        self._numbers = np.arange(1.0, HARMONICS + 1)
        self._waves = HumWaves(hop_frames, rate_hz)
        self._now = np.zeros((channels, HARMONICS), np.complex128)
        self._step = np.zeros((channels, HARMONICS), np.complex128)
        self._turned = np.zeros((channels, HARMONICS), np.complex128)
        self._nothing = np.zeros((channels, HARMONICS), np.complex128)
        self._turning = np.ones(HARMONICS, np.complex128)
        self._per_hop = np.ones(HARMONICS, np.complex128)
        self._both: NDArray[np.float32] = np.zeros((2, channels, 2 * HARMONICS), np.float32)
        self._sound: Block = np.zeros((2 * channels, hop_frames), np.float32)
        self._rise: Block = (np.arange(1.0, hop_frames + 1) / hop_frames).astype(np.float32)
        self._hum: Block = np.zeros((channels, hop_frames), np.float32)
        self._channels = channels
        hear: list[Task] = [partial(self._hear, part) for part in range(PARTS)]
        self._searching: tuple[Task, ...] = (
            *hear, self._read, self._remember, self._gather, self._compare, self._decide, self._lock,
        )  # fmt: skip
        self._following: tuple[Task, ...] = (
            *hear, self._read, self._track, self._weigh, self._adapt, self._settle, self._remember, self._aim,
            self._gather, self._compare, self._doubt, self._seek, self._miss, self._start_again,
        )  # fmt: skip
        assert len(self._following) <= WINDOW_EVERY_HOPS
        self.reset()

    @property
    def mains_hz(self) -> float:
        """Frequency of the hum that is followed; 0 without."""
        return self._tracker.hz if self._locked is not None else 0.0

    def reset(self) -> None:
        """Forget the sound and the hum: as new."""
        self._past.fill(0.0)
        self._end = self._keep
        self._done = 0  # frames of this hop
        self._hop = 0
        self._heard = 0  # frames since the start
        self._whole = [False] * len(MAINS_HZ)  # windows at work
        self._locked: int | None = None
        self._strange = self._windows = 0
        self._found = self._judged = False
        self._now.fill(0.0)
        self._silent = True  # whether the predicted hum has faded out, or never was
        self._sounds = False  # whether there is any in this hop
        self._walk = 0
        self._waves.start(0)
        for search, comb in zip(self._searches, self._combs, strict=True):
            search.reset()
            comb.aim(comb.mains_hz)

    def follow(self, block: Block) -> Block | None:
        """Take `block` (frames, channels); return the hum in it, or None where there is none.

        The hum has the block's shape and is a reused buffer. Hops follow one another from reset() on; a block may not
        go beyond the end of a hop.
        """
        frames, first = len(block), self._done
        if first == 0:
            self._prepare_hop()
        if self._end + frames > self._past.shape[1]:
            self._past[:, : self._keep] = self._past[:, self._end - self._keep : self._end]
            self._end = self._keep
        self._past[:, self._end : self._end + frames] = block.T
        self._end += frames
        self._done += frames
        hum = self._hum[:, first : first + frames].T if self._sounds else None
        if self._done >= self._hop_frames:
            self._done = 0
            self._learn()
        return hum

    def _prepare_hop(self) -> None:
        """Compute the hum of the next hop."""
        self._sounds = not self._silent and self._waves.are_made(self._tracker.hz)
        if not self._sounds:
            return
        channels, steady = self._channels, self._walk == 0
        if not steady:
            np.subtract(self._goal, self._now, out=self._step)
            self._step /= self._walk
            self._turn(self._step, self._both[1])
        self._turn(self._now, self._both[0])
        used = 1 if steady else 2
        sound = self._sound[: used * channels]
        np.matmul(self._both[:used].reshape(used * channels, -1), self._waves.rows, out=sound)
        if steady:
            np.copyto(self._hum, sound)
            return
        np.multiply(sound[channels:], self._rise, out=self._hum)
        np.add(self._hum, sound[:channels], out=self._hum)
        self._walk -= 1
        np.add(self._now, self._step, out=self._now)
        if self._walk == 0:
            np.copyto(self._now, self._goal)
            self._silent = not np.abs(self._now).max() > FAINTEST

    @property
    def _goal(self) -> Lines:
        return self._tracker.target if self._locked is not None else self._nothing

    def _turn(self, level: Lines, out: NDArray[np.float32]) -> None:
        turned = np.multiply(level, self._turning, out=self._turned)
        out[:, :HARMONICS] = turned.real
        out[:, HARMONICS:] = turned.imag

    def _learn(self) -> None:
        """Learn from the hop that is now whole."""
        tracker = self._tracker
        tracker.turns = (tracker.turns + tracker.hz * self._hop_s) % 1.0
        if not self._silent:  # it is set anew when hum is found
            np.multiply(self._turning, self._per_hop, out=self._turning)
        self._heard = min(self._heard + self._hop_frames, self._keep)
        at = self._hop
        self._hop = (at + 1) % WINDOW_EVERY_HOPS
        for which, start in enumerate(STARTS):
            if self._locked not in (None, which):
                continue
            tasks = self._searching if self._locked is None else self._following
            since = self._since = (at - start) % WINDOW_EVERY_HOPS
            if since == 0:
                self._whole[which] = self._heard >= self._combs[which].frames
            if since < len(tasks) and self._whole[which]:
                tasks[since](which)

    # --- the tasks, in this order; `which` mains the window is for, `_since`: hops since its end ---

    def _hear(self, part: int, which: int) -> None:
        comb, end = self._combs[which], self._end - self._since * self._hop_frames
        comb.hear(self._past[:, end - comb.frames : end], part)

    def _read(self, which: int) -> None:
        self._lines, self._noise = self._combs[which].read()

    def _remember(self, which: int) -> None:
        self._searches[which].hear(self._lines, self._noise)
        self._windows = (self._windows + 1) % JUDGE_EVERY
        self._judged = self._locked is None or self._windows == 0

    def _gather(self, which: int) -> None:
        if self._judged:
            self._searches[which].gather()

    def _compare(self, which: int) -> None:
        if self._judged:
            self._searches[which].compare()

    def _decide(self, which: int) -> None:
        self._found = self._searches[which].decide()

    def _lock(self, which: int) -> None:
        if not self._found:
            return
        self._found = False
        self._start_tracker(which)
        self._go_on_from(self._tracker.turns)
        self._locked = which
        self._strange = self._windows = 0
        self._waves.start()
        for other, search in enumerate(self._searches):
            self._whole[other] = False
            if other != which:
                search.reset()

    def _start_tracker(self, which: int) -> None:
        search, comb = self._searches[which], self._combs[which]
        hz = comb.mains_hz + search.offset_hz
        turns = (search.turns + hz * self._age_s(which)) % 1.0
        self._tracker.start(comb.mains_hz, hz, turns, *search.level())

    def _age_s(self, which: int) -> float:
        """Of the middle of the window."""
        return self._combs[which].age_s + self._since * self._hop_s

    def _track(self, which: int) -> None:
        self._tracker.hear(self._lines, self._noise, self._age_s(which))

    def _weigh(self, which: int) -> None:
        self._tracker.weigh()

    def _adapt(self, which: int) -> None:
        self._tracker.learn()

    def _settle(self, which: int) -> None:
        before = self._tracker.turns
        self._there = self._tracker.settle()
        self._go_on_from(before)

    def _aim(self, which: int) -> None:
        if not self._there:
            self._locked = None
            self._whole = [False] * len(MAINS_HZ)
        self._combs[which].aim(self._tracker.hz if self._there else MAINS_HZ[which])

    # The search shows where the tracker is wrong: after a jump, or when begun under a note.

    def _doubt(self, which: int) -> None:
        if self._judged:
            self._searches[which].decide()

    def _seek(self, which: int) -> None:
        if self._judged:
            self._sought = self._searches[which].lines()

    def _miss(self, which: int) -> None:
        if self._judged:
            search = self._searches[which]
            self._missed = self._tracker.missed(self._sought, search.found, search.turns, self._age_s(which))

    def _start_again(self, which: int) -> None:
        if not self._judged:
            return
        search = self._searches[which]
        # The lines missed must be hum beyond doubt by themselves: a note over the hum is not.
        strange = search.clear and search.witnessed(self._missed)[0]
        self._strange = self._strange + 1 if strange else 0
        if self._strange >= STRANGE_JUDGEMENTS:
            self._strange = 0
            before = self._tracker.turns
            self._start_tracker(which)
            self._go_on_from(before)

    def _go_on_from(self, turns: float) -> None:
        """Ramp from the present hum to the tracker's new estimate, without a jump. turns: its phase before."""
        tracker = self._tracker
        self._now *= np.exp(-2j * np.pi * self._numbers * (tracker.turns - turns))
        np.exp(2j * np.pi * self._numbers * tracker.turns, out=self._turning)
        np.exp((2j * np.pi * tracker.hz * self._hop_s) * self._numbers, out=self._per_hop)
        self._walk = WALK_HOPS
        self._silent = False
