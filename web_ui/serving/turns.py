"""Whose request is answered next: one of each address in turn, so that one that asks a lot waits for itself."""

from collections import Counter, OrderedDict, deque
from typing import Any

from waitress.task import ThreadedTaskDispatcher

from web_ui.limits import MOST_AT_ONCE


class Turns:
    """What waits for a thread, in the shape that the dispatcher knows: append, popleft, bool, len. Under its lock.

    Known phones and others alternate, and in each of the two one address after the other has its turn. An address for
    which enough threads work already is passed over.
    """

    def __init__(self) -> None:
        self._rings: tuple[OrderedDict[str, deque[Any]], ...] = (OrderedDict(), OrderedDict())
        self._at_work: Counter[str] = Counter()
        self._next = 0
        self._length = 0

    def append(self, channel: Any) -> None:
        """channel: has `address` and `rank`."""
        self._rings[channel.rank > 0].setdefault(channel.address, deque()).append(channel)
        self._length += 1

    def popleft(self) -> Any:
        """The one whose turn it is; its address has one more at work, until `done`. Raises IndexError."""
        self._next = 1 - self._next
        for ring in (self._rings[self._next], self._rings[1 - self._next]):
            address = self._ready(ring)
            if address is not None:
                line = ring.pop(address)
                channel = line.popleft()
                if line:
                    ring[address] = line  # behind the others
                self._length -= 1
                self._at_work[address] += 1
                return channel
        raise IndexError("nothing waits that may be answered now")

    def done(self, address: str) -> None:
        """One of an address is answered, or goes on for long and holds up nobody."""
        self._at_work[address] -= 1
        if self._at_work[address] <= 0:
            del self._at_work[address]

    def __bool__(self) -> bool:
        """Whether there is one that may be answered now."""
        return any(self._ready(ring) is not None for ring in self._rings)

    def __len__(self) -> int:
        return self._length

    def _ready(self, ring: OrderedDict[str, deque[Any]]) -> str | None:
        return next((address for address in ring if self._at_work[address] < MOST_AT_ONCE), None)


class TurnsDispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """Waitress's threads, with `Turns` in front of them. Any thread."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = Turns()

    def add_task(self, task: Any) -> None:
        """Without waitress's count of what waits, which is only for its log."""
        with self.lock:
            self.queue.append(task)
            self.queue_cv.notify()

    def done(self, address: str) -> None:
        """One of an address is answered, or goes on for long."""
        with self.lock:
            self.queue.done(address)
            if self.queue:
                self.queue_cv.notify()

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """End the threads; what waits is answered by none."""
        ended: bool = super().shutdown(cancel_pending=False, timeout=timeout)
        return ended
