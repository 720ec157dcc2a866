"""From a fresh box to vocals muted by foot, counted in taps: a real browser over the real Control and panel."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware_app.config.panel_keys import DEFAULT_PANEL
from tests.rigs.panel_box import PanelBox
from tests.rigs.phone import CHROMIUM, Opener, expect, until
from tests.rigs.thumb import Thumb

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
MOST_TAPS = 4


@pytest.fixture
def box(tmp_path: Path) -> Iterator[PanelBox]:
    box = PanelBox(tmp_path, replace(DEFAULT_PANEL, pins="mock", midi=False))
    yield box
    box.close()


def stomp(page: Any, box: PanelBox) -> None:
    for down in (True, False):
        box.ports.simulator.press("footswitch", down)
        page.wait_for_timeout(100)


def test_vocals_are_muted_by_foot_in_four_taps(open_page: Opener, box: PanelBox) -> None:
    page = open_page()
    thumb = Thumb(page)
    thumb.tap(page.locator("#chains").get_by_role("button", name="Music"))
    key = page.get_by_role("button", name="Vocals muted")
    expect(key).to_be_enabled()
    thumb.hold(key)
    thumb.tap(page.get_by_role("dialog").get_by_role("button", name="Learn"))
    expect(page.locator(".listening")).to_contain_text("Vocals muted on/off: press the switch or turn the knob now.")
    stomp(page, box)
    expect(page.locator(".sheet-note.replaces")).to_contain_text("Bypass on/off")
    thumb.tap(page.locator("#save-mapping"))
    until(page, lambda: box.mapped()["footswitch press"] == "Vocals muted on/off")
    expect(page.locator("#sheet")).to_be_hidden()
    assert thumb.taps <= MOST_TAPS
    assert box.control.value("stems.vocals.mute") == 0.0  # the long press itself does nothing else
    stomp(page, box)
    until(page, lambda: box.control.value("stems.vocals.mute") == 1.0)


def test_without_pins_a_switch_is_pressed_from_the_sheet_itself(open_page: Opener, box: PanelBox) -> None:
    page = open_page()
    box.control.set_param("box.chain", 1.0, "panel:left")
    key = page.get_by_role("button", name="Drums muted")
    expect(key).to_be_enabled()
    Thumb(page).hold(key)
    page.get_by_role("dialog").get_by_role("button", name="Learn").tap()
    page.locator("#touch").select_option(label="press Footswitch")
    expect(page.locator(".heard-where")).to_have_text("Footswitch")
    page.locator("#save-mapping").tap()
    until(page, lambda: box.mapped()["footswitch press"] == "Drums muted on/off")
