"""Load shedding: when there is too much work, some is left out, step by step, and comes back when there is room.

What a player misses least goes first. A step takes effect with the next block, and what is heard of it fades. A muted
output or stem stays muted at every step.

Mean load over 85 % for 2 s leaves out one step, then one more every half second: spectrum, before and after, stages
that mend, stems, a lighter bundle (`[model] light_bundle`), every model and stage. Below 60 % for 10 s the last step
comes back; twice as long each time that was too early. A hot or throttled board asks for the first two steps whatever
the load.
"""

import math
import time
from collections.abc import Callable

from firmware_app.link.shed import Shed

TOO_MUCH, ENOUGH_ROOM = 0.85, 0.60  # of the deadline
FIRST_S, NEXT_S = 2.0, 0.5  # of too much load, before the first step and each further one
BACK_S, LONGEST_BACK_S = 10.0, 160.0  # of room before a step back; doubled each time it was too early
FORGIVEN_S = 600.0  # without a step back that was too early, and BACK_S counts again


class LoadShedder:
    """Watches the load block by block and decides what to leave out. Audio thread; allocates nothing."""

    def __init__(self, steps: tuple[Shed, ...] = tuple(Shed), clock: Callable[[], float] = time.monotonic) -> None:
        """steps: the ones this box has, NOTHING first."""
        self._steps = steps
        self._clock = clock
        self._at = 0  # index of the step in force for load
        self._asked = Shed.NOTHING
        self._work_s = self._deadline_s = 0.0
        self._over_since = self._room_since = -1.0
        self._back_s = BACK_S
        self._back_at = -math.inf
        self.too_much = False  # in the newest 100 ms
        self.times = 0  # that work was shed, since the start

    @property
    def shed(self) -> Shed:
        """What is left out now, for load or for heat."""
        return max(self._steps[self._at], self._asked)

    def ask(self, least: int) -> None:
        """Leave out at least this much, whatever the load: control asks for it when the board is hot or throttled."""
        asked = max((step for step in self._steps if step <= least), default=Shed.NOTHING)
        if asked > self.shed:
            self.times += 1
        self._asked = asked

    def add(self, work_s: float, deadline_s: float) -> bool:
        """Count one block's work. True when `shed` has changed. Judged every 100 ms, because stems work in bursts."""
        self._work_s += work_s
        self._deadline_s += deadline_s
        if self._deadline_s < 0.1:
            return False
        load = self._work_s / self._deadline_s
        self.too_much = load > TOO_MUCH
        self._work_s = self._deadline_s = 0.0
        return self._judge(load, self._clock())

    def _judge(self, load: float, now: float) -> bool:
        self._over_since = (now if self._over_since < 0 else self._over_since) if load > TOO_MUCH else -1.0
        self._room_since = (now if self._room_since < 0 else self._room_since) if load < ENOUGH_ROOM else -1.0
        if self._over_since >= 0 and self._at + 1 < len(self._steps):
            if now - self._over_since < (NEXT_S if self._at else FIRST_S):
                return False
            since_back_s = now - self._back_at
            if since_back_s < self._back_s:  # the step back was too early
                self._back_s = min(2 * self._back_s, LONGEST_BACK_S)
            elif since_back_s > FORGIVEN_S:
                self._back_s = BACK_S
            self.times += 1
            return self._move(+1)
        if self._at and self._room_since >= 0 and now - self._room_since >= self._back_s:
            self._back_at = now
            return self._move(-1)
        return False

    def _move(self, by: int) -> bool:
        self._at += by
        self._over_since = self._room_since = -1.0
        return True
