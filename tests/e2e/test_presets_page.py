"""The presets in a real browser, over the real Control: groups, what is not possible, what loading changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_app.config.panel_keys import PanelConfig
from tests.rigs.panel_box import PanelBox
from tests.rigs.phone import CHROMIUM, Opener, expect, until

Open = Any
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[PanelBox]:
    box = PanelBox(tmp_path, PanelConfig(pins="mock", midi=False))
    yield box
    box.close()


def group(page: Any, name: str) -> list[str]:
    return list(page.locator(f"#presets-{name} + ul .preset-load strong").all_inner_texts())


def test_presets_stand_in_groups_and_what_is_not_possible_is_named_apart(open_page: Opener, box: PanelBox) -> None:
    page = open_page(view="presets")
    expect(page.locator(".preset-group")).to_have_count(3)
    expect(page.locator(".preset-group").first).to_contain_text("None yet. Save what you hear above.")
    voices = [
        "Choir", "Conference", "Gentle", "In-ear", "Podcast", "Rap", "Rehearsal with bleed", "Singer live",
        "Singer studio", "Strong",
    ]  # fmt: skip
    until(page, lambda: group(page, "voice") == voices)
    assert group(page, "music") == ["A cappella", "Bass practice", "Drummer's seat", "Karaoke"]
    expect(page.locator(".not-here")).to_contain_text("not shown: Voice over music.")
    box.ports.presets.save("My song", "")
    until(page, lambda: group(page, "yours") == ["My song"])
    box.ports.presets.load("Voice over music")  # by foot or MIDI: what is loaded is shown
    until(page, lambda: "Voice over music" in group(page, "music"))


def test_loading_says_in_one_line_what_it_changed(open_page: Opener, box: PanelBox) -> None:
    box.control.set_param("denoise.amount_db", 24.0, "panel:left")
    page = open_page(view="presets")
    page.locator(".preset-load", has_text="Gentle").tap()
    line = page.locator("#now-change")
    expect(line).to_have_text("Loading it changed: Noise reduction 24.0 → 9.0\u00a0dB.")
    page.locator(".preset-load", has_text="Karaoke").tap()
    expect(line).to_contain_text("Loading it changed: Chain: music, Vocals muted: on.")
    box.control.set_param("denoise.amount_db", 12.0, "panel:left")  # now the line would not be true
    expect(line).to_be_hidden()
    box.performer.step_preset(1, "panel:left")  # by foot it is said, too
    expect(line).to_contain_text("Loading it changed:")


def test_the_player_moves_own_presets_among_themselves(open_page: Opener, box: PanelBox) -> None:
    for name in ("One", "Two"):
        box.ports.presets.save(name, "")
    page = open_page(view="presets")
    page.get_by_role("button", name="One: rename").tap()
    expect(page.get_by_role("button", name="Move up")).to_have_count(0)
    page.get_by_role("button", name="Move down").tap()
    until(page, lambda: group(page, "yours") == ["Two", "One"])
    assert [preset.name for preset in box.ports.presets.view().presets][-2:] == ["Two", "One"]
    assert box.performer.preset_names[0] == "Choir"
