"""The page in another language: what the box refuses is said in it, a phone chooses its own, and nothing is left out.

test_layout.py goes through all views and sheets in German and in the pseudo-locale, and finds what is cut or English.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.rigs.layout import Walker
from tests.rigs.phone import CHROMIUM, Box, expect
from tests.rigs.pseudo_locale import CODE, mirrored

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
Open = Callable[..., Any]
MIRRORED = {"query": f"?lang={CODE}"}


@pytest.fixture
def box() -> Iterator[Box]:
    box = Box(mirrored())
    yield box
    box.off()


def test_what_the_box_refuses_is_in_the_language_of_the_page(open_page: Open, box: Box):
    """Its refusals, warnings and notes, where the page shows them; in pictures with HUSHBOX_PICTURES."""
    player = Walker(open_page(view="setup/pin", **MIRRORED), "rtl-refused")
    page = player.page

    def at(view: str) -> None:
        page.evaluate(f"location.hash = '#{view}'")

    def told(where: str, words: str, place: str = "#notices") -> None:
        expect(page.locator(place).filter(has_text=words).first).to_be_visible()
        player.reads(where)

    page.locator("#pin-new").fill("12")
    page.locator("#pin-again").fill("12")
    page.locator("#setup-pin button.strong").tap()
    told("pin", "ðííĝííţš", "#setup-pin .sheet-status")
    at("setup/backup")
    page.locator("#restore-file").set_input_files({"name": "b.json", "mimeType": "application/json", "buffer": b"?"})
    told("backup", "ííţ ííš ñóóţ JŠÓÓÑ")
    at("setup/name")
    expect(page.locator("#box-name")).to_have_value("hushbox")
    page.locator("#box-name").fill("")
    page.locator("#setup-name button.strong").tap()
    told("name", "çĥááŕááçţééŕš")
    at("setup/audio")
    page.locator("#setup-audio summary").first.tap()
    page.locator("#other-device").fill("hw:CARD=Nothing")
    page.locator("#setup-audio details button").first.tap()
    told("audio", "ááúúðííóó ííñţééŕfááçéé", "#setup-audio .said")
    at("presets")
    page.locator(".preset-load").first.wait_for()
    page.locator("#preset-save-as").tap()
    page.locator("dialog[open] input").first.fill("Gentle")
    page.locator("dialog[open] button.strong").tap()
    told("presets", "fááçţóóŕýý", "dialog[open]")
    page.keyboard.press("Escape")
    at("setup/panel")
    page.locator("#setup-panel .rows .row button").first.tap()
    page.keyboard.press("Escape")
    warned = "The audio interface is gone: plug it in again and sound comes back by itself."
    box.ports.live.set_status(message=warned, safe_mode="it was ended from outside")
    at("play")
    told("play", "pļúúĝ ííţ ííñ")
    told("play", "óóúúţšííðéé")
    assert not player.found, "\n".join(player.found)


def test_a_phone_chooses_its_language(open_page: Open):
    page = open_page(view="setup/phone", locale="de-AT")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#tab-setup")).to_have_text("Einrichten")
    choices = page.locator('input[name="language"] + span')
    expect(choices).to_have_text(["Automatisch", "English", "Deutsch"])  # and not the pseudo-locale
    page.locator('input[name="language"][value="en"]').check(force=True)
    expect(page.locator("#tab-setup")).to_have_text("Set up")
    page.reload()
    expect(page.locator("#tab-setup")).to_have_text("Set up")
    page.locator('input[name="language"][value=""]').check(force=True)
    expect(page.locator("#tab-setup")).to_have_text("Einrichten")


def test_what_is_not_in_the_tables_would_show(open_page: Open):
    """Every word of the shell and of Play but for what a player has named stands in the pseudo-locale's brackets."""
    page = open_page(view="play", **MIRRORED)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    bare = page.evaluate(
        """() => [...document.querySelectorAll(
            ".tabs span, #mute, .seg button, .meter-name, #more h2, #bypass-state, .dial-label")]
          .filter((node) => node.checkVisibility()).map((node) => node.textContent.replaceAll("\\u200f", ""))
          .filter((words) => !/^\\[.*\\]$/.test(words))"""
    )
    assert bare == []
