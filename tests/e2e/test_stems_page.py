"""The stems on the page, in a real browser, over the real Control."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_app.config.panel_keys import PanelConfig
from firmware_app.link.wire import InfoFrame
from tests.rigs.panel_box import PanelBox
from tests.rigs.phone import paired

CHROMIUM = Path("/usr/bin/chromium")
MUSIC = 1.0

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[PanelBox]:
    box = PanelBox(tmp_path, PanelConfig(pins="mock", midi=False))
    yield box
    box.close()


@pytest.fixture
def page(box: PanelBox) -> Iterator[Any]:
    faults: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2)
        paired(context, box.session, "127.0.0.1")
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"http://127.0.0.1:{box.number}/#play")
        page.wait_for_selector('body[data-link="live"]')
        yield page
        browser.close()
    assert faults == []


def test_four_strips_fit_one_phone_screen(page: Any, box: PanelBox, tmp_path: Path) -> None:
    """HUSHBOX_PICTURES=docs/images keeps the picture."""
    box.control.take_info(InfoFrame(rate_hz=48_000, period_frames=128, periods=3, chain_latency_frames=896))
    box.performer.recall("Karaoke", "test")
    box.control.set_param("stems.drums.gain_db", -6.0, "test")
    sync_api.expect(page.locator("#stems")).to_be_visible()
    page.wait_for_timeout(400)
    last = page.locator("#mute").bounding_box()
    assert last["y"] + last["height"] <= page.locator("#tabs").bounding_box()["y"]
    page.set_viewport_size({"width": 320, "height": 568})
    page.wait_for_timeout(200)
    last = page.locator(".stem").last.bounding_box()
    assert last["y"] + last["height"] <= page.locator("#tabs").bounding_box()["y"]
    page.set_viewport_size({"width": 844, "height": 390})
    page.wait_for_timeout(200)
    for last in (page.locator("#mute").bounding_box(), page.locator("#hear").bounding_box()):
        assert last["y"] + last["height"] <= 390
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(200)
    folder = Path(os.environ.get("HUSHBOX_PICTURES", tmp_path))
    page.screenshot(path=str(folder / "page-stems.png"))


def test_stems_are_mixed_on_the_page(page: Any, box: PanelBox) -> None:
    expect = sync_api.expect
    stems = page.locator("#stems")
    expect(stems).to_be_hidden()  # a voice alone has none
    page.get_by_role("button", name="Music", exact=True).click()
    expect(stems).to_be_visible()
    assert box.control.value("box.chain") == MUSIC
    expect(page.locator("#chains button")).to_have_count(2)  # voice over music needs inputs of its own
    expect(stems.locator(".stem")).to_have_count(4)
    mute = stems.get_by_role("button", name="Vocals muted")
    expect(mute).to_have_attribute("aria-pressed", "false")
    mute.click()
    expect(mute).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("document.querySelector('#stems .stem-key.on') !== null")
    assert box.control.value("stems.vocals.mute") == 1.0
    expect(page.locator("#bypass-state")).to_have_text("Vocals muted")
    expect(stems.locator(".stem.off")).to_have_text(["Vocals0.0\u00a0dBmutedMS"])
    box.control.set_param("stems.vocals.mute", 0.0, "test")  # by foot
    expect(mute).to_have_attribute("aria-pressed", "false")
    stems.get_by_role("button", name="Drums solo").click()
    expect(page.locator("#bypass-state")).to_have_text("Only Drums")
    bass = stems.get_by_role("slider", name="Bass", exact=True)
    for _ in range(2):
        bass.press("PageDown")
    expect(stems.get_by_role("button", name="Drums solo")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(300)
    assert (box.control.value("stems.drums.solo"), box.control.value("stems.bass.gain_db")) == (1.0, -12.0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # nothing sticks out on a phone


def test_four_taps_lead_from_a_fresh_box_to_vocals_by_foot(page: Any, box: PanelBox) -> None:
    expect = sync_api.expect
    page.get_by_role("button", name="Music", exact=True).click()  # 1
    page.get_by_role("button", name="Vocals muted").click(delay=700)  # 2, held
    page.get_by_role("button", name="Learn").click()  # 3
    expect(page.locator(".listening")).to_be_visible()
    press_foot(box)
    expect(page.locator(".heard-where")).to_contain_text("Footswitch")
    page.locator("#save-mapping").click()  # 4
    expect(page.locator("#sheet")).to_be_hidden()
    assert box.mapped()["footswitch press"] == "Vocals muted on/off"
    press_foot(box)
    expect(page.locator("#bypass-state")).to_have_text("Vocals muted")
    expect(page.locator("#undo")).to_have_attribute("aria-label", "Undo: Vocals muted off \u2192 on")
    assert box.control.steps[-1].who == "panel:footswitch"


def press_foot(box: PanelBox) -> None:
    """As a foot does: a press shorter than the debounce time is none."""
    box.ports.simulator.press("footswitch", True)
    time.sleep(0.1)
    box.ports.simulator.press("footswitch", False)
