"""Places: so many at a time of what holds something of the server, shared fairly between addresses."""

import threading
from collections import Counter
from collections.abc import Callable

from flask import request

from web_ui.errors import Refused
from web_ui.visitors.phones import CONNECTION, Connection, Visitor


class Place:
    """One place, taken. Any thread."""

    def __init__(self, visitor: Visitor, give_back: Callable[["Place"], None]) -> None:
        self.visitor = visitor
        self.is_lost = False  # another has it now: what was served here ends
        self._give_back = give_back

    def give_back(self) -> None:
        """May be called more than once."""
        self._give_back(self)


class Places:
    """So many at a time. Any thread.

    When all are taken, who is known takes the place of somebody who is not; and among equals an address that has at
    least two more than the newcomer's gives one up. So that one address, or a page of another site, takes what nobody
    else wants, and no more.
    """

    def __init__(self, most: int, refusal: str, *, yielding: bool = True) -> None:
        """refusal: what is said when there is none; {most} is the number. yielding: False for what must not be cut."""
        self.most = most
        self._refusal = refusal
        self._yielding = yielding
        self._lock = threading.Lock()
        self._taken: list[Place] = []

    @property
    def taken(self) -> int:
        return len(self._taken)

    def take(self, visitor: Visitor) -> Place:
        """Raises Refused (503)."""
        with self._lock:
            lost = self._lost_to(visitor) if len(self._taken) >= self.most else None
            if lost is not None:
                self._taken.remove(lost)
                lost.is_lost = True
            elif len(self._taken) >= self.most:
                raise Refused(503, self._refusal.format(most=self.most))
            place = Place(visitor, self._back)
            self._taken.append(place)
        if lost is not None:
            lost.visitor.hang_up()  # it may wait for a phone to read
        return place

    def _lost_to(self, visitor: Visitor) -> Place | None:
        """The place that is given up for the newcomer, if any."""
        if not self._yielding:
            return None
        count = Counter(place.visitor.address for place in self._taken)
        enough = count[visitor.address] + 2

        def yields(place: Place) -> bool:
            rank, address = place.visitor.rank, place.visitor.address
            return rank < visitor.rank or (rank == visitor.rank and count[address] >= enough)

        return min(
            filter(yields, self._taken),
            key=lambda place: (place.visitor.rank, -count[place.visitor.address]),
            default=None,
        )

    def _back(self, place: Place) -> None:
        with self._lock:
            if place in self._taken:
                self._taken.remove(place)


def gone() -> Callable[[], bool]:
    """For what takes long: tells, while a request is answered and after, whether who sent it has left."""
    connection: Connection | None = request.environ.get(CONNECTION)
    if connection is not None:
        connection.goes_on()
    left: Callable[[], bool] = request.environ.get("waitress.client_disconnected", bool)
    return left


def over(place: Place) -> Callable[[], bool]:
    """The same, or whether the place went to another."""
    left = gone()
    return lambda: place.is_lost or left()
