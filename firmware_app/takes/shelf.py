"""Where the next take goes and whether there is room: places, quota and the free space that always stays."""

from __future__ import annotations

import select
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from firmware_app.takes import bin as bin_of_takes
from firmware_app.takes import take as takes
from firmware_app.takes.places import INTERNAL, Place, internal
from firmware_app.takes.wire import PlaceState

LEAST_FREE_BYTES, LEAST_FREE_PART = 500_000_000, 20
"""So much stays free on the box, or a twentieth of a small card: the box saves its settings there, too."""

LEAST_FREE_ON_STICK_BYTES = 50_000_000
_USED_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Rules:
    """place: where takes go while it is there. quota_bytes: what they may fill on the box itself; 0 for no limit."""

    place: str = INTERNAL
    quota_bytes: int = 0


class Shelf:
    """The places and their rules. Any thread; look() may wait for a slow stick, and so may refusal()."""

    def __init__(self, root: Path, sticks: Callable[[], list[Place]] = list) -> None:
        """root: the folder of the takes on the box itself. sticks: those that are plugged in."""
        self._internal, self._sticks = internal(root), sticks
        self.rules = Rules()
        self.states: tuple[PlaceState, ...] = ()
        self.said: deque[str] = deque(maxlen=50)  # what people must know, since it was last taken
        self._lock = threading.Lock()
        self._there: tuple[Place, ...] = ()
        self._released: frozenset[str] = frozenset()
        self._used_bytes = 0
        self._used_at = -_USED_EVERY_S
        self._first_look = True

    # --- which ---

    def order(self) -> list[Place]:
        """Where a take may go, the best first: what was chosen, the box, then any stick."""
        places = [self._internal, *(each for each in self._there if each.id not in self._released)]
        return sorted(places, key=lambda each: (each.id != self.rules.place, each.id != INTERNAL))

    def stick(self, id: str) -> Place | None:
        """One that is plugged in."""
        return next((each for each in self._there if each.id == id), None)

    def roots(self) -> list[Path]:
        """The folders of takes, of every place that can be written to."""
        good = {each.id for each in self.states if not each.problem}
        return [each.root for each in (self._internal, *self._there) if each.id in good]

    def release(self, id: str) -> None:
        """Nothing goes there any more, until the stick is plugged in again."""
        with self._lock:
            self._released |= {id}

    def released(self, id: str) -> bool:
        return id in self._released

    # --- how much ---

    def refusal(self, place: Place) -> str:
        """Why no more may go there; empty when it may. Takes of the bin make room first, and that is said."""
        if place.id in self._released:
            return f"{name_of(place)} is being removed"
        if not place.there():
            return f"{name_of(place)} was pulled"
        while why := self._full(place):
            try:
                gone = bin_of_takes.make_room(place.root)
            except OSError:
                return why
            if gone is None:
                return why
            self._used_at = -_USED_EVERY_S
            self.said.append(f"take {gone} was deleted from the bin: {why}")
        return ""

    def wrote(self, place: Place, count: int) -> None:
        """So many bytes more lie there."""
        if place.id == INTERNAL:
            self._used_bytes += count

    def _full(self, place: Place) -> str:
        state = place.state()
        if state.problem:
            return state.problem
        if state.free_bytes < least_free(place, state.total_bytes):
            return f"{name_of(place)} is full: {state.free_bytes / 1e6:.0f} MB are left, which stay free"
        if place.id != INTERNAL or not self.rules.quota_bytes:
            return ""
        if time.monotonic() >= self._used_at + _USED_EVERY_S:
            self._used_at = time.monotonic()
            self._used_bytes = bin_of_takes.used_bytes(place.root)
        if self._used_bytes < self.rules.quota_bytes:
            return ""
        return f"takes fill the {self.rules.quota_bytes / 1e6:.0f} MB that they may"

    # --- what comes and goes ---

    def look(self) -> None:
        """Find out what is plugged in, complete what was left unfinished there, and measure the room. One thread."""
        found = self._sticks()
        before = {each.id: each for each in self._there}
        now = {each.id: each for each in found}
        for id, place in before.items():
            if id not in now or now[id].mount != place.mount:
                self._goes(place)
        for id, place in now.items():
            if id not in before or before[id].mount != place.mount:
                self._comes(place)
        with self._lock:
            self._released &= set(now)
            self._there = tuple(found)
        self.states = tuple(
            replace(each.state(), problem="it is being removed") if each.id in self._released else each.state()
            for each in (self._internal, *found)
        )
        self._first_look = False

    def _goes(self, place: Place) -> None:
        if place.id not in self._released:
            self.said.append(f"{name_of(place)} was pulled: remove it safely next time, and nothing can be lost")

    def _comes(self, place: Place) -> None:
        if problem := place.state().problem:
            self.said.append(problem)
            return
        self.said += takes.mend_unfinished(place.root)
        if place.id == self.rules.place and not self._first_look:
            self.said.append(f"{name_of(place)} is there: takes go to it from the next one on")


class Watch(threading.Thread):
    """Looks at the shelf whenever something is mounted or unmounted, and every two seconds for the room."""

    EVERY_S = 2.0

    def __init__(self, shelf: Shelf) -> None:
        super().__init__(name="places", daemon=True)
        self._shelf = shelf
        self._stopping = threading.Event()

    def run(self) -> None:
        with open("/proc/self/mountinfo") as mounts:
            poll = select.poll()
            poll.register(mounts, select.POLLPRI | select.POLLERR)
            while not self._stopping.is_set():
                self._shelf.look()
                poll.poll(1000 * self.EVERY_S)

    def stop(self) -> None:
        """It ends within two seconds; nobody waits for it."""
        self._stopping.set()


def least_free(place: Place, total_bytes: int) -> int:
    """In bytes: what always stays free."""
    most = LEAST_FREE_BYTES if place.id == INTERNAL else LEAST_FREE_ON_STICK_BYTES
    return min(most, total_bytes // LEAST_FREE_PART)


def name_of(place: Place) -> str:
    """For people."""
    return f"the stick {place.label}" if place.mount is not None else "the box"
