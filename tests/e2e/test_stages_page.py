"""The chain of stages in a real browser: row, sheets, tone, and learning the room, by touch and by keyboard."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.rigs.phone import CHROMIUM, Box, drag, expect, swipe, until
from web_ui.ports.pairing import PLAYER

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
Open = Callable[..., Any]
WIDE = {"width": 1280, "height": 800}


def sheet_of(page: Any, name: str) -> Any:
    page.locator(f"#stage-{name}").scroll_into_view_if_needed()
    page.locator(f"#stage-{name}").tap()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_be_visible()
    return sheet


def test_the_row_shows_each_stage_in_its_order_with_its_light(open_page: Open, box: Box):
    page = open_page()
    tiles = page.locator("#stages .stage[id]")
    expect(tiles).to_have_count(17)
    names = [stage.name for stage in box.ports.live.status().stages]
    assert tiles.evaluate_all("(all) => all.map(({ id }) => id.replace('stage-', ''))") == names
    deess = page.locator("#stage-deess")
    expect(deess).to_have_attribute("data-state", "off")
    expect(deess).to_have_attribute("aria-label", "De-ess, off")
    box.ports.live.set_param("deess.on", 1.0, "panel")
    expect(deess).to_have_attribute("data-state", "works")
    expect(page.locator("#stage-hum")).to_have_attribute("aria-label", "Hum, at work, \u221214 dB")
    box.ports.live.set_param("compressor.place", 1.0, "panel")
    box.ports.live.set_param("deess.place", 4.0, "panel")
    until(page, lambda: tiles.nth(11).get_attribute("id") == "stage-compressor")
    box.ports.live.has_stages = False  # music
    expect(page.locator("#stages")).to_be_hidden()


def test_a_tap_opens_a_long_press_switches_and_a_swipe_plays_it_alone(open_page: Open, box: Box):
    page = open_page()
    page.locator("#stage-declick").click(delay=700)
    until(page, lambda: box.value("declick.on") == 1.0)
    expect(page.locator("#notices")).to_contain_text("Clicks is on.")
    expect(page.get_by_role("dialog")).to_have_count(0)
    swipe(page, "#stage-declick", 4, -60)
    until(page, lambda: box.value("chain.solo") == 2.0)
    expect(page.locator("#bypass-state")).to_have_text("Hearing: Clicks")
    expect(page.locator("#stage-declick")).to_have_class("stage alone")
    expect(page.locator("#hear-removed")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("#bypass").tap()  # one tap back
    until(page, lambda: box.value("chain.solo") == 0.0)
    assert box.value("box.bypass") == 0.0
    expect(page.locator("#bypass-state")).to_have_text("Processing")
    swipe(page, "#stage-declick", 4, -60)
    until(page, lambda: box.value("chain.solo") == 2.0)
    page.locator("#hear-processed").tap()
    until(page, lambda: box.value("chain.solo") == 0.0)
    sheet = sheet_of(page, "declick")
    expect(sheet).to_contain_text("Mends mouth clicks")
    sheet.get_by_role("button", name="De-click", exact=True).tap()
    until(page, lambda: box.value("declick.on") == 0.0)


def test_a_sideways_swipe_scrolls_the_row_and_changes_nothing(open_page: Open, box: Box):
    page = open_page()
    before = box.ports.live.values()
    swipe(page, "#stage-plosives", -150, 5)
    page.wait_for_timeout(400)
    assert page.locator(".stage-row").evaluate("(row) => row.scrollLeft") > 50
    assert box.ports.live.values() == before
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_is_off_has_nothing_to_hear_alone_and_the_limiter_stays_on(open_page: Open, box: Box):
    page = open_page()
    swipe(page, "#stage-deess", 0, -60)
    expect(page.locator("#notices")).to_contain_text("De-ess is off: there is nothing to hear alone.")
    page.locator("#stage-limiter").click(delay=700)
    expect(page.locator("#notices")).to_contain_text("Limiter is always on.")
    assert box.value("chain.solo") == 0.0


def test_a_stage_without_a_switch_comes_back_as_it_was(open_page: Open, box: Box):
    page = open_page()
    box.ports.live.set_param("dereverb.amount", 0.3, "panel")
    expect(page.locator("#stage-dereverb")).not_to_have_attribute("data-state", "off")
    for value in (0.0, 0.3):
        page.locator("#stage-dereverb").click(delay=700)
        until(page, lambda value=value: box.value("dereverb.amount") == value)


def test_a_sheet_tells_settings_figures_and_what_would_help(open_page: Open, box: Box):
    page = open_page()
    sheet = sheet_of(page, "hum")
    expect(sheet).to_contain_text("Strong 50 Hz hum: check the ground of the preamp.")
    expect(sheet).to_contain_text("50.0 Hz")
    expect(sheet).to_contain_text("\u22127.0 dB")
    expect(sheet).to_contain_text("Hum goes ahead of the denoiser")
    sheet.get_by_role("button", name="Hear it alone").tap()
    until(page, lambda: box.value("chain.solo") > 0.0)
    sheet.get_by_role("button", name="Hear all again").tap()
    until(page, lambda: box.value("chain.solo") == 0.0)
    sheet.get_by_role("button", name="Done").tap()
    sheet = sheet_of(page, "gate")
    sheet.get_by_role("slider", name="Gate threshold").fill("-30")
    until(page, lambda: box.value("gate.threshold") == -30.0)
    sheet.get_by_role("slider", name="Gate threshold").click(button="right")  # as everywhere: learn, reset, exact value
    expect(page.get_by_role("dialog", name="Gate threshold")).to_contain_text("Learn")


def test_a_stage_is_moved_where_that_makes_sense(open_page: Open, box: Box):
    page = open_page()
    sheet = sheet_of(page, "compressor")
    sheet.get_by_role("button", name="Earlier").tap()
    until(page, lambda: box.value("compressor.place") == 3.0 and box.value("leveller.place") == 4.0)
    expect(sheet).to_contain_text("De-ess \u2192 Tone \u2192 Compress \u2192 Level \u2192 Attack")
    for _ in range(2):
        sheet.get_by_role("button", name="Earlier").tap()
        page.wait_for_timeout(500)
    until(page, lambda: box.value("compressor.place") == 1.0)
    expect(sheet.get_by_role("button", name="Earlier")).to_be_disabled()


def test_tone_is_dragged_widened_and_reset(open_page: Open, box: Box):
    page = open_page()
    sheet = sheet_of(page, "eq")
    dot = page.locator(".eq-dot[data-band=mid]")
    expect(dot).to_be_visible()
    drag(page, ".eq-dot[data-band=mid]", 40, -40)
    until(page, lambda: box.value("eq.mid.gain_db") > 4.0 and box.value("eq.mid.hz") > 1200.0)
    expect(sheet.get_by_role("button", name="Mids", exact=True)).to_have_attribute("aria-pressed", "true")
    assert box.value("eq.low_mid.gain_db") == box.value("eq.high_mid.gain_db") == 0.0
    before = box.value("eq.mid.q")
    page.locator(".eq-face").hover()
    page.mouse.wheel(0, 100)
    until(page, lambda: box.value("eq.mid.q") < before)
    spot = dot.bounding_box()
    page.wait_for_timeout(500)
    for _ in range(2):
        page.touchscreen.tap(spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
    until(page, lambda: box.value("eq.mid.gain_db") == 0.0)


def test_two_fingers_make_a_band_wider(open_page: Open, box: Box):
    page = open_page()
    sheet_of(page, "eq")
    spot = page.locator(".eq-dot[data-band=mid]").bounding_box()
    x, y = spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
        page.wait_for_timeout(30)

    send("touchStart", (x, y))
    send("touchStart", (x, y), (x + 40, y))
    for apart in (60, 80):
        send("touchMove", (x, y), (x + apart, y))
    send("touchEnd")
    until(page, lambda: box.value("eq.mid.q") == pytest.approx(0.5, abs=0.02))
    assert box.value("eq.mid.gain_db") == 0.0


def test_tone_is_played_by_the_keyboard_alone(open_page: Open, box: Box):
    page = open_page(WIDE, has_touch=False)
    page.locator("#stage-eq").focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="High shelf", exact=True).focus()
    page.keyboard.press("Space")
    sheet.get_by_role("slider", name="High shelf", exact=True).focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    until(page, lambda: box.value("eq.high.gain_db") > 0.5)
    before = box.value("eq.high.hz")
    sheet.get_by_role("slider", name="High shelf, frequency").focus()
    page.keyboard.press("ArrowLeft")
    until(page, lambda: 0.9 * before < box.value("eq.high.hz") < before)
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)


def test_a_player_sees_the_chain_and_changes_nothing(open_page: Open, box: Box):
    box.ports.pairing.pair("owner", "The owner's")
    page = open_page_of(open_page, box)
    before = box.ports.live.values()
    page.locator("#stage-declick").click(delay=700)
    expect(page.locator("#notices")).to_contain_text("may look at the chain")
    swipe(page, "#stage-hum", 0, -60)
    sheet = sheet_of(page, "gate")
    expect(sheet.get_by_role("slider", name="Gate threshold")).to_be_disabled()
    expect(sheet.get_by_role("button", name="Gate", exact=True)).to_be_disabled()
    assert box.ports.live.values() == before
    page.keyboard.press("Escape")
    expect(page.locator(".stage-room")).to_be_hidden()


def open_page_of(open_page: Open, box: Box) -> Any:
    session = box.ports.pairing.pair(PLAYER)
    page = open_page.visit("#play", session=session)
    page.wait_for_selector('body[data-link="live"]')
    page.wait_for_selector("#stage-hum")
    return page


def test_the_room_is_learned_cancelled_refused_and_used(open_page: Open, box: Box):
    page, room = open_page(), box.ports.room
    page.locator(".stage-room").scroll_into_view_if_needed()
    page.locator(".stage-room").tap()
    sheet = page.get_by_role("dialog")
    learn = sheet.locator(".room-keys .plain").first
    expect(sheet).to_contain_text("Nothing learned yet.")
    expect(sheet.get_by_role("button", name="Use")).to_be_hidden()
    learn.tap()
    expect(sheet).to_contain_text("Be quiet, please: 3")
    expect(sheet).to_contain_text("Be quiet, please: 2")
    sheet.get_by_role("button", name="Cancel").tap()
    expect(sheet).to_contain_text("Nothing learned yet.")
    room.quiet_s, room.spoken = 0.6, True
    learn.tap()
    expect(sheet).to_contain_text("That was not quiet: somebody spoke or something moved.")
    room.spoken = False
    learn.tap()
    expect(sheet).to_contain_text("Learned")
    expect(sheet).to_contain_text("Gate threshold: \u221247.0\u00a0dB")
    expect(sheet).to_contain_text("50.0 Hz, \u221258 dB")
    assert box.value("gate.threshold") == -60.0
    sheet.get_by_role("button", name="Use").tap()
    until(page, lambda: box.value("gate.threshold") == -47.0)
    expect(sheet).to_contain_text("Set. Undo takes all of it back at once.")
    sheet.get_by_role("button", name="Done").tap()
    expect(page.locator("#undo")).to_have_attribute("aria-label", "Undo: What the room asks for")
    page.locator("#undo").tap()
    until(page, lambda: box.value("gate.threshold") == -60.0)


def test_on_a_wide_screen_the_chain_is_a_card_beside(open_page: Open, box: Box):
    page = open_page(WIDE)
    expect(page.locator("#beside-stages #stage-hum")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("#stages-here #stage-hum")).to_be_visible()


def test_without_the_box_no_light_is_on(open_page: Open, box: Box):
    page = open_page()
    expect(page.locator("#stage-hum")).to_have_attribute("data-state", "works")
    sheet = sheet_of(page, "hum")
    box.off()
    expect(page.locator("#stage-hum")).to_have_attribute("data-state", "unknown")
    expect(sheet.locator("dd").first).to_have_text("\u2013")
    expect(sheet.get_by_role("button", name="Hum", exact=True)).to_be_disabled()
    box.on()
    expect(page.locator("#stage-hum")).to_have_attribute("data-state", "works")
