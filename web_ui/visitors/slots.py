"""Slots: how many clients may have a stream or a recording at a time, shared fairly between addresses."""

import threading
from collections import Counter
from collections.abc import Callable

from flask import request

from web_ui.errors import Refused
from web_ui.visitors.phones import CONNECTION, Connection, Visitor


class Slot:
    """One slot of a client. Any thread."""

    def __init__(self, visitor: Visitor, release: Callable[["Slot"], None]) -> None:
        self.visitor = visitor
        self.is_lost = False  # another client has it now: the answer here ends
        self._release = release

    def release(self) -> None:
        """Make it free. May be called more than once."""
        self._release(self)


class Slots:
    """A limited number of slots. Any thread.

    When all are taken, a newcomer gets the slot of a client of lower rank. Among equals, an address that has at least
    two more than the newcomer's loses one. So one address, or another site's page, gets only what nobody else wants.
    """

    def __init__(self, most: int, refusal: str, *, may_be_lost: bool = True) -> None:
        """refusal: the message when none is free; {most} is their number. may_be_lost: a slot may go to another."""
        self.most = most
        self._refusal = refusal
        self._may_be_lost = may_be_lost
        self._lock = threading.Lock()
        self._taken: list[Slot] = []

    @property
    def taken(self) -> int:
        return len(self._taken)

    def take(self, visitor: Visitor) -> Slot:
        """Take a slot. Raises Refused (503) when there is none for this visitor."""
        with self._lock:
            lost = self._lost_to(visitor) if len(self._taken) >= self.most else None
            if lost is not None:
                self._taken.remove(lost)
                lost.is_lost = True
            elif len(self._taken) >= self.most:
                raise Refused(503, self._refusal.format(most=self.most))
            slot = Slot(visitor, self._put_back)
            self._taken.append(slot)
        if lost is not None:
            lost.visitor.hang_up()  # its thread may be waiting for the phone to read
        return slot

    def _lost_to(self, visitor: Visitor) -> Slot | None:
        """The slot that the newcomer may have of another, if any."""
        if not self._may_be_lost:
            return None
        count = Counter(slot.visitor.address for slot in self._taken)
        enough = count[visitor.address] + 2

        def yields(slot: Slot) -> bool:
            rank, address = slot.visitor.rank, slot.visitor.address
            return rank < visitor.rank or (rank == visitor.rank and count[address] >= enough)

        return min(
            filter(yields, self._taken),
            key=lambda slot: (slot.visitor.rank, -count[slot.visitor.address]),
            default=None,
        )

    def _put_back(self, slot: Slot) -> None:
        with self._lock:
            if slot in self._taken:
                self._taken.remove(slot)


def takes_long() -> None:
    """The answer to this request takes long: it counts no longer against the requests of its address."""
    connection: Connection | None = request.environ.get(CONNECTION)
    if connection is not None:
        connection.stop_counting()


def client_gone() -> Callable[[], bool]:
    """For an answer that takes long: a function that says whether the client has left."""
    takes_long()
    left: Callable[[], bool] = request.environ.get("waitress.client_disconnected", bool)
    return left


def stream_over(slot: Slot) -> Callable[[], bool]:
    """For a stream: a function that says whether the client has left or lost its slot, or may not have it any more."""
    left = client_gone()
    return lambda: slot.is_lost or left() or not slot.visitor.may_stay()
