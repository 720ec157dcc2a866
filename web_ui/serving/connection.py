"""One phone's connection: waitress's, with deadlines that a trickle does not renew, and bodies judged by their head."""

import time
from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest, RequestEntityTooLarge

from web_ui import limits
from web_ui.views import dumps
from web_ui.visitors.phones import CONNECTION, Rank


def once(do: Callable[[], None]) -> Callable[[], None]:
    """`do`, the first time that it is called."""
    left = [do]
    return lambda: left.pop()() if left else None


class Busy(BadRequest):  # type: ignore[misc]  # waitress has no types
    """As many long bodies as may be are coming in already."""

    code = 503
    reason = "Service Unavailable"


class PageRequest(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """A request as it comes in. The server's thread."""

    error: Any
    completed: bool

    def __init__(self, adj: Any, begun_s: float = 0.0, may_send: Callable[["PageRequest"], bool] | None = None) -> None:
        """begun_s: since when it may have come; 0 for now. may_send: asked before a long body is read.

        may_send may set `error`; where it says no, the app refuses the request by its head, and hears of no body.
        """
        super().__init__(adj)
        self.begun_s = begun_s or time.monotonic()
        self.is_long = False  # its body is, and comes in
        self.is_cut = False  # its body is not read, so that nothing can follow it
        self._may_send = may_send
        self.head_ended_s = 0.0
        self.most_body = limits.MOST_BODY_BYTES

    def received(self, data: bytes) -> int:
        """Take what came; returns how much of it belongs to this request."""
        before = self.headers_finished
        consumed: int = super().received(data)
        if self.headers_finished and not before and self.error is None and not self.empty:
            self.head_ended_s = time.monotonic()
            self.most_body = limits.most_body_bytes(self.command, self.path)
        if self.error is None and max(self.content_length, self.body_bytes_received) > self.most_body:
            # Nothing of it is read on: the answer ends the connection.
            self.error = RequestEntityTooLarge(f"the body is too large: {self.most_body} bytes are allowed")
            self.completed = True
        elif self.headers_finished and not before and not self.completed:
            self._judge()
        return consumed

    def _judge(self) -> None:
        """Before the first byte of a body: whether it is read at all."""
        length = self.most_body if self.chunked else self.content_length
        if length <= limits.LONG_BYTES or self._may_send is None:
            return
        self.is_long = self._may_send(self)
        if not self.is_long:
            self.is_cut = self.completed = True

    @property
    def deadline_s(self) -> float:
        """Until when the rest of it has to be there."""
        if not self.head_ended_s:
            return self.begun_s + limits.HEAD_S
        length = min(self.content_length or self.most_body, self.most_body)
        return self.head_ended_s + limits.PATIENCE_S + length / limits.SLOWEST_BYTES_PER_S


class PageTask(WSGITask):  # type: ignore[misc]
    """Answers through the app, which hears what connection it answers on."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[CONNECTION] = self.channel
        return environ


class PageErrorTask(ErrorTask):  # type: ignore[misc]
    """What the server itself refuses is answered in JSON too, as the app does it."""

    def execute(self) -> None:
        error = self.request.error
        body = dumps({"error": str(error.body), "code": ""}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.response_headers.append(("Cache-Control", "no-store"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class PageChannel(HTTPChannel):  # type: ignore[misc]
    """A connection. The server's thread, but for `hang_up`, `service`, `goes_on` and `write_soon`.

    rank: of who has sent its request.
    """

    request: PageRequest | None
    sent_continue: bool
    parser_class = PageRequest
    task_class = PageTask
    error_task_class = PageErrorTask

    def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:
        self.address = str(addr[0])
        self.since_s = self.fetched_s = time.monotonic()
        self.rank = Rank.ANYBODY
        self._is_first = True
        self._head_since_s = self.since_s  # empty lines before a request do not renew its deadline
        self._is_last = False  # the connection ends with the answer
        self._early = b""  # what came before the answer was fetched
        self._fetch_until_s = 0.0
        self._is_begun = False
        self._end_turn: Callable[[], None] = lambda: None
        super().__init__(server, sock, addr, adj, map=map)

    @property
    def standing(self) -> Rank:
        """The rank, or that of phones that have asked from its address lately: it may be one of them."""
        of_address: Rank = self.server.addresses.rank(self.address)
        return max(self.rank, of_address)

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for its phone, not the phone for the box: such a one may be closed when room is needed."""
        return not self.requests

    @property
    def is_anybodys_and_not_begun(self) -> bool:
        """Whether its request waits for a thread, and nobody known has sent it."""
        return bool(self.requests) and not self._is_begun and self.rank is Rank.ANYBODY

    @property
    def owed_bytes(self) -> int:
        """What has been answered and not fetched."""
        return int(self.total_outbufs_len)

    def is_overdue(self, now: float) -> bool:
        """Whether its phone has taken longer than it may."""
        if self.total_outbufs_len:
            stalled = now - self.fetched_s > limits.STALLED_S
            return stalled or (not self.requests and 0.0 < self._fetch_until_s < now)
        if self.requests:
            return False
        request: PageRequest | None = self.request
        if request is not None:
            return now > request.deadline_s
        return now - self.since_s > (limits.HEAD_S if self._is_first else limits.IDLE_S)

    def hang_up(self) -> None:
        """Close it soon, whatever it is doing. Any thread."""
        self.will_close = True
        self.server.pull_trigger()

    def goes_on(self) -> None:
        """What is answered goes on for long: others from the same address need not wait for it. In its thread."""
        self._end_turn()

    def read_what_is_there(self) -> None:
        """A new connection's request has often come with it: read now, it makes no room for those behind it."""
        try:
            data = self.socket.recv(self.adj.recv_bytes)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.received(data)
        else:
            self.handle_close()

    def readable(self) -> bool:
        """Asked before each wait: what came early is taken up here, once the answer before it is fetched."""
        if self._early and not self.requests and not self.total_outbufs_len:
            early, self._early = self._early, b""
            self.received(early)
        return len(self._early) < limits.MOST_EARLY_BYTES and bool(super().readable())

    def received(self, data: bytes) -> bool:
        """One request at a time: a second one before the answer would hold a thread until the first is fetched."""
        with self.requests_lock:
            if not data or self.will_close or self.close_when_flushed:
                return False
            if self.requests or self._early:  # in their order
                self._early += data
                return True
            while data:
                if self.request is None:
                    self._head_since_s = self._head_since_s or time.monotonic()
                    self.request = PageRequest(self.adj, self._head_since_s, self.server.may_send)
                request = self.request
                taken = request.received(data)
                waits = request.expect_continue and request.headers_finished and not request.completed
                if waits and not self.sent_continue:
                    self.send_continue()
                data = data[taken:]
                if request.completed:
                    self.sent_continue = False
                    self.request = None
                    if not request.empty:
                        self._recognise(request)
                        self._is_last, self._early = request.is_cut, data
                        self.requests.append(request)
                        self.server.add_task(self)
                        break
        return True

    def _recognise(self, request: PageRequest) -> None:
        self.rank = self.server.rank_of(request.headers)
        if self.rank:
            self.server.addresses.note(self.address, self.rank)

    def service(self) -> None:
        """Answer a request, in one of the server's threads."""
        self._fetch_until_s = 0.0
        # Of this request: when it is answered, the next one may have begun in another thread already.
        end_turn = once(lambda: self.server.task_dispatcher.done(self.address))
        self._end_turn, self._is_begun = end_turn, True
        try:
            super().service()
        finally:
            end_turn()
            self._is_begun = False
        now = time.monotonic()
        self._fetch_until_s = now + limits.PATIENCE_S + self.owed_bytes / limits.SLOWEST_BYTES_PER_S
        self.since_s, self._head_since_s, self._is_first = now, 0.0, False
        if self._is_last:
            with self.requests_lock:
                self.close_when_flushed = True
            self.server.pull_trigger()

    def write_soon(self, data: Any) -> int:
        """Raises ClientDisconnected."""
        if not self.total_outbufs_len:
            self.fetched_s = time.monotonic()
        written: int = super().write_soon(data)
        return written

    def send(self, data: bytes, do_close: bool = True) -> int:
        sent: int = super().send(data, do_close=do_close)
        if sent:
            self.fetched_s = time.monotonic()
        return sent
