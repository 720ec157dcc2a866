"""A real browser at the box's page, in the clear and over TLS, while another site's page tries what it can."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_app.page.certificate import certificate
from tests.rigs.phone import ARGS, CHROMIUM, HOST
from web_ui.app import create_app
from web_ui.fakes.box import FakeBox, fake_box
from web_ui.serving.server import PageServer
from web_ui.serving.tls import server_context

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium")]
EVIL = "evil.example"


class Site:
    """A served box at http:// or https://, with what its app was asked and how it answered."""

    def __init__(self, scheme: str, folder: Path) -> None:
        self.box: FakeBox = fake_box()
        self.answers: dict[str, int] = {}
        app = create_app(self.box, tls=scheme == "https")

        def noted(response: Any) -> Any:
            from flask import request

            if "evil" in request.headers.get("Referer", "") or request.headers.get("Sec-Fetch-Site") == "cross-site":
                self.answers[request.full_path] = response.status_code
            return response

        app.after_request(noted)
        context = server_context(str(certificate(folder, {HOST, "localhost"}).path)) if scheme == "https" else None
        self.server = PageServer(app, "127.0.0.1", 0, tls=context)
        self.url = f"{scheme}://{HOST}:{self.server.start()}"


@pytest.fixture(params=["http", "https"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    site = Site(request.param, tmp_path)
    yield site
    site.server.stop()


@pytest.fixture
def evil() -> Iterator[int]:
    """Another site, which serves an empty page."""

    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Referrer-Policy", "unsafe-url")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>evil</title><link rel=icon href=data:,>")

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    both = f"--host-resolver-rules=MAP {HOST} 127.0.0.1, MAP {EVIL} 127.0.0.1"
    args = [arg for arg in ARGS if not arg.startswith("--host-resolver-rules")]
    args += [both, "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"]  # older browsers
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=args)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(ignore_https_errors=True)
    yield context.new_page()
    context.close()


def test_the_page_runs_under_its_own_rules(site: Site, page: Any):
    faults: list[str] = []
    page.on("console", lambda line: faults.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{site.url}/#play")
    page.wait_for_selector('body[data-link="live"]')
    for view in ("look", "presets", "setup"):
        page.goto(f"{site.url}/#{view}")
        page.wait_for_selector(f"#view-{view} > *")
    assert faults == []
    refused = "() => { try { document.body.innerHTML = '<b>x</b>'; } catch (error) { return error.name; } }"
    assert page.evaluate(refused) == "TypeError"
    assert page.evaluate("() => { try { trustedTypes.createPolicy('x', {}); } catch (error) { return error.name; } }")
    assert page.evaluate("() => window.crossOriginIsolated") == site.url.startswith("https")


TRIES = {
    "fetch": "url => fetch(url, {mode: 'no-cors', credentials: 'include'})",
    "fetch with CORS": "url => fetch(url, {credentials: 'include'})",
    "image": "url => new Promise(done => { const i = new Image(); i.onload = i.onerror = done; i.src = url; })",
    "script": "url => new Promise(done => { const s = document.createElement('script'); s.src = url;"
    " s.onload = s.onerror = done; document.head.append(s); })",
    "change": "url => fetch(url, {method: 'POST', mode: 'no-cors', body: '{}'})",
}


@pytest.mark.parametrize("how", TRIES)
def test_another_site_gets_nothing(site: Site, page: Any, evil: int, how: str):
    page.goto(f"http://{EVIL}:{evil}/")
    for path in ("/api/v1/status", "/static/icon.svg", "/static/built/main.js", "/"):
        page.evaluate(f"async url => {{ try {{ await ({TRIES[how]})(url); }} catch {{}} }}", f"{site.url}{path}?{how}")
    page.wait_for_timeout(300)
    told = {path.partition("?")[0]: status for path, status in site.answers.items()}
    # Over plain HTTP a browser does not say what a read is for; then only the page itself, which nobody can read, goes.
    spared = {"/"} if site.url.startswith("http:") and how not in ("fetch with CORS", "change") else set()
    assert told, "the browser asked"
    assert {path for path, status in told.items() if status != 403} <= spared


def test_a_frame_stays_empty(site: Site, page: Any, evil: int):
    page.goto(f"http://{EVIL}:{evil}/")
    page.evaluate(
        "url => { const f = document.createElement('iframe'); f.src = url; document.body.append(f); }", f"{site.url}/"
    )
    page.wait_for_timeout(1500)
    inner = page.frames[-1]
    assert "csrf-token" not in inner.content()
    if site.url.startswith("https"):
        assert site.answers["/?"] == 403


def test_a_link_leads_to_the_page(site: Site, page: Any, evil: int):
    page.goto(f"http://{EVIL}:{evil}/")
    page.evaluate("url => { location.href = url; }", f"{site.url}/")
    page.wait_for_selector('body[data-link="live"]')
    assert page.evaluate("() => window.opener") is None
