"""Set up, Phones: the paired phones, one more by QR code and link, and what a removed phone sees; by touch."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.rigs.phone import CHROMIUM, Box, Opener, expect, until
from web_ui.ports.pairing import ENGINEER, NOBODY, OWNER, PLAYER

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
HOUR_S = 3600.0
# What the box answers when it is asked for its phones comes to the page only after on_time is true, and `late` called.
LATE = """() => {
  const real = window.fetch;
  window.late = [];
  window.on_time = false;
  window.fetch = async (path, options) => {
    const answer = await real(path, options);
    const asks = (options?.method ?? "GET") === "GET" && String(path).endsWith("/phones");
    if (asks && !window.on_time) await new Promise((go) => window.late.push(go));
    return answer;
  };
}"""


@pytest.fixture
def box() -> Iterator[Box]:
    box = Box(everybody=NOBODY)
    yield box
    box.off()


@pytest.fixture
def owner(open_page: Opener, box: Box) -> Any:
    """An owner's page at Phones; another phone, Ben's, is an engineer."""
    box.ports.setup.set_wizard("done", "sound")
    session = box.ports.pairing.pair(OWNER, "Anna")
    box.ports.pairing.pair(ENGINEER, "Ben")
    page = open_page.visit("#setup/phones", session=session)
    expect(page.locator(".phone-row")).to_have_count(2)
    return page


def menu_of(page: Any, name: str) -> None:
    page.get_by_role("button", name=f"{name}: rename, role, remove").tap()


def code_shown(page: Any) -> str:
    page.locator(".invite .qr").wait_for()
    return str(page.locator(".invite .pair-code").inner_text())


def test_the_list_says_who_may_what_and_which_one_this_is(owner: Any):
    assert owner.locator(".phone-row .row-words").all_inner_texts() == [
        "Anna\nOwner\nthis phone",
        "Ben\nEngineer\nhere now",
    ]
    expect(owner.locator("#line-phones .line-side")).to_have_text("2 phones")


def test_a_bandmate_scans_the_code_and_plays(open_page: Opener, owner: Any, box: Box):
    """Three taps of the owner from Play on, and none of the bandmate after the camera's."""
    owner.locator("#tab-play").tap()
    owner.locator("#tab-setup").tap()
    owner.locator("#line-phones a").tap()
    owner.get_by_role("button", name="Add a phone").tap()
    code = code_shown(owner)
    ben = open_page.visit(f"#pair={code}")  # the camera opens the link
    expect(ben.locator("#bypass")).to_be_enabled()
    expect(owner.locator(".invite")).to_contain_text("is paired: Player.")
    owner.get_by_role("button", name="Rename", exact=True).tap()
    owner.get_by_label("Name of the phone").fill("Cleo")
    owner.get_by_role("dialog").get_by_role("button", name="Rename").tap()
    expect(owner.locator(".phone-row", has_text="Cleo")).to_contain_text("Player")


def test_each_choice_makes_its_own_code(owner: Any, box: Box):
    owner.get_by_role("button", name="Add a phone").tap()
    first = code_shown(owner)
    owner.locator(".invite label", has_text="Engineer").tap()
    until(owner, lambda: code_shown(owner) != first)
    second = code_shown(owner)
    owner.get_by_label("Stays").select_option("gig")
    until(owner, lambda: code_shown(owner) != second)
    expect(owner.locator(".invite")).to_contain_text("It may stay until")
    guest = box.ports.pairing.entry(box.ports.pairing.claim(code_shown(owner), "guest"))
    assert guest.role == ENGINEER
    ends = box.ports.pairing.phones()[-1].ends
    assert ends is not None
    assert 11.5 * HOUR_S < ends - time.time() < 12.5 * HOUR_S
    owner.get_by_role("button", name="Done").tap()
    owner.get_by_role("button", name="Add a phone").tap()
    owner.locator(".invite label", has_text="Owner").tap()
    expect(owner.get_by_label("Stays")).to_be_hidden()  # a guest is never an owner


def test_the_ends_of_a_guest_in_hours(owner: Any):
    """A Wednesday at noon, and a Monday at noon, by the phone's own clock."""
    hours = """async ([end, day, now]) => {
        const { hoursUntil } = await import("/static/js/pairing/roles.js");
        return hoursUntil(end, day, new Date(now));
    }"""
    assert owner.evaluate(hours, ["gig", "", "2026-12-02T12:00"]) == 12
    assert owner.evaluate(hours, ["weekend", "", "2026-12-02T12:00"]) == 5 * 24 - 6
    assert owner.evaluate(hours, ["weekend", "", "2026-12-07T12:00"]) == 7 * 24 - 6
    assert owner.evaluate(hours, ["day", "2026-12-02", "2026-12-02T12:00"]) == pytest.approx(12, abs=0.01)
    assert owner.evaluate(hours, ["day", "2026-12-01", "2026-12-02T12:00"]) == 1  # over already: the least there is
    assert owner.evaluate(hours, ["stays", "", "2026-12-02T12:00"]) is None


def test_the_link_can_be_copied_without_a_secure_address(owner: Any):
    owner.get_by_role("button", name="Add a phone").tap()
    code = code_shown(owner)
    assert owner.evaluate("window.isSecureContext") is False
    expect(owner.get_by_role("button", name="Share")).to_be_hidden()
    owner.get_by_role("button", name="Copy link").tap()
    expect(owner.get_by_role("button", name="Copied")).to_be_visible()
    owner.get_by_role("button", name="Done").tap()
    menu_of(owner, "Ben")
    owner.get_by_role("button", name="Rename", exact=True).tap()
    field = owner.get_by_label("Name of the phone")
    field.fill("")
    field.press("Control+v")
    assert f"#pair={code}".startswith("#" + field.input_value().partition("#")[2])  # a name has 40 characters


def test_a_removed_phone_is_at_the_door_at_once(open_page: Opener, owner: Any, box: Box):
    session = box.ports.pairing.pair(PLAYER, "Cleo")
    cleo = open_page.visit("#play", session=session)
    expect(cleo.locator("#bypass")).to_be_enabled()
    owner.reload()
    menu_of(owner, "Cleo")
    owner.get_by_role("button", name="Remove", exact=True).tap()
    owner.get_by_role("dialog").get_by_role("button", name="Cancel").tap()
    assert len(box.ports.pairing.phones()) == 3  # it asks once
    menu_of(owner, "Cleo")
    owner.get_by_role("button", name="Remove", exact=True).tap()
    owner.get_by_role("dialog").get_by_role("button", name="Remove").tap()
    expect(owner.locator(".phone-row")).to_have_count(2)
    expect(cleo.locator(".door h2")).to_have_text("This box is paired")
    assert "denoise.amount_db" not in cleo.content()


def test_the_only_owner_stays(owner: Any, box: Box):
    menu_of(owner, "Anna")
    expect(owner.get_by_role("dialog")).to_contain_text("This is the only owner.")
    expect(owner.get_by_role("dialog").get_by_role("button", name="Remove")).to_have_count(0)
    owner.get_by_role("button", name="Cancel").tap()
    owner.evaluate("location.hash = '#setup/phone'")
    owner.get_by_role("button", name="Leave this box").tap()
    expect(owner.locator(".notice")).to_contain_text("This is the only owner.")
    assert len(box.ports.pairing.phones()) == 2


def test_a_phone_leaves_by_itself(open_page: Opener, owner: Any, box: Box):
    session = box.ports.pairing.pair(PLAYER, "Cleo")
    cleo = open_page.visit("#setup/phone", session=session)
    cleo.get_by_role("button", name="Leave this box").tap()
    cleo.get_by_role("dialog").get_by_role("button", name="Leave this box").tap()
    expect(cleo.locator(".door h2")).to_have_text("This box is paired")
    assert [phone.name for phone in box.ports.pairing.phones()] == ["Anna", "Ben"]


def test_the_phones_by_keyboard(owner: Any, box: Box):
    owner.get_by_role("button", name=re.compile("^Ben: ")).focus()
    owner.keyboard.press("Enter")
    expect(owner.get_by_role("dialog")).to_be_visible()
    owner.keyboard.press("Tab")
    owner.keyboard.press("Enter")  # Role
    expect(owner.get_by_role("radio", name=re.compile("Engineer"))).to_be_focused()
    owner.keyboard.press("ArrowUp")
    until(owner, lambda: box.ports.pairing.phones()[1].role == PLAYER)
    owner.get_by_role("switch").focus()
    owner.keyboard.press("Space")
    until(owner, lambda: box.ports.pairing.entry("").open_play)


def test_a_list_that_was_asked_for_before_the_switch_was_tapped_does_not_move_it_back(owner: Any, box: Box):
    switch = owner.get_by_role("switch", name="Anybody in this network may play")
    owner.evaluate(LATE)
    owner.evaluate("location.hash = '#setup'")
    owner.locator("#line-phones a").tap()
    until(owner, lambda: owner.evaluate("late.length > 0"))
    switch.tap()
    until(owner, lambda: box.ports.pairing.entry("").open_play)
    owner.evaluate("on_time = true; late.forEach((go) => go())")
    owner.wait_for_timeout(500)
    switch.tap()
    until(owner, lambda: not box.ports.pairing.entry("").open_play)
    expect(switch).not_to_be_checked()
