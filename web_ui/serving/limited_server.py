"""LimitedServer: waitress's server with limits: how many connections, which one makes room, which one is too slow.

When an address has too many connections, or the box has, one of them is closed: one that waits for its phone, of an
unknown client before a known one, of the address with most, the oldest. Who comes is not known before the head of the
first request is there, so newcomers have half of the places, and within it make room only for each other: a crowd that
keeps open what it has cannot keep a phone out, and a crowd that comes again and again cannot drive one away.

`connection` has the deadlines, `tls` the wire, `fair_queue` shares the threads between addresses,
`web_ui.visitors.slots` shares out streams and recordings, by rank (`web_ui.visitors.phones`). A whole answer holds no
thread while it is fetched. The numbers are in `web_ui.limits`. `python -m bench.siege` besieges a box and prints what
others wait.
"""

import contextlib
import errno
import heapq
import logging
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from waitress.server import TcpWSGIServer

from web_ui import limits
from web_ui.serving.connection import NO_ROOM, Busy, PageChannel, PageRequest
from web_ui.serving.tls import Wire
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
        tls: ssl.SSLContext | None = None,
        **kwargs: Any,
    ) -> None:
        """rank_of: a client's, by its headers (X_CSRF_TOKEN). trusts: whether one may send this, by method and path.

        say_of: what puts the box's English into a client's language. tls: what serves those who come over TLS; None to
        take none.
        """
        self.rank_of, self._trusts, self.say_of, self._tls = rank_of, trusts, say_of, tls
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
                    _turn_away(sock, in_the_clear=self._tls is None)
                    continue
                wire = Wire(sock, self._tls) if self._tls else sock
                channel = self.channel_class(self, wire, addr, self.adj, map=self._map)
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
                channel.give_up()
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
        if len(of_address) >= limits.MAX_CONNECTIONS_PER_ADDRESS:
            return _made_room(of_address, limits.MAX_CONNECTIONS_PER_ADDRESS)
        return len(channels) < limits.MAX_CONNECTIONS or _made_room(channels, limits.MAX_CONNECTIONS)

    def _out_of_files(self, error: OSError) -> None:
        """Pause: no file or memory is left, and the listening socket would stay ready and take all the time."""
        log.error("page: no more connections can be taken (%s): the oldest waiting ones are closed", error.strerror)
        _close_some(each for each in self._channels() if each.is_idle)
        self._paused_until_s = time.monotonic() + CHECK_S


def _made_room(full: list[PageChannel], most: int) -> bool:
    """Close some of these connections, which are as many as there may be. False when each is being answered."""
    newcomers = [each for each in full if each.is_idle and not each.has_asked]
    if len(newcomers) >= most // 2:
        return _close_some(newcomers)
    return (
        _close_some(each for each in full if each.is_idle and each.has_asked)
        or _close_some(newcomers)
        or _close_some(each for each in full if each.is_queued and each.likely_rank < Rank.PAIRED)
    )


def _close_some(some: Iterable[PageChannel]) -> bool:
    """Close the least important: a few at once, because finding them takes longer than closing them.

    False when there is none.
    """
    channels = list(some)
    count = Counter(channel.address for channel in channels)
    order = [(each.likely_rank, -count[each.address], each.since_s, id(each), each) for each in channels]
    for *_, channel in heapq.nsmallest(1 + len(channels) // 16, order):
        channel.handle_close()
    return bool(channels)


def _turn_away(sock: socket.socket, in_the_clear: bool) -> None:
    """Close a new connection that there is no room for, and say so where it can be read."""
    if in_the_clear:
        with contextlib.suppress(OSError):
            sock.setblocking(False)
            sock.send(NO_ROOM)
    sock.close()
