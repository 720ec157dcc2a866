"""Limits of connections: which ones are closed to make room, and that other phones are still answered."""

import contextlib
import http.client
import itertools
import json
import socket
import threading
from collections.abc import Callable
from time import sleep
from typing import Any

import pytest
from flask import Flask

from tests.rigs.siege import KINDS, Phone, Siege, worst_wait_s
from tests.web_ui.conftest import Served
from tests.web_ui.serving.wire import (
    HEAD,
    WAIT_AT_MOST_S,
    all_have_left,
    connected,
    is_closed,
    server_of,
    until,
)
from web_ui import limits
from web_ui.app import create_app
from web_ui.fakes.box import FakeBox
from web_ui.fakes.live import FakeLive
from web_ui.serving.server import PageServer
from web_ui.visitors.phones import COOKIE


def test_an_address_at_its_limit_loses_its_oldest_connection(served: Served):
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connected(served)) for _ in range(limits.MAX_CONNECTIONS_PER_ADDRESS)]
        until(lambda: len(server_of(served).active_channels) == limits.MAX_CONNECTIONS_PER_ADDRESS)
        other = stack.enter_context(connected(served, address="127.0.0.9"))
        newest = stack.enter_context(connected(served))
        assert is_closed(held[0])
        assert len(server_of(served).active_channels) <= limits.MAX_CONNECTIONS_PER_ADDRESS + 1
        assert not is_closed(other, seconds=0.2)
        assert not is_closed(newest, seconds=0.2)


def test_a_connection_being_answered_is_not_closed_to_make_room(
    served: Served, box: FakeBox, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "MAX_CONNECTIONS_PER_ADDRESS", 4)
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(connected(served, HEAD.replace(b"status", b"events") + b"\r\n"))
        assert stream.recv(100).startswith(b"HTTP/1.1 200")
        for _ in range(8):
            stack.enter_context(connected(served))
        stack.enter_context(contextlib.closing(served.connect())).request("GET", "/api/v1/status")
        stream.settimeout(WAIT_AT_MOST_S)
        while b"event: status" not in stream.recv(65536):
            pass


def test_a_known_phone_is_not_closed_to_make_room_for_unknown_clients(served: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MAX_CONNECTIONS", 6)
    phone = Phone(served.number, "127.0.0.9")
    phone.open_page()
    assert COOKIE in phone.cookies
    all_have_left(served)
    with contextlib.ExitStack() as stack:
        mine = [stack.enter_context(connected(served, address="127.0.0.9")) for _ in range(3)]
        for number in range(12):
            stack.enter_context(connected(served, address=f"127.0.1.{number + 1}"))
        until(lambda: len(server_of(served).active_channels) <= 6)
        assert not any(is_closed(sock, seconds=0.1) for sock in mine)


def test_a_known_phone_gets_in_though_every_connection_waits_for_an_answer(
    app: Flask, box: FakeBox, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "MAX_CONNECTIONS_PER_ADDRESS", limits.MAX_REQUESTS_PER_ADDRESS + 3)
    busy = threading.Event()
    box.live.status = lambda: (busy.wait(WAIT_AT_MOST_S), FakeLive().status())[1]  # type: ignore[method-assign]
    server = PageServer(app, "127.0.0.1", 0)
    served = Served(server, server.start())
    phone = Phone(served.number, "127.0.0.1")
    try:
        for _ in range(2):  # with the cookie of the first
            phone.ask("GET", "/api/v1/session")
        all_have_left(served)
        with contextlib.ExitStack() as stack:
            held = [
                stack.enter_context(connected(served, HEAD + b"\r\n"))
                for _ in range(limits.MAX_CONNECTIONS_PER_ADDRESS)
            ]
            queue = server_of(served).task_dispatcher.queue
            # As many as may are being answered, so the phone waits too. Only then do the others count as waiting.
            until(lambda: queue._at_work["127.0.0.1"] == limits.MAX_REQUESTS_PER_ADDRESS and len(queue) == 3)
            asked = threading.Thread(target=lambda: phone.ask("GET", "/api/v1/session"))
            asked.start()
            until(lambda: any(channel.rank for channel in server_of(served)._channels()))
            assert any(is_closed(sock, seconds=0.1) for sock in held)
            busy.set()
            asked.join(WAIT_AT_MOST_S)
            assert not asked.is_alive()
    finally:
        busy.set()
        server.stop()


CROWD = 60
ASKED = HEAD + b"Cookie: hushbox_session=%s\r\n\r\n"


def has_come(served: Served, address: str) -> bool:
    """Whether the server has a connection from there, and so has taken all that were made before."""
    return any(each.address == address for each in server_of(served)._channels())


def comes_late(served: Served, stack: contextlib.ExitStack, session: str, crowd: Callable[[], str]) -> bytes:
    """A paired phone connects from an address that nobody has seen, others come, and only then it asks."""
    sock = stack.enter_context(connected(served, address="127.0.7.7"))
    until(lambda: has_come(served, "127.0.7.7"))
    for _ in range(limits.MAX_CONNECTIONS // 2 - 1):
        newest = crowd()
        until(lambda: has_come(served, newest))  # noqa: B023
    sock.sendall(ASKED % session.encode())
    return sock.recv(12)


@pytest.mark.parametrize(
    ("sent", "more"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nX: ", b""),
        (b"PUT /api/v1/compare HTTP/1.1\r\nContent-Length: 99\r\n\r\n{", b""),
        (HEAD, b"\r\n"),
    ],
    ids=["nothing sent", "half a head", "half a body", "answered, kept open"],
)
@pytest.mark.parametrize("has_page", [False, True], ids=["unknown", "has the page open"])
def test_a_paired_phone_gets_in_from_a_new_address_when_every_place_is_taken(
    served: Served, box: FakeBox, monkeypatch: pytest.MonkeyPatch, sent: bytes, more: bytes, has_page: bool
):
    monkeypatch.setattr(limits, "MAX_CONNECTIONS", 20)
    page = Phone(served.number, "127.0.0.9")
    page.open_page()
    cookie = f"Cookie: {COOKIE}={page.cookies[COOKIE] if has_page else '1.2'}\r\n".encode()
    head, end, rest = sent.partition(b" HTTP/1.1\r\n")
    sent = head + end + cookie + rest if end else sent
    session = box.pairing.pair("player")
    with contextlib.ExitStack() as stack:
        numbers = itertools.count(1)

        def crowd() -> str:
            """One more of them; its address."""
            address = f"127.0.1.{next(numbers)}"
            stack.enter_context(connected(served, sent + more, address))
            return address

        newest = [crowd() for _ in range(CROWD)][-1]
        until(lambda: has_come(served, newest))
        for _ in range(CROWD):
            if len(server_of(served).active_channels) == 20:
                break  # else several have made room for one
            newest = crowd()
            until(lambda: has_come(served, newest))  # noqa: B023
        assert len(server_of(served).active_channels) == 20
        assert comes_late(served, stack, session, crowd) == b"HTTP/1.1 200"


def test_a_paired_phone_gets_in_when_every_place_waits_for_an_answer(
    app: Flask, box: FakeBox, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "MAX_CONNECTIONS", 40)
    busy = threading.Event()
    box.live.status = lambda: (busy.wait(WAIT_AT_MOST_S), FakeLive().status())[1]  # type: ignore[method-assign]
    server = PageServer(app, "127.0.0.1", 0)
    served = Served(server, server.start())
    session = box.pairing.pair("player")
    try:
        with contextlib.ExitStack() as stack:
            for number in range(40):
                stack.enter_context(connected(served, HEAD + b"\r\n", f"127.0.1.{number + 1}"))
            until(lambda: sum(bool(each.requests) for each in server_of(served)._channels()) == 40)
            sock = stack.enter_context(connected(served, address="127.0.7.7"))
            sock.sendall(ASKED % session.encode())
            until(lambda: any(each.rank for each in server_of(served)._channels()))
            busy.set()
            assert sock.recv(12) == b"HTTP/1.1 200"
    finally:
        busy.set()
        server.stop()


def test_who_finds_no_place_is_told(app: Flask, box: FakeBox, monkeypatch: pytest.MonkeyPatch):
    """Each place is one that is being answered: nobody is thrown out, and the newcomer is told to come again."""
    monkeypatch.setattr(limits, "MAX_CONNECTIONS", 3)
    server = PageServer(app, "127.0.0.1", 0)
    served = Served(server, server.start())
    try:
        with contextlib.ExitStack() as stack:
            for number in range(3):
                stream = connected(served, HEAD.replace(b"status", b"events") + b"\r\n", f"127.0.1.{number + 1}")
                assert stack.enter_context(stream).recv(12) == b"HTTP/1.1 200"
            sock = stack.enter_context(connected(served, address="127.0.1.9"))
            with contextlib.closing(http.client.HTTPResponse(sock)) as answer:
                answer.begin()
                assert (answer.status, answer.headers["Retry-After"]) == (503, "3")
                assert "try again" in json.loads(answer.read())["error"]
    finally:
        server.stop()


def test_answers_that_are_not_fetched_take_limited_memory(served: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MAX_UNSENT_BYTES", 400_000)
    with contextlib.ExitStack() as stack:
        for _ in range(12):
            stack.enter_context(connected(served, b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
        until(lambda: any(channel.unsent_bytes for channel in server_of(served)._channels()))
        until(lambda: sum(channel.unsent_bytes for channel in server_of(served)._channels()) <= 400_000)
        assert served.get("/api/v1/status")[0] == 200


def test_without_free_files_the_oldest_connection_is_closed_and_the_next_accepted(served: Served, caplog: Any):
    server = server_of(served)
    refused = threading.Event()
    real = server.accept

    def accept() -> Any:
        if not refused.is_set():
            refused.set()
            raise OSError(24, "Too many open files")
        return real()

    with connected(served) as idle:
        until(lambda: len(server.active_channels) == 1)
        server.accept = accept
        assert served.get("/api/v1/status")[0] == 200
        assert is_closed(idle, seconds=1.0)
    assert "no more connections can be taken" in caplog.text


@pytest.mark.parametrize("addresses", [1, 60])
def test_another_phone_is_answered_under_siege(app: Flask, addresses: int):
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


def test_diagnostics_are_made_once_at_a_time_and_given_up_with_their_request(box: FakeBox):
    begun, ended = threading.Event(), threading.Event()

    def slowly(gone: Callable[[], bool] = bool) -> bytes:
        begun.set()
        while not gone():
            sleep(0.02)
        ended.set()
        return b""

    box.system.diagnostics = slowly  # type: ignore[method-assign]
    server = PageServer(create_app(box), "127.0.0.1", 0)
    number = server.start()
    phone = Phone(number)
    try:
        token = phone.open_page()
        body = b'{"make": true}'
        head = (
            "POST /api/v1/system/diagnostics.zip HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"X-CSRF-Token: {token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", number), WAIT_AT_MOST_S) as sock:
            sock.sendall(head.encode() + body)
            assert begun.wait(WAIT_AT_MOST_S)
            again = phone.ask("POST", "/api/v1/system/diagnostics.zip", {"make": True}, **{"X-CSRF-Token": token})
            assert again[0] == 503
            assert b"already" in again[1]
            assert not ended.is_set()
        assert ended.wait(WAIT_AT_MOST_S)
        begun.clear()
        ended.clear()
        with socket.create_connection(("127.0.0.1", number), WAIT_AT_MOST_S) as sock:
            sock.sendall(head.encode() + body)
            assert begun.wait(WAIT_AT_MOST_S)
            server.stop()
            assert ended.wait(WAIT_AT_MOST_S)
    finally:
        server.stop()
