"""The list of Set up: every line has its state and its section, one at a time, at an address of its own."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.rigs.phone import CHROMIUM, Box, expect, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
Open = Callable[..., Any]
STATES = {
    "audio": "Scarlett 2i2 USB", "levels": "direct monitoring", "models": "voice 1.2.0", "panel": "2 mapped",
    "name": "hushbox", "phones": "0 phones", "pin": "no PIN", "network": "192.0.2.20", "power": "on for 1 h 0 min",
    "about": "0.0.0",
}  # fmt: skip


@pytest.fixture
def set_up(box: Box) -> Box:
    box.ports.setup.set_wizard("done", "sound")
    return box


def test_each_line_says_how_things_stand(open_page: Open, set_up: Box):
    page = open_page(view="setup")
    for name, words in STATES.items():
        expect(page.locator(f"#line-{name} .line-side")).to_have_text(words)
    set_up.ports.setup.stop_monitoring()  # what changes is told again
    expect(page.locator("#line-levels .line-side")).to_have_text("20.0 dB")


def test_a_line_opens_its_section_and_back_leads_to_the_list_where_it_was(open_page: Open, set_up: Box):
    page = open_page(view="setup")
    page.locator("#line-about").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    at = page.evaluate("scrollY")
    page.locator("#line-about a").tap()
    expect(page.locator("#setup-about")).to_be_visible()
    expect(page.locator(".setup-section:visible")).to_have_count(1)
    expect(page.locator(".setup-list")).to_be_hidden()
    assert page.evaluate("location.hash") == "#setup/about"
    assert page.evaluate("scrollY") == 0
    assert page.evaluate("document.activeElement.textContent") == "About and licences"
    page.locator(".back").tap()
    expect(page.locator(".setup-list")).to_be_visible()
    until(page, lambda: page.evaluate("scrollY") == at)
    page.go_back()
    expect(page.locator("#setup-about")).to_be_visible()


def test_an_address_opens_its_section_at_once_and_one_that_is_none_the_list(open_page: Open, set_up: Box):
    page = open_page(view="setup/latency")
    expect(page.locator("#setup-latency")).to_be_visible()
    other = open_page(view="setup/nonsense")
    expect(other.locator(".setup-list")).to_be_visible()


def test_on_a_wide_screen_the_list_stays_beside_the_section(open_page: Open, set_up: Box):
    page = open_page({"width": 1280, "height": 900}, "setup")
    expect(page.locator("#setup-audio")).to_be_visible()  # never none
    page.locator("#line-pin a").click()
    expect(page.locator("#setup-pin")).to_be_visible()
    expect(page.locator(".setup-list")).to_be_visible()
    expect(page.locator("#line-pin a")).to_have_attribute("aria-current", "")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".setup-list")).to_be_hidden()


def test_what_the_preset_uses_comes_first_and_mappings_are_searched(open_page: Open, set_up: Box):
    panel = set_up.ports.panel
    set_up.ports.presets.load("Gentle")
    params = ("denoise.listen", "box.mute", "box.bypass", "box.mute", "box.bypass", "box.mute")
    for number, param in enumerate(params):
        panel.add_control("switches", {"name": f"s{number}", "gpio": 5 + number})
        panel.set_mapping(f"s{number}", "press", {"do": "toggle", "param": param}, True)
    page = open_page(view="setup/panel")
    titles = page.locator(".rows-title")
    expect(titles.first).to_have_text("Gentle uses")
    assert titles.all_inner_texts() == ["Gentle uses", "Always", "Other presets use"]
    expect(page.locator("#setup-panel .rows").first).to_contain_text("Noise reduction")
    search = page.get_by_role("searchbox", name="Search mappings")
    search.fill("LISTEN")
    expect(page.locator("#setup-panel .rows").first.locator(".row")).to_have_count(1)
    search.fill("nothing like it")
    expect(page.locator("#setup-panel")).to_contain_text("No mapping has these words.")
    set_up.ports.panel.remove_mapping("s0 press")  # drawn again: the search stays
    until(page, lambda: page.evaluate("document.activeElement.type") == "search")
    expect(search).to_have_value("nothing like it")


def test_the_restore_is_asked_about_and_offered_back(open_page: Open, set_up: Box):
    page = open_page(view="setup/backup")
    expect(page.get_by_role("button", name="Undo the restore")).to_be_hidden()
    file = {"name": "b.json", "mimeType": "application/json"}
    backup = b'{"hushbox_backup": 1, "made_at": "2026-01-30 10:00:00", "files": {"state.json": {}}}'
    page.locator("#restore-file").set_input_files({**file, "buffer": backup})
    expect(page.locator("#setup-backup h3")).to_have_text("Replaces the sound in force.")
    page.get_by_role("button", name="Restore", exact=True).tap()
    until(page, lambda: set_up.ports.system.asked == ["restore"])
    set_up.off()
    set_up.ports.setup.end("")
    set_up.on()
    page.get_by_role("button", name="Undo the restore").tap()
    until(page, lambda: set_up.ports.system.asked == ["restore", "undo_restore"])
