"""Presets and Look in a real browser: every task a player has there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.phone import CHROMIUM, PHONE, Box, expect, until
from web_ui.ports.pairing import OWNER
from web_ui.visitors.phones import Rank, Visitor

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
Open = Callable[..., Any]


# --- Presets ---


def name_it(page: Any, name: str, key: str) -> None:
    page.locator("#dialog-text").fill(name)
    page.get_by_role("dialog").get_by_role("button", name=key, exact=True).tap()


def listed(page: Any) -> list[str]:
    return list(page.locator(".preset-load strong").all_inner_texts())


def test_a_preset_is_saved_compared_reverted_renamed_moved_and_deleted(open_page: Open, box: Box):
    page, other = open_page(view="presets"), open_page(view="presets")
    box.ports.live.set_param("denoise.amount_db", 7.0, "panel")
    page.get_by_role("button", name="Save as…").tap()
    name_it(page, "Gentle", "Save")
    expect(page.locator(".dialog .sheet-status")).to_contain_text("taken by a factory preset")
    name_it(page, "Chapel", "Save")
    expect(page.locator("#now-name")).to_have_text("Chapel")
    expect(page.locator("#now-state")).to_have_text("unchanged")
    expect(other.locator("#now-name")).to_have_text("Chapel")  # every phone is told

    box.ports.live.set_param("denoise.amount_db", 30.0, "panel")
    expect(page.locator("#now-state")).to_have_text("1 change")
    expect(page.locator("#now-differences")).to_have_text("Noise reduction7.0\u00a0dB → 30.0\u00a0dB")
    page.get_by_role("button", name="Revert").tap()
    until(page, lambda: box.value("denoise.amount_db") == 7.0)
    box.ports.live.set_param("denoise.amount_db", 8.0, "panel")
    page.get_by_role("button", name="Save", exact=True).tap()
    expect(page.locator("#now-state")).to_have_text("unchanged")

    page.get_by_role("button", name="Chapel: rename").tap()
    page.get_by_role("button", name="Rename", exact=True).tap()
    name_it(page, "Choir", "Rename")
    expect(page.locator("#now-name")).to_have_text("Choir")
    box.ports.presets.duplicate("Gentle")
    until(page, lambda: listed(page) == ["Gentle 2", "Choir", "Gentle", "Singer live", "Podcast"])
    page.get_by_role("button", name="Choir: rename").tap()
    page.get_by_role("button", name="Move up").tap()
    until(page, lambda: listed(page)[:2] == ["Choir", "Gentle 2"])
    page.get_by_role("button", name="Choir: rename").tap()
    page.get_by_role("button", name="Move down").tap()
    until(page, lambda: listed(page)[:2] == ["Gentle 2", "Choir"])
    page.get_by_role("button", name="Choir: rename").tap()
    page.get_by_role("button", name="Delete").tap()
    until(page, lambda: "Choir" not in listed(page))
    page.get_by_role("button", name="Undo: delete Choir").tap()
    until(page, lambda: "Choir" in listed(page))
    until(page, lambda: listed(other) == listed(page))


def test_factory_presets_offer_no_change_but_a_copy(open_page: Open, box: Box):
    page = open_page(view="presets")
    page.locator(".preset-load", has_text="Gentle").tap()
    expect(page.locator("#now-name")).to_have_text("Gentle")
    box.ports.live.set_param("denoise.amount_db", 30.0, "panel")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Gentle: rename").tap()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Delete")).to_have_count(0)
    expect(dialog.get_by_role("button", name="Rename", exact=True)).to_have_count(0)
    dialog.get_by_role("button", name="Duplicate").tap()
    until(page, lambda: listed(page) == ["Gentle 2", "Gentle", "Singer live", "Podcast"])
    expect(page.locator("#presets-yours + ul")).to_contain_text("Gentle 2")


def test_presets_leave_and_come_back_as_a_file(open_page: Open, box: Box, tmp_path: Path):
    page = open_page(view="presets")
    page.get_by_role("button", name="Export mine").tap()
    expect(page.locator("#notices")).to_contain_text("no presets of your own yet")
    box.ports.presets.save("Chapel", "")
    until(page, lambda: "Chapel" in listed(page))
    with page.expect_download() as download:
        page.get_by_role("button", name="Export mine").tap()
    file = tmp_path / "presets.json"
    download.value.save_as(file)
    assert json.loads(file.read_text())["presets"][0]["name"] == "Chapel"
    page.locator("#preset-import").set_input_files(file)
    expect(page.locator("#notices")).to_contain_text("Imported: Chapel 2")
    until(page, lambda: "Chapel 2" in listed(page))
    file.write_text("not at all")
    page.locator("#preset-import").set_input_files(file)
    expect(page.locator("#notices")).to_contain_text("presets.json is not a preset file")


def test_scenes_are_kept_recalled_and_offer_the_morph(open_page: Open, box: Box):
    page = open_page(view="presets")
    expect(page.locator("#scene-A")).to_be_disabled()
    expect(page.locator("#morph")).to_be_hidden()
    box.ports.live.set_param("denoise.amount_db", 5.0, "panel")
    page.get_by_role("button", name="Save as A").tap()
    until(page, lambda: box.ports.presets.view().scenes["A"])
    box.ports.live.set_param("denoise.amount_db", 35.0, "panel")
    page.get_by_role("button", name="Save as B").tap()
    until(page, lambda: box.ports.presets.view().scenes["B"])
    page.get_by_role("button", name="Scene A").tap()
    until(page, lambda: box.value("denoise.amount_db") == 5.0)
    expect(page.locator("#scene-A")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("slider", name="Morph").fill("40")
    until(page, lambda: box.value("scenes.morph") == 40.0)


# --- Look ---


def drawn(page: Any, canvas: str) -> int:
    """How many colours a canvas shows."""
    return int(
        page.evaluate(
            """(id) => {
              const canvas = document.getElementById(id);
              const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
              return new Set(new Uint32Array(data.buffer)).size;
            }""",
            canvas,
        )
    )


def test_the_spectrum_is_drawn_only_while_somebody_looks(open_page: Open, box: Box):
    looks = box.server._app.extensions["hushbox.sound"].looks
    page = open_page(view="look")
    until(page, lambda: looks.taken == 1)
    until(page, lambda: drawn(page, "spectrum") > 20 and drawn(page, "spectrogram") > 50)
    page.locator("#tab-play").tap()
    until(page, lambda: looks.taken == 0)
    page.locator("#tab-look").tap()
    until(page, lambda: looks.taken == 1)
    page.close()
    deadline = open_page()
    until(deadline, lambda: looks.taken == 0)


def test_the_history_marks_what_went_wrong_and_tells_a_moment(open_page: Open):
    page = open_page(view="look")
    expect(page.locator("#history-words")).to_contain_text("xruns,")
    words = page.locator("#history-words").inner_text()
    assert "0 xruns" not in words  # the fake had some
    canvas = page.locator("#history")
    canvas.scroll_into_view_if_needed()
    canvas.press("ArrowLeft")
    expect(page.locator("#history-words")).to_contain_text("ago: in")
    page.keyboard.press("Tab")
    expect(page.locator("#history-words")).to_contain_text("Last five minutes")


def test_listening_starts_goes_on_in_other_views_and_ends_with_the_page(open_page: Open, box: Box):
    listeners = box.server._app.extensions["hushbox.sound"].listeners
    page = open_page(view="look")
    page.get_by_role("button", name="Listen", exact=True).tap()
    expect(page.locator("#live-words")).to_have_text("Playing.")
    expect(page.locator("#notices")).to_contain_text("This phone plays the box's sound: Output.")
    assert listeners.taken == 1
    page.locator('#live-choice input[value="removed"]').check(force=True)
    expect(page.locator("#live-words")).to_have_text("Playing.")
    until(page, lambda: listeners.taken == 1)
    page.locator("#tab-play").tap()
    expect(page.locator("#notices")).to_contain_text("Removed")
    assert listeners.taken == 1
    other = open_page()
    page.close()
    until(other, lambda: listeners.taken == 0)


def test_one_listener_too_many_is_refused_in_words(open_page: Open, box: Box):
    listeners = box.server._app.extensions["hushbox.sound"].listeners
    owner = Visitor(Rank.OWNER, "192.0.2.1", lambda: None)  # his slots go to no other phone
    taken = [listeners.take(owner) for _ in range(listeners.most)]
    page = open_page(view="look")
    page.get_by_role("button", name="Listen", exact=True).tap()
    expect(page.locator("#live-words")).to_contain_text("2 phones listen, which is the limit")
    for slot in taken:
        slot.release()


# --- not for everybody ---


def test_looking_offers_to_pair_where_only_playing_is_everybodys(open_page: Open, box: Box):
    box.ports.pairing.everybody = ""
    box.ports.pairing.pair(OWNER)
    box.ports.pairing.set_open_play(True)
    box.ports.pin.change("2468", "")
    page = open_page(view="play")
    page.locator("#tab-look").tap()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="Not now").tap()
    expect(page.locator("#view-play")).to_be_visible()
    page.wait_for_timeout(1500)  # nothing there asks again
    expect(sheet).to_have_count(0)
    page.locator("#tab-look").tap()
    sheet.get_by_label("PIN", exact=True).fill("2468")
    sheet.get_by_role("button", name="Unlock").tap()
    expect(sheet).to_have_count(0)
    page.locator("#tab-look").tap()
    until(page, lambda: box.server._app.extensions["hushbox.sound"].looks.taken == 1)


# --- the whole page ---


def test_the_screen_is_kept_on_without_a_secure_context(open_page: Open):
    page = open_page()
    assert page.evaluate("'wakeLock' in navigator") is False
    playing = """(() => {
      const video = document.querySelector('.awake');
      return Boolean(video && !video.paused && video.srcObject.active && video.videoWidth > 0);
    })()"""
    until(page, lambda: page.evaluate(playing) is True)
    first = page.evaluate("document.querySelector('.awake').currentTime")
    until(page, lambda: page.evaluate("document.querySelector('.awake').currentTime") > first)
    page.locator("#tab-setup").tap()
    page.locator("#line-phone a").tap()
    page.get_by_role("button", name="Stays on").tap()
    expect(page.locator("#setup-phone")).to_contain_text("turns off as this phone is set")
    assert page.evaluate("document.querySelector('.awake').paused") is True


GROUNDS = {"dark": "rgb(14, 16, 18)", "light": "rgb(245, 243, 239)"}
GROUND = "getComputedStyle(document.documentElement).backgroundColor"


@pytest.mark.parametrize(("first", "then"), [("dark", "light"), ("light", "dark")])
def test_the_theme_is_the_phones_and_follows_it(open_page: Open, first: str, then: str):
    page = open_page(view="setup/phone", color_scheme=first)
    assert page.locator('input[name="theme"][value="auto"]').is_checked()
    assert page.evaluate(GROUND) == GROUNDS[first]
    page.emulate_media(color_scheme=then)
    until(page, lambda: page.evaluate(GROUND) == GROUNDS[then])
    bar = page.locator('meta[name="theme-color"]').get_attribute("content")
    assert bar == {"dark": "#0e1012", "light": "#f5f3ef"}[then]


@pytest.mark.parametrize(("phones", "chosen"), [("dark", "light"), ("light", "dark")])
def test_a_theme_that_is_chosen_is_remembered_from_the_first_picture_on(open_page: Open, phones: str, chosen: str):
    page = open_page(view="setup/phone", color_scheme=phones)
    page.locator(f'input[name="theme"][value="{chosen}"]').check(force=True)
    assert page.evaluate(GROUND) == GROUNDS[chosen]
    # The theme as soon as there is a body: nothing is drawn before the style sheet, which comes later.
    page.add_init_script(
        """new MutationObserver((_, watch) => {
          if (!document.body) return;
          window.first = document.documentElement.dataset.theme;
          watch.disconnect();
        }).observe(document, { childList: true, subtree: true })"""
    )
    page.reload()
    page.wait_for_selector('body[data-link="live"]')
    assert page.evaluate("window.first") == chosen
    assert page.evaluate(GROUND) == GROUNDS[chosen]
    page.emulate_media(color_scheme=chosen)
    page.emulate_media(color_scheme=phones)
    page.wait_for_timeout(300)  # it would follow by now
    assert page.evaluate(GROUND) == GROUNDS[chosen]


def test_it_can_be_installed(open_page: Open):
    page = open_page()
    manifest = page.evaluate("fetch(document.querySelector('link[rel=manifest]').href).then((answer) => answer.json())")
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        size = page.evaluate(
            """async (src) => {
              const image = new Image();
              image.src = src;
              await image.decode();
              return `${image.naturalWidth}x${image.naturalHeight}`;
            }""",
            icon["src"],
        )
        assert size == icon["sizes"]


@pytest.mark.parametrize("language", ["en-GB", "de-DE"])
def test_the_first_view_is_small_on_a_phone(browser: Any, box: Box, language: str):
    """Everything it loads until it is live, in bytes on the wire."""
    context = browser.new_context(viewport=PHONE, has_touch=True, locale=language)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    received: dict[str, float] = {}
    session.on(
        "Network.loadingFinished", lambda event: received.update({event["requestId"]: event["encodedDataLength"]})
    )
    page.goto(f"http://hushbox.local:{box.number}/")
    page.wait_for_selector('body[data-link="live"]:not([data-bypass="unknown"])')
    page.wait_for_timeout(500)
    size = sum(received.values())
    outside = page.evaluate(
        "performance.getEntriesByType('resource').filter((e) => !e.name.startsWith(location.origin)).length"
    )
    context.close()
    assert 20_000 < size < 130_000
    assert outside == 0
