"""LimitedServer: waitress's server with limits: how many connections, which one makes room, which one is too slow.

When an address has too many connections, or the box has, one of them is closed: one that waits for its phone, of an
unknown client before a known one, of the address with most, the oldest. `connection` has the deadlines, `fair_queue`
shares the threads between addresses, `web_ui.visitors.slots` shares out streams and recordings: first the owner,
then a paired phone, then one that has the page open, then anybody. A whole answer holds no thread while it is fetched.
The numbers are in `web_ui.limits`. `python -m tests.rigs.siege` besieges a box and prints what others wait.
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

CHECK_S = 0.5  # between two checks for overdue connections
_MAX_ACCEPTS = 24  # new connections accepted in a row, before the others are served
_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_MAPPED = "::ffff:"  # precedes an IPv4 address on an IPv6 socket


class LimitedServer(TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    """Waitress's server, with limits for each address beside the one for all. For the server's thread.

    A new connection is accepted even when the limit is reached; an idle one is closed then. Unknown clients lose theirs
    before known ones, then the address with most connections, then the oldest connection.
    """

    channel_class = PageChannel

    def __init__(
        self,
        *args: Any,
        rank_of: Callable[[Mapping[str, str]], Rank],
        trusts: Callable[[Mapping[str, str], str, str], bool],
        say_of: Callable[[Mapping[str, str]], Callable[[str], str] | None],
        **kwargs: Any,
    ) -> None:
        """rank_of: a client's, by its headers (X_CSRF_TOKEN). trusts: whether one may send this, by method and path.

        say_of: what puts the box's English into a client's language.
        """
        self.rank_of, self._trusts, self.say_of = rank_of, trusts, say_of
        self.addresses = Addresses()
        self._check_at_s = 0.0
        self._paused_until_s = 0.0
        super().__init__(*args, **kwargs)

    def readable(self) -> bool:
        return bool(self.accepting) and time.monotonic() >= self._paused_until_s

    def handle_accept(self) -> None:
        for _ in range(_MAX_ACCEPTS):
            try:
                accepted = self.accept()
            except OSError as error:
                if error.errno in _OUT_OF_FILES:
                    self._out_of_files(error)
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
            except OSError:  # it was closed meanwhile
                sock.close()
                continue
            channel.read_what_is_there()

    def fix_addr(self, addr: Any) -> Any:
        """An IPv4 client has one address, whichever socket it connects to."""
        host = str(addr[0])
        return (host.removeprefix(_MAPPED) if "." in host else host, *addr[1:])

    def accepts_body(self, request: PageRequest) -> bool:
        """Whether a large body is read: only from clients that may send it, and only a few at a time."""
        if not self._trusts(request.headers, request.command, request.path):
            return False
        coming = [channel.request for channel in self._channels() if channel.request is not None]
        if sum(each.is_large for each in coming) >= limits.MAX_LARGE_BODIES:
            request.error = Busy("others send the box a file at this moment: try again")
            return False
        return True

    def close_overdue(self) -> None:
        """Close overdue connections; if too much is unsent, also those with most of it.

        Called often; works every CHECK_S.
        """
        now = time.monotonic()
        if now < self._check_at_s:
            return
        self._check_at_s = now + CHECK_S
        for channel in self._channels():
            if channel.is_overdue(now):
                channel.handle_close()
        first = sorted(self._channels(), key=lambda channel: (channel.likely_rank, -channel.unsent_bytes))
        unsent = sum(channel.unsent_bytes for channel in first)
        for channel in first:
            if unsent <= limits.MAX_UNSENT_BYTES:
                break
            unsent -= channel.unsent_bytes
            channel.handle_close()

    def maintenance(self, now: float) -> None:
        """Nothing: waitress's own goes by the wall clock, which may jump. close_overdue() stands in for it."""

    def _channels(self) -> list[PageChannel]:
        return list(self.active_channels.values())

    def _make_room(self, address: str) -> bool:
        """Make room for one more connection from this address, by closing others if need be. False when it cannot."""
        channels = self._channels()
        of_address = [channel for channel in channels if channel.address == address]
        full = (
            of_address if len(of_address) >= limits.MAX_CONNECTIONS_PER_ADDRESS
            else channels if len(channels) >= limits.MAX_CONNECTIONS
            else None
        )  # fmt: skip
        if full is None or _close_some([channel for channel in full if channel.is_idle]):
            return True
        # None is idle. If the newcomer may be a known phone, requests of unknown clients that still wait are dropped.
        is_known = self.addresses.rank(address) > Rank.UNKNOWN
        return is_known and _close_some([channel for channel in full if channel.is_unknown_and_queued])

    def _out_of_files(self, error: OSError) -> None:
        """Pause: no file or memory is left, and the listening socket would stay ready and take all the time."""
        log.error("page: no more connections can be taken (%s): the oldest waiting ones are closed", error.strerror)
        _close_some([channel for channel in self._channels() if channel.is_idle])
        self._paused_until_s = time.monotonic() + CHECK_S


def _close_some(channels: list[PageChannel]) -> bool:
    """Close the least important: a few at once, because finding them takes longer than closing them.

    False when there is none.
    """
    count = Counter(channel.address for channel in channels)
    order = [(each.likely_rank, -count[each.address], each.since_s, id(each), each) for each in channels]
    for *_, channel in heapq.nsmallest(1 + len(channels) // 16, order):
        channel.handle_close()
    return bool(channels)
