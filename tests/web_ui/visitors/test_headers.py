"""One table: every kind of answer, of the app and of the server below it, and the headers that it carries."""

import contextlib
import http.client
import re
import socket
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web_ui.conftest import Served
from tests.web_ui.serving.wire import HEAD, connected, large_body_head, server_of, token_of, until
from web_ui import limits
from web_ui.fakes.pairing import FIRST_CODE
from web_ui.serving.server import PageServer
from web_ui.visitors.headers import CONTENT_SECURITY_POLICY, HEADERS, OPENER

GET = "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CHANGE = "{} /api/v1/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-CSRF-Token: {{token}}\r\n"
ASKED = [
    # what · request · status · Cache-Control
    ("the page", GET.format("/"), 200, "no-store"),
    ("the wiring sheet", GET.format("/wiring"), 200, "no-store"),
    ("a page of the docs", GET.format("/docs/"), 200, "no-store"),
    ("a picture of the docs", GET.format("/docs/images/page.png"), 200, "max-age=86400"),
    ("the manifest", GET.format("/manifest.webmanifest"), 200, "no-store"),
    ("a script", GET.format("/static/built/main.js"), 200, "no-cache"),
    ("a script, compressed", GET.format("/static/built/main.js") + "Accept-Encoding: gzip\r\n", 200, "no-cache"),
    ("a picture with text in it", GET.format("/static/icon.svg"), 200, "no-cache"),
    ("a read", GET.format("/api/v1/status"), 200, "no-store"),
    ("a stream of events", GET.format("/api/v1/events"), 200, "no-store"),
    ("a recording", GET.format("/api/v1/listen/after.wav"), 200, "no-store"),
    ("a download", GET.format("/api/v1/system/backup.json"), 200, "no-store"),
    ("its head alone", "HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n", 200, "no-store"),
    ("what may be done", "OPTIONS /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n", 200, "no-store"),
    ("another site", GET.format("/api/v1/status") + "Sec-Fetch-Site: cross-site\r\n", 403, "no-store"),
    ("a foreign name", "GET / HTTP/1.1\r\nHost: evil.example\r\n", 403, "no-store"),
    ("no name", "GET / HTTP/1.1\r\n", 403, "no-store"),
    ("no token", "PUT /api/v1/compare HTTP/1.1\r\nHost: 127.0.0.1\r\n", 403, "no-store"),
    ("nothing there", GET.format("/nothing"), 404, "no-store"),
    ("no such file", GET.format("/static/nothing.js"), 404, "no-store"),
    ("not this method", CHANGE.format("DELETE", "status"), 405, "no-store"),
    ("not JSON", CHANGE.format("PUT", "compare"), 415, "no-store"),
    ("a fault", GET.format("/api/v1/history"), 500, "no-store"),
    # by the server, below the app
    ("no request line", "rubbish\r\n", 400, "no-store"),
    ("a bad header", "GET / HTTP/1.1\r\nHost 127.0.0.1\r\n", 400, "no-store"),
    ("a bad length", "PUT / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n", 400, "no-store"),
    ("a large body", "PUT / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n", 413, "no-store"),
    ("large headers", GET.format("/") + f"X: {'x' * 20_000}\r\n", 431, "no-store"),
    ("another coding", "PUT / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: gzip\r\n", 501, "no-store"),
]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    """One for the whole table; nothing in it changes the box."""
    from web_ui.app import create_app
    from web_ui.fakes.box import fake_box

    box = fake_box()
    box.sound.history = lambda after: 1 // 0  # type: ignore[method-assign, assignment, return-value]
    server = PageServer(create_app(box), "127.0.0.1", 0)
    yield Served(server, server.start())
    server.stop()


def answered_with(sock: socket.socket, status: int) -> http.client.HTTPResponse:
    """The answer's head."""
    with contextlib.closing(http.client.HTTPResponse(sock)) as answer:
        answer.begin()
        assert answer.status == status
        return answer


def assert_headers(answer: http.client.HTTPResponse, cache_control: str = "no-store") -> None:
    for name, value in HEADERS.items():
        assert answer.headers.get_all(name) == [value], name
    assert answer.headers["Cache-Control"] == cache_control
    assert answer.headers["Server"] is None
    assert answer.headers["Strict-Transport-Security"] is None
    assert answer.headers["Access-Control-Allow-Origin"] is None
    kind = answer.headers["Content-Type"] or ""
    assert "charset=utf-8" in kind or not re.match(r"text/|[\w/]*\+?xml", kind)


@pytest.mark.parametrize(("request_head", "status", "cache"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED])
def test_every_kind_of_answer_carries_the_headers(server: Served, request_head: str, status: int, cache: str):
    head = request_head.replace("{token}", token_of(server)) if "{token}" in request_head else request_head
    with connected(server, head.encode() + b"\r\n") as sock:
        assert_headers(answered_with(sock, status), cache)


def test_so_does_an_answer_to_a_request_that_never_ends(served: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "HEAD_TIMEOUT_S", 0.5)
    monkeypatch.setattr(limits, "TRANSFER_TIMEOUT_S", 0.5)
    for begun in (HEAD, HEAD.replace(b"GET", b"PUT") + b"Content-Length: 9\r\n\r\n{"):
        with connected(served, begun) as sock:
            answer = answered_with(sock, 408)
            assert answer.headers["Connection"] == "close"
            assert_headers(answer)


def test_so_does_the_refusal_of_one_large_body_too_many(served: Served):
    token = token_of(served)
    with contextlib.ExitStack() as stack:
        for _ in range(limits.MAX_LARGE_BODIES):
            stack.enter_context(connected(served, large_body_head(token) + b"{"))
        until(lambda: sum(bool(c.request and c.request.is_large) for c in server_of(served)._channels()) == 2)
        sock = stack.enter_context(connected(served, large_body_head(token)))
        answer = answered_with(sock, 503)
        assert answer.headers["Retry-After"] == "3"
        assert_headers(answer)


def test_the_policy_has_no_loophole():
    policy = dict(part.partition(" ")[::2] for part in CONTENT_SECURITY_POLICY.split("; "))
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "*" not in CONTENT_SECURITY_POLICY
    assert ":" not in CONTENT_SECURITY_POLICY.replace("blob:", "")  # no scheme, no other host
    assert policy["default-src"] == policy["object-src"] == policy["worker-src"] == policy["frame-src"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    for name in ("trusted-types", "base-uri", "form-action", "frame-ancestors"):
        assert policy[name] == "'none'"


@pytest.mark.parametrize(
    ("base", "opener"),
    [("http://hushbox.local", None), ("http://localhost:8080", OPENER[1]), ("https://hushbox.local", OPENER[1])],
)
def test_the_opener_is_shut_out_where_a_browser_listens(client: FlaskClient, base: str, opener: str | None):
    assert client.get("/", base_url=base).headers.get(OPENER[0]) == opener


@pytest.mark.parametrize("base", ["http://hushbox.local", "https://hushbox.local"])
def test_every_cookie_is_closed_to_scripts_and_to_other_sites(client: FlaskClient, token: str, base: str):
    client.delete_cookie("hushbox_phone", domain="hushbox.local")
    page = client.get("/", base_url=base)
    headers = {"Origin": base, "X-CSRF-Token": token}
    claim = {"code": FIRST_CODE, "name": "Mine"}
    paired = client.post("/api/v1/pairing/claim", json=claim, headers=headers, base_url=base)
    for answer in (page, paired):
        cookies = answer.headers.getlist("Set-Cookie")
        assert cookies
        for cookie in cookies:
            assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; ")), cookie
            assert "Domain" not in cookie
            assert ("Secure" in cookie.split("; ")) == base.startswith("https")


def test_the_app_has_no_way_past_the_headers(app: Flask):
    """Whatever is added: an answer of a new address carries them too."""
    app.add_url_rule("/new", "new", lambda: ("new", 201))
    app.add_url_rule("/broken", "broken", lambda: 1 // 0)
    for path, status in (("/new", 201), ("/broken", 500)):
        answer = app.test_client().get(path)
        assert answer.status_code == status
        assert all(answer.headers[name] == value for name, value in HEADERS.items())
