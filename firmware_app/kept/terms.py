"""Terms: how long a guest may stay, on a box whose clock may be wrong.

Many boards have no clock that runs while they are off, so the time of day may jump: back at a start, forward when the
network brings the right time. So a term counts twice, and the shorter count holds: the time that the box has run, which
no clock can lengthen; and the time of day, which also passes while the box is off. A jump of the clock while the box
runs moves the end of the terms that began in the same run: the clock was wrong when they began.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

PREPAID_S = 300.0  # of running time: a file says less than is left, so that cutting the power gains nothing


def running_s() -> float:
    """Seconds since the board started, those asleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Term:
    """ends: by the time of day. left_s: of running time, at `at_s`. step_s: how far the clock had jumped when it began.

    step_s is None for a term of an earlier run.
    """

    ends: float
    left_s: float
    at_s: float
    step_s: float | None


class Clocks:
    """The two clocks of one run. Any thread."""

    def __init__(self, wall: Callable[[], float] = time.time, running: Callable[[], float] = running_s) -> None:
        self.wall = wall
        self._running = running
        self._base = wall() - running()

    def term(self, seconds: float) -> Term:
        """A term that begins now."""
        return Term(self.wall() + seconds, seconds, self._running(), self._step_s)

    def left_s(self, term: Term) -> float:
        """How long it still lasts; 0 or less: it is over."""
        return min(self._running_left_s(term), self._ends(term) - self.wall())

    def saved(self, term: Term, *, exact: bool = False) -> dict[str, float]:
        """As a file has it. exact: the box ends in good order, so that nothing is paid ahead."""
        left_s = self._running_left_s(term) - (0.0 if exact else PREPAID_S)
        return {"ends": round(self._ends(term), 1), "left_s": round(max(left_s, 0.0), 1)}

    def read(self, ends: float, left_s: float) -> Term:
        """A term of an earlier run."""
        return Term(ends, left_s, self._running(), None)

    @property
    def _step_s(self) -> float:
        return self.wall() - self._running() - self._base

    def _ends(self, term: Term) -> float:
        return term.ends if term.step_s is None else term.ends + self._step_s - term.step_s

    def _running_left_s(self, term: Term) -> float:
        return term.left_s - (self._running() - term.at_s)
