"""What the page says by itself: calm information, what stays away once dismissed, no alarm at a requested restart."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.rigs.phone import CHROMIUM, Box, expect, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
Open = Callable[..., Any]
DEMO = "The demo plays: there is no USB interface."


def notice(page: Any) -> Any:
    return page.locator("#notices .notice")


def reloaded(page: Any) -> None:
    page.reload()
    page.wait_for_selector('body[data-link="live"]')


def test_information_is_calm_and_stays_away_once_dismissed(open_page: Open, box: Box):
    page = open_page()
    box.ports.live.set_status(message=DEMO, calm=True)
    expect(notice(page)).to_have_class("notice note")
    away = page.get_by_role("button", name="Dismiss")
    assert min(away.bounding_box()[side] for side in ("width", "height")) >= 44
    away.tap()
    expect(notice(page)).to_have_count(0)
    box.ports.live.set_status(message="", calm=False)
    page.wait_for_timeout(300)
    box.ports.live.set_status(message=DEMO, calm=True)
    page.wait_for_timeout(300)  # the box says the same 20 times a second
    expect(notice(page)).to_have_count(0)
    reloaded(page)
    page.wait_for_timeout(300)
    expect(notice(page)).to_have_count(0)


def test_a_dismissed_trouble_stays_away_until_it_has_ended_and_comes_back(open_page: Open, box: Box):
    page = open_page()
    box.ports.live.set_status(message="The interface is gone.")
    expect(notice(page)).to_have_class("notice warning")
    page.get_by_role("button", name="Dismiss").tap()
    expect(notice(page)).to_have_count(0)
    box.ports.live.set_status(message="The disk is full.")  # something else is said
    expect(page.locator("#notices")).to_have_text("The disk is full.")
    box.ports.live.set_status(message="The interface is gone.")  # the first has lasted
    expect(notice(page)).to_have_count(0)
    reloaded(page)
    page.wait_for_timeout(300)
    expect(notice(page)).to_have_count(0)
    box.ports.live.set_status(message="")
    page.wait_for_timeout(300)
    page.evaluate("""() => {
      const entries = JSON.parse(localStorage.getItem("hushbox.dismissed"));
      localStorage.setItem("hushbox.dismissed", JSON.stringify(entries.map((entry) => ({ ...entry, gone: 1 }))));
    }""")  # it was well for a long time
    reloaded(page)
    box.ports.live.set_status(message="The interface is gone.")
    expect(page.locator("#notices")).to_have_text("The interface is gone.")


def test_a_lost_connection_is_an_alarm_that_cannot_be_put_away(open_page: Open, box: Box):
    page = open_page()
    box.off()
    expect(page.locator("#notices .alarm")).to_contain_text("No connection")
    expect(page.locator("#notices .alarm").get_by_role("button")).to_have_count(0)


def test_a_restart_that_was_asked_for_raises_no_alarm(open_page: Open, box: Box):
    page = open_page()
    page.evaluate("""() => {
      window.alarms = 0;
      const count = () => { window.alarms += document.querySelectorAll(".notice.alarm, .notice.warning").length; };
      new MutationObserver(count).observe(document.getElementById("notices"), { childList: true });
    }""")
    box.ports.system.restart()
    expect(page.locator("#link-text")).to_have_text("Restarting")
    box.ports.live.set_status(audio_alive=False, state="down", message="The audio process is down.")
    page.wait_for_timeout(300)
    box.off()
    page.wait_for_selector('body[data-link="lost"]')
    expect(notice(page)).to_have_text("The box restarts. Its page and sound come back by themselves.")
    box.ports.setup.end("")
    box.ports.live.set_status(audio_alive=True, state="running", message="")
    box.on()
    page.wait_for_selector('body[data-link="live"]')
    expect(notice(page)).to_have_count(0)
    assert page.evaluate("window.alarms") == 0


def test_a_view_first_opened_while_the_box_is_away_loads_when_it_is_back(open_page: Open, box: Box):
    page = open_page()
    box.off()
    page.locator("#tab-setup").click()
    expect(page.locator("#view-play")).to_be_hidden()
    page.wait_for_timeout(500)
    expect(page.locator("#setup-sections > *")).to_have_count(0)
    box.on()
    expect(page.locator("#setup-sections > *").first).to_be_attached()


def test_the_other_views_are_fetched_ahead(open_page: Open, box: Box):
    page = open_page()
    begun = """performance.getEntriesByType('resource')
      .filter((entry) => /(setup|look|presets)[-.]/.test(entry.name)).map((entry) => entry.startTime)"""
    until(page, lambda: len(page.evaluate(begun)) >= 3)
    ready = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert 0 < ready <= min(page.evaluate(begun))  # they do not delay the first view
    box.off()
    page.locator("#tab-presets").click()
    expect(page.locator("#preset-list")).to_be_attached()
    page.wait_for_selector('body[data-link="lost"]')
    page.locator("#tab-setup").click()
    expect(page.locator("#setup-sections > *").first).to_be_attached()
