"""Mains hum is followed in frequency, level and phase, and subtracted ahead of the network.

It goes ahead of the network in every denoiser. The share of hum that `denoise.amount_db` leaves is the same as of any
noise. The dry path never passes it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import Block
from dsp.restore.hum_comb import HARMONICS, Comb, Lines
from dsp.restore.hum_search import MainsSearch
from dsp.restore.hum_tracker import HumTracker

MAINS_HZ = (50.0, 60.0)
WINDOW_EVERY_HOPS = 15
STARTS = 0, 7
"""In which of the 15 hops a window is transformed, for 50 Hz and for 60 Hz."""

THINK_AFTER, JUDGE_AFTER = 2, 4
"""So many hops later the window is evaluated, and judged by the search. No hop does all of the work."""

JUDGE_EVERY = 3  # windows, while hum is followed
STRANGE_JUDGEMENTS = 2  # in a row, before the tracker is started again
WAVES_PER_HOP = 16  # harmonics whose waves are computed in a hop, once hum is found
WALK_HOPS = 6  # length of the ramp from one estimate of the harmonics to the next
FAINTEST = 1e-7  # amplitude of a harmonic, below the last bit of 24
STALE_TURNS = 2e-4  # by how much a harmonic's stored wave may be off at the end of a hop


class HumCanceller:
    """Predicts the hum in the present sound. Audio thread; it adds no delay.

    The prediction uses past sound only: levels and phases of up to 64 harmonics of the mains (HumTracker). It starts
    when MainsSearch finds hum. Without hum there is nothing to subtract.
    """

    def __init__(self, channels: int, hop_frames: int = 128, rate_hz: int = 48_000) -> None:
        self._hop_frames = hop_frames
        self._hop_s = hop_frames / rate_hz
        spacing_s = WINDOW_EVERY_HOPS * self._hop_s
        self._combs = [Comb(hz, rate_hz, channels) for hz in MAINS_HZ]
        self._searches = [MainsSearch(hz, spacing_s, channels) for hz in MAINS_HZ]
        self._tracker = HumTracker(spacing_s, channels)
        keep = max(comb.frames for comb in self._combs)
        self._past: Block = np.zeros((channels, keep + 64 * hop_frames), np.float32)
        self._keep = keep
        self._numbers = np.arange(1.0, HARMONICS + 1)
        self._times = np.arange(1.0, hop_frames + 1) / rate_hz  # since the last frame of the hop before
        self._waves: NDArray[np.float32] = np.zeros((2 * HARMONICS, hop_frames), np.float32)
        self._wave_hz = np.zeros(HARMONICS)
        self._angles: NDArray[np.float32] = np.zeros(hop_frames, np.float32)
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
        self._silent = True  # whether the predicted hum has faded out, or never was
        self._sounds = False  # whether there is any in this hop
        self._walk = 0
        self._row = 0
        self._stale = 0  # waves still to be made
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
        self._sounds = not self._silent and self._waves_are_made()
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

    def _waves_are_made(self) -> bool:
        """Keep the harmonics' waves up to date; return whether all are. After hum was found, WAVES_PER_HOP are computed
        each hop; later one is checked each hop, and computed again where its pitch has moved.
        """
        row = self._row
        if not self._stale:
            hz = self._tracker.hz * self._numbers[row]
            if abs(hz - self._wave_hz[row]) * self._hop_s > STALE_TURNS:
                self._make_wave(row, hz)
            self._row = (row + 1) % HARMONICS
            return True
        for fresh in range(row, row + WAVES_PER_HOP):
            self._make_wave(fresh, self._tracker.hz * self._numbers[fresh])
        self._row = (row + WAVES_PER_HOP) % HARMONICS
        self._stale -= WAVES_PER_HOP
        return self._stale == 0

    def _make_wave(self, row: int, hz: float) -> None:
        self._wave_hz[row] = hz
        cosine, sine = self._waves[row], self._waves[HARMONICS + row]
        np.multiply(self._times, 2.0 * math.pi * hz, out=self._angles, casting="same_kind")
        np.cos(self._angles, out=cosine)
        np.sin(self._angles, out=sine)
        np.negative(sine, out=sine)

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
            since = at - start
            if self._locked not in (None, which):
                continue
            if since == 0:
                self._hear(which)
            elif since == THINK_AFTER and self._whole[which]:
                if self._locked is None:
                    self._look(which)
                else:
                    self._track(which)
            elif since == JUDGE_AFTER and self._locked is not None and self._windows == 0:
                self._put_right(which)

    def _hear(self, which: int) -> None:
        comb = self._combs[which]
        self._whole[which] = self._heard >= comb.frames
        comb.hear(self._past[:, self._end - comb.frames : self._end])

    def _look(self, which: int) -> None:
        search = self._searches[which]
        search.hear(*self._combs[which].read())
        if search.judge():
            self._lock(which)

    def _lock(self, which: int) -> None:
        self._start_tracker(which, THINK_AFTER)
        self._locked = which
        self._strange = self._windows = 0
        self._row, self._stale = 0, HARMONICS
        for other, search in enumerate(self._searches):
            if other != which:
                search.reset()

    def _start_tracker(self, which: int, since_hops: int) -> None:
        """since_hops: hops since the newest window."""
        search, comb = self._searches[which], self._combs[which]
        hz = comb.mains_hz + search.offset_hz
        turns = (search.turns + hz * (comb.age_s + since_hops * self._hop_s)) % 1.0
        self._tracker.start(comb.mains_hz, hz, turns, *search.level())
        self._go_on_from(turns)

    def _track(self, which: int) -> None:
        tracker, comb = self._tracker, self._combs[which]
        before = tracker.turns
        lines, noise = comb.read()
        there = tracker.hear(lines, noise, comb.age_s + THINK_AFTER * self._hop_s)
        self._searches[which].hear(lines, noise)
        self._windows = (self._windows + 1) % JUDGE_EVERY
        self._go_on_from(before)
        comb.aim(tracker.hz)
        if not there:
            self._locked = None
            comb.aim(comb.mains_hz)

    def _put_right(self, which: int) -> None:
        """Start the tracker again where the search shows that it is wrong: after a jump, or when begun under a note."""
        search, tracker = self._searches[which], self._tracker
        search.judge()
        age_s = self._combs[which].age_s + JUDGE_AFTER * self._hop_s
        # The lines missed must be hum beyond doubt by themselves: a note over the hum is not.
        missed = tracker.missed(search.level()[0], search.found, search.turns, age_s)
        strange = search.clear and search.witnessed(missed)[0]
        self._strange = self._strange + 1 if strange else 0
        if self._strange >= STRANGE_JUDGEMENTS:
            self._strange = 0
            before = tracker.turns
            self._start_tracker(which, JUDGE_AFTER)
            self._go_on_from(before)

    def _go_on_from(self, turns: float) -> None:
        """Ramp from the present hum to the tracker's new estimate, without a jump. turns: its phase before."""
        tracker = self._tracker
        self._now *= np.exp(-2j * np.pi * self._numbers * (tracker.turns - turns))
        np.exp(2j * np.pi * self._numbers * tracker.turns, out=self._turning)
        np.exp((2j * np.pi * tracker.hz * self._hop_s) * self._numbers, out=self._per_hop)
        self._walk = WALK_HOPS
        self._silent = False
