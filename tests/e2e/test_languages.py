"""The page in other languages: a phone chooses one, and all is translated. test_layout.py reads every view in them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

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
