"""The page in a real browser, under another name than localhost: like a phone's, that is no secure context."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from web_ui.app import create_app
from web_ui.fake_control import FakeControlPort
from web_ui.page import VIEWS
from web_ui.server import PageServer

CHROMIUM = Path("/usr/bin/chromium")
MID_WORD_S = 10.75  # of the fake voice
PHONE = {"width": 390, "height": 844}
HOST = "hushbox.local"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


class Box:
    """A fake box and its served page, which can be switched off and on again at the same port."""

    def __init__(self) -> None:
        self.port = FakeControlPort()
        self.number = 0
        self.on()

    def on(self) -> None:
        self.server = PageServer(create_app(self.port), "127.0.0.1", self.number)
        self.number = self.server.start()

    def off(self) -> None:
        self.server.stop()

    def value(self, id: str) -> float:
        return next(view.value for view in self.port.params() if view.id == id)


@pytest.fixture
def box() -> Iterator[Box]:
    box = Box()
    yield box
    box.off()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=[
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
                f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
            ],
        )  # fmt: skip
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any, box: Box) -> Iterator[Callable[..., Any]]:
    """Open the page as a phone does; at the end no page may have had a fault of its own."""
    contexts: list[Any] = []
    faults: list[str] = []

    def opened(size: dict[str, int] = PHONE, view: str = "play", **options: Any) -> Any:
        context = browser.new_context(viewport=size, **{"device_scale_factor": 2, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if "Content Security" in line.text else None)
        page.goto(f"http://{HOST}:{box.number}/#{view}")
        page.wait_for_selector('body[data-link="live"]:not([data-bypass="unknown"])')
        page.wait_for_selector(f"#view-{view} > *")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def expect(locator: Any) -> Any:
    return sync_api.expect(locator)


def until(page: Any, true: Callable[[], bool]) -> None:
    for _ in range(400):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come")


def drag(page: Any, selector: str, dx: float, dy: float, start: float = 0.5) -> None:
    """Drag from `start` (0…1 of the width) of an element, mid-height, in steps as a finger does."""
    page.locator(selector).scroll_into_view_if_needed()
    spot = page.locator(selector).bounding_box()
    x, y = spot["x"] + start * spot["width"], spot["y"] + spot["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(x + dx * step / 10, y + dy * step / 10)
    page.mouse.up()


def test_it_is_not_a_secure_context_and_works(open_page: Callable[..., Any]):
    assert open_page().evaluate("window.isSecureContext") is False


def test_a_tap_bypasses_and_another_processes(open_page: Callable[..., Any], box: Box):
    page = open_page()
    button = page.locator("#bypass")
    expect(page.locator("#bypass-state")).to_have_text("Processing")
    button.click()
    expect(page.locator("#bypass-state")).to_have_text("Bypassed")
    expect(button).to_have_attribute("aria-pressed", "true")
    until(page, lambda: box.value("box.bypass") == 1.0)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#bypass-state")).to_have_text("Processing")
    until(page, lambda: box.value("box.bypass") == 0.0)


def test_the_slider_drags_and_takes_keys(open_page: Callable[..., Any], box: Box):
    page = open_page()
    drag(page, "#amount input", 120, 0, start=0.59)
    until(page, lambda: box.value("denoise.amount_db") > 34.0)
    page.locator("#amount input").press("Home")
    expect(page.locator("#amount output")).to_have_text("0.0\u00a0dB")
    until(page, lambda: box.value("denoise.amount_db") == 0.0)
    page.get_by_role("button", name="Noise reduction: back to 24.0").click()
    expect(page.locator("#amount output")).to_have_text("24.0\u00a0dB")


def test_two_phones_see_each_other(open_page: Callable[..., Any], box: Box):
    one, two = open_page(), open_page()
    one.locator("#bypass").click()
    expect(two.locator("#bypass-state")).to_have_text("Bypassed")
    two.locator("#amount input").press("End")
    expect(one.locator("#amount output")).to_have_text("40.0\u00a0dB")
    two.locator("#mute").click()
    expect(one.locator("#mute")).to_have_text("Muted \u00b7 tap to hear")


def test_a_lost_connection_shows_hides_all_values_and_comes_back(open_page: Callable[..., Any], box: Box):
    page = open_page()
    box.off()
    expect(page.locator("#link-text")).to_have_text("No connection")
    expect(page.locator("#notices")).to_contain_text("its sound goes on without the page")
    expect(page.locator("#bypass")).to_be_disabled()
    expect(page.locator("#amount input")).to_be_disabled()
    for value in ("#bypass-state", "#amount output", "#latency", "#load", "#xruns", "#late-hops", "#dry-hops"):
        expect(page.locator(value)).to_have_text("\u2013")
    box.port.set_param("box.bypass", 1.0, "panel")
    box.port.set_param("denoise.amount_db", 6.0, "panel")
    box.on()  # with another token, as after a restart of the box
    expect(page.locator("#link-text")).to_have_text("Live")
    expect(page.locator("#bypass-state")).to_have_text("Bypassed")
    expect(page.locator("#amount output")).to_have_text("6.0\u00a0dB")
    expect(page.locator("#notices")).to_have_text("")
    page.locator("#bypass").click()
    until(page, lambda: box.value("box.bypass") == 0.0)


def test_a_box_that_falls_silent_is_a_lost_connection(
    open_page: Callable[..., Any], box: Box, monkeypatch: pytest.MonkeyPatch
):
    page = open_page()
    hang, page_gone = box.port.wait_for_change, threading.Event()

    def wait(after_seq: int, timeout_s: float) -> Any:
        page_gone.wait(20.0)
        return hang(after_seq, timeout_s)

    monkeypatch.setattr(box.port, "wait_for_change", wait)
    expect(page.locator("#link-text")).to_have_text("No connection")
    monkeypatch.undo()
    page_gone.set()
    expect(page.locator("#link-text")).to_have_text("Live")


def test_a_refused_change_goes_back_and_says_why(open_page: Callable[..., Any], box: Box):
    page = open_page()
    page.route("**/api/v1/params/*", lambda route: route.fulfill(
        status=400, content_type="application/json", body=json.dumps({"error": "not while the box starts", "code": ""})
    ))  # fmt: skip
    page.locator("#bypass").click()
    expect(page.locator("#notices")).to_contain_text("not while the box starts")
    expect(page.locator("#bypass-state")).to_have_text("Processing")
    assert box.value("box.bypass") == 0.0


def test_the_simulated_footswitch_and_knob_work_through_the_pins(open_page: Callable[..., Any], box: Box):
    page, other = open_page(view="setup"), open_page()
    stomp = page.get_by_role("button", name="Footswitch, press: Bypass on/off")
    stomp.scroll_into_view_if_needed()
    stomp.hover()
    page.mouse.down()
    until(page, lambda: box.port.simulated_panel()[0].position == 1.0)
    page.mouse.up()
    until(page, lambda: box.port.simulated_panel()[0].position == 0.0)
    expect(other.locator("#bypass-state")).to_have_text("Bypassed")
    drag(page, ".knob", 0, -250)
    until(page, lambda: box.port.simulated_panel()[1].position > 0.9)
    expect(other.locator("#amount output")).to_have_text("40.0\u00a0dB")
    stomp.press(" ")
    expect(other.locator("#bypass-state")).to_have_text("Processing")


def test_real_pins_are_not_drawn(open_page: Callable[..., Any], box: Box):
    box.port._simulated = False
    page = open_page(view="setup")
    expect(page.locator("#setup-panel")).to_be_visible()
    expect(page.locator("#setup-front")).to_be_hidden()


def test_before_and_after_keep_the_place(open_page: Callable[..., Any], box: Box):
    page = open_page(view="look")
    page.locator("#fetch-take").click()
    expect(page.locator("#player")).to_be_visible()
    expect(page.locator("#time")).to_have_text("0:00 / 0:04")
    page.locator("#seek").fill("2.5")
    page.get_by_role("radio", name="Before").check(force=True)
    expect(page.locator("#time")).to_have_text("0:02 / 0:04")
    page.locator("#take-play").click()
    expect(page.locator("#take-play")).to_have_attribute("aria-label", "Pause")


def test_more_is_drawn_from_the_parameters(open_page: Callable[..., Any], box: Box):
    page = open_page()
    page.locator("#more summary").click()
    for name in ("Sensitivity", "Keep room", "Wet", "Input gain", "Output level"):
        expect(page.get_by_role("slider", name=name, exact=True)).to_be_visible()
    page.get_by_role("radio", name="Removed").check(force=True)
    until(page, lambda: box.value("denoise.listen") == 1.0)
    expect(page.locator("#notices")).to_contain_text("You hear what is removed, not the voice.")


def test_what_the_box_says_is_shown(open_page: Callable[..., Any], box: Box):
    page = open_page()
    box.port.set_status(message="The interface is gone.", state="waiting for device", xruns=3, late_hops=2, dry_hops=1)
    expect(page.locator("#notices")).to_have_text("The interface is gone.")
    expect(page.locator("#link-text")).to_have_text("Waiting for device")
    assert [page.locator(f"#{name}").inner_text() for name in ("xruns", "late-hops", "dry-hops")] == ["3", "2", "1"]
    box.port.set_status(audio_alive=False, state="down", message="The audio process is down.")
    expect(page.locator("#link-text")).to_have_text("Audio is down")
    expect(page.locator("#latency")).to_have_text("\u2013")
    page.locator("#tab-setup").click()
    page.locator("#setup-model summary").first.click()
    expect(page.locator("#setup-model")).to_contain_text("read speech of 100 people")


def test_too_many_pages_are_told_so(open_page: Callable[..., Any], box: Box):
    streams = box.server._app.extensions["hushbox.streams"]
    page = open_page()
    streams._max_streams = 1
    other = page.context.new_page()
    other.goto(f"http://{HOST}:{box.number}/")
    expect(other.locator("#notices")).to_contain_text("1 pages are open, and the box serves no more")
    page.close()
    expect(other.locator("#link-text")).to_have_text("Live")


def test_views_change_by_tab_and_address_without_a_new_page(open_page: Callable[..., Any], box: Box):
    page = open_page()
    page.evaluate("window.same = true")
    for view in VIEWS[1:]:
        page.locator(f"#tab-{view}").click()
        expect(page.locator(f"#view-{view}")).to_be_visible()
        expect(page.locator("#view-play")).to_be_hidden()
        expect(page.locator('[aria-current="page"]')).to_have_attribute("id", f"tab-{view}")
    page.go_back()
    expect(page.locator(f"#view-{VIEWS[-2]}")).to_be_visible()
    page.evaluate("location.hash = 'no-such-view'")
    expect(page.locator("#view-play")).to_be_visible()
    assert page.evaluate("window.same") is True


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("size", [PHONE, {"width": 320, "height": 568}, {"width": 844, "height": 390}])
def test_every_target_is_thumb_size_and_nothing_is_cut_off(
    open_page: Callable[..., Any], size: dict[str, int], view: str
):
    page = open_page(size, view)
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    small = page.evaluate(
        """[...document.querySelectorAll('a, button, input, select, summary, .knob')].filter((node) => {
          const { width, height } = node.getBoundingClientRect();
          return node.checkVisibility() && (width < 44 || height < 44);
        }).map((node) => node.outerHTML)"""
    )
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize("view", VIEWS)
def test_every_control_has_a_name(open_page: Callable[..., Any], view: str):
    page = open_page(view=view)
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    tree = page.locator("body").aria_snapshot()
    unnamed = [
        line for line in tree.splitlines() if line.strip() in ("- button", "- slider", "- radio", "- radiogroup")
    ]
    assert unnamed == []


def test_pictures_for_the_documentation(open_page: Callable[..., Any], box: Box, tmp_path: Path):
    """HUSHBOX_PICTURES=docs/images keeps them."""
    folder = Path(os.environ.get("HUSHBOX_PICTURES", tmp_path))
    box.port._clock = lambda: box.port._started + MID_WORD_S  # every time the same
    page = open_page()
    page.wait_for_timeout(300)
    page.screenshot(path=str(folder / "page.png"))
    wide = open_page({"width": 1180, "height": 780}, device_scale_factor=1)
    wide.wait_for_timeout(300)
    wide.screenshot(path=str(folder / "page-wide.png"))
