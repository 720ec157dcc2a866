"""A phone: Chromium with a phone's screen and touch, which reaches a served page under another name than localhost."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from web_ui.app import create_app
from web_ui.fakes.box import fake_box
from web_ui.ports.pairing import COOKIE, OWNER
from web_ui.serving.server import PageServer
from web_ui.texts import Language

CHROMIUM = Path("/usr/bin/chromium")
PHONE = {"width": 390, "height": 844}
HOST = "hushbox.local"
LIKE_A_PHONE = {"device_scale_factor": 2, "has_touch": True, "color_scheme": "dark"}
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
    f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
]  # fmt: skip
# What a browser says of itself when a test takes the box away; all else on the console is a fault.
AWAY = ("Failed to load resource", "ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE")


class Box:
    """A fake box and its served page, which can be switched off and on again at the same port."""

    def __init__(self, trial: Language | None = None, everybody: str = OWNER) -> None:
        """trial: see create_app. everybody: see fake_box."""
        self.ports = fake_box(everybody=everybody)
        self.trial = trial
        self.number = 0
        self.on()

    def on(self) -> None:
        self.server = PageServer(create_app(self.ports, trial=self.trial), "127.0.0.1", self.number)
        self.number = self.server.start()

    def off(self) -> None:
        self.server.stop()

    def value(self, id: str) -> float:
        return self.ports.live.value(id)


def launched() -> Iterator[Any]:
    """The browser, for a fixture."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield browser
        browser.close()


def paired(context: Any, session: str, host: str = HOST) -> None:
    """Have the pages of this context show a session, as those of a paired phone do."""
    cookie = {"name": COOKIE, "value": session, "domain": host, "path": "/", "httpOnly": True, "sameSite": "Strict"}
    context.add_cookies([cookie])


class Opener:
    """Opens pages as phones do, and gathers what goes wrong in them: `faults` has to be empty at the end."""

    def __init__(self, browser: Any, number: Callable[[], int], session: str = "") -> None:
        """session: of a paired phone."""
        self._session = session
        self.faults: list[str] = []
        self._browser = browser
        self._number = number
        self._contexts: list[Any] = []

    def __call__(self, size: dict[str, int] = PHONE, view: str = "play", query: str = "", **options: Any) -> Any:
        page = self.visit(f"{query}#{view}", size, **options)
        page.wait_for_selector('body[data-link="live"]:not([data-bypass="unknown"])')
        page.wait_for_selector(f"#view-{view.partition('/')[0]} > *")
        return page

    def visit(self, address: str, size: dict[str, int] = PHONE, session: str = "", **options: Any) -> Any:
        """A phone of its own opens this address, whatever comes then. session: it is paired already."""
        context = self._browser.new_context(viewport=size, **{**LIKE_A_PHONE, **options})
        self._contexts.append(context)
        if session or self._session:
            paired(context, session or self._session)
        page = context.new_page()
        page.set_default_timeout(60_000)  # other work may share the machine
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._heard)
        page.goto(f"http://{HOST}:{self._number()}/{address}")
        return page

    def _heard(self, line: Any) -> None:
        if line.type in ("error", "warning") and not any(words in line.text for words in AWAY):
            self.faults.append(line.text)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def expect(locator: Any) -> Any:
    from playwright import sync_api

    sync_api.expect.set_options(timeout=20_000)  # other work may share the machine
    return sync_api.expect(locator)


def until(page: Any, true: Callable[[], bool]) -> None:
    """Wait for what happens outside the page."""
    for _ in range(400):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come")


def drag(page: Any, selector: str, dx: float, dy: float, start: float = 0.5) -> None:
    """Drag from `start` (0…1 of the width) of an element, mid-height, in steps as a hand with a mouse does."""
    page.locator(selector).scroll_into_view_if_needed()
    spot = page.locator(selector).bounding_box()
    x, y = spot["x"] + start * spot["width"], spot["y"] + spot["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(x + dx * step / 10, y + dy * step / 10)
    page.mouse.up()


def swipe(page: Any, selector: str, dx: float, dy: float) -> None:
    """Drag with a finger, which the browser may take for scrolling."""
    page.locator(selector).evaluate("(node) => node.scrollIntoView({ block: 'center' })")  # not under the tab bar
    spot = page.locator(selector).bounding_box()
    x, y = spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2
    touch = page.context.new_cdp_session(page)

    def send(kind: str, points: list[dict[str, float]]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", [{"x": x, "y": y}])
    for step in range(1, 11):
        send("touchMove", [{"x": x + dx * step / 10, "y": y + dy * step / 10}])
        page.wait_for_timeout(16)
    send("touchEnd", [])
