"""Play in a real browser: every task a player has there."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.rigs.phone import CHROMIUM, PHONE, Box, expect, swipe, until
from web_ui.ports.pairing import PLAYER

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
Open = Callable[..., Any]


def test_presets_change_on_play_and_say_when_they_are_changed(open_page: Open, box: Box):
    page = open_page()
    expect(page.locator("#preset-name")).to_have_text("No preset loaded")
    page.get_by_role("button", name="Next preset").tap()
    expect(page.locator("#preset-name")).to_have_text("Gentle")
    expect(page.locator(".dial-value")).to_have_text("9.0")
    expect(page.locator("#preset-state")).to_have_text("")
    box.ports.live.set_param("denoise.amount_db", 12.0, "panel")
    expect(page.locator("#preset-state")).to_have_text("1 change")
    page.get_by_role("button", name="Previous preset").tap()
    expect(page.locator("#preset-name")).to_have_text("Podcast")


def test_scrolling_past_a_control_changes_nothing_and_a_sideways_swipe_does(open_page: Open, box: Box):
    page = open_page({"width": 390, "height": 500})
    before = {view.id: view.value for view in box.ports.live.params()}
    page.locator("#more summary").tap()
    for control in ("#amount .dial", "#more .fader >> nth=0"):
        page.locator(control).evaluate("(node) => node.scrollIntoView({ block: 'center' })")
        scrolled = page.evaluate("scrollY")
        swipe(page, control, 12, -150)
        page.wait_for_timeout(300)
        assert page.evaluate("scrollY") != scrolled
    assert {view.id: view.value for view in box.ports.live.params()} == before
    swipe(page, "#amount .dial", 90, 6)
    until(page, lambda: box.value("denoise.amount_db") > 30.0)


def test_one_switch_chooses_what_is_heard_at_equal_loudness(open_page: Open, box: Box):
    page = open_page()
    below = page.locator("#amount").bounding_box()
    page.get_by_role("button", name="Untouched").tap()
    until(page, lambda: box.value("box.bypass") == 1.0)
    assert box.ports.sound.comparison().on
    expect(page.locator("#bypass-state")).to_have_text("Bypassed")
    expect(page.locator("#bypass-hint")).to_have_text("untouched \u22122.5 dB to match")
    expect(page.locator("#hear-untouched")).to_have_attribute("aria-pressed", "true")
    box.ports.live.set_param("box.bypass", 0.0, "panel")  # by foot
    expect(page.locator("#hear-processed")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#bypass-state")).to_have_text("Comparing")
    assert page.locator("#amount").bounding_box() == below  # nothing was pushed away
    page.get_by_role("button", name="Removed").tap()
    until(page, lambda: box.value("denoise.listen") == 1.0)
    expect(page.locator("#bypass-state")).to_have_text("Hearing the removed")
    page.locator("#hear-processed").tap()
    until(page, lambda: box.value("denoise.listen") == 0.0)
    page.locator("#hear-processed").tap()  # again: enough compared
    expect(page.locator("#bypass-state")).to_have_text("Processing")
    assert not box.ports.sound.comparison().on
    assert list(box.ports.live.steps()) == []  # a comparison changes nothing


def test_clipping_holds_until_it_is_tapped(open_page: Open, box: Box):
    page = open_page()
    box.ports.live.set_param("input.gain_db", 24.0, "panel")
    clip = page.locator(".bar.clipped").first
    expect(clip).to_be_visible()
    box.ports.live.set_param("input.gain_db", -24.0, "panel")
    page.wait_for_timeout(1500)
    expect(clip).to_be_visible()
    page.locator(".meter-grid").tap()
    expect(page.locator(".bar.clipped")).to_have_count(0)


STATES = (
    (
        {"shed": "the sound passes without any model or stage", "output": "overloaded"},
        "Overloaded, dry",
        "bad",
        "dry: too much load",
    ),
    ({"output": "model off"}, "Model off, dry", "bad", "dry: model off"),
    ({"shed": "a lighter model reduces the noise"}, "Processing", "busy", "busy: light model"),
    ({"temperature_c": 84.0}, "Processing", "busy", "hot: 84 \u00b0C"),
    ({"load_mean": 0.93}, "Processing", "busy", "busy: 93 %"),
    ({"state": "waiting for device"}, "No sound", "busy", "Waiting for device"),
    ({"audio_alive": False, "state": "down"}, "No sound", "bad", "Audio is down"),
    ({}, "Processing", "good", "8.0 ms \u00b7 healthy"),
)


def test_the_large_button_and_the_chip_say_what_is_true(open_page: Open, box: Box):
    page, usual = open_page(), box.ports.live.status_now
    for changes, state, level, chip in STATES:
        box.ports.live.status_now = replace(usual, **changes)
        box.ports.live.tell()
        expect(page.locator("#bypass-state")).to_have_text(state)
        expect(page.locator("#link-text")).to_have_text(chip)
        expect(page.locator("#health")).to_have_attribute("data-level", level)


def test_a_muted_box_says_so_and_the_large_button_unmutes_on_purpose_only(open_page: Open, box: Box):
    page = open_page()
    box.ports.live.set_param("box.bypass", 1.0, "panel")
    box.ports.live.set_param("box.mute", 1.0, "panel")
    expect(page.locator("#bypass-state")).to_have_text("Muted")
    page.locator("#bypass").dispatch_event("click")  # a thumb that was on its way when a foot muted
    page.wait_for_timeout(700)
    assert box.value("box.mute") == 1.0
    page.locator("#bypass").tap()
    until(page, lambda: box.value("box.mute") == 0.0)
    assert box.value("box.bypass") == 1.0
    expect(page.locator("#bypass-state")).to_have_text("Bypassed")


def test_undo_takes_back_what_a_foot_did_and_lists_all(open_page: Open, box: Box):
    page = open_page()
    expect(page.locator("#undo")).to_be_disabled()
    box.ports.live.set_param("denoise.amount_db", 6.0, "panel:amount")
    box.ports.live.set_param("box.wet_percent", 40.0, "page")
    box.ports.live.set_param("box.mute", 1.0, "panel:left")
    expect(page.locator("#undo")).to_have_attribute("aria-label", "Undo: Mute off \u2192 on")
    page.locator("#undo").tap()
    until(page, lambda: box.value("box.mute") == 0.0)
    expect(page.locator("#notices")).to_contain_text("Undone: Mute on \u2192 off.")
    page.locator("#undo").click(delay=700)
    menu = page.get_by_role("dialog")
    expect(menu.get_by_role("button").first).to_contain_text("Wet 100 % \u2192 40 %".replace(" %", "\u00a0%"))
    expect(menu.get_by_role("button").nth(1)).to_contain_text("panel amount,")
    menu.get_by_role("button").nth(1).tap()
    until(page, lambda: box.value("denoise.amount_db") == 24.0 and box.value("box.wet_percent") == 100.0)
    expect(page.locator("#undo")).to_be_disabled()


def test_a_long_press_offers_learn_reset_and_an_exact_value(open_page: Open, box: Box):
    page = open_page()
    box.ports.live.set_param("denoise.amount_db", 6.0, "panel")
    dial = page.get_by_role("slider", name="Noise reduction")
    dial.click(delay=700)
    menu = page.get_by_role("dialog")
    expect(menu).to_contain_text("How far noise is turned down. Now 6.0\u00a0dB.")
    menu.get_by_role("button", name="Exact value").tap()
    page.locator("#dialog-text").fill("99")
    page.get_by_role("button", name="Set", exact=True).tap()
    expect(page.get_by_role("dialog")).to_contain_text("99: 0.0\u00a0dB to 40.0\u00a0dB is allowed")
    page.locator("#dialog-text").fill("12,5")
    page.get_by_role("button", name="Set", exact=True).tap()
    until(page, lambda: box.value("denoise.amount_db") == 12.5)
    dial.click(button="right")
    menu.get_by_role("button", name="Reset to 24.0").tap()
    until(page, lambda: box.value("denoise.amount_db") == 24.0)
    page.locator("#mute").click(delay=700)
    assert box.value("box.mute") == 0.0  # the long press is no press
    menu.get_by_role("button", name="Learn").tap()
    expect(page.locator(".listening")).to_be_visible()
    box.ports.simulator.press("footswitch", True)
    expect(page.locator(".heard-where")).to_contain_text("Footswitch")
    page.locator("#save-mapping").tap()
    until(
        page, lambda: any(m.action == {"do": "toggle", "param": "box.mute"} for m in box.ports.panel.setup().mappings)
    )


def test_the_keyboard_plays(open_page: Open, box: Box):
    page = open_page({"width": 1280, "height": 800}, has_touch=False)
    for key, id, value in (
        (" ", "box.bypass", 1.0), (" ", "box.bypass", 0.0), ("m", "box.mute", 1.0), ("m", "box.mute", 0.0),
        ("ArrowUp", "denoise.amount_db", 25.0), ("r", "denoise.listen", 1.0), ("p", "denoise.listen", 0.0),
        ("2", "denoise.amount_db", 18.0), ("ArrowLeft", "denoise.amount_db", 9.0), ("z", "denoise.amount_db", 18.0),
    ):  # fmt: skip
        if key == "z":  # once the page knows of the change
            expect(page.locator("#undo")).to_have_attribute("aria-label", "Undo: Preset Gentle")
        page.keyboard.press(key)
        until(page, lambda id=id, value=value: box.value(id) == value)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Space")
    page.keyboard.press("m")  # a dialog is open: not now
    page.wait_for_timeout(200)
    assert box.value("box.mute") == 0.0


def test_scenes_on_play_are_kept_recalled_and_morphed(open_page: Open, box: Box):
    page = open_page()
    expect(page.locator("#play-morph")).to_be_hidden()
    for scene, amount in (("A", 5.0), ("B", 35.0)):
        box.ports.live.set_param("denoise.amount_db", amount, "panel")
        page.locator(f"#play-scene-{scene}").tap()
        until(page, lambda scene=scene: box.ports.presets.view().scenes[scene])
    page.locator("#play-scene-A").tap()
    until(page, lambda: box.value("denoise.amount_db") == 5.0)
    expect(page.locator("#play-scene-A")).to_have_attribute("aria-pressed", "true")
    page.locator("#play-morph input").fill("40")
    until(page, lambda: box.value("scenes.morph") == 40.0)


SIZES = ({"width": 320, "height": 568}, PHONE, {"width": 844, "height": 390}, {"width": 1280, "height": 800})


@pytest.mark.parametrize("size", SIZES)
def test_play_fits_one_screen(open_page: Open, box: Box, size: dict[str, int]):
    page = open_page(size)
    page.wait_for_timeout(300)
    bar = page.locator("#tabs").bounding_box()
    lowest = bar["y"] if bar["width"] == size["width"] else size["height"]
    for id in ("health", "preset-name", "undo", "meters", "bypass", "hear", "amount", "mute", "play-scene-B"):
        spot = page.locator(f"#{id}").bounding_box()
        assert 0 <= spot["y"] <= lowest - spot["height"], id
        assert 0 <= spot["x"] <= size["width"] - spot["width"], id
    assert page.locator("#beside").is_visible() is (size["width"] == 1280)


def test_a_player_has_nothing_beside_play(open_page: Open, box: Box):
    box.ports.pairing.everybody = PLAYER
    page = open_page({"width": 1280, "height": 800})
    page.wait_for_timeout(800)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#beside")).to_be_hidden()
