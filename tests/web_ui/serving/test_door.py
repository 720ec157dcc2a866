"""The page's door: deadlines that a trickle does not renew, bodies judged by their head, room for who comes."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from time import monotonic, sleep
from typing import Any

import pytest
from flask import Flask

from tests.rigs.siege import KINDS, Phone, Siege, worst_wait_s
from tests.web_ui.conftest import Served
from web_ui import limits
from web_ui.app import create_app
from web_ui.fakes.box import FakeControlPort
from web_ui.serving.door import Door
from web_ui.serving.server import PageServer
from web_ui.visitors.phones import COOKIE

PATIENCE_S = 60.0  # of a busy machine: what is waited for takes less than a second on a quiet one


def door_of(served: Served) -> Door:
    assert served.server._server is not None
    return served.server._server


@contextlib.contextmanager
def connected(served: Served, sent: bytes = b"", address: str = "127.0.0.1") -> Iterator[socket.socket]:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # what the kernel takes is fetched
        sock.settimeout(PATIENCE_S)
        sock.bind((address, 0))
        sock.connect(("127.0.0.1", served.number))
        if sent:
            sock.sendall(sent)
        yield sock


def is_closed(sock: socket.socket, drip: bytes = b"", seconds: float = PATIENCE_S) -> bool:
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


HEAD = b"GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n"
LATE = [
    ("nothing", b"", b""),
    ("a head in drips", b"GET / HTTP/1.1\r\nX: ", b"x"),
    ("empty lines", b"", b"\r\n"),
    ("an empty line and half of the next", b"\r\n\r", b"\n\r"),
    ("a body in drips", b"PUT /api/v1/params/box.mute HTTP/1.1\r\nContent-Length: 4000\r\n\r\n", b" "),
    ("chunks in drips", b"POST /api/v1/presets/import HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ("nothing after an answer", HEAD + b"\r\n", b""),
    ("drips after an answer", HEAD + b"\r\n" + b"GET ", b"/"),
]


@pytest.mark.parametrize(("opening", "drip"), [late[1:] for late in LATE], ids=[late[0] for late in LATE])
def test_who_takes_too_long_is_closed(served: Served, monkeypatch: pytest.MonkeyPatch, opening: bytes, drip: bytes):
    for name in ("HEAD_S", "IDLE_S", "PATIENCE_S", "STALLED_S"):
        monkeypatch.setattr(limits, name, 1.0)
    monkeypatch.setattr(limits, "SLOWEST_BYTES_PER_S", 1e6)
    with connected(served, opening) as sock:
        assert is_closed(sock, drip)


@pytest.mark.parametrize("path", ["/api/v1/listen/after.wav", "/api/v1/events"])
def test_an_answer_that_nobody_fetches_is_given_up(
    served: Served, port: FakeControlPort, monkeypatch: pytest.MonkeyPatch, path: str
):
    monkeypatch.setattr(limits, "STALLED_S", 1.0)
    port.set_status(message="x" * 1_000_000)  # more than fits into what lies between the two ends
    port.listen_wavs = lambda: type(FakeControlPort().listen_wavs())(b"x" * 4_000_000, b"y" * 4_000_000)  # type: ignore[method-assign]
    with connected(served, b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % path.encode()):
        until(lambda: any(channel.owed_bytes for channel in door_of(served)._channels()))
        until(lambda: not door_of(served).active_channels)


def until(true: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE_S
    while not true():
        assert monotonic() < deadline
        sleep(0.01)


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        ("PUT", "/api/v1/params/box.mute", limits.MOST_BODY_BYTES),
        ("GET", "/api/v1/status", limits.MOST_BODY_BYTES),
        ("PUT", "/api/v1/presets/order", limits.MOST_ORDER_BYTES),
        ("PUT", "//api/v1/system/backup.json", limits.MOST_BODY_BYTES),
        ("PUT", "/nothing", limits.MOST_BODY_BYTES),
    ],
)
@pytest.mark.parametrize("expect", ["", "Expect: 100-continue\r\n"])
def test_a_body_is_refused_by_its_head(served: Served, method: str, path: str, most: int, expect: str):
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{expect}Content-Length: {{}}\r\n\r\n"
    with connected(served, head.format(most + 1).encode()) as sock:  # and nothing of the body
        answer = http.client.HTTPResponse(sock)
        answer.begin()
        assert answer.status == 413
        assert json.loads(answer.read())["error"] == f"the body is too large: {most} bytes are allowed"
    with connected(served, head.format(most).encode()) as sock:
        if expect:
            assert sock.recv(100).startswith(b"HTTP/1.1 100")
        else:
            sock.settimeout(0.3)
            with pytest.raises(TimeoutError):  # it waits for the body
                sock.recv(1)


def long_head(token: str, length: int = 3_900_000, cookie: str = "", expect: str = "") -> bytes:
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


@pytest.mark.parametrize("expect", ["", "Expect: 100-continue\r\n"])
def test_a_long_body_is_read_from_who_may_send_it_only(served: Served, port: FakeControlPort, expect: str):
    token = token_of(served)
    with connected(served, long_head("guess", expect=expect)) as sock:  # and nothing of the body
        assert answered(sock) == (403, "token")
        assert is_closed(sock)
    session = port.set_pin("2468", "")
    for cookie in ("", "hushbox_session=guess", "hushbox_session=\xff; x"):
        with connected(served, long_head(token, cookie=cookie, expect=expect)) as sock:
            assert answered(sock) == (401, "pin")
            assert is_closed(sock)
    body = json.dumps({"hushbox_backup": 1, "files": {"x": "y" * 200_000}}).encode()
    with connected(served, long_head(token, len(body), f"hushbox_session={session}", expect)) as sock:
        if expect:
            assert sock.recv(25).startswith(b"HTTP/1.1 100")
        sock.sendall(body)
        assert answered(sock)[0] == 204
    assert port.asked == ["restore"]


def test_a_few_long_bodies_come_in_at_a_time(served: Served):
    token = token_of(served)
    with contextlib.ExitStack() as stack:
        for _ in range(limits.MOST_LONG_BODIES):
            stack.enter_context(connected(served, long_head(token) + b"{"))
        until(lambda: sum(bool(c.request and c.request.is_long) for c in door_of(served)._channels()) == 2)
        with connected(served, long_head(token)) as sock:
            assert answered(sock)[0] == 503
        assert served.get("/api/v1/status")[0] == 200


def test_a_chunked_body_ends_at_the_same_limit(served: Served):
    head = b"PUT /api/v1/params/box.mute HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connected(served, head + (b"400\r\n" + b" " * 1024 + b"\r\n") * 12) as sock:
        assert sock.recv(100).startswith(b"HTTP/1.1 413")


def test_a_head_without_end_is_refused_in_json(served: Served):
    with connected(served, b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000) as sock:
        answer = http.client.HTTPResponse(sock)
        answer.begin()
        assert answer.status == 431
        assert "error" in json.loads(answer.read())


def test_requests_before_the_answer_are_answered_in_order(served: Served):
    asked = [
        HEAD + b"\r\n",
        HEAD.replace(b"status", b"session") + b"\r\n",
        HEAD.replace(b"status", b"nothing") + b"\r\n",
    ]
    with connected(served, b"".join(asked)[:-5]) as sock:
        sock.sendall(b"".join(asked)[-5:])
        file = sock.makefile("rb")
        found = []
        for _ in asked:
            status = file.readline()
            length = 0
            while (line := file.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split()[1])
            found.append((int(status.split()[1]), json.loads(file.read(length))))
    assert [status for status, _ in found] == [200, 200, 404]
    assert "token" in found[1][1]


def test_requests_whose_answers_nobody_fetches_hold_no_thread(served: Served, port: FakeControlPort):
    port.set_status(message="x" * 200_000)
    with contextlib.ExitStack() as stack:
        for _ in range(limits.WORKERS + limits.MAX_STREAMS + 10):
            stack.enter_context(connected(served, (HEAD + b"\r\n") * 8))
        until(lambda: sum(bool(channel.owed_bytes) for channel in door_of(served)._channels()) > limits.WORKERS)
        until(lambda: not any(channel.requests for channel in door_of(served)._channels()))
        assert served.get("/api/v1/session")[0] == 200


def test_a_connection_serves_one_request_after_the_other(served: Served):
    connection = served.connect()
    connection.connect()
    sock = connection.sock
    for _ in range(5):
        connection.request("GET", "/api/v1/status")
        assert connection.getresponse().read()
        assert connection.sock is sock
    connection.close()


def test_every_turn_comes_back(served: Served):
    """Whatever is asked for, and however fast one request follows the other on a connection."""
    connections = [served.connect() for _ in range(4)]

    def ask(connection: http.client.HTTPConnection) -> None:
        for path in ("/api/v1/status", "/", "/nothing", "/static/built/main.js", "/api/v1/listen/after.wav") * 12:
            connection.request("GET", path)
            connection.getresponse().read()
        connection.request("GET", "/api/v1/events")
        connection.getresponse().readline()
        connection.close()

    threads = [threading.Thread(target=ask, args=(connection,)) for connection in connections[:3]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    until(lambda: not door_of(served).task_dispatcher.queue._at_work)


def test_an_address_has_so_many_connections_and_the_oldest_makes_room(served: Served):
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connected(served)) for _ in range(limits.MOST_OF_AN_ADDRESS)]
        until(lambda: len(door_of(served).active_channels) == limits.MOST_OF_AN_ADDRESS)
        other = stack.enter_context(connected(served, address="127.0.0.9"))
        newest = stack.enter_context(connected(served))
        assert is_closed(held[0])
        assert len(door_of(served).active_channels) <= limits.MOST_OF_AN_ADDRESS + 1
        assert not is_closed(other, seconds=0.2)
        assert not is_closed(newest, seconds=0.2)


def test_one_that_the_box_works_for_is_not_the_one_that_makes_room(
    served: Served, port: FakeControlPort, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "MOST_OF_AN_ADDRESS", 4)
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(connected(served, HEAD.replace(b"status", b"events") + b"\r\n"))
        assert stream.recv(100).startswith(b"HTTP/1.1 200")
        for _ in range(8):
            stack.enter_context(connected(served))
        stack.enter_context(contextlib.closing(served.connect())).request("GET", "/api/v1/status")
        stream.settimeout(PATIENCE_S)
        while b"event: status" not in stream.recv(65536):
            pass


def test_who_is_known_is_not_the_one_that_makes_room(served: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MOST_CONNECTIONS", 6)
    phone = Phone(served.number, "127.0.0.9")
    phone.open_page()
    assert COOKIE in phone.cookies
    with contextlib.ExitStack() as stack:
        mine = [stack.enter_context(connected(served, address="127.0.0.9")) for _ in range(3)]
        for number in range(12):
            stack.enter_context(connected(served, address=f"127.0.1.{number + 1}"))
        until(lambda: len(door_of(served).active_channels) <= 6)
        assert not any(is_closed(sock, seconds=0.1) for sock in mine)


def test_a_phone_that_is_known_gets_in_though_all_connections_have_asked_something(
    app: Flask, port: FakeControlPort, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "MOST_OF_AN_ADDRESS", limits.MOST_AT_ONCE + 3)
    busy = threading.Event()
    port.status = lambda: (busy.wait(PATIENCE_S), FakeControlPort().status())[1]  # type: ignore[method-assign]
    server = PageServer(app, "127.0.0.1", 0)
    served = Served(server, server.start())
    phone = Phone(served.number, "127.0.0.1")
    try:
        for _ in range(2):  # with the cookie of the first
            phone.ask("GET", "/api/v1/session")
        with contextlib.ExitStack() as stack:
            held = [stack.enter_context(connected(served, HEAD + b"\r\n")) for _ in range(limits.MOST_OF_AN_ADDRESS)]
            until(lambda: len(door_of(served).task_dispatcher.queue) >= 3)
            asked = threading.Thread(target=lambda: phone.ask("GET", "/api/v1/session"))
            asked.start()
            until(lambda: any(channel.rank for channel in door_of(served)._channels()))
            assert any(is_closed(sock, seconds=0.1) for sock in held)
            busy.set()
            asked.join(PATIENCE_S)
            assert not asked.is_alive()
    finally:
        busy.set()
        server.stop()


def test_answers_that_nobody_fetches_take_so_much_memory_and_no_more(served: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MOST_OWED_BYTES", 400_000)
    with contextlib.ExitStack() as stack:
        for _ in range(12):
            stack.enter_context(connected(served, b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
        until(lambda: any(channel.owed_bytes for channel in door_of(served)._channels()))
        until(lambda: sum(channel.owed_bytes for channel in door_of(served)._channels()) <= 400_000)
        assert served.get("/api/v1/status")[0] == 200


def test_without_files_for_a_connection_the_oldest_goes_and_the_next_is_taken(served: Served, caplog: Any):
    door = door_of(served)
    refused = threading.Event()
    real = door.accept

    def accept() -> Any:
        if not refused.is_set():
            refused.set()
            raise OSError(24, "Too many open files")
        return real()

    with connected(served) as idle:
        until(lambda: len(door.active_channels) == 1)
        door.accept = accept
        assert served.get("/api/v1/status")[0] == 200
        assert is_closed(idle, seconds=1.0)
    assert "no more connections can be taken" in caplog.text


@pytest.mark.parametrize("addresses", [1, 60])
def test_another_phone_is_answered_whatever_others_want(app: Flask, addresses: int):
    """All kinds at once, briefly; one by one, at length and on a whole box: python -m tests.rigs.siege."""
    server = PageServer(app, "127.0.0.1", 0)
    number = server.start()
    phone = Phone(number)
    try:
        token = phone.open_page()
        with Siege("+".join(KINDS), number, count=300, addresses=addresses) as siege:
            worst, answers = worst_wait_s(phone, 2.0)
            assert phone.ask("PUT", "/api/v1/params/box.bypass", {"value": 1}, **{"X-CSRF-Token": token})[0] == 200
            stream = phone.stream()
            assert stream.status == 200
            assert b"retry" in stream.readline()
            stream.close()
    finally:
        server.stop()
    assert siege.most_held >= 150
    assert answers > 0
    assert worst < 30.0  # of a busy machine; it was 120 s


def test_diagnostics_are_made_once_at_a_time_and_given_up_with_their_request(port: FakeControlPort):
    begun, ended = threading.Event(), threading.Event()

    def slowly(gone: Callable[[], bool] = bool) -> bytes:
        begun.set()
        while not gone():
            sleep(0.02)
        ended.set()
        return b""

    port.diagnostics = slowly  # type: ignore[method-assign]
    server = PageServer(create_app(port), "127.0.0.1", 0)
    number = server.start()
    phone = Phone(number)
    try:
        token = phone.open_page()
        body = b'{"make": true}'
        head = (
            "POST /api/v1/system/diagnostics.zip HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"X-CSRF-Token: {token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", number), PATIENCE_S) as sock:
            sock.sendall(head.encode() + body)
            assert begun.wait(PATIENCE_S)
            again = phone.ask("POST", "/api/v1/system/diagnostics.zip", {"make": True}, **{"X-CSRF-Token": token})
            assert again[0] == 503
            assert b"already" in again[1]
            assert not ended.is_set()
        assert ended.wait(PATIENCE_S)
        begun.clear()
        ended.clear()
        with socket.create_connection(("127.0.0.1", number), PATIENCE_S) as sock:
            sock.sendall(head.encode() + body)
            assert begun.wait(PATIENCE_S)
            server.stop()
            assert ended.wait(PATIENCE_S)
    finally:
        server.stop()
