"""Set up, Updates on a phone, by touch, in both languages: nothing new, an offer, how far it is, what came of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.rigs.phone import CHROMIUM, Box, expect, until
from web_ui.fakes.updates import OFFER
from web_ui.ports.updates import ProblemView, ResultView, UpdatesView

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
Open = Callable[..., Any]
WHEN = "2026-01-31 21:03"
SOUND = ProblemView("sound", "no sound within 30 s", {})
SPACE = ProblemView("space", "", {"need": "200", "have": "31"})
SIGNATURE = ProblemView("signature", "root.json: 0 of 2", {})
WORDS = {
    "en": {
        "look": "Look on the stick",
        "newest": "Nothing newer is there.",
        "offer": "0.2.0, made on 2026-01-31, 84.2 MB",
        "install": "Install 0.2.0",
        "asked": "Install 0.2.0? The sound stops for some seconds.",
        "or back": "the box goes back to 0.1.0 by itself. Mutes stay.",
        "cancel": "Cancel",
        "installed": f"0.2.0 runs since {WHEN}.",
        "back": "Go back to 0.1.0",
        "asked back": "Go back to 0.1.0? The sound stops for about 3 s, as last time.",
        "newer": "0.2.0 is there",
        "busy": "updating",
        "fetching": "Fetching… 42 %",
        "trial": "Trying it: sound and page have to come back…",
        "gone back": f"{WHEN}: 0.2.0 made no sound. The box is back on 0.1.0.",
        "back on": "back on 0.1.0",
        "refused": f"{WHEN}: 0.2.0 was not installed. 200 MB are needed, 31 MB are free.",
        "signature": "It is not signed by who makes this box's updates. (root.json: 0 of 2)",
        "checkout": "This Hushbox was not installed as a box: update it the way it came.",
    },
    "de": {
        "look": "Auf dem Stick nachsehen",
        "newest": "Es gibt nichts Neueres.",
        "offer": "0.2.0, gemacht am 2026-01-31, 84,2 MB",
        "install": "0.2.0 installieren",
        "asked": "0.2.0 installieren? Der Ton bleibt einige Sekunden weg.",
        "or back": "geht die Box von selbst auf 0.1.0 zurück. Was stumm ist, bleibt stumm.",
        "cancel": "Abbrechen",
        "installed": f"0.2.0 läuft seit {WHEN}.",
        "back": "Zurück auf 0.1.0",
        "asked back": "Zurück auf 0.1.0? Der Ton bleibt wie beim letzten Mal etwa 3 s weg.",
        "newer": "0.2.0 ist da",
        "busy": "Update läuft",
        "fetching": "Holt… 42 %",
        "trial": "Probiert sie: Ton und Seite müssen zurückkommen…",
        "gone back": f"{WHEN}: 0.2.0 gab keinen Ton. Die Box ist zurück auf 0.1.0.",
        "back on": "zurück auf 0.1.0",
        "refused": f"{WHEN}: 0.2.0 wurde nicht installiert. 200 MB werden gebraucht, 31 MB sind frei.",
        "signature": "Es ist nicht von dem unterschrieben, der die Updates dieser Box macht. (root.json: 0 of 2)",
        "checkout": "Dieses Hushbox wurde nicht als Box installiert: Aktualisiere es so, wie es kam.",
    },
}


@pytest.fixture(params=["en", "de"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def words(language: str) -> dict[str, str]:
    return WORDS[language]


@pytest.fixture
def section(open_page: Open, box: Box, language: str) -> Any:
    """The section, open on a phone, of a box that has said where it can look and nothing else."""
    page = open_page(view="setup/updates", locale={"en": "en-GB", "de": "de-AT"}[language])
    section = page.locator("#setup-updates")
    expect(section.locator("dd").first).to_have_text("0.1.0")
    return section


def shows(section: Any, box: Box, **changed: Any) -> None:
    """The box is like this now, and the phone comes back to the section."""
    box.ports.updates.now = replace(box.ports.updates.now, **changed)
    section.page.evaluate("location.hash = '#setup'")
    expect(section).to_be_hidden()
    section.page.locator("#line-updates a").tap()
    expect(section).to_be_visible()


def key(section: Any, name: str) -> Any:
    return section.get_by_role("button", name=name, exact=True)


def test_a_stick_is_looked_at_and_what_it_has_is_installed_after_a_question(
    section: Any, box: Box, words: dict[str, str]
):
    expect(section.locator("h3")).to_have_count(0)
    expect(section.locator("button")).to_have_count(1)  # nothing to install, nothing to go back to
    key(section, words["look"]).tap()
    expect(section.locator("h3")).to_have_text(words["offer"])
    expect(section.locator("li")).to_have_text(["A better denoiser.", "The page starts sooner."])
    key(section, words["install"]).tap()
    question = section.page.locator("dialog[open]")
    expect(question).to_contain_text(words["asked"])
    expect(question).to_contain_text(words["or back"])
    question.get_by_role("button", name=words["cancel"]).tap()
    expect(question).to_have_count(0)
    assert box.ports.updates.view().version == "0.1.0"
    key(section, words["install"]).tap()
    question.get_by_role("button", name=words["install"]).tap()
    until(section.page, lambda: box.ports.updates.view().version == "0.2.0")
    expect(section.locator(".said")).to_have_text(words["installed"])
    expect(section.locator("dd")).to_have_text(["0.2.0", "0.1.0"])
    expect(section.locator("h3")).to_be_hidden()


def test_the_box_goes_back_after_a_question_that_knows_how_long_it_took(section: Any, box: Box, words: dict[str, str]):
    shows(section, box, version="0.2.0", previous="0.1.0", silent_s=2.1)
    key(section, words["back"]).tap()
    question = section.page.locator("dialog[open]")
    expect(question).to_contain_text(words["asked back"])
    question.get_by_role("button", name=words["back"]).tap()
    until(section.page, lambda: box.ports.updates.view().version == "0.1.0")
    expect(section.locator("dd").first).to_have_text("0.1.0")


def test_nothing_newer_is_said(section: Any, box: Box, words: dict[str, str]):
    shows(section, box, version=OFFER.version)
    key(section, words["look"]).tap()
    expect(section.locator(".said")).to_have_text(words["newest"])
    expect(section.get_by_role("button", name=words["install"])).to_have_count(0)


def test_how_far_it_is_stands_there_by_itself_until_it_is_done(section: Any, box: Box, words: dict[str, str]):
    shows(section, box, offer=OFFER, doing="get", progress=0.42)
    expect(section.locator(".said")).to_have_text(words["fetching"])
    expect(section.get_by_role("button", name=words["install"])).to_have_count(0)
    expect(key(section, words["look"])).to_be_disabled()
    box.ports.updates.now = replace(box.ports.updates.now, doing="install", phase="trial")
    expect(section.locator(".said")).to_have_text(words["trial"])  # nobody has touched the page
    expect(section.page.locator("#line-updates .line-side")).to_have_text(words["busy"])
    result = ResultView("installed", "0.2.0", "0.1.0", WHEN, None, ())
    done: dict[str, Any] = {"doing": "", "phase": "", "offer": None, "version": "0.2.0", "result": result}
    box.ports.updates.now = replace(box.ports.updates.now, **done)
    expect(section.locator(".said")).to_have_text(words["installed"])
    expect(key(section, words["look"])).to_be_enabled()


def test_while_it_changes_versions_the_page_waits_and_then_tells(section: Any, box: Box, words: dict[str, str]):
    shows(section, box, doing="install", phase="stop")
    box.off()
    expect(section.page.locator("body")).not_to_have_attribute("data-link", "live")
    back = ResultView("back", "0.2.0", "0.1.0", WHEN, SOUND, ())
    box.ports.updates.now = replace(box.ports.updates.now, doing="", phase="", result=back)
    box.on()
    expect(section.locator(".said")).to_have_text(words["gone back"])


def test_what_came_of_it_and_what_is_there_stand_on_the_line(section: Any, box: Box, words: dict[str, str]):
    side = section.page.locator("#line-updates .line-side")
    shows(section, box, offer=OFFER, looked=True)
    expect(side).to_have_text(words["newer"])
    shows(section, box, offer=None, looked=False, result=ResultView("back", "0.2.0", "0.1.0", WHEN, SOUND, ()))
    expect(section.locator(".said")).to_have_text(words["gone back"])
    expect(side).to_have_text(words["back on"])
    expect(side).to_have_class("line-side trouble")


def test_what_is_refused_says_why(section: Any, box: Box, words: dict[str, str]):
    shows(section, box, result=ResultView("refused", "0.2.0", "0.1.0", WHEN, SPACE, ()))
    expect(section.locator(".said")).to_have_text(words["refused"])
    shows(section, box, problem=SIGNATURE)
    expect(section.locator(".said")).to_have_text(words["signature"])
    checkout = ProblemView("checkout", "a checkout", {})
    shows(section, box, why_not=checkout, problem=None, result=None)
    expect(section.locator(".said")).to_contain_text(words["checkout"])
    expect(section.locator("button")).to_have_count(0)


def test_a_box_that_has_changed_meanwhile_refuses_what_the_page_still_shows(
    section: Any, box: Box, words: dict[str, str]
):
    key(section, words["look"]).tap()
    now: UpdatesView = box.ports.updates.now
    expect(section.locator("h3")).to_be_visible()
    box.ports.updates.now = replace(now, offer=None, looked=False)  # another phone took it, or the stick is gone
    key(section, words["install"]).tap()
    section.page.locator("dialog[open]").get_by_role("button", name=words["install"]).tap()
    expect(section.page.locator("#notices > *")).to_have_count(1)
    expect(section.get_by_role("button", name=words["install"])).to_have_count(0)
    assert box.ports.updates.view().version == "0.1.0"
