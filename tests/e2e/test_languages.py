"""Every view in German and in a long pseudo-locale from right to left: all is translated, and nothing is cut.

HUSHBOX_PICTURES=FOLDER keeps a picture of each.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.phone import CHROMIUM, Box, expect
from tests.rigs.pseudo_locale import CODE, mirrored, plain

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
Open = Callable[..., Any]
SIZES = [{"width": 320, "height": 568}, {"width": 390, "height": 844}]
GERMAN = {"locale": "de-AT"}
MIRRORED = {"query": f"?lang={CODE}"}
PICTURES = os.environ.get("HUSHBOX_PICTURES")
# Every visible text that is cut by an element around it, leaves the control that it is written on, or the screen. Names
# that the box or a player has given may end in an ellipsis.
CUT = """() => {
  const cut = [];
  const root = document.documentElement;
  const dialog = document.querySelector("dialog[open]");
  if (root.scrollWidth > root.clientWidth) cut.push(`the page is ${root.scrollWidth} px wide`);
  const texts = document.createTreeWalker(dialog ?? document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    const from = node.parentElement;
    if (!node.data.trim() || !from.checkVisibility({ visibilityProperty: true })) continue;
    if (from.closest("h1, .preset-now, .hidden-help, noscript, canvas, option, script, .log")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const words = range.getBoundingClientRect();
    if (!words.width) continue;
    const outside = (box, what) => {
      if (words.left < box.left - 1.5 || words.right > box.right + 1.5) cut.push(`${node.data.trim()}: ${what}`);
    };
    const high = (box, what) => {
      if (words.top < box.top - 3 || words.bottom > box.bottom + 3) cut.push(`${node.data.trim()}: ${what}, too high`);
    };
    let scrolls = false;
    for (let around = from; around && around !== document.body; around = around.parentElement) {
      const style = getComputedStyle(around);
      const box = around.getBoundingClientRect();
      if (box.width < 3 || style.clipPath !== "none" && around.matches("p, .help")) break; // read aloud only
      if (style.overflowX === "auto" || style.overflowX === "scroll") scrolls = true;
      if (scrolls) break;
      if (style.overflowX === "hidden") outside(box, `cut by .${around.className}`);
      if (style.overflowY === "hidden") high(box, `cut by .${around.className}`);
      if (around.matches("button, .plain, label, .seg > *, .tab, .choice span, .chip")) {
        outside(box, "wider than its control");
        high(box, "higher than its control");
      }
    }
    if (!scrolls) outside({ left: 0, right: root.clientWidth }, "beyond the screen");
  }
  return [...new Set(cut)];
}"""

# Every visible text, and what is read aloud, but for the log, a model's card and what is typed.
READ = """() => {
  const read = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const from = texts.currentNode.parentElement;
    if (from.closest("script, noscript, canvas, code, .log, .markdown")) continue;
    if (from.checkVisibility({ visibilityProperty: true }) || from.closest("option")) read.push(texts.currentNode.data);
  }
  const named = ["aria-label", "title", "placeholder"];
  for (const node of document.querySelectorAll(named.map((name) => `[${name}]`)))
    if (node.checkVisibility()) read.push(...named.map((name) => node.getAttribute(name)));
  return [...new Set(read.filter((text) => text?.trim()))];
}"""
WORDS = re.compile(r"(?<![\w.-])[A-Za-z][a-z]+ [a-z]{2,}(?![\w.-])")
NAMED = re.compile(r"\u2068[^\u2069]*\u2069")  # a value among the page's words: somebody's name, or the box's own words


@pytest.fixture
def box() -> Iterator[Box]:
    box = Box(mirrored())
    yield box
    box.off()


class Reader:
    """Goes through the page in one language at one size, and gathers what is cut."""

    def __init__(self, page: Any, name: str) -> None:
        self.page = page
        self.name = name
        self.found: list[tuple[str, str]] = []

    def reads(self, where: str) -> None:
        self.page.wait_for_timeout(500)  # what it asks the box for is there, what moves has come to rest
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            picture = Path(PICTURES) / f"{self.name}-{where.replace('/', '-').replace(' ', '-')}.png"
            self.page.screenshot(path=picture, full_page=True)
        self.found += [(where, cut) for cut in self.page.evaluate(CUT)]
        if self.name.startswith("rtl"):
            texts = [plain(NAMED.sub(" ", text)) for text in self.page.evaluate(READ)]
            self.found += [(where, f"{text.strip()}: English") for text in texts if WORDS.search(text)]


def at_every_size(test: Callable[..., None]) -> Callable[..., None]:
    languages = pytest.mark.parametrize(("language", "name"), [(GERMAN, "de"), (MIRRORED, "rtl")], ids=["de", "rtl"])
    sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
    return languages(sizes(test))


def reader(open_page: Open, language: dict[str, str], name: str, size: dict[str, int], view: str) -> Reader:
    return Reader(open_page(size, view, **language), f"{name}-{size['width']}")


@at_every_size
def test_nothing_is_cut_on_play(open_page: Open, box: Box, language: dict[str, str], name: str, size: dict[str, int]):
    player = reader(open_page, language, name, size, "play")
    page = player.page
    player.reads("play")
    for what in ("muted", "bypassed"):
        control = {"muted": "box.mute", "bypassed": "box.bypass"}[what]
        box.ports.live.set_param(control, 1.0, "panel")
        player.reads(what)
        box.ports.live.set_param(control, 0.0, "panel")
    page.locator("#hear-untouched").tap()
    player.reads("untouched")
    page.locator("#hear-removed").tap()
    player.reads("removed")
    page.locator("#hear-processed").tap()
    page.locator("#more summary").tap()
    player.reads("all settings")
    page.locator("#health").tap()
    expect(page.locator("dialog[open]")).to_be_visible()
    player.reads("health")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    player.reads("keys")
    page.keyboard.press("Escape")
    box.ports.live.set_status(safe_mode="it crashed three times")
    player.reads("safe mode")
    box.ports.live.set_status(safe_mode="")
    assert not player.found, "\n".join(f"{where}: {cut}" for where, cut in player.found)


@at_every_size
def test_nothing_is_cut_on_look_and_presets(
    open_page: Open, box: Box, language: dict[str, str], name: str, size: dict[str, int]
):
    box.ports.presets.step(1)
    player = reader(open_page, language, name, size, "look")
    page = player.page
    player.reads("look")
    page.locator("#tab-presets").tap()
    expect(page.locator(".preset-load").first).to_be_visible()
    player.reads("presets")
    page.locator(".more-key").first.tap()
    player.reads("menu")
    assert not player.found, "\n".join(f"{where}: {cut}" for where, cut in player.found)


@at_every_size
def test_nothing_is_cut_in_set_up(open_page: Open, box: Box, language: dict[str, str], name: str, size: dict[str, int]):
    player = reader(open_page, language, name, size, "setup")
    page = player.page
    expect(page.locator("#line-panel .line-side")).to_be_visible()
    player.reads("setup")
    lines = page.locator(".lines > li").evaluate_all("(all) => all.map((li) => li.id.replace('line-', ''))")
    sections = [line for line in lines if line not in ("", "wizard", "pair")]
    assert len(sections) == 16
    for line in sections:
        page.evaluate(f"location.hash = '#setup/{line}'")
        section = page.locator(f"#setup-{line}")
        expect(section).to_be_visible()
        page.wait_for_timeout(400)
        section.evaluate("(node) => node.querySelectorAll('details').forEach((part) => (part.open = true))")
        player.reads(f"setup/{line}")
    assert not player.found, "\n".join(f"{where}: {cut}" for where, cut in player.found)


@at_every_size
def test_nothing_is_cut_in_the_first_steps(
    open_page: Open, box: Box, language: dict[str, str], name: str, size: dict[str, int]
):
    player = reader(open_page, language, name, size, "setup/wizard")
    page = player.page
    page.locator("#setup-wizard .strong").first.tap()
    for step in range(1, 10):
        expect(page.locator(".step-title")).to_be_visible()
        player.reads(f"step {step}")
        if step < 9:
            before = page.locator(".step-title").inner_text()
            page.locator("#setup-wizard .pair .strong").tap()
            expect(page.locator(".step-title")).not_to_have_text(before)
    assert not player.found, "\n".join(f"{where}: {cut}" for where, cut in player.found)


def test_what_the_box_refuses_is_in_the_language_of_the_page(open_page: Open, box: Box):
    """Its refusals, warnings and notes, where the page shows them; in pictures with HUSHBOX_PICTURES."""
    player = reader(open_page, MIRRORED, "rtl", SIZES[1], "setup/pin")
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
    assert not player.found, "\n".join(f"{where}: {cut}" for where, cut in player.found)


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
