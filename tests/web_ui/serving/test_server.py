"""PageServer: real HTTP through waitress."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, sleep

import pytest
from flask import Flask

from tests.web_ui.conftest import Served
from web_ui import bundle
from web_ui.app import create_app
from web_ui.errors import PageAddressError, PortTaken
from web_ui.fakes.box import FakeBox, fake_box
from web_ui.ports.simulator import SimulatedPin
from web_ui.serving.server import PageServer, port_owner
from web_ui.streams.events import EventStreams

WAIT_AT_MOST_S = 20.0


def until(true: Callable[[], bool]) -> None:
    """Wait until it is true; fail when it takes too long."""
    deadline = monotonic() + WAIT_AT_MOST_S
    while not true():
        assert monotonic() < deadline
        sleep(0.01)


def open_stream(served: Served) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = served.connect()
    connection.request("GET", "/api/v1/events")
    return connection, connection.getresponse()


def streams_of(app: Flask) -> EventStreams:
    streams: EventStreams = app.extensions["hushbox.streams"]
    return streams


def test_the_page_and_all_it_needs_are_served(served: Served):
    status, page = served.get("/")
    assert status == 200
    static = bundle.STATIC
    for file in static.rglob("*.*"):
        status, body = served.get(f"/static/{file.relative_to(static)}")
        assert (status, body) == (200, file.read_bytes())
    assert b"/static/built/main.js" in page


def test_a_change_made_over_http_reaches_an_open_stream(served: Served, box: FakeBox):
    connection, stream = open_stream(served)
    token = json.loads(served.get("/api/v1/session")[1])["token"]
    other = served.connect()
    headers = {"X-CSRF-Token": token, "Content-Type": "application/json"}
    other.request("PUT", "/api/v1/params/denoise.amount_db", json.dumps({"value": 7.5}), headers)
    assert other.getresponse().status == 200
    other.close()
    while b'"denoise.amount_db":7.5' not in stream.readline():
        pass
    connection.close()


def test_more_pages_than_slots_are_refused_and_a_closed_one_frees_its_slot(served: Served, app: Flask):
    opened = [open_stream(served) for _ in range(3)]
    assert [stream.status for _, stream in opened] == [200, 200, 200]
    connection, refused = open_stream(served)
    assert refused.status == 503
    assert refused.headers["Retry-After"] == "3"
    assert json.loads(refused.read())["error"].startswith("3 pages are open")
    connection.close()
    gone, stream = opened.pop()
    stream.close()
    gone.close()
    until(lambda: streams_of(app).slots.taken == 2)
    for connection, stream in opened:
        stream.close()
        connection.close()
    until(lambda: streams_of(app).slots.taken == 0)


def test_a_closed_page_is_noticed_though_the_box_says_nothing(served: Served, app: Flask, box: FakeBox):
    box.live.moving = False
    connection, stream = open_stream(served)
    stream.readline()
    stream.close()
    connection.close()
    until(lambda: streams_of(app).slots.taken == 0)


def test_a_phone_that_stops_reading_gets_the_newest_state_and_no_backlog(served: Served, box: FakeBox):
    connection = served.connect()
    connection.connect()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.request("GET", "/api/v1/events")
    stream = connection.getresponse()
    asked: list[None] = []
    panel = box.simulator.pins

    def counted() -> Sequence[SimulatedPin]:  # asked for once an event
        asked.append(None)
        return panel()

    box.simulator.pins = counted  # type: ignore[method-assign]
    box.live.set_status(message="x" * 100_000)  # fills every buffer on the way
    until(lambda: len(asked) > 0)
    assert served.get("/api/v1/status")[0] == 200  # nobody else waits
    box.live.set_status(message="the newest")
    large = 0
    while b"the newest" not in (line := stream.readline()):
        large += b"xxxx" in line
    assert large <= 3
    stream.close()
    connection.close()


def test_stop_ends_open_streams_and_frees_the_port(app: Flask):
    server = PageServer(app, "127.0.0.1", 0)
    number = server.start()
    connection = http.client.HTTPConnection("127.0.0.1", number, timeout=WAIT_AT_MOST_S)
    connection.request("GET", "/api/v1/events")
    stream = connection.getresponse()
    stream.readline()
    server.stop()
    server.stop()
    with contextlib.suppress(http.client.HTTPException, OSError):  # it may end in any way, but it ends
        while stream.readline():
            pass
    connection.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "page"]
    again = PageServer(create_app(fake_box()), "127.0.0.1", number)
    assert again.start() == number
    again.stop()


def test_stop_without_start_is_fine(app: Flask):
    PageServer(app).stop()


def test_a_taken_port_names_who_has_it(app: Flask):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(
            PortTaken, match=rf"port {number} is taken by .*process \d+.*: set \[page\] port or stop it"
        ):
            PageServer(app, "127.0.0.1", number).start()


def test_a_port_whose_owner_cannot_be_seen(tmp_path: Path):
    assert port_owner(8080, tmp_path) == ""


def test_an_address_the_machine_does_not_have_is_refused(app: Flask):
    with pytest.raises(PageAddressError, match=r"cannot be served at 203\.0\.113\.7:0"):
        PageServer(app, "203.0.113.7", 0).start()


def test_every_address_is_served_when_none_is_named(app: Flask):
    server = PageServer(app, "", 0)
    number = server.start()
    try:
        with socket.create_connection(("127.0.0.1", number), timeout=WAIT_AT_MOST_S):
            pass
        if socket.has_dualstack_ipv6():
            with socket.create_connection(("::1", number), timeout=WAIT_AT_MOST_S):
                pass
    finally:
        server.stop()


def test_a_huge_request_is_refused_before_it_is_read(served: Served):
    connection = served.connect()
    connection.putrequest("PUT", "/api/v1/params/box.bypass")
    connection.putheader("Content-Length", str(10**9))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
