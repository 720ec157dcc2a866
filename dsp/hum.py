"""Mains hum taken out ahead of the network: followed in frequency, level and phase, and subtracted."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import Block
from dsp.hum_comb import HARMONICS, Comb, Lines
from dsp.hum_search import MainsSearch
from dsp.hum_tracker import HumTracker

MAINS_HZ = (50.0, 60.0)
WINDOW_EVERY_HOPS = 15
HEAR_AT, THINK_AT, OTHER_AT = 0, 2, 7
"""Hops of the 15 on which a window is transformed and thought about, so that no hop bears all of the work."""

JUDGE_EVERY = 3  # windows, where hum is followed
STRANGE_WINDOWS = 6  # in a row, until the tracker starts anew
WALK_HOPS = 6  # from one estimate of the harmonics to the next
FAINTEST = 1e-7  # amplitude of a harmonic, below the last bit of 24
STALE_TURNS = 2e-4  # that a harmonic's stored wave may be off at the end of a hop


class HumCanceller:
    """Tells what hum there is in the sound of just now. Audio thread; it adds no delay.

    The hum is told from sound of the past alone: levels and phases of up to 64 harmonics of the mains (HumTracker),
    found only where MainsSearch sees hum. Without hum nothing is told and nothing need be subtracted.
    """

    def __init__(self, channels: int, hop_frames: int = 128, rate_hz: int = 48_000) -> None:
        self._hop_frames, self._rate_hz = hop_frames, rate_hz
        spacing_s = WINDOW_EVERY_HOPS * hop_frames / rate_hz
        self._combs = [Comb(hz, rate_hz, channels) for hz in MAINS_HZ]
        self._searches = [MainsSearch(hz, spacing_s, channels) for hz in MAINS_HZ]
        self._think_s = THINK_AT * hop_frames / rate_hz
        self._tracker = HumTracker(spacing_s, channels)
        keep = max(comb.frames for comb in self._combs)
        self._past: Block = np.zeros((channels, keep + 64 * hop_frames), np.float32)
        self._keep = keep
        self._numbers = np.arange(1.0, HARMONICS + 1)
        self._times = np.arange(1.0, hop_frames + 1) / rate_hz  # the phase is that of the frame before
        self._waves: NDArray[np.float32] = np.zeros((2 * HARMONICS, hop_frames), np.float32)
        self._wave_hz = np.zeros(HARMONICS)
        self._angles = np.zeros(hop_frames)
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
        self._whole = [False] * len(MAINS_HZ)  # windows
        self._locked: int | None = None
        self._strange = self._windows = 0
        self._now.fill(0.0)
        self._silent = True  # whether the hum has faded out, or never was
        self._sounds = False  # in this hop
        self._walk = 0
        self._row = 0
        for search, comb in zip(self._searches, self._combs, strict=True):
            search.reset()
            comb.aim(comb.mains_hz)

    def follow(self, block: Block) -> Block | None:
        """Take `block` (frames, channels), not beyond the end of a hop; return the hum in it, None where there is none.

        The hum has the block's shape and is a reused buffer. Hops begin at reset(), one after the other.
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
        """Make the hum of the next hop."""
        self._sounds = not self._silent or self._walk > 0
        if not self._sounds:
            return
        channels, steady = self._channels, self._walk == 0
        self._renew_waves()
        if not steady:
            np.subtract(self._goal, self._now, out=self._step)
            self._step /= self._walk
            self._turn(self._step, self._both[1])
        self._turn(self._now, self._both[0])
        used = 1 if steady else 2
        sound = self._sound[: used * channels]
        np.matmul(self._both[:used].reshape(used * channels, -1), self._waves, out=sound)
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

    def _renew_waves(self) -> None:
        """The harmonics' waves over a hop, one of them renewed each hop where the frequency has moved."""
        hz, row = self._tracker.hz * self._numbers[self._row], self._row
        if abs(hz - self._wave_hz[row]) * self._times[-1] > STALE_TURNS:
            self._make_wave(row, hz)
        self._row = (row + 1) % HARMONICS

    def _make_wave(self, row: int, hz: float) -> None:
        self._wave_hz[row] = hz
        np.multiply(self._times, 2.0 * math.pi * hz, out=self._angles)
        self._waves[row] = np.cos(self._angles)
        self._waves[HARMONICS + row] = -np.sin(self._angles)

    def _learn(self) -> None:
        """A hop is whole."""
        tracker, hop_s = self._tracker, self._hop_frames / self._rate_hz
        tracker.turns = (tracker.turns + tracker.hz * hop_s) % 1.0
        np.multiply(self._turning, self._per_hop, out=self._turning)
        self._heard = min(self._heard + self._hop_frames, self._keep)
        at = self._hop
        self._hop = (at + 1) % WINDOW_EVERY_HOPS
        if self._locked is None:
            for which, start in enumerate((HEAR_AT, OTHER_AT)):
                if at == start:
                    self._hear(which)
                elif at == start + THINK_AT and self._whole[which]:
                    self._look(which)
        elif at == (HEAR_AT, OTHER_AT)[self._locked]:
            self._hear(self._locked)
        elif at == (HEAR_AT, OTHER_AT)[self._locked] + THINK_AT:
            self._track(self._locked)

    def _aim(self) -> None:
        """Turn the harmonics as the tracker says from now on."""
        tracker = self._tracker
        np.exp(2j * np.pi * self._numbers * tracker.turns, out=self._turning)
        np.exp((2j * np.pi * tracker.hz * self._hop_frames / self._rate_hz) * self._numbers, out=self._per_hop)

    def _hear(self, which: int) -> None:
        comb = self._combs[which]
        self._whole[which] = self._heard >= comb.frames
        comb.hear(self._past[:, self._end - comb.frames : self._end])

    def _look(self, which: int) -> None:
        if self._searches[which].hear(*self._combs[which].read()):
            self._lock(which)

    def _lock(self, which: int) -> None:
        self._start_tracker(which)
        self._aim()
        self._silent = False
        self._locked = which
        self._strange = self._windows = 0
        self._walk = WALK_HOPS
        for row in range(HARMONICS):
            self._make_wave(row, self._tracker.hz * self._numbers[row])
        for other, search in enumerate(self._searches):
            if other != which:
                search.reset()

    def _start_tracker(self, which: int) -> None:
        search, comb = self._searches[which], self._combs[which]
        hz = comb.mains_hz + search.offset_hz
        turns = (search.turns + hz * (comb.age_s + self._think_s)) % 1.0
        self._tracker.start(comb.mains_hz, hz, turns, *search.level())

    def _track(self, which: int) -> None:
        tracker, comb, search = self._tracker, self._combs[which], self._searches[which]
        age_s = comb.age_s + self._think_s
        before = tracker.turns
        lines, noise = comb.read()
        there = tracker.hear(lines, noise, age_s)
        # The search goes on, and puts right what lost its way: a hum that jumped, or was found under a note.
        self._windows = (self._windows + 1) % JUDGE_EVERY
        search.hear(lines, noise, self._windows == 0)
        strange = search.clear and tracker.misses(search.level()[0], search.found, search.turns, age_s)
        self._strange = self._strange + 1 if strange else 0
        if self._strange >= STRANGE_WINDOWS:
            self._strange, there = 0, True
            self._start_tracker(which)
        # What sounds goes on from where it is.
        self._now *= np.exp(-2j * np.pi * self._numbers * (tracker.turns - before))
        self._walk = WALK_HOPS
        self._aim()
        comb.aim(tracker.hz)
        if not there:
            self._locked = None
            comb.aim(comb.mains_hz)
