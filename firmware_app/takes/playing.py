"""Hears when somebody begins to play and when they have stopped, so that a take can begin by itself.

Hum, and what comes and goes at the mains' pace, is taken off first: each sample less the one a period of 50 Hz before,
and of 60 Hz; the quieter counts. What is left is compared with the quiet of the room, which is learnt all the time. A
chair or a door is over before playing is believed: sound for most of a second, or four attacks within three. A fan
that is switched on stays as loud as it is, which no music does.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block

PRE_ROLL_S = 3.0
SHORTEST_S = 2.0
"""No take that began by itself is shorter."""

_PIECE = RATE_HZ // 50  # a period of 50 Hz, and what is judged at once
_PERIODS = (RATE_HZ // 50, RATE_HZ // 60)
_PIECES_A_SECOND = RATE_HZ // _PIECE
_WINDOW_S, _MOST_OF_A_SECOND, _ATTACKS = 3, 0.7, 4
_LEARN_S, _QUIET_PART = 30, 0.2
_LOWEST_DB, _LOUDEST_QUIET_DB = -75.0, -50.0
_STEADY_DB = 1.5  # between the tenth quietest and the tenth loudest of 20 ms: white noise has half of it
_LOUDEST_START_DB = -10.0
_ENOUGH_S = 2  # of learning before anything begins
_END_DB = 6.0  # a take ends below this much less than what begins one


@dataclass(frozen=True, slots=True)
class Verdict:
    """begins: position of the first sound, when somebody has begun to play. ended: they have stopped."""

    begins: int | None = None
    ended: bool = False


class Ear:
    """Call hear() with every chunk of the inputs. One thread."""

    def __init__(self, heard_db: float, silence_s: float) -> None:
        """heard_db: above 0 over the quiet of the room, below 0 a level (dBFS). silence_s: so much ends it."""
        self.heard_db, self.silence_s = heard_db, silence_s
        self._before: Block = np.zeros((0, 0), np.float32)
        self._seconds: deque[float] = deque(maxlen=_LEARN_S)  # how quiet each was
        self._levels: list[float] = []  # of the present second
        self._window: deque[tuple[int, float]] = deque(maxlen=_WINDOW_S * _PIECES_A_SECOND)  # (position, level)
        self._playing = False
        self._quiet_s = 0.0
        self._wait_for_quiet = False

    @property
    def quiet_db(self) -> float:
        """What the room sounds like when nobody plays, without hum."""
        return float(np.clip(min(self._seconds, default=_LOUDEST_QUIET_DB), _LOWEST_DB, _LOUDEST_QUIET_DB))

    @property
    def starts_db(self) -> float:
        """The level that begins a take."""
        return min(self.quiet_db + self.heard_db, _LOUDEST_START_DB) if self.heard_db > 0 else self.heard_db

    def hear(self, position: int, sound: Block) -> Verdict:
        """Judge the next chunk.  float32 (frames, channels), a whole number of 20 ms; position: of its first frame."""
        begins, ended = None, False
        for at, level in enumerate(self._without_hum(sound)):
            self._learn(level)
            loud = level > self.starts_db
            self._quiet_s = 0.0 if level > self.starts_db - _END_DB else self._quiet_s + 1.0 / _PIECES_A_SECOND
            if self._playing:
                if self._quiet_s >= self.silence_s:
                    self._playing, ended = False, True
                    self._window.clear()
                continue
            self._window.append((position + at * _PIECE, level))
            if self._wait_for_quiet and self._quiet_s >= SHORTEST_S:
                self._wait_for_quiet = False
                self._window.clear()
            if loud and begins is None and not self._wait_for_quiet and self._somebody_plays():
                begins = next(where for where, each in self._window if each > self.starts_db)
                self._playing = True
        return Verdict(begins, ended)

    def forget(self) -> None:
        """A take was ended by hand: what still sounds begins no other one."""
        self._playing, self._wait_for_quiet = False, True
        self._window.clear()

    def _without_hum(self, sound: Block) -> NDArray[np.float64]:
        """The level of every 20 ms, in dB."""
        if self._before.shape[1:] != sound.shape[1:]:
            self._before = np.zeros((max(_PERIODS), sound.shape[1]), np.float32)
        together = np.concatenate((self._before, np.nan_to_num(sound)))
        self._before = together[-max(_PERIODS) :]
        now, pieces = together[max(_PERIODS) :], len(sound) // _PIECE
        powers = []
        for period in _PERIODS:
            rest = now - together[max(_PERIODS) - period : len(together) - period]
            squares = np.square(rest[: pieces * _PIECE], dtype=np.float64).reshape(pieces, _PIECE, -1)
            powers.append(squares.mean(axis=1).max(axis=1) / 2.0)  # the difference of two has twice the power
        levels: NDArray[np.float64] = 10.0 * np.log10(np.minimum(*powers) + 1e-12)
        return levels

    def _learn(self, level: float) -> None:
        """While a take runs, the room is not learnt: playing for long would become the quiet."""
        if self._playing:
            self._levels.clear()
            return
        self._levels.append(level)
        if len(self._levels) == _PIECES_A_SECOND:
            self._seconds.append(sorted(self._levels)[int(_QUIET_PART * _PIECES_A_SECOND)])
            self._levels.clear()

    def _somebody_plays(self) -> bool:
        if len(self._seconds) < _ENOUGH_S:
            return False
        levels, least = [each for _, each in self._window], self.starts_db
        lately = sorted(each for each in levels[-_PIECES_A_SECOND:] if each > least)
        if len(lately) >= _MOST_OF_A_SECOND * _PIECES_A_SECOND:
            return lately[-len(lately) // 10] - lately[len(lately) // 10] >= _STEADY_DB
        loud = [each > least for each in levels]
        attacks, quiet_for = 0, 2
        for each in loud:
            attacks += each and quiet_for >= 2  # 40 ms of quiet lie between two
            quiet_for = 0 if each else quiet_for + 1
        first = loud.index(True)
        return attacks >= _ATTACKS and len(loud) - first >= _PIECES_A_SECOND
