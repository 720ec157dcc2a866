"""The page in a real browser, under another name than localhost: like a phone's, that is no secure context."""

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.phone import CHROMIUM, HOST, PHONE, Box, drag, expect, until
from web_ui.page import VIEWS
from web_ui.streams.events import EventStreams

MID_WORD_S = 10.75  # of the fake voice

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]


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


def test_the_dial_turns_by_drag_keys_and_taps(open_page: Callable[..., Any], box: Box):
    page = open_page()
    dial = page.get_by_role("slider", name="Noise reduction")
    drag(page, "#amount .dial", 100, 0)
    until(page, lambda: box.value("denoise.amount_db") > 34.0)
    dial.press("Home")
    expect(dial).to_have_attribute("aria-valuetext", "0.0\u00a0dB")
    until(page, lambda: box.value("denoise.amount_db") == 0.0)
    page.get_by_role("button", name="Noise reduction +").click()
    until(page, lambda: box.value("denoise.amount_db") == 1.0)
    page.get_by_role("button", name="Noise reduction: reset to 24.0").click()
    expect(page.locator(".dial-value")).to_have_text("24.0")


def test_two_phones_see_each_other(open_page: Callable[..., Any], box: Box):
    one, two = open_page(), open_page()
    one.locator("#bypass").click()
    expect(two.locator("#bypass-state")).to_have_text("Bypassed")
    two.locator("#amount .dial").press("End")
    expect(one.locator(".dial-value")).to_have_text("40.0")
    two.locator("#mute").click()
    expect(one.locator("#mute")).to_have_text("Muted")


def test_a_lost_connection_shows_hides_all_values_and_comes_back(open_page: Callable[..., Any], box: Box):
    page = open_page()
    box.off()
    expect(page.locator("#link-text")).to_have_text("No connection")
    expect(page.locator("#notices")).to_contain_text("its sound goes on")
    expect(page.locator("#bypass")).to_be_disabled()
    expect(page.locator("#amount .dial")).to_have_attribute("aria-disabled", "true")
    for value in ("#bypass-state", ".dial-value", "#preset-name"):
        expect(page.locator(value)).to_have_text("\u2013")
    page.locator("#health").click()
    for value in page.locator(".health dd").all():
        expect(value).to_have_text("\u2013")
    page.get_by_role("button", name="Done").click()
    box.ports.live.set_param("box.bypass", 1.0, "panel")
    box.ports.live.set_param("denoise.amount_db", 6.0, "panel")
    box.on()  # with another token, as after a restart of the box
    expect(page.locator("#link-text")).to_have_text("8.0 ms \u00b7 healthy")
    expect(page.locator("#bypass-state")).to_have_text("Bypassed")
    expect(page.locator(".dial-value")).to_have_text("6.0")
    expect(page.locator("#notices")).to_have_text("")
    page.locator("#bypass").click()
    until(page, lambda: box.value("box.bypass") == 0.0)


def test_a_box_that_falls_silent_is_a_lost_connection(
    open_page: Callable[..., Any], box: Box, monkeypatch: pytest.MonkeyPatch
):
    page = open_page()
    hang, page_gone = box.ports.live.wait_for_change, threading.Event()

    def wait(after_seq: int, timeout_s: float) -> Any:
        page_gone.wait(20.0)
        return hang(after_seq, timeout_s)

    monkeypatch.setattr(box.ports.live, "wait_for_change", wait)
    expect(page.locator("#link-text")).to_have_text("No connection")
    monkeypatch.undo()
    page_gone.set()
    expect(page.locator("#link-text")).to_have_text("8.0 ms \u00b7 healthy")


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
    page, other = open_page(view="setup/panel"), open_page()
    stomp = page.get_by_role("button", name="Footswitch, press: Bypass on/off")
    stomp.scroll_into_view_if_needed()
    stomp.hover()
    page.mouse.down()
    until(page, lambda: box.ports.simulator.pins()[0].position == 1.0)
    page.mouse.up()
    until(page, lambda: box.ports.simulator.pins()[0].position == 0.0)
    expect(other.locator("#bypass-state")).to_have_text("Bypassed")
    drag(page, ".knob", 0, -250)
    until(page, lambda: box.ports.simulator.pins()[1].position > 0.9)
    expect(other.locator(".dial-value")).to_have_text("40.0")
    stomp.press(" ")
    expect(other.locator("#bypass-state")).to_have_text("Processing")


def test_real_pins_are_not_drawn(open_page: Callable[..., Any], box: Box):
    box.ports.panel.simulated = False
    page = open_page(view="setup/panel")
    expect(page.locator("#setup-panel")).to_be_visible()
    expect(page.locator("#setup-front")).to_be_hidden()


def test_before_and_after_keep_the_place(open_page: Callable[..., Any], box: Box):
    page = open_page(view="look")
    page.locator("#fetch-take").click()
    expect(page.locator("#player")).to_be_visible()
    expect(page.locator("#time")).to_have_text("0:00 / 0:04")
    page.locator("#seek").fill("2.5")
    page.locator("#take-choice").get_by_label("Before").check(force=True)
    expect(page.locator("#time")).to_have_text("0:02 / 0:04")
    page.locator("#take-play").click()
    expect(page.locator("#take-play")).to_have_attribute("aria-label", "Pause")


def test_more_is_drawn_from_the_parameters(open_page: Callable[..., Any], box: Box):
    page = open_page()
    page.locator("#more summary").click()
    for name in ("Sensitivity", "Keep room", "Wet", "Input gain", "Output level"):
        expect(page.get_by_role("slider", name=name, exact=True)).to_be_visible()


def test_what_the_box_says_is_shown(open_page: Callable[..., Any], box: Box):
    page = open_page()
    box.ports.live.set_status(
        message="The interface is gone.", state="waiting for device", xruns=3, late_hops=2, dry_hops=1
    )
    expect(page.locator("#notices")).to_have_text("The interface is gone.")
    expect(page.locator("#link-text")).to_have_text("Waiting for device")
    expect(page.locator("#bypass-state")).to_have_text("No sound")
    page.locator("#health").click()
    facts = page.locator(".health .readouts")
    for name, count in (("Xruns", 3), ("Late hops", 2), ("Dry hops", 1)):
        expect(facts).to_contain_text(f"{name}{count}")
    expect(facts).to_contain_text("Load20 %Load p9931 %Board54 \u00b0C")
    expect(page.locator(".health .figures")).to_have_text("Interface buffers4.0 msModel and chain4.0 ms")
    box.ports.live.set_status(audio_alive=False, state="down", message="The audio process is down.")
    expect(page.locator("#link-text")).to_have_text("Audio is down")
    expect(page.locator(".latency-total")).to_have_text("\u2013")
    page.get_by_role("button", name="Done").click()
    page.locator("#tab-setup").click()
    page.locator("#line-models a").click()
    expect(page.locator("#setup-models")).to_contain_text("speech, about 100 speakers")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("size", [PHONE, {"width": 320, "height": 568}, {"width": 844, "height": 390}])
def test_a_warning_covers_nothing_that_cannot_be_scrolled_free(
    open_page: Callable[..., Any], box: Box, size: dict[str, int], view: str
):
    page = open_page(size, view)
    box.ports.live.set_status(
        message="The demo plays: there is no USB interface.", safe_mode="it crashed again and again"
    )
    expect(page.locator("#notices .notice")).to_have_count(2)
    page.wait_for_timeout(100)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    last = page.locator(f"#view-{view}").bounding_box()
    assert last["y"] + last["height"] <= page.locator("#notices").bounding_box()["y"]


def test_one_page_too_many_says_so_and_goes_live_when_another_closes(open_page: Callable[..., Any], box: Box):
    streams: EventStreams = box.server._app.extensions["hushbox.streams"]
    page = open_page()
    streams.slots.most = 1
    other = page.context.new_page()
    other.goto(f"http://{HOST}:{box.number}/")
    expect(other.locator("#notices")).to_contain_text("1 pages are open, which is the limit")
    page.close()
    expect(other.locator("#link-text")).to_have_text("8.0 ms \u00b7 healthy")


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
    box.ports.presets.save("Chapel choir", "Soft voices, long room.")
    box.ports.presets.load("Singing")
    for scene, amount in (("A", 12.0), ("B", 30.0)):
        box.ports.live.set_param("denoise.amount_db", amount, "page")
        box.ports.presets.keep_scene(scene)
    box.ports.live.set_param("denoise.amount_db", 21.0, "page")
    box.ports.live.clock = lambda: box.ports.live.started + MID_WORD_S  # every time the same
    for view, name in (("play", "page"), ("presets", "page-presets")):
        page = open_page(view=view)
        page.wait_for_timeout(500)
        page.screenshot(path=str(folder / f"{name}.png"))
    wide = open_page({"width": 1180, "height": 780}, device_scale_factor=1)
    wide.wait_for_timeout(300)
    wide.screenshot(path=str(folder / "page-wide.png"))
    box.ports.live.clock = time.monotonic
    look = open_page(view="look")
    look.locator("#spectrum-title").evaluate("(node) => scrollTo(0, node.getBoundingClientRect().top - 40)")
    look.wait_for_timeout(21_000 if "HUSHBOX_PICTURES" in os.environ else 500)  # until the picture is full
    look.screenshot(path=str(folder / "page-look.png"))


def test_what_a_foot_takes_back_at_once_is_not_kept(open_page: Callable[..., Any], box: Box):
    page = open_page()
    # The box took the phone's change, and a foot took it back before the stream told of either: then it tells none.
    page.route("**/params/box.bypass", lambda route: route.fulfill(json={"id": "box.bypass", "value": 1.0}))
    with page.expect_response("**/params/box.bypass"):
        page.locator("#bypass").tap()
    page.wait_for_timeout(100)  # the answer is taken in, and shown a while
    expect(page.locator("#bypass-state")).to_have_text("Processing")
