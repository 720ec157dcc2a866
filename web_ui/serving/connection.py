"""One connection: waitress's, with deadlines that no trickle of bytes renews, and bodies judged by their head.

What the server refuses without the app it answers in JSON, with the same headers.
"""

import contextlib
import ipaddress
import time
from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest, RequestEntityTooLarge

from web_ui import limits
from web_ui.serving.tls import Wire
from web_ui.views import dumps
from web_ui.visitors.headers import below_the_app
from web_ui.visitors.phones import CONNECTION, SAME_MACHINE, Rank

RETRY_S = 3


def once(do: Callable[[], None]) -> Callable[[], None]:
    """A function that calls `do` the first time, and nothing after that."""
    left = [do]
    return lambda: left.pop()() if left else None


class Busy(BadRequest):  # type: ignore[misc]  # waitress has no types
    """As many large bodies as are allowed are coming in already."""

    code = 503
    reason = "Service Unavailable"


def refusal(status: str, message: str) -> bytes:
    """A whole answer, for a connection that ends with it and has no thread. status: "503 Service Unavailable"."""
    body = dumps({"error": message, "code": ""}).encode()
    lines = [f"HTTP/1.1 {status}", "Connection: close", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in _headers(status)]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _headers(status: str) -> list[tuple[str, str]]:
    retry = [("Retry-After", str(RETRY_S))] if status.startswith("503") else []
    return [("Content-Type", "application/json"), *retry, *below_the_app()]


def _same(own: str, other: str) -> bool:
    """Whether an address is the one that it was reached at, or a loopback one: nobody else can send from there."""
    return own.removeprefix("::ffff:") == other or ipaddress.ip_address(other.partition("%")[0]).is_loopback


TOO_SLOW = "the request took too long to come in: send it again"
# Said before a byte of the request was read, so in English: nobody knows the phone's language.
NO_ROOM = refusal("503 Service Unavailable", "more phones ask than the box can answer at a time: try again")


class PageRequest(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """A request as it comes in. The server's thread."""

    error: Any
    completed: bool

    def __init__(
        self, adj: Any, started_s: float = 0.0, accepts_body: Callable[["PageRequest"], bool] | None = None
    ) -> None:
        """started_s: when its deadline began to run; 0 for now.

        accepts_body: called before a large body is read; it may set `error`. When it returns False, nothing of the body
        is read, and the app refuses the request by its head.
        """
        super().__init__(adj)
        self.started_s = started_s or time.monotonic()
        self.is_recognised = False
        self.is_large = False  # its large body is being read
        self.is_body_unread = False  # its body was refused: no other request can follow on this connection
        self._accepts_body = accepts_body
        self.head_ended_s = 0.0
        self.max_body_bytes = limits.MAX_BODY_BYTES

    def received(self, data: bytes) -> int:
        """Parse `data`. Returns how many bytes of it belong to this request."""
        before = self.headers_finished
        consumed: int = super().received(data)
        if self.headers_finished and not before and self.error is None and not self.empty:
            self.head_ended_s = time.monotonic()
            self.max_body_bytes = limits.max_body_bytes(self.command, self.path)
        if self.error is None and max(self.content_length, self.body_bytes_received) > self.max_body_bytes:
            # The rest is not read: the connection ends with the answer.
            self.error = RequestEntityTooLarge(f"the body is too large: {self.max_body_bytes} bytes are allowed")
            self.completed = True
        elif self.headers_finished and not before and not self.completed:
            self._judge()
        return consumed

    def _judge(self) -> None:
        """Decide whether the body is read, before its first byte."""
        length = self.max_body_bytes if self.chunked else self.content_length
        if length <= limits.LARGE_BODY_BYTES or self._accepts_body is None:
            return
        self.is_large = self._accepts_body(self)
        if not self.is_large:
            self.is_body_unread = self.completed = True

    @property
    def deadline_s(self) -> float:
        """When the rest of the request has to be there."""
        if not self.head_ended_s:
            return self.started_s + limits.HEAD_TIMEOUT_S
        length = min(self.content_length or self.max_body_bytes, self.max_body_bytes)
        return self.head_ended_s + limits.TRANSFER_TIMEOUT_S + length / limits.MIN_BYTES_PER_S


class PageTask(WSGITask):  # type: ignore[misc]
    """Answers through the app, and tells it the connection."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[CONNECTION] = self.channel
        if self.channel.is_tls:
            environ["wsgi.url_scheme"] = "https"
        environ[SAME_MACHINE] = self.channel.is_of_this_machine
        return environ


class PageErrorTask(ErrorTask):  # type: ignore[misc]
    """Answers in JSON what the server itself refuses, as the app does."""

    def execute(self) -> None:
        error = self.request.error
        say = self.channel.server.say_of(self.request.headers)
        said = say(str(error.body)) if say else str(error.body)
        body = dumps({"error": said, "code": ""}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers += _headers(self.status)
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class PageChannel(HTTPChannel):  # type: ignore[misc]
    """A connection. For the server's thread, except `hang_up`, `service`, `stop_counting` and `write_soon`.

    rank: of the client that sent its newest request.
    """

    request: PageRequest | None
    sent_continue: bool
    parser_class = PageRequest
    task_class = PageTask
    error_task_class = PageErrorTask

    def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:
        self.address = str(addr[0])
        self.is_of_this_machine = _same(sock.getsockname()[0], self.address)
        self.since_s = self.fetched_s = time.monotonic()
        self.rank = Rank.UNKNOWN
        self._is_first = True
        self.has_asked = False  # the head of a request has come: its rank is known
        self._head_started_s = self.since_s  # empty lines ahead of a request do not renew it
        self._is_last = False  # the connection ends with this answer
        self._pipelined = b""  # the next requests, which came before the answer was fetched
        self._fetch_until_s = 0.0
        self._is_begun = False
        self._stop_counting: Callable[[], None] = lambda: None
        super().__init__(server, sock, addr, adj, map=map)

    @property
    def likely_rank(self) -> Rank:
        """Its rank, or that of the phone seen last at its address, if higher: it may be the same phone."""
        of_address: Rank = self.server.addresses.rank(self.address)
        return max(self.rank, of_address)

    @property
    def is_idle(self) -> bool:
        """Whether it waits for its client: the box has nothing to answer. It may be closed to make room."""
        return not self.requests

    @property
    def is_queued(self) -> bool:
        """Whether its request still waits for a thread."""
        return bool(self.requests) and not self._is_begun

    @property
    def is_tls(self) -> bool:
        """Whether its client cannot be overheard."""
        return isinstance(self.socket, Wire) and self.socket.is_tls

    @property
    def unsent_bytes(self) -> int:
        """How much of its answers has not been fetched."""
        return int(self.total_outbufs_len)

    def is_overdue(self, now: float) -> bool:
        """Whether its client has taken longer than it may."""
        if self.total_outbufs_len:
            stalled = now - self.fetched_s > limits.STALL_TIMEOUT_S
            return stalled or (not self.requests and 0.0 < self._fetch_until_s < now)
        if self.requests:
            return False
        request: PageRequest | None = self.request
        if request is not None:
            return now > request.deadline_s
        return now - self.since_s > (limits.HEAD_TIMEOUT_S if self._is_first else limits.IDLE_TIMEOUT_S)

    def give_up(self) -> None:
        """Close it because it is overdue; tell a client that has sent half a request."""
        request: PageRequest | None = self.request
        waits = not self.requests and not self.total_outbufs_len
        if waits and request is not None and (request.headers_finished or request.header_bytes_received > 0):
            with contextlib.suppress(OSError):
                self.socket.send(self._too_slow(request))  # as much of it as goes at once
        self.handle_close()

    def _too_slow(self, request: PageRequest) -> bytes:
        """In the client's language, once the head has said which."""
        say = self.server.say_of(request.headers) if request.headers_finished else None
        return refusal("408 Request Timeout", say(TOO_SLOW) if say else TOO_SLOW)

    def hang_up(self) -> None:
        """Close it soon, whatever it is doing. Any thread."""
        self.will_close = True
        self.server.pull_trigger()

    def stop_counting(self) -> None:
        """This answer takes long: it counts no longer against its address's requests. For the thread that answers."""
        self._stop_counting()

    def read_what_is_there(self) -> None:
        """Read a new connection's request at once, if it has come with it.

        The connection is not idle then, and is not closed to make room for those accepted after it.
        """
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

    def handle_read(self) -> None:
        """As waitress's, but that a part of TLS's own is no data and no fault."""
        try:
            data = self.recv(self.adj.recv_bytes)
        except BlockingIOError:
            return
        except OSError:
            self.handle_close()
            return
        if data:
            self.received(data)
        else:
            self.connected = False

    def handle_write(self) -> None:
        if self._tls_waits_to_write:
            self.handle_read()
        else:
            super().handle_write()

    def writable(self) -> bool:
        return self._tls_waits_to_write or bool(super().writable())

    @property
    def _tls_waits_to_write(self) -> bool:
        return isinstance(self.socket, Wire) and self.socket.waits_to_write

    def readable(self) -> bool:
        """Called before each wait. Also begins with the pipelined requests, once the answer before them is fetched."""
        if self._pipelined and not self.requests and not self.total_outbufs_len:
            data, self._pipelined = self._pipelined, b""
            self.received(data)
        may_read = len(self._pipelined) < limits.MAX_PIPELINED_BYTES and not self._tls_waits_to_write
        return may_read and bool(super().readable())

    def received(self, data: bytes) -> bool:
        """Begin one request at a time: a second one would hold a thread until the first answer is fetched."""
        with self.requests_lock:
            if not data or self.will_close or self.close_when_flushed:
                return False
            if self.requests or self._pipelined:  # keep their order
                self._pipelined += data
                return True
            while data:
                if self.request is None:
                    self._head_started_s = self._head_started_s or time.monotonic()
                    self.request = PageRequest(self.adj, self._head_started_s, self.server.accepts_body)
                request = self.request
                taken = request.received(data)
                if request.headers_finished and not request.empty and not request.is_recognised:
                    self._recognise(request)
                waits = request.expect_continue and request.headers_finished and not request.completed
                if waits and not self.sent_continue:
                    self.send_continue()
                data = data[taken:]
                if request.completed:
                    self.sent_continue = False
                    self.request = None
                    if not request.empty:
                        self._is_last, self._pipelined = request.is_body_unread, data
                        self.requests.append(request)
                        self.server.add_task(self)
                        break
        return True

    def _recognise(self, request: PageRequest) -> None:
        """Rank its client by a request's head, before any of its body."""
        request.is_recognised = self.has_asked = True
        self.rank = self.server.rank_of(request.headers)
        if self.rank:
            self.server.addresses.note(self.address, self.rank)

    def service(self) -> None:
        """Answer a request, in one of the server's threads."""
        self._fetch_until_s = 0.0
        # For this request only: once it is answered, another thread may have begun with the next one.
        stop_counting = once(lambda: self.server.task_dispatcher.done(self.address))
        self._stop_counting, self._is_begun = stop_counting, True
        try:
            super().service()
        finally:
            stop_counting()
            self._is_begun = False
        now = time.monotonic()
        self._fetch_until_s = now + limits.TRANSFER_TIMEOUT_S + self.unsent_bytes / limits.MIN_BYTES_PER_S
        self.since_s, self._head_started_s, self._is_first = now, 0.0, False
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
