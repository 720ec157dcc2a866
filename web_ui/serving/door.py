"""The door of the page: who may connect, who makes room when it is full, and who has taken too long.

When an address has too many connections, or the box has, one of them is closed: one that waits for its phone, of an
unknown client before a known one, of the address with most, the oldest. `connection` has the deadlines, `turns` shares
the threads between addresses, `web_ui.visitors.places` shares out streams and recordings: first the owner (PIN), then a
phone that has the page open, then anybody. A whole answer holds no thread while it is fetched. The numbers are in
`web_ui.limits`. `python -m tests.rigs.siege` besieges a box and prints what others wait.
"""

import errno
import heapq
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from waitress.server import TcpWSGIServer

from web_ui import limits
from web_ui.serving.connection import Busy, PageChannel, PageRequest
from web_ui.visitors.phones import Addresses, Rank

log = logging.getLogger(__name__)

TEND_S = 0.5  # between two looks for connections that are overdue
_AT_ONCE = 24  # new connections taken between two looks at the others
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_MAPPED = "::ffff:"  # before an IPv4 address that came to an IPv6 socket


class Door(TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    """Waitress's server, with limits by address in place of one for all. The server's thread.

    A new connection is always taken: the one that makes room is one that waits for its phone, of somebody who is not
    known before one who is, of the address that holds most, the oldest first.
    """

    channel_class = PageChannel

    def __init__(
        self,
        *args: Any,
        rank_of: Callable[[Mapping[str, str]], Rank],
        trusts: Callable[[Mapping[str, str]], bool],
        **kwargs: Any,
    ) -> None:
        """Given a request's headers, by names like X_CSRF_TOKEN: who sent it; whether they may change everything."""
        self.rank_of, self._trusts = rank_of, trusts
        self.addresses = Addresses()
        self._tend_at = 0.0
        self._shut_until = 0.0
        super().__init__(*args, **kwargs)

    def readable(self) -> bool:
        return bool(self.accepting) and time.monotonic() >= self._shut_until

    def handle_accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                accepted = self.accept()
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._exhausted(error)
                return
            if accepted is None:
                return
            sock, addr = accepted
            addr = self.fix_addr(addr)
            try:
                if not self._make_room(str(addr[0])):
                    sock.close()
                    continue
                channel = self.channel_class(self, sock, addr, self.adj, map=self._map)
            except OSError:  # gone before it was there
                sock.close()
                continue
            channel.read_what_is_there()

    def fix_addr(self, addr: Any) -> Any:
        """An IPv4 phone is the same whichever socket it came to."""
        host = str(addr[0])
        return (host.removeprefix(_MAPPED) if "." in host else host, *addr[1:])

    def may_send(self, request: PageRequest) -> bool:
        """Whether a long body is read: from who could do something with it, and a few at a time."""
        if not self._trusts(request.headers):
            return False
        coming = [channel.request for channel in self._channels() if channel.request is not None]
        if sum(each.is_long for each in coming) >= limits.MOST_LONG_BODIES:
            request.error = Busy("others send the box a file at this moment: try again")
            return False
        return True

    def tend(self) -> None:
        """Close what is overdue, and what owes too much. Called often; works every TEND_S."""
        now = time.monotonic()
        if now < self._tend_at:
            return
        self._tend_at = now + TEND_S
        for channel in self._channels():
            if channel.is_overdue(now):
                channel.handle_close()
        owing = sorted(self._channels(), key=lambda channel: (channel.standing, -channel.owed_bytes))
        owed = sum(channel.owed_bytes for channel in owing)
        for channel in owing:
            if owed <= limits.MOST_OWED_BYTES:
                break
            owed -= channel.owed_bytes
            channel.handle_close()

    def maintenance(self, now: float) -> None:
        """Waitress's own goes by the wall clock, which may be set; see tend()."""

    def _channels(self) -> list[PageChannel]:
        return list(self.active_channels.values())

    def _make_room(self, address: str) -> bool:
        """Whether there is room for one more from there, closing another where that takes it."""
        channels = self._channels()
        of_address = [channel for channel in channels if channel.address == address]
        full = (
            of_address if len(of_address) >= limits.MOST_OF_AN_ADDRESS
            else channels if len(channels) >= limits.MOST_CONNECTIONS
            else None
        )  # fmt: skip
        if full is None or _close_some([channel for channel in full if channel.is_waiting]):
            return True
        # The box is at work for all of them. For who may be known it lets requests go that it has not begun.
        is_known = self.addresses.rank(address) > Rank.ANYBODY
        return is_known and _close_some([channel for channel in full if channel.is_anybodys_and_not_begun])

    def _exhausted(self, error: OSError) -> None:
        """No more files or memory for another: the listener would be ready for ever, and take all time."""
        log.error("page: no more connections can be taken (%s): the oldest waiting ones are closed", error.strerror)
        _close_some([channel for channel in self._channels() if channel.is_waiting])
        self._shut_until = time.monotonic() + TEND_S


def _close_some(channels: list[PageChannel]) -> bool:
    """Close those that are missed least: a few at once, for looking for them takes longer than closing them.

    False when there is none.
    """
    count = Counter(channel.address for channel in channels)
    order = [(channel.standing, -count[channel.address], channel.since_s, id(channel), channel) for channel in channels]
    for *_, channel in heapq.nsmallest(1 + len(channels) // 16, order):
        channel.handle_close()
    return bool(channels)
