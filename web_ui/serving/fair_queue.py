"""The queue of requests: each address has its turn, so an address with many requests waits only for itself."""

from collections import Counter, OrderedDict, deque
from typing import Any

from waitress.task import ThreadedTaskDispatcher

from web_ui.limits import MAX_REQUESTS_PER_ADDRESS
from web_ui.visitors.phones import Rank


class FairQueue:
    """Connections whose requests wait for a thread. Called under the dispatcher's lock.

    It has what the dispatcher uses of a deque: append, popleft, bool, len. Paired phones, other phones and unknown
    clients alternate; within each of the three, the addresses take turns. An address for which enough threads work
    already is skipped.
    """

    def __init__(self) -> None:
        self._rings: tuple[OrderedDict[str, deque[Any]], ...] = tuple(OrderedDict() for _ in range(Rank.PAIRED + 1))
        self._at_work: Counter[str] = Counter()  # threads, by the address that they work for
        self._next = 0
        self._length = 0

    def append(self, channel: Any) -> None:
        """channel: has `address` and `rank`."""
        self._rings[min(channel.rank, Rank.PAIRED)].setdefault(channel.address, deque()).append(channel)
        self._length += 1

    def popleft(self) -> Any:
        """The next one. It counts as a request of its address until `done`. Raises IndexError when all have to wait."""
        self._next = (self._next + 1) % len(self._rings)
        for number in range(len(self._rings)):
            ring = self._rings[self._next - number]
            address = self._ready(ring)
            if address is not None:
                line = ring.pop(address)
                channel = line.popleft()
                if line:
                    ring[address] = line  # its next turn comes after the others
                self._length -= 1
                self._at_work[address] += 1
                return channel
        raise IndexError("nothing waits that may be answered now")

    def done(self, address: str) -> None:
        """A request of this address is answered, or takes so long that it does not count."""
        self._at_work[address] -= 1
        if self._at_work[address] <= 0:
            del self._at_work[address]

    def __bool__(self) -> bool:
        """Whether one of them may be answered now."""
        return any(self._ready(ring) is not None for ring in self._rings)

    def __len__(self) -> int:
        return self._length

    def _ready(self, ring: OrderedDict[str, deque[Any]]) -> str | None:
        return next((address for address in ring if self._at_work[address] < MAX_REQUESTS_PER_ADDRESS), None)


class FairDispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """Waitress's threads, fed by a FairQueue. Any thread."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = FairQueue()

    def add_task(self, task: Any) -> None:
        """Without waitress's check of how many wait, which only serves its log."""
        with self.lock:
            self.queue.append(task)
            self.queue_cv.notify()

    def done(self, address: str) -> None:
        """A request of this address is answered, or takes so long that it does not count."""
        with self.lock:
            self.queue.done(address)
            if self.queue:
                self.queue_cv.notify()

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """End the threads. Waiting requests are not answered."""
        ended: bool = super().shutdown(cancel_pending=False, timeout=timeout)
        return ended
