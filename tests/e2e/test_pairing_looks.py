"""What pairing adds to the page: axe finds nothing serious, and its layout holds in German and from right to left.

HUSHBOX_PICTURES=FOLDER keeps a picture of each.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.test_axe import FLAT, SCRIPT, serious
from tests.rigs.layout import SIZES, Walker
from tests.rigs.phone import CHROMIUM, Box, Opener, expect
from tests.rigs.pseudo_locale import CODE, mirrored
from web_ui.ports.pairing import ENGINEER, NOBODY, OWNER, PLAYER

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
LANGUAGES = {"de": {"locale": "de-AT"}, "rtl": {"query": f"?lang={CODE}"}}
Look = Callable[[Any, str], None]


@pytest.fixture
def box() -> Iterator[Box]:
    """Claimed, with a PIN, three phones and a guest's end."""
    box = Box(mirrored(), NOBODY)
    box.ports.setup.set_wizard("done", "sound")
    pairing = box.ports.pairing
    pairing.pair(OWNER, "Anna's phone")
    pairing.pair(ENGINEER, "Desk Tablet")
    guest = pairing.pair(PLAYER, "Ben (drums)")
    pairing._phones[guest] = replace(pairing._phones[guest], seen=time.time() - 90_000, ends=time.time() + 90_000)
    box.ports.pin.change("2468", "")
    yield box
    box.off()


def tour(open_page: Opener, box: Box, look: Look, query: str = "", **options: Any) -> None:
    """Everything that pairing shows. look(page, where) is called at each."""
    pairing = box.ports.pairing
    owner = pairing.pair(OWNER, "Another Owner")
    page = open_page.visit(query, **options)
    expect(page.locator(".pin-digits")).to_be_visible()
    look(page, "door")
    page.locator(".pair-code").fill("k7oil22222")
    page.locator(".ways-in .strong").tap()
    page.locator(".way button[type=button]").first.tap()
    expect(page.locator(".ways-in .sheet-status").first).not_to_be_empty()
    look(page, "door, refused and asking")

    page = open_page.visit(f"{query}#setup/phones", session=owner, **options)
    expect(page.locator(".phone-row")).to_have_count(4)
    look(page, "phones")
    for at, what in ((0, "rename"), (1, "role"), (2, "remove")):
        page.locator(".phone-row .more-key").nth(1).tap()
        look(page, "menu")
        page.locator(".menu-item").nth(at).tap()
        look(page, what)
        page.keyboard.press("Escape")
    page.locator("#setup-phones .strong").tap()
    page.locator(".invite .qr").wait_for()
    look(page, "add")
    page.locator("#invite-end").select_option("day")
    look(page, "add, for a while")

    player = open_page.visit(f"{query}#setup/phone", session=pairing.pair(PLAYER, "Cleo"), **options)
    expect(player.locator("#setup-phone .group").last).to_be_visible()
    look(player, "this phone")
    player.locator("#setup-phone .group .plain").last.tap()
    look(player, "leave")

    pairing.set_open_play(True)
    page = open_page.visit(f"{query}#setup", **options)
    expect(page.locator("#setup-pair .pair-code")).to_be_visible()
    look(page, "set up of nobody")
    page.locator("#tab-look").tap()
    expect(page.locator("dialog[open]")).to_be_visible()
    look(page, "locked")

    pairing._phones.clear()
    pairing.set_open_play(False)
    page = open_page.visit(f"{query}#setup/wizard", **options)
    expect(page.locator("#setup-wizard .pair-code")).to_be_visible()
    look(page, "first steps")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious(open_page: Opener, box: Box, theme: str):
    found: list[Any] = []

    def look(page: Any, where: str) -> None:
        page.evaluate(FLAT)
        page.evaluate(SCRIPT.read_text(encoding="utf-8"))  # past the content security policy
        found.extend(serious(page, where))

    tour(open_page, box, look, color_scheme=theme)
    assert found == []


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size['width']}x{size['height']}")
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut(open_page: Opener, box: Box, language: str, size: dict[str, int]):
    found: list[str] = []

    def look(page: Any, where: str) -> None:
        walker = Walker(page, f"{language}-pairing-{size['width']}")
        walker.reads(where)
        found.extend(walker.found)

    tour(open_page, box, look, size=size, **LANGUAGES[language])
    assert not found, "\n".join(found)
