"""All views and sheets on four screens, in English, German and a long pseudo-locale from right to left, in both themes.

Nothing is cut, nothing lies over something else, nothing scrolls sideways, and every target is a thumb's size
(tests/rigs/layout.py says how that is found).
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware_app.config.panel_keys import DEFAULT_PANEL
from tests.rigs.layout import SIZES, Walker
from tests.rigs.panel_box import PanelBox
from tests.rigs.phone import CHROMIUM, Box, Opener, expect
from tests.rigs.pseudo_locale import CODE, mirrored

Open = Callable[..., Any]
LANGUAGES = {"en": {}, "de": {"locale": "de-AT"}, "rtl": {"query": f"?lang={CODE}"}}
BACKUP = b'{"hushbox_backup": 1, "made_at": "2026-01-30 10:00:00", "files": {"state.json": {}}}'

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
    pytest.mark.parametrize("language", LANGUAGES),
    pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size['width']}x{size['height']}"),
]


@pytest.fixture
def box() -> Iterator[Box]:
    box = Box(mirrored())
    yield box
    box.off()


@pytest.fixture
def walker(open_page: Open, box: Box, size: dict[str, int], language: str) -> Iterator[Walker]:
    walker = Walker(open_page(size, **LANGUAGES[language]), f"{language}-{size['width']}")
    yield walker
    assert not walker.found, "\n".join(walker.found)


def test_play_and_its_sheets(walker: Walker, box: Box):
    page, live = walker.page, box.ports.live
    walker.reads("play")
    for what in ("mute", "bypass"):
        live.set_param(f"box.{what}", 1.0, "panel")
        walker.reads(what)
        live.set_param(f"box.{what}", 0.0, "panel")
    for side in ("untouched", "removed", "processed"):
        page.locator(f"#hear-{side}").tap()
        walker.reads(side)
    live.set_status(demo=True, message="Demo", calm=True)
    walker.reads("demo")
    live.set_status(demo=False, message="", calm=False)
    for scene in "AB":
        box.ports.presets.keep_scene(scene)
    live.set_param("denoise.amount_db", 6.0, "panel:amount")
    walker.reads("scenes")
    page.locator("#health").tap()
    walker.reads("health")
    walker.closes()
    page.locator("#undo").click(delay=700)
    walker.reads("undo list")
    walker.closes()
    page.locator(".dial").click(delay=700)
    walker.reads("long press")
    page.locator("dialog .menu-item").nth(2).tap()
    walker.reads("exact value")
    walker.closes()
    page.keyboard.press("?")
    walker.reads("keys")
    walker.closes()
    page.locator("#more summary").tap()
    walker.reads("all settings")
    gone = "The audio interface is gone: plug it in again and sound comes back by itself."
    live.set_status(safe_mode="it crashed three times", message=gone)
    walker.reads("safe mode")


def test_the_stages_and_their_sheets(walker: Walker, box: Box):
    page, live = walker.page, box.ports.live
    for id in ("declick.on", "gate.on", "deess.on", "eq.on", "compressor.on"):
        live.set_param(id, 1.0, "panel")
    walker.reads("stages at work")
    live.set_param("chain.solo", 2.0, "panel")
    walker.reads("a stage alone")
    live.set_param("chain.solo", 0.0, "panel")
    for name in ("deess", "hum", "eq", "compressor", "limiter", "denoise"):
        page.locator(f"#stage-{name}").evaluate("(tile) => tile.click()")
        expect(page.get_by_role("dialog")).to_be_visible()
        walker.reads(name)
        walker.closes()
    box.ports.room.quiet_s = 1.5
    page.locator(".stage-room").evaluate("(tile) => tile.click()")
    walker.reads("the room")
    page.locator(".room-keys .plain").first.tap()
    walker.reads("quiet", 300)
    expect(page.locator(".room-list li")).to_have_count(2)
    walker.reads("the room learned")


def test_look_and_presets(walker: Walker, box: Box):
    page = walker.page
    box.ports.presets.step(1)
    page.locator("#tab-look").tap()
    walker.reads("look", 1000)
    page.locator("#tab-presets").tap()
    expect(page.locator(".preset-load").first).to_be_visible()
    walker.reads("presets")
    page.locator(".more-key").first.tap()
    walker.reads("a preset's menu")
    walker.closes()
    page.locator("#preset-save-as").tap()
    walker.reads("save as")
    walker.closes()


def test_takes(walker: Walker, box: Box):
    page, takes = walker.page, box.ports.takes
    takes.record()
    walker.reads("recording")
    takes.end()
    for _ in range(2):
        takes.keep()
    id = takes.listed().takes[0].id
    takes.tell_of(id, marks=((0.5, "1"), (1.6, "2")), missing_s=0.4, gaps=1, where="X")
    takes.retry(id, "Gentle")
    page.evaluate("location.hash = '#takes'")
    expect(page.locator(".take-row")).to_have_count(3)
    walker.reads("takes")
    page.evaluate("(id) => { location.hash = `#takes/${encodeURIComponent(id)}`; }", id)
    expect(page.locator(".take-marks li")).to_have_count(2)
    walker.reads("a take")
    page.locator(".take .key-row:not([hidden]) .plain").nth(2).evaluate("(key) => key.click()")
    walker.reads("trim")
    page.locator(".take .more-key").first.tap()
    walker.reads("a take's menu")
    walker.closes()
    other = takes.listed().takes[1].id
    page.evaluate("(ids) => { location.hash = `#takes/${ids.map(encodeURIComponent).join('/with/')}`; }", [id, other])
    expect(page.locator(".compare .play")).to_be_enabled()
    walker.reads("compare")
    takes.put_into_bin(other)
    page.evaluate("location.hash = '#takes//bin'")
    expect(page.locator(".bin-rows li")).to_have_count(1)
    walker.reads("bin")


def test_set_up(walker: Walker, box: Box):
    page = walker.page
    box.ports.system.restored = "2026-01-31 21:03:00"
    page.locator("#tab-setup").tap()
    expect(page.locator("#line-panel .line-side")).not_to_be_empty()
    walker.reads("list")
    lines = page.locator(".setup-list li").evaluate_all("(all) => all.map((li) => li.id.replace('line-', ''))")
    sections = [line for line in lines if line not in ("", "wizard", "pair")]  # test_pairing_looks.py has the latter
    assert len(sections) == 18
    for line in sections:
        page.evaluate(f"location.hash = '#setup/{line}'")
        section = page.locator(f"#setup-{line}")
        expect(section).to_be_visible()
        page.wait_for_timeout(300)
        section.evaluate("(node) => node.querySelectorAll('details').forEach((part) => (part.open = true))")
        walker.reads(line)
    page.evaluate("location.hash = '#setup/models'")
    page.locator("[id^=model-try-]").first.tap()
    expect(page.locator(".try-out")).to_be_visible()
    walker.reads("try-out")
    page.evaluate("location.hash = '#setup/backup'")
    file = {"name": "b.json", "mimeType": "application/json", "buffer": BACKUP}
    page.locator("#restore-file").set_input_files(file)
    expect(page.locator("#setup-backup h3")).to_be_visible()
    walker.reads("restore question")
    page.evaluate("location.hash = '#setup/latency'")
    page.locator("#setup-latency .latency-test .plain").first.tap()
    walker.reads("cable")


def test_the_first_steps(walker: Walker, box: Box):
    page = walker.page
    page.locator("#tab-setup").tap()
    page.locator("#setup-wizard .strong").first.tap()
    for step in range(1, 11):
        expect(page.locator(".step-title")).to_be_visible()
        walker.reads(f"step {step}")
        if step == 1:
            page.locator("#setup-wizard .pick-line").nth(1).tap()
            expect(page.locator("#purpose-preset")).to_be_visible()
            walker.reads("what was chosen")
        if step < 10:
            before = page.locator(".step-title").inner_text()
            page.locator("#setup-wizard .pair .strong").tap()
            expect(page.locator(".step-title")).not_to_have_text(before)


@pytest.fixture
def panel_box(tmp_path: Path) -> Iterator[PanelBox]:
    box = PanelBox(tmp_path, replace(DEFAULT_PANEL, pins="mock", midi=False), mirrored())
    yield box
    box.close()


def test_stems_and_the_sheets_of_the_panel(browser: Any, panel_box: PanelBox, size: dict[str, int], language: str):
    opener = Opener(browser, lambda: panel_box.number, panel_box.session)
    page = opener(size, **LANGUAGES[language])
    walker = Walker(page, f"{language}-{size['width']}")
    panel_box.performer.recall("Karaoke", "test")
    expect(page.locator("#stems")).to_be_visible()
    walker.reads("stems")
    panel_box.control.set_param("stems.bass.solo", 1, "panel:left")
    walker.reads("solo")
    panel_box.performer.recall("Voice over music", "test")
    walker.reads("voice over music")
    panel_box.setup.add_control("pedals", {"name": "pedal", "channel": 2})
    page.evaluate("location.hash = '#setup/panel'")
    keys = page.locator("#setup-panel .rows, #setup-panel .plain").first
    expect(keys).to_be_visible()
    walker.reads("panel")
    page.locator("#setup-panel .group > .plain.strong").tap()
    walker.reads("mapping")
    page.locator("#learn").tap()
    expect(page.locator(".listening")).to_be_visible()
    walker.reads("learning")
    panel_box.ports.simulator.press("footswitch", True)
    time.sleep(0.1)
    panel_box.ports.simulator.press("footswitch", False)
    expect(page.locator("#save-mapping")).to_be_visible()
    walker.reads("learned")
    page.keyboard.press("Escape")
    page.locator("#setup-panel .group > .plain:not(.strong, .link-button)").first.tap()
    for kind in page.locator("#control-kind option").evaluate_all("(all) => all.map(({ value }) => value)"):
        page.locator("#control-kind").select_option(kind)
        walker.reads(f"control {kind}", 150)
    page.keyboard.press("Escape")
    page.locator(
        "#setup-panel .group:has(> .plain:not(.strong, .link-button)) .row-buttons > :nth-child(2)"
    ).first.evaluate("(remove) => remove.previousSibling.click()")
    expect(page.locator("#calibrate-sheet")).to_be_visible()
    walker.reads("calibrate")
    opener.close()
    assert not walker.found, "\n".join(walker.found)
    assert opener.faults == []
