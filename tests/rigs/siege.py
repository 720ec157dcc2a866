"""A siege of the page: many connections that want something of it and give nothing, from this machine to itself.

`Siege` runs in a process of its own, bounded in number and in time, against a loopback address only. Distinct loopback
addresses (127.0.1.1 …) play distinct attackers. `python -m bench.siege` does it to a real box and prints how long
another phone waits, and how much memory the page takes.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import select
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
MOST = 2000
LONGEST_S = 300.0
TRICKLE_S = 0.5  # between two bytes of a connection
ANOTHER = "127.0.0.2"
AGAIN_S = 0.05  # before a connection that was closed is made again

_HEAD = "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}\r\n"


def _request(path: str, method: str = "GET", more: str = "") -> bytes:
    return _HEAD.format(method=method, path=path, more=more).encode()


@dataclass(frozen=True)
class Kind:
    """opening: sent at once. trickle: sent after it byte by byte, over and over. reads: a byte at a time, or none.

    shakes: after a whole TLS handshake, of a box that has TLS.
    """

    opening: bytes = b""
    trickle: bytes = b""
    reads: bool = False
    shakes: bool = False


_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # the beginning of a client's first message in TLS
_LONG = "Content-Type: application/json\r\nContent-Length: {}\r\n"
KINDS = {
    "idle": Kind(),
    "heads": Kind(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ", b"x"),
    "empty lines": Kind(b"", b"\r\n"),
    "bodies": Kind(_request("/api/v1/params/box.mute", "PUT", _LONG.format(4000)), b" "),
    "backups": Kind(_request("/api/v1/system/backup.json", "PUT", _LONG.format(3_900_000)), b" "),
    "chunks": Kind(_request("/api/v1/presets/import", "POST", "Transfer-Encoding: chunked\r\n"), b"1\r\n \r\n"),
    "recordings": Kind(_request("/api/v1/listen/after.wav"), reads=True),
    "recordings unread": Kind(_request("/api/v1/listen/after.wav")),
    "streams": Kind(_request("/api/v1/events")),
    "spectra": Kind(_request("/api/v1/spectrum")),
    "pipelined": Kind(_request("/") * 8),
    "answers unread": Kind(_request("/api/v1/openapi.json")),
    "diagnostics": Kind(
        _request(
            "/api/v1/system/diagnostics.zip", more="Sec-Fetch-Site: cross-site\r\nReferer: http://evil.example/\r\n"
        )
    ),
    "posted diagnostics": Kind(
        _request("/api/v1/system/diagnostics.zip", "POST", _LONG.format(13) + "Origin: http://evil.example\r\n")
        + b'{"make":true}'
    ),
    "kept open": Kind(_request("/api/v1/session")),
    "large heads": Kind(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Large: " + b"x" * 16_000, b"x"),
    "chunk names": Kind(_request("/api/v1/presets/import", "POST", "Transfer-Encoding: chunked\r\n") + b"1;", b"x"),
    "questions": Kind(_request("/api/v1/params"), reads=True),
}


TLS_KINDS = {
    "handshakes": Kind(_HELLO, b"\x00"),
    "shaken": Kind(shakes=True),
    "shaken heads": Kind(b"GET / HTTP/1.1\r\nX: ", b"x", shakes=True),
}
"""Against a box with TLS. To another one they are rubbish."""


class Siege:
    """Use as a context manager; inside it the siege goes on. Afterwards `opened` says how many connections it took."""

    def __init__(
        self, kinds: str, port: int, count: int, seconds: float = 30.0, addresses: int = 1, cookie: str = ""
    ) -> None:
        """kinds: one, or several joined by "+". addresses: the attackers' own, counted from 127.0.1.1.

        cookie: what each of them sends ("name=value").
        """
        self.opened = self.most_held = 0
        self._arguments = [kinds, str(port), str(count), str(seconds), str(addresses), cookie]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Siege:
        command = [sys.executable, "-m", "tests.rigs.siege", "attack", *self._arguments]
        self._process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "begun\n"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            out, _err = self._process.communicate("end\n", timeout=20)
            figures = json.loads(out)
            self.opened, self.most_held = figures["opened"], figures["most_held"]
        self._process.kill()
        self._process.wait()


def attack(kinds: Sequence[Kind], port: int, count: int, seconds: float, addresses: int, cookie: str) -> dict[str, int]:
    """Hold `count` connections for so long, or until a line comes on stdin, each made again when it is closed."""
    assert count <= MOST
    assert seconds <= LONGEST_S
    crowd = _Crowd(kinds, port, addresses, cookie)
    until = time.monotonic() + seconds
    wanted = [0.0] * count  # when each may be made
    while len(crowd.held) < count and time.monotonic() < until and len(wanted) > 0:
        crowd.connect()
        wanted.pop()
        crowd.work(0.0)
    print("begun", flush=True)
    crowd.end_with(sys.stdin.fileno())
    while time.monotonic() < until and not crowd.ended:
        crowd.work(0.02)
        missing = count - len(crowd.held)
        turn_ends = time.monotonic() + AGAIN_S  # handshakes take long
        for _ in range(min(missing, max(1, int(count * 0.02 / AGAIN_S)))):
            crowd.connect()
            if time.monotonic() > turn_ends:
                break
    return {"opened": crowd.opened, "most_held": crowd.most_held}


class _Crowd:
    def __init__(self, kinds: Sequence[Kind], port: int, addresses: int, cookie: str) -> None:
        self.held: dict[int, tuple[socket.socket, Kind, int, float]] = {}  # by file: and bytes trickled, when next
        self.opened = self.most_held = 0
        self.ended = False
        self._kinds, self._to, self._addresses = kinds, ("127.0.0.1", port), addresses
        assert ipaddress.ip_address(self._to[0]).is_loopback
        host = b"Host: 127.0.0.1\r\n"
        self._host = (host, host + f"Cookie: {cookie}\r\n".encode() if cookie else host)
        self._context = unverified()
        self._events = select.epoll()
        self._end = -1

    def end_with(self, fd: int) -> None:
        """The siege ends when something can be read there."""
        self._end = fd
        self._events.register(fd, select.EPOLLIN)

    def connect(self) -> None:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        number, kind = self.opened % self._addresses, self._kinds[self.opened % len(self._kinds)]
        self.opened += 1
        try:
            sock.bind((f"127.0.{1 + number // 250}.{1 + number % 250}", 0))
            sock.settimeout(0.2)
            sock.connect(self._to)
            if kind.shakes:
                sock = self._context.wrap_socket(sock)
            sock.setblocking(False)
            if kind.opening:
                sock.send(kind.opening.replace(*self._host))
        except OSError:
            sock.close()
            return
        self.held[sock.fileno()] = (sock, kind, 0, time.monotonic() + TRICKLE_S)
        self._events.register(sock, 0 if kind.reads else select.EPOLLRDHUP)
        self.most_held = max(self.most_held, len(self.held))

    def work(self, wait_s: float) -> None:
        """Trickle, read slowly, notice what was closed."""
        for fd, what in self._events.poll(wait_s):
            if fd == self._end:
                self.ended = True
                return
            if not self.held[fd][1].reads or what & (select.EPOLLHUP | select.EPOLLERR):
                self._drop(fd)
        now = time.monotonic()
        for fd, (sock, kind, sent, due) in list(self.held.items()):
            if now < due:
                continue
            self.held[fd] = (sock, kind, sent + 1, now + TRICKLE_S)
            try:
                if kind.trickle:
                    sock.send(kind.trickle[sent % len(kind.trickle) :][:1])
                elif kind.reads and not sock.recv(1):
                    self._drop(fd)
            except BlockingIOError:
                pass
            except OSError:
                self._drop(fd)

    def _drop(self, fd: int) -> None:
        sock, *_ = self.held.pop(fd)
        sock.close()  # epoll forgets it


def unverified() -> ssl.SSLContext:
    """For a box on this machine, whose certificate is its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Phone:
    """Another phone, at an address of its own. It keeps its cookies, and makes a connection for each question."""

    def __init__(self, port: int, address: str = ANOTHER, tls: bool = False) -> None:
        self.port, self.address = port, address
        self._context = unverified() if tls else None
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
        """Raises OSError when there is no answer within 20 s."""
        connection = self._connection()
        try:
            connection.request(method, path, None if body is None else json.dumps(body), self._headers(headers))
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    cookie, _, told = value.partition(";")[0].partition("=")
                    self.cookies[cookie] = told
            return answer.status, answer.read()
        finally:
            connection.close()

    def stream(self) -> http.client.HTTPResponse:
        """The event stream, once it has begun; close it."""
        connection = self._connection()
        connection.request("GET", "/api/v1/events", headers=self._headers({}))
        return connection.getresponse()

    def open_page(self) -> str:
        """As a browser does: the page and its scripts, then the stream. Returns the token."""
        token = str(json.loads(self.ask("GET", "/api/v1/session")[1])["token"])
        for path in ("/", "/static/built/main.js", "/static/built/page.css", "/api/v1/status"):
            assert self.ask("GET", path)[0] == 200, path
        return token

    def _connection(self) -> http.client.HTTPConnection:
        own = (self.address, 0)
        if self._context is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20, source_address=own)
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=20, source_address=own, context=self._context
        )

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {**({"Cookie": cookies} if cookies else {}), "Content-Type": "application/json", **more}


def waits_s(phone: Phone, seconds: float, roams: bool = False) -> list[float]:
    """How long each answer took, asking for so long. One that is refused is asked again: all of it is one wait.

    roams: each question comes from an address that the box has not seen.
    """
    until, waits = time.monotonic() + seconds, list[float]()
    while time.monotonic() < until:
        if roams:
            phone.address = f"127.0.{8 + len(waits) // 250}.{1 + len(waits) % 250}"
        begun = time.monotonic()
        while True:
            try:
                if phone.ask("GET", "/api/v1/status")[0] == 200:
                    break
            except (OSError, http.client.HTTPException):
                pass
            assert time.monotonic() - begun < 150, "the page is away"
        waits.append(time.monotonic() - begun)
        time.sleep(0.05)
    return waits


def worst_wait_s(phone: Phone, seconds: float) -> tuple[float, int]:
    """(the longest of waits_s, how many there were)."""
    waits = waits_s(phone, seconds)
    return max(waits), len(waits)


def main() -> None:
    kinds, port, count, seconds, addresses, cookie = sys.argv[2:]
    chosen = [(KINDS | TLS_KINDS)[kind] for kind in kinds.split("+")]
    print(json.dumps(attack(chosen, int(port), int(count), float(seconds), int(addresses), cookie)))


if __name__ == "__main__":
    main()
