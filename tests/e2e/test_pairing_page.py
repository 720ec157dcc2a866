"""Pairing by touch, with a browser of its own for each phone: owner, engineer, player, and who is not paired."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.rigs.phone import CHROMIUM, Box, Opener, expect, until
from web_ui.fakes.pairing import FIRST_CODE
from web_ui.ports.pairing import ENGINEER, NOBODY, OWNER, PLAYER
from web_ui.visitors.roles import ROLE_OF

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Mobile Safari/537.36"
)
SHEET = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
SAFARI = SHEET.replace(" Mobile/", " Version/18.5 Mobile/") + " Safari/604.1"


@pytest.fixture
def box() -> Iterator[Box]:
    """As it comes: nobody's."""
    box = Box(everybody=NOBODY)
    yield box
    box.off()


@pytest.fixture
def anna(box: Box) -> str:
    """The owner's session: the box is claimed, and set up."""
    box.ports.setup.set_wizard("done", "sound")
    return box.ports.pairing.pair(OWNER, "Anna")


def paired(open_page: Opener, box: Box, role: str, view: str = "play", name: str = "Ben") -> Any:
    page = open_page.visit(f"#{view}", session=box.ports.pairing.pair(role, name))
    expect(page.locator('body[data-link="live"]')).to_have_count(1)
    page.evaluate("window.untouched = true")  # gone when the page is loaded anew
    return page


def tabs(page: Any) -> list[str]:
    return page.locator(".tab:visible span").all_inner_texts()


def lines(page: Any) -> list[str]:
    return page.locator(".lines > li:visible .line-title").all_inner_texts()


def names(box: Box) -> list[tuple[str, str]]:
    return [(phone.name, phone.role) for phone in box.ports.pairing.phones()]


# --- the link ---


def test_the_link_of_a_fresh_box_makes_the_phone_its_owner_without_a_tap(open_page: Opener, box: Box):
    box.ports.setup.set_up_by_file = False
    page = open_page.visit(f"#pair={FIRST_CODE}", user_agent=ANDROID)
    expect(page.locator(".step-title")).to_have_text("What is this box for?")
    assert names(box) == [("Android phone", OWNER)]
    assert "pair" not in page.url
    page.go_back()  # the code is nowhere in the history
    assert "pair" not in page.url


def test_a_link_with_a_fingerprint_pairs_and_the_page_shows_it_to_compare(open_page: Opener, box: Box, anna: str):
    box.ports.pairing.fingerprint = box.ports.system.fingerprint = ":".join(["A7"] * 32)
    page = open_page.visit("#setup/phones", session=anna)
    page.locator("#setup-phones .strong").tap()
    expect(page.locator(".invite .fingerprint")).to_have_text(box.ports.pairing.fingerprint)
    code = page.locator(".invite .pair-code").inner_text()
    other = open_page.visit(f"#pair={code}&fp={'a7' * 32}", user_agent=ANDROID)
    expect(other.locator('body[data-link="live"]')).to_have_count(1)
    assert names(box)[-1] == ("Android phone", PLAYER)
    assert "fp=" not in other.url
    again = open_page.visit(f"#fp={'a7' * 32}", session=anna)  # the code of Set up, Network
    expect(again.locator('body[data-link="live"]')).to_have_count(1)
    assert "fp=" not in again.url
    page.evaluate("location.hash = '#setup/network'")
    expect(page.locator("#setup-network .fingerprint")).to_have_text(box.ports.system.fingerprint)


def test_a_used_code_gets_one_sentence_and_the_door(open_page: Opener, box: Box, anna: str):
    box.ports.pairing.claim(FIRST_CODE, "somebody")
    page = open_page.visit(f"#pair={FIRST_CODE}")
    expect(page.locator(".ways-in .sheet-status").first).to_contain_text("A code works once: ask for a new one.")
    expect(page.locator(".door h2")).to_have_text("This box is paired")
    assert "pair" not in page.url


def test_an_invitation_that_is_opened_in_an_open_page_raises_the_role(open_page: Opener, box: Box, anna: str):
    page = paired(open_page, box, PLAYER)
    code = box.ports.pairing.invite(ENGINEER, None, "").code
    page.evaluate(f"location.hash = '#pair={code}'")
    expect(page.locator("#tab-look")).to_be_visible()
    assert names(box)[1:] == [("Ben", ENGINEER)]
    assert page.evaluate("window.untouched")


def test_an_owner_does_not_use_up_a_code_that_is_meant_for_another(open_page: Opener, box: Box, anna: str):
    code = box.ports.pairing.invite(PLAYER, None, "").code
    open_page.visit(f"#pair={code}", session=anna).wait_for_selector('body[data-link="live"]')
    expect(open_page.visit(f"#pair={code}").locator("#bypass")).to_be_visible()


def test_without_the_code_the_first_steps_begin_with_it(open_page: Opener, box: Box):
    box.ports.setup.set_up_by_file = False
    page = open_page.visit("")
    expect(page.locator("#setup-wizard .step-title")).to_have_text("Pair this phone")
    expect(page.locator("#setup-wizard")).to_contain_text("hushbox url")
    page.get_by_label("Code").fill("nonsense")
    page.get_by_role("button", name="Pair", exact=True).tap()
    expect(page.locator("#setup-wizard")).to_contain_text("A code has ten letters and digits.")
    page.get_by_label("Code").fill("hvshb oxi23")  # O for 0, I for 1
    page.get_by_label("Name of this phone").fill("Anna's phone")
    page.get_by_role("button", name="Pair", exact=True).tap()
    expect(page.locator(".step-title")).to_have_text("What is this box for?")
    assert names(box) == [("Anna's phone", OWNER)]


# --- the door ---


def test_the_door_shows_nothing_of_the_box_but_its_name(open_page: Opener, box: Box, anna: str):
    page = open_page.visit("#play")
    expect(page.locator("h1")).to_have_text("hushbox")
    expect(page.get_by_label("Code")).to_be_visible()
    expect(page.get_by_label("PIN")).to_have_count(0)
    sent = page.content()
    for secret in ("denoise.amount_db", "Gentle", "Scarlett", "Anna"):
        assert secret not in sent


def test_who_is_at_the_box_gets_in_by_a_footswitch(open_page: Opener, box: Box, anna: str):
    page = open_page.visit("")
    page.get_by_role("button", name="Let me in").tap()
    expect(page.locator(".listening")).to_contain_text("hold any footswitch")
    box.ports.pairing.hold_switch()
    expect(page.locator("#bypass")).to_be_visible()  # by itself
    assert [role for _, role in names(box)] == [OWNER, PLAYER]


def test_the_pin_pairs_as_engineer(open_page: Opener, box: Box, anna: str):
    box.ports.pin.change("2468", "")
    page = open_page.visit("")
    page.get_by_label("PIN").fill("1111")
    page.get_by_role("button", name="Unlock").tap()
    expect(page.locator("main")).to_contain_text("This is not the PIN.")
    page.get_by_label("PIN").fill("2468")
    page.get_by_role("button", name="Unlock").tap()
    expect(page.locator("#tab-look")).to_be_visible()
    assert [role for _, role in names(box)] == [OWNER, ENGINEER]


def test_the_door_opens_by_itself_and_closes_again(open_page: Opener, box: Box, anna: str):
    page = open_page.visit("")
    expect(page.get_by_label("Code")).to_be_visible()
    owner = open_page.visit("#setup/phones", session=anna)
    owner.get_by_role("switch", name="Anybody in this network may play").tap()
    expect(page.locator("#bypass")).to_be_visible()
    owner.get_by_role("switch", name="Anybody in this network may play").tap()
    expect(page.locator(".door h2")).to_have_text("This box is paired")


def test_the_door_by_keyboard(open_page: Opener, box: Box, anna: str):
    code = box.ports.pairing.invite(PLAYER, None, "").code
    page = open_page.visit("")
    page.get_by_label("Code").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.type(code.replace("-", " "))
    assert page.get_by_label("Code").input_value() == code
    page.keyboard.press("Enter")
    expect(page.locator("#bypass")).to_be_visible()


# --- roles ---


def test_each_role_is_offered_what_is_its_own(open_page: Opener, box: Box, anna: str):
    player = paired(open_page, box, PLAYER, "setup")
    assert tabs(player) == ["Play", "Presets", "Set up"]
    expect(player.locator("#line-phone")).to_be_visible()
    assert lines(player) == ["This phone"]
    player.locator("#tab-presets").tap()
    expect(player.locator(".preset-load").first).to_be_visible()
    for locked in (".more-key", "#preset-save", "#preset-import", "#keep-A"):
        expect(player.locator(locked).first).to_be_hidden()

    engineer = paired(open_page, box, ENGINEER, "setup")
    expect(engineer.locator("#line-models .line-side")).not_to_be_empty()
    assert tabs(engineer) == ["Play", "Look", "Presets", "Set up"]
    assert not {"Name", "Phones", "PIN", "Network", "Backup", "Power", "Log"} & set(lines(engineer))
    assert {"Interface", "Models", "Panel and mapping", "This phone"} <= set(lines(engineer))
    expect(engineer.locator("#group-box")).to_be_hidden()

    owner = open_page.visit("#setup", session=anna)
    expect(owner.locator("#line-phones .line-side")).to_have_text("3 phones")
    expect(owner.locator("#group-box")).to_be_visible()
    assert {"Name", "Phones", "PIN", "Network", "Backup", "Power", "Log"} <= set(lines(owner))


def test_an_engineer_gets_the_first_steps_that_he_may_do(open_page: Opener, box: Box, anna: str):
    box.ports.setup.set_wizard("begun", "name")  # the owner stopped at a step of hers
    page = paired(open_page, box, ENGINEER, "setup")
    page.get_by_role("button", name="Continue").tap()
    expect(page.locator(".step-title")).to_have_text("Sound")
    expect(page.locator(".dots li")).to_have_count(7)
    for title in ("What do your switches do?", "How much latency?", "How loud?"):
        page.get_by_role("button", name="Back", exact=True).tap()
        expect(page.locator(".step-title")).to_have_text(title)
    expect(page.locator("dialog[open]")).to_have_count(0)
    player = paired(open_page, box, PLAYER, "setup")
    assert lines(player) == ["This phone"]
    expect(player.locator("#setup-wizard")).to_be_hidden()


def test_a_role_changes_in_the_open_page(open_page: Opener, box: Box, anna: str):
    ben = paired(open_page, box, ENGINEER, "look")
    expect(ben.locator("#view-look")).to_be_visible()
    owner = open_page.visit("#setup/phones", session=anna)
    owner.get_by_role("button", name=re.compile("Ben: rename")).tap()
    owner.get_by_role("button", name="Role", exact=True).tap()
    owner.locator(".pick-line", has_text="Player").tap()
    expect(owner.locator(".phone-row", has_text="Ben")).to_contain_text("Player")
    expect(ben.locator("#view-play")).to_be_visible()  # Look is not a player's
    expect(ben.locator(".notice")).to_have_text("This phone is now a player.")
    assert tabs(ben) == ["Play", "Presets", "Set up"]
    box.ports.pairing.change(box.ports.pairing.phones()[1].id, role=OWNER)
    ben.locator("#tab-setup").tap()
    expect(ben.locator("#line-phones .line-side")).to_have_text("2 phones")
    assert ben.evaluate("window.untouched")


def test_what_a_role_may_not_do_is_explained_by_one_sheet(
    open_page: Opener, box: Box, anna: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(ROLE_OF, "keep_scene", OWNER)  # something that the page offers all the same
    ben = paired(open_page, box, ENGINEER)
    ben.locator("#play-scene-A").tap()
    expect(ben.get_by_role("dialog")).to_contain_text("This phone is paired as Engineer, and this needs more.")
    expect(ben.locator(".notice")).to_have_count(0)
    ben.get_by_role("dialog").get_by_role("button", name="Done").tap()
    expect(ben.get_by_role("dialog")).to_have_count(0)


def test_where_everybody_may_play_a_locked_thing_offers_to_pair(open_page: Opener, box: Box, anna: str):
    box.ports.pairing.set_open_play(True)
    code = box.ports.pairing.invite(ENGINEER, None, "").code
    page = open_page({"width": 1280, "height": 800})
    page.evaluate("window.untouched = true")
    page.wait_for_timeout(800)
    expect(page.get_by_role("dialog")).to_have_count(0)  # nothing asks by itself
    expect(page.locator("#beside")).to_be_hidden()
    page.locator("#mute").tap()
    until(page, lambda: box.value("box.mute") == 1.0)
    page.locator("#tab-look").tap()
    sheet = page.get_by_role("dialog", name="Pair this phone to change more")
    expect(sheet).to_be_visible()
    expect(page.locator("#view-play")).to_be_visible()
    sheet.get_by_role("button", name="Not now").tap()
    page.locator("#tab-presets").tap()
    page.locator("#preset-save-as").tap()
    page.get_by_label("Name", exact=True).fill("Mine")
    page.get_by_role("button", name="Save", exact=True).last.tap()
    expect(sheet).to_be_visible()
    sheet.get_by_label("Code").fill(code.lower())
    sheet.get_by_role("button", name="Pair", exact=True).tap()
    expect(sheet).to_have_count(0)
    page.keyboard.press("Escape")
    page.locator("#tab-look").tap()
    expect(page.locator("#view-look")).to_be_visible()
    assert page.evaluate("window.untouched")


def test_set_up_of_who_is_not_paired_is_the_way_in_and_this_phone(open_page: Opener, box: Box, anna: str):
    box.ports.pairing.set_open_play(True)
    page = open_page.visit("#setup")
    expect(page.locator("#setup-pair").get_by_label("Code")).to_be_visible()
    assert lines(page) == ["This phone"]


def test_a_window_that_forgets_its_cookies_says_where_to_pair(box: Box, open_page: Opener, anna: str) -> None:
    """The one that a phone opens by itself in the box's own Wi-Fi."""
    words = "This window forgets this phone when it closes. Open http://"
    for agent in (SHEET, ANDROID.replace("; K)", "; K; wv)")):
        page = open_page.visit("", user_agent=agent)
        expect(page.get_by_text(words)).to_be_visible()
        assert page.url in page.get_by_text(words).inner_text()
    for agent in (SAFARI, ANDROID):
        page = open_page.visit("", user_agent=agent)
        expect(page.get_by_role("button", name="Let me in")).to_be_visible()
        assert page.get_by_text(words).count() == 0
