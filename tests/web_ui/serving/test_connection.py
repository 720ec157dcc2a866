"""One connection: its deadlines, its bodies, its requests one after the other."""

import contextlib
import http.client
import json
import threading

import pytest

from tests.web_ui.conftest import Served
from tests.web_ui.serving.wire import (
    HEAD,
    WAIT_AT_MOST_S,
    answered,
    connected,
    is_closed,
    large_body_head,
    server_of,
    token_of,
    until,
)
from web_ui import limits
from web_ui.fakes.box import FakeBox
from web_ui.ports.pairing import ENGINEER, NOBODY, OWNER
from web_ui.ports.sound import Recording

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
def test_a_connection_that_takes_too_long_is_closed(
    served: Served, monkeypatch: pytest.MonkeyPatch, opening: bytes, drip: bytes
):
    for name in ("HEAD_TIMEOUT_S", "IDLE_TIMEOUT_S", "TRANSFER_TIMEOUT_S", "STALL_TIMEOUT_S"):
        monkeypatch.setattr(limits, name, 1.0)
    monkeypatch.setattr(limits, "MIN_BYTES_PER_S", 1e6)
    with connected(served, opening) as sock:
        assert is_closed(sock, drip)


@pytest.mark.parametrize("path", ["/api/v1/listen/after.wav", "/api/v1/events"])
def test_an_answer_that_is_not_fetched_is_given_up(
    served: Served, box: FakeBox, monkeypatch: pytest.MonkeyPatch, path: str
):
    monkeypatch.setattr(limits, "STALL_TIMEOUT_S", 1.0)
    box.live.set_status(message="x" * 1_000_000)  # more than fits into what lies between the two ends
    box.sound.recording = lambda: Recording(b"x" * 4_000_000, b"y" * 4_000_000)  # type: ignore[method-assign]
    with connected(served, b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % path.encode()):
        until(lambda: any(channel.unsent_bytes for channel in server_of(served)._channels()))
        until(lambda: not server_of(served).active_channels)


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        ("PUT", "/api/v1/params/box.mute", limits.MAX_BODY_BYTES),
        ("GET", "/api/v1/status", limits.MAX_BODY_BYTES),
        ("PUT", "/api/v1/presets/order", limits.MAX_ORDER_BYTES),
        ("PUT", "//api/v1/system/backup.json", limits.MAX_BODY_BYTES),
        ("PUT", "/nothing", limits.MAX_BODY_BYTES),
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


@pytest.mark.parametrize("expect", ["", "Expect: 100-continue\r\n"])
def test_a_large_body_is_read_only_from_a_client_that_may_send_it(served: Served, box: FakeBox, expect: str):
    token = token_of(served)
    with connected(served, large_body_head("guess", expect=expect)) as sock:  # and nothing of the body
        assert answered(sock) == (403, "token")
        assert is_closed(sock)
    session, engineer = box.pairing.pair(OWNER), box.pairing.pair(ENGINEER)
    box.pairing.everybody = NOBODY
    for cookie, refused in (
        ("", (401, "pair")),
        ("hushbox_session=guess", (401, "pair")),
        ("hushbox_session=\xff; x", (401, "pair")),
        (f"hushbox_session={engineer}", (403, "role")),
    ):
        with connected(served, large_body_head(token, cookie=cookie, expect=expect)) as sock:
            assert answered(sock) == refused
            assert is_closed(sock)
    body = json.dumps({"hushbox_backup": 1, "files": {"presets.json": {"x": "y" * 200_000}}}).encode()
    with connected(served, large_body_head(token, len(body), f"hushbox_session={session}", expect)) as sock:
        if expect:
            assert sock.recv(25).startswith(b"HTTP/1.1 100")
        sock.sendall(body)
        assert answered(sock)[0] == 204
    assert box.system.asked == ["restore"]


def test_only_a_few_large_bodies_are_read_at_a_time(served: Served):
    token = token_of(served)
    with contextlib.ExitStack() as stack:
        for _ in range(limits.MAX_LARGE_BODIES):
            stack.enter_context(connected(served, large_body_head(token) + b"{"))
        until(lambda: sum(bool(c.request and c.request.is_large) for c in server_of(served)._channels()) == 2)
        with connected(served, large_body_head(token)) as sock:
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


@pytest.mark.parametrize(
    ("begun", "says"),
    [
        (b"Accept-Language: de\r\nContent-Length: 9\r\n\r\n{", "die Anfrage kam zu langsam"),
        (b"Accept-Language: fr\r\nContent-Length: 9\r\n\r\n{", "the request took too long"),
        (b"Accept-Language: de\r\nConte", "the request took too long"),
    ],
    ids=["German", "no language of the box", "a head that has not come"],
)
def test_who_is_too_slow_is_told_in_the_language_of_the_head(
    served: Served, monkeypatch: pytest.MonkeyPatch, begun: bytes, says: str
):
    monkeypatch.setattr(limits, "HEAD_TIMEOUT_S", 0.5)
    monkeypatch.setattr(limits, "TRANSFER_TIMEOUT_S", 0.5)
    with connected(served, b"PUT / HTTP/1.1\r\nHost: x\r\n" + begun) as sock:
        answer = http.client.HTTPResponse(sock)
        answer.begin()
        assert answer.status == 408
        assert json.loads(answer.read())["error"].startswith(says)


def test_pipelined_requests_are_answered_in_order(served: Served):
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


def test_requests_whose_answers_are_not_fetched_hold_no_thread(served: Served, box: FakeBox):
    box.live.set_status(message="x" * 200_000)
    with contextlib.ExitStack() as stack:
        for _ in range(limits.WORKERS + limits.MAX_STREAMS + 10):
            stack.enter_context(connected(served, (HEAD + b"\r\n") * 8))
        until(lambda: sum(bool(channel.unsent_bytes) for channel in server_of(served)._channels()) > limits.WORKERS)
        until(lambda: not any(channel.requests for channel in server_of(served)._channels()))
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


def test_every_request_stops_counting_when_it_is_answered(served: Served):
    """For every kind of route, and with requests in quick succession."""
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
        thread.join(WAIT_AT_MOST_S)
    until(lambda: not server_of(served).task_dispatcher.queue._at_work)
