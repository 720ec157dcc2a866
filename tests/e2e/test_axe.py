"""axe-core on everything a player sees, in both themes: it finds nothing serious."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.phone import CHROMIUM, Box, expect
from web_ui.page import VIEWS

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
    pytest.mark.parametrize("theme", ["dark", "light"]),
]
axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")

Open = Callable[..., Any]
SCRIPT = Path(axe.__file__).parent / "axe.min.js"
# axe does not measure words on a gradient. Each has a plain colour of its middle under it.
FLAT = """() => {
  const flat = new CSSStyleSheet();
  flat.replaceSync('* { background-image: none !important; }');
  document.adoptedStyleSheets.push(flat);
}"""
STEPS = (
    "What is this box for?", "Which interface?", "Which input is the microphone?", "How loud?", "How much latency?",
    "What do your switches do?", "What is the box's name?", "Where is the box?", "Do you want a PIN?", "Sound",
)  # fmt: skip


def opened(open_page: Open, theme: str, view: str) -> Any:
    page = open_page(view=view)
    page.evaluate("(theme) => dispatchEvent(new CustomEvent('hushbox-theme', { detail: theme }))", theme)
    page.evaluate(FLAT)
    page.evaluate(SCRIPT.read_text(encoding="utf-8"))  # past the content security policy, which refuses others' scripts
    return page


def serious(page: Any, where: str) -> list[tuple[str, str, list[str]]]:
    """(where, rule, what breaks it)."""
    page.wait_for_timeout(300)  # colours fade over
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [
        (where, violation["id"], [node["html"][:120] for node in violation["nodes"]][:5])
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("view", VIEWS)
def test_each_view(open_page: Open, box: Box, view: str, theme: str):
    box.ports.presets.step(1)
    page = opened(open_page, theme, view)
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    page.wait_for_timeout(400)
    assert serious(page, view) == []


def test_a_take_two_compared_and_the_bin(open_page: Open, box: Box, theme: str):
    takes = box.ports.takes
    takes.record()
    page = opened(open_page, theme, "play")
    found = serious(page, "recording")
    takes.end()
    takes.keep()
    takes.keep()
    one, other, binned = (take.id for take in takes.listed().takes)
    takes.tell_of(one, marks=((0.5, "Verse"),), missing_s=0.4, gaps=1)
    takes.retry(one, "Gentle")
    takes.put_into_bin(binned)
    for at in (one, f"{one}/with/{other}", "/bin"):
        page.evaluate("(at) => { location.hash = `#takes/${encodeURI(at)}`; }", at)
        expect(page.locator(".take-stage article:not([hidden])")).to_be_visible()
        found += serious(page, at)
    assert found == []


def test_play_while_it_compares_warns_and_is_muted(open_page: Open, box: Box, theme: str):
    page = opened(open_page, theme, "play")
    box.ports.live.set_status(message="The interface is gone.", safe_mode="it crashed three times")
    page.get_by_role("button", name="Untouched").tap()
    expect(page.locator("#bypass-hint")).to_contain_text("to match")
    found = serious(page, "A/B")
    page.get_by_role("button", name="Removed").tap()
    expect(page.locator("#bypass-state")).to_have_text("Model off, dry")  # safe mode
    found += serious(page, "dry")
    box.ports.live.set_status(safe_mode="")
    expect(page.locator("#bypass-state")).to_have_text("Hearing the removed")
    found += serious(page, "the removed")
    box.ports.live.set_param("box.mute", 1.0, "panel")
    expect(page.locator("#bypass-state")).to_have_text("Muted")
    assert found + serious(page, "muted") == []


def test_the_sheets_of_play(open_page: Open, box: Box, theme: str):
    page = opened(open_page, theme, "play")
    box.ports.live.set_param("denoise.amount_db", 6.0, "panel:amount")
    page.locator("#health").tap()
    found = serious(page, "health")
    page.get_by_role("button", name="Done").tap()
    for selector, what in (("#undo", "undo"), (".dial", "the dial's menu")):
        page.locator(selector).click(delay=700)
        found += serious(page, what)
        page.get_by_role("button", name="Cancel").tap()
    page.keyboard.press("?")
    assert found + serious(page, "keys") == []


def test_the_stages_and_their_sheets(open_page: Open, box: Box, theme: str):
    page = opened(open_page, theme, "play")
    for id in ("deess.on", "eq.on", "chain.solo"):
        box.ports.live.set_param(id, 1.0, "panel")
    found = serious(page, "a stage alone")
    for name in ("gate", "hum", "eq", "compressor", "denoise"):
        page.locator(f"#stage-{name}").evaluate("(tile) => tile.click()")
        expect(page.get_by_role("dialog")).to_be_visible()
        found += serious(page, name)
        page.get_by_role("button", name="Done").tap()
    box.ports.room.quiet_s = 0.5
    page.locator(".stage-room").evaluate("(tile) => tile.click()")
    page.locator(".room-keys .plain").first.tap()
    expect(page.locator(".room-list li")).to_have_count(2)
    assert found + serious(page, "the room") == []


def test_each_section_of_set_up(open_page: Open, box: Box, theme: str):
    box.ports.system.restored = "2026-01-31 21:03:00"
    page = opened(open_page, theme, "setup")
    page.wait_for_timeout(1000)  # what the lines say is there
    found = serious(page, "the list")
    names = [
        line.removeprefix("line-")
        for line in page.locator(".setup-list li").evaluate_all("(all) => all.map((li) => li.id)")
    ]
    sections = [name for name in names if name not in ("", "wizard", "pair")]
    assert len(sections) == 17
    for name in sections:
        page.evaluate(f"location.hash = '#setup/{name}'")
        section = page.locator(f"#setup-{name}")
        expect(section).to_be_visible()
        page.wait_for_timeout(600)  # what it asks the box for is there
        section.evaluate("(node) => node.querySelectorAll('details').forEach((part) => (part.open = true))")
        found += serious(page, name)
    assert found == []


def test_the_docs_on_the_box(open_page: Open, box: Box, theme: str):
    page = opened(open_page, theme, "setup/docs")
    page.get_by_role("link", name="The page").click()
    expect(page.locator("h1")).to_have_text("The page")
    page.evaluate(SCRIPT.read_text(encoding="utf-8"))
    assert serious(page, "docs") == []


def test_the_sheets_and_dialogs(open_page: Open, box: Box, theme: str):
    page = opened(open_page, theme, "setup/panel")
    found = []
    page.get_by_role("button", name="Add mapping").click()
    found += serious(page, "mapping")
    page.locator("#learn").click()
    expect(page.locator(".listening")).to_be_visible()
    found += serious(page, "learning")
    page.locator(".sheet:visible").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Add control").click()
    found += serious(page, "adding a control")
    page.locator(".sheet:visible").get_by_role("button", name="Cancel").click()
    page.locator("#tab-presets").click()
    page.get_by_role("button", name="Gentle: rename").click()
    found += serious(page, "a preset's menu")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Save as…").click()
    found += serious(page, "saving a preset")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert found == []


def test_the_wizards_steps(open_page: Open, box: Box, theme: str):
    page = opened(open_page, theme, "setup")
    found = serious(page, "the invitation")
    page.get_by_role("button", name="Start", exact=True).click()
    for title in STEPS:
        expect(page.locator(".step-title")).to_have_text(title)
        page.wait_for_timeout(700)  # what it asks the box for is there
        found += serious(page, title)
        if title == "What is this box for?":
            page.locator(".pick-line", has_text="Speak or stream").click()
            expect(page.locator("#purpose-preset")).to_be_visible()
            found += serious(page, "what was chosen")
        if title == "How much latency?":
            page.get_by_role("button", name="Measure latency").click()
            found += serious(page, "the cable")
            page.get_by_role("button", name="Measure", exact=True).click()
            expect(page.locator(".latency-test .big-number")).to_be_visible()
            found += serious(page, "what was measured")
            page.get_by_role("button", name="Done").click()
        if title != STEPS[-1]:
            page.get_by_role("button", name="Next", exact=True).click()
    assert found == []
