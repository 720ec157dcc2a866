"""The page over TLS on the same port as in the clear: the same answers, the same limits, handshakes included."""

import contextlib
import http.client
import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_app.page.certificate import certificate
from tests.web_ui.conftest import Served
from tests.web_ui.serving.wire import HEAD, WAIT_AT_MOST_S, connected, is_closed, large_body_head, server_of, until
from web_ui import bundle, limits
from web_ui.app import create_app
from web_ui.fakes.box import FakeBox
from web_ui.serving.server import PageServer
from web_ui.serving.tls import server_context


class ServedByTls(Served):
    """Served, asked over TLS by a client that trusts this one certificate."""

    context: ssl.SSLContext

    def connect(self) -> http.client.HTTPSConnection:  # type: ignore[override]
        return http.client.HTTPSConnection("127.0.0.1", self.number, timeout=WAIT_AT_MOST_S, context=self.context)

    @contextlib.contextmanager
    def shaken(self, sent: bytes = b"") -> Iterator[ssl.SSLSocket]:
        with connected(self) as sock, self.context.wrap_socket(sock, server_hostname="127.0.0.1") as wire:
            if sent:
                wire.sendall(sent)
            yield wire


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), {"localhost"}, ["127.0.0.1"]).path


@pytest.fixture
def secure(box: FakeBox, pem: Path) -> Iterator[ServedByTls]:
    server = PageServer(create_app(box, secret="tests", tls=True), "127.0.0.1", 0, tls=server_context(str(pem)))
    served = ServedByTls(server, server.start())
    served.context = ssl.create_default_context(cafile=str(pem))
    yield served
    server.stop()


def test_everything_comes_over_tls_to_the_last_byte(secure: ServedByTls):
    static = bundle.STATIC
    connection = secure.connect()
    for file in static.rglob("*.*"):
        connection.request("GET", f"/static/{file.relative_to(static)}")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, file.read_bytes())
    connection.close()


def test_cookies_and_addresses_say_that_it_is_secure(secure: ServedByTls, box: FakeBox):
    connection = secure.connect()
    connection.request("GET", "/", headers={"Origin": f"https://127.0.0.1:{secure.number}"})
    answer = connection.getresponse()
    assert answer.status == 200
    assert "; Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] is None
    answer.read()
    connection.request("GET", "/", headers={"Origin": f"http://127.0.0.1:{secure.number}"})
    assert connection.getresponse().status == 403
    connection.close()


def test_a_large_body_and_a_stream_come_through_together(secure: ServedByTls, box: FakeBox):
    """Read by the server's thread while others answer on the same and other connections."""
    token = json.loads(secure.get("/api/v1/session")[1])["token"]
    body = json.dumps({"hushbox_backup": 1, "files": {"presets.json": {"x": "y" * 3_000_000}}}).encode()
    stream = secure.connect()
    stream.request("GET", "/api/v1/events")
    events = stream.getresponse()
    events.readline()
    with secure.shaken(large_body_head(token, len(body)) + body) as wire:
        answer = http.client.HTTPResponse(wire)
        answer.begin()
        assert answer.status == 204
        answer.close()
    box.live.set_status(message="after the restore")
    while b"after the restore" not in events.readline():
        pass
    events.close()
    stream.close()
    assert box.system.asked == ["restore"]


def test_many_threads_on_one_connection_each_get_whole_answers(secure: ServedByTls, box: FakeBox):
    """Pipelined requests keep a connection being read and written at once, by two threads."""
    box.live.set_status(message="x" * 60_000)
    faults: list[BaseException] = []

    def ask() -> None:
        try:
            with secure.shaken() as wire:
                for _ in range(15):
                    wire.sendall((HEAD + b"\r\n") * 3)
                    for _ in range(3):
                        answer = http.client.HTTPResponse(wire)
                        answer.begin()
                        length = int(answer.headers["Content-Length"])
                        assert json.loads(answer.read(length))["message"] == "x" * 60_000
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_AT_MOST_S)
    assert not faults


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_phones_of_either_version_are_served(secure: ServedByTls, newest: ssl.TLSVersion):
    secure.context.maximum_version = newest
    with secure.shaken(HEAD + b"\r\n") as wire:
        assert wire.recv(100).startswith(b"HTTP/1.1 200")
        name, _, bits = wire.cipher() or ("", "", 0)
        assert "GCM" in name or "CHACHA20" in name
        assert bits >= 128


def test_an_older_version_is_refused(secure: ServedByTls):
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match=r"TLSv1_1 is deprecated"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with connected(secure) as sock, pytest.raises(OSError):  # noqa: PT011 - in any way, but refused
        old.wrap_socket(sock)


# A record of 512 bytes is announced and half of it sent; a record that is none; a first byte alone.
HALVES = [b"\x16\x03\x01\x02\x00" + b"\x01\x00\x01\xfc" + b"x" * 200, b"\x16\x03\x01\x00\x02xx", b"\x16"]


@pytest.mark.parametrize("begun", HALVES)
@pytest.mark.parametrize("drip", [b"", b"x"])
def test_a_handshake_has_the_deadline_of_a_head(
    secure: ServedByTls, monkeypatch: pytest.MonkeyPatch, begun: bytes, drip: bytes
):
    monkeypatch.setattr(limits, "HEAD_TIMEOUT_S", 1.0)
    with connected(secure, begun) as sock:
        assert is_closed(sock, drip)
    until(lambda: not server_of(secure).active_channels)


def test_a_head_in_drips_after_the_handshake_has_it_too(secure: ServedByTls, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "HEAD_TIMEOUT_S", 1.0)
    with secure.shaken(HEAD) as wire:
        answer = http.client.HTTPResponse(wire)
        answer.begin()
        assert answer.status == 408
        answer.close()


def test_handshakes_that_never_end_give_way(secure: ServedByTls, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MAX_CONNECTIONS", 20)
    with contextlib.ExitStack() as stack:
        for number in range(40):
            stack.enter_context(connected(secure, HALVES[number % 3], address=f"127.0.1.{number + 1}"))
        assert secure.get("/api/v1/status")[0] == 200
        assert len(server_of(secure).active_channels) <= 20


def test_noise_does_no_harm(secure: ServedByTls):
    for _ in range(30):
        with connected(secure, b"\x16\x03\x03\x01\x90" + os.urandom(400)) as sock, contextlib.suppress(OSError):
            sock.recv(100)
        with connected(secure, b"\x16\x03\x01") as sock:
            sock.shutdown(socket.SHUT_RDWR)
    assert secure.get("/api/v1/status")[0] == 200
    until(lambda: len(server_of(secure).active_channels) <= 1)


def test_a_client_that_leaves_in_the_middle_frees_everything(secure: ServedByTls, box: FakeBox):
    box.live.set_status(message="x" * 500_000)
    for _ in range(5):
        with secure.shaken((HEAD + b"\r\n") * 4) as wire:
            wire.recv(100)
    until(lambda: not server_of(secure).active_channels)
    until(lambda: not server_of(secure).task_dispatcher.queue._at_work)
    assert secure.get("/api/v1/status")[0] == 200


def test_this_machine_may_ask_in_the_clear(secure: ServedByTls):
    with connected(secure, HEAD + b"\r\n") as sock:
        assert sock.recv(100).startswith(b"HTTP/1.1 200")


def test_what_is_said_in_the_clear_needs_no_certificate(served: Served):
    """Without TLS the first byte of a handshake is no request, and is answered as such."""
    with connected(served, b"\x16\x03\x01\x00\x00\r\n\r\n") as sock:
        assert sock.recv(100).startswith(b"HTTP/1.0 400")
