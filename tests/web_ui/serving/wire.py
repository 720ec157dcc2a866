"""Raw connections to the served page, and requests as bytes."""

import contextlib
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from time import monotonic, sleep

from tests.web_ui.conftest import Served
from web_ui.serving.limited_server import LimitedServer

WAIT_AT_MOST_S = 60.0  # on a busy machine; a quiet one takes less than a second
HEAD = b"GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def server_of(served: Served) -> LimitedServer:
    assert served.server._server is not None
    return served.server._server


@contextlib.contextmanager
def connected(served: Served, sent: bytes = b"", address: str = "127.0.0.1") -> Iterator[socket.socket]:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # what the kernel takes is fetched
        sock.settimeout(WAIT_AT_MOST_S)
        sock.bind((address, 0))
        sock.connect(("127.0.0.1", served.number))
        if sent:
            sock.sendall(sent)
        yield sock


def is_closed(sock: socket.socket, drip: bytes = b"", seconds: float = WAIT_AT_MOST_S) -> bool:
    """Whether the box closes it within so long, while `drip` is sent again and again."""
    sock.settimeout(0.05)
    until = monotonic() + seconds
    while monotonic() < until:
        try:
            if drip:
                sock.send(drip)
            if not sock.recv(65536):
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


def until(true: Callable[[], bool]) -> None:
    deadline = monotonic() + WAIT_AT_MOST_S
    while not true():
        assert monotonic() < deadline
        sleep(0.01)


def all_have_left(served: Served) -> None:
    """Wait until the server has noticed that everybody so far has hung up: until then they keep their places."""
    until(lambda: not server_of(served).active_channels)


def large_body_head(token: str, length: int = 3_900_000, cookie: str = "", expect: str = "") -> bytes:
    return (
        "PUT /api/v1/system/backup.json HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-CSRF-Token: {token}\r\nCookie: {cookie}\r\n{expect}Content-Length: {length}\r\n\r\n"
    ).encode()


def token_of(served: Served) -> str:
    return str(json.loads(served.get("/api/v1/session")[1])["token"])


def answered(sock: socket.socket) -> tuple[int, str]:
    answer = http.client.HTTPResponse(sock)
    answer.begin()
    return answer.status, json.loads(answer.read() or b'{"code": ""}')["code"]
