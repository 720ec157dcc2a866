"""Record and Keep on Play and the view Takes in a real browser, by touch: every task a player has with takes."""

import io
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.ear import TAPING
from tests.rigs.phone import CHROMIUM, PHONE, Box, Opener, drag, expect, until
from tests.rigs.thumb import Thumb
from web_ui.fakes.takes import FakeTakes
from web_ui.ports.pairing import PLAYER

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
Open = Callable[..., Any]
DESKTOP = {"width": 1280, "height": 800}


def recorded(takes: FakeTakes, *names: str) -> None:
    """A take of each name, the first the newest, each a day older than the one before."""
    now = datetime.now()
    for _ in names:
        takes.record()
        takes.end()
    for at, name in enumerate(names):
        id = takes.listed().takes[at].id
        takes.rename(id, name)
        takes.tell_of(id, begun=(now - timedelta(days=at)).isoformat(timespec="milliseconds"), key="A minor", bpm=96.0)


def test_record_keep_and_mark_are_one_thumb_away_and_red_only_while_it_records(open_page: Open, box: Box):
    page, takes = open_page(), box.ports.takes
    record, keep = page.locator("#record"), page.locator("#keep")
    expect(keep).to_have_attribute("aria-label", "Keep the last 0:42")
    keep.tap()
    until(page, lambda: [take.how for take in takes.listed().takes] == ["kept"])
    expect(page.locator("#notices")).to_contain_text("Take saved")

    takes.now = replace(takes.now, can=False)  # no sound: nothing to record, and nothing red
    box.ports.live.tell()
    expect(record).to_be_disabled()
    takes.now = replace(takes.now, can=True)
    box.ports.live.tell()
    expect(record).to_have_attribute("aria-pressed", "false")
    record.tap()
    expect(record).to_have_attribute("aria-pressed", "true")
    expect(record).to_contain_text("0:0")
    expect(record).to_contain_text("this box")
    assert float(record.evaluate("(key) => key.style.getPropertyValue('--level')")) == pytest.approx(0.8)
    takes.now = replace(takes.now, problem="the stick Rehearsals is full")
    box.ports.live.tell()
    expect(page.locator(".notice.alarm")).to_contain_text("Rehearsals is full")
    expect(record).to_contain_text("0:04")  # a second later: a second tap of the same thumb would not count
    keep.tap()
    expect(page.locator("#notices")).to_contain_text("Marked at 0:0")
    record.tap()
    until(page, lambda: len(takes.listed().takes) == 2)
    expect(record).to_have_attribute("aria-pressed", "false")

    takes.set_minutes(0)
    takes.set_armed(True)
    box.ports.live.tell()
    expect(keep).to_contain_text("is off")
    expect(record).to_contain_text("when you play")


def test_a_player_records_and_whoever_is_only_let_in_does_not(browser: Any):
    box = Box(everybody=PLAYER)
    opener = Opener(browser, lambda: box.number)
    try:
        page = opener()
        expect(page.locator("#record")).to_be_visible()
        expect(page.locator("#tab-takes")).to_be_hidden()
        page.locator("#record").tap()
        until(page, lambda: box.ports.takes.news().recording)
        guest = opener.visit("#play")
        guest.route(
            "**/api/v1/pairing",
            lambda route: route.fulfill(json={"role": "", "phone_id": "", "claimed": True, "open_play": True}),
        )
        guest.wait_for_selector("#record:not([disabled])")
        guest.evaluate("document.dispatchEvent(new Event('locked'))")  # the page asks again who it is
        expect(guest.locator("#record")).to_be_hidden()
        expect(guest.locator("#keep")).to_be_hidden()
        expect(guest.locator("#mute")).to_be_visible()
    finally:
        opener.close()
        box.off()
    assert opener.faults == []


def test_takes_are_found_by_day_words_and_star_and_come_back_from_the_bin(open_page: Open, box: Box, tmp_path: Path):
    takes = box.ports.takes
    recorded(takes, "Chorus", "Second verse", "Solo")
    takes.star(takes.listed().takes[1].id, True)
    page = open_page(view="takes")
    rows = page.locator(".take-row")
    expect(rows).to_have_count(3)
    assert page.locator(".take-days h3").all_inner_texts()[:2] == ["Today", "Yesterday"]
    expect(rows.first).to_contain_text("A minor · 96\u00a0bpm · voice · −18.2\u00a0LUFS")
    expect(page.locator(".take-wave canvas")).to_have_count(3)
    page.get_by_role("searchbox").fill("verse a minor")
    expect(rows).to_have_count(1)
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="Only those with a star").tap()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Second verse")
    page.get_by_role("button", name="Only those with a star").tap()
    page.get_by_role("button", name="Star: Solo").tap()
    until(page, lambda: takes.listed().takes[2].star)

    rows.first.locator("a").tap()
    expect(page.locator(".take h2").first).to_have_text("Chorus")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download zip").tap()
    download.value.save_as(tmp_path / "take.zip")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "take.zip").read_bytes())) as packed:
        assert {name.rpartition("/")[2] for name in packed.namelist()} >= {"dry.wav", "wet.wav"}
    page.get_by_role("button", name="Chorus: more").tap()
    page.get_by_role("button", name="Put into the bin").tap()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Undo").tap()
    expect(rows).to_have_count(3)

    takes.put_into_bin(takes.listed().takes[0].id)
    page.reload()
    page.get_by_role("link", name="Bin (1)").tap()
    page.get_by_role("button", name="Empty the bin: 1.3 MB").tap()
    page.get_by_role("button", name="Delete for good").tap()
    expect(page.locator("#notices")).to_contain_text("1.3\u00a0MB are free again")
    assert takes.listed().bin == ()


@pytest.mark.timeout(400)
def test_five_versions_take_five_taps_and_are_heard_without_a_gap(open_page: Open, box: Box):
    takes = box.ports.takes
    recorded(takes, "Chorus")
    passed = [time.monotonic()]
    takes.clock = lambda: passed[0]
    page = open_page(view="takes")
    page.evaluate(f"({TAPING})()")
    page.locator(".take-open").tap()
    for preset in ("Gentle", "Podcast", "Singer live", "As it was"):
        page.get_by_role("button", name="Try other settings").tap()
        page.get_by_role("dialog").get_by_role("button", name=preset, exact=True).tap()
    expect(page.locator(".take-jobs li").first).to_contain_text("Gentle")
    expect(page.locator(".take-jobs li")).to_have_count(4)
    page.get_by_role("button", name="Cancel").last.tap()
    expect(page.locator(".take-jobs li")).to_have_count(3)
    passed[0] += 60.0
    sounds = page.locator(".take-sounds label")
    expect(sounds).to_have_text(["Untouched", "Processed", "Gentle", "Podcast", "Singer live"])
    page.get_by_role("button", name="Loop").tap()  # three seconds, again and again
    thumb = Thumb(page)
    for at in range(5):
        thumb.tap(sounds.nth(at))
        expect(sounds.nth(at).locator("input")).to_be_checked()
        page.wait_for_timeout(900)
    assert thumb.taps == 5
    expect(page.locator(".take .help").first).to_contain_text("At equal loudness")
    heard = page.evaluate("taped()")
    assert heard["seconds"] > 4
    assert heard["quietest"] > 0.3 * heard["loudest"], heard  # in windows of 20 ms
    page.get_by_role("button", name="Pause").tap()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_a_take_is_sought_marked_named_and_trimmed(open_page: Open, box: Box):
    takes = box.ports.takes
    recorded(takes, "Chorus")
    page = open_page(DESKTOP, view="takes")
    page.locator(".take-open").tap()
    slot = page.get_by_role("slider", name="Position")
    spot = slot.bounding_box()
    page.mouse.click(spot["x"] + spot["width"] / 2, spot["y"] + 60)
    expect(slot).to_have_attribute("aria-valuetext", "0:01 of 0:03")
    page.get_by_role("button", name="Mark", exact=True).tap()
    until(page, lambda: takes.listed().takes[0].marks == ((1.5, "Mark 1"),))
    page.get_by_role("button", name="Mark 1: more").tap()
    page.get_by_role("button", name="Rename").tap()
    page.locator("#dialog-text").fill("Bridge")
    page.get_by_role("dialog").get_by_role("button", name="Rename").tap()
    until(page, lambda: takes.listed().takes[0].marks == ((1.5, "Bridge"),))
    page.get_by_role("button", name="Loop").tap()
    expect(page.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")

    page.get_by_role("button", name="Trim", exact=True).tap()
    drag(page, ".wave-handle.from >> visible=true", spot["width"] / 3, 0)
    page.get_by_role("slider", name="To", exact=True).focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Save the trim").tap()
    until(page, lambda: takes.listed().takes[0].trim_s == pytest.approx((1.0, 2.5), abs=0.03))
    slot.focus()
    page.keyboard.press("Home")
    expect(slot).to_have_attribute("aria-valuetext", "0:01 of 0:03")  # no further than the trim


def test_two_takes_are_compared_lined_up(open_page: Open, box: Box):
    takes = box.ports.takes
    recorded(takes, "First try", "Second try")
    page = open_page(view="takes")
    page.locator(".take-open").first.tap()
    page.get_by_role("button", name="Compare").tap()
    page.get_by_role("dialog").get_by_role("button", name="Second try").tap()
    expect(page.locator(".compare .lead")).to_contain_text("Lined up in time")
    one, other = page.locator(".compare .take-sounds input").all()
    other.tap()
    expect(other).to_be_checked()
    one.tap()
    expect(one).to_be_checked()
    expect(page.locator(".compare output")).not_to_have_text("0:00")


def test_what_is_recorded_where_and_how_much_waits_is_set(open_page: Open, box: Box):
    takes = box.ports.takes
    page = open_page(view="setup/takes")
    page.get_by_role("button", name="What is played waits in memory").tap()
    expect(page.get_by_role("button", name="Nothing waits in memory")).to_be_visible()
    assert takes.news().minutes == 0
    page.get_by_role("checkbox", name="Stems").check(force=True)
    until(page, lambda: takes.news().what == ("dry", "wet", "stems"))
    page.get_by_role("radio", name="Rehearsals").check(force=True)
    until(page, lambda: takes.news().place == "1A2B-3C4D")
    page.get_by_role("radio", name="FLAC").check(force=True)
    until(page, lambda: takes.news().format == "flac")
    page.get_by_role("button", name="Records only when told to").tap()
    page.get_by_label("Ends after silence of").select_option("30")
    until(page, lambda: (takes.news().armed, takes.news().silence_s) == (True, 30.0))
    page.get_by_label("Takes may fill").select_option("4000")
    until(page, lambda: takes.listed().quota_megabytes == 4000)
    takes.pull()
    box.ports.live.tell()
    expect(page.get_by_text("The stick that was chosen is not plugged in")).to_be_visible()


def test_the_parts_count_right(open_page: Open, box: Box):
    page = open_page(PHONE)
    assert page.evaluate("""async () => {
      const { along } = await import("/static/js/takes/align.js");
      const pairs = [[0, 2], [1, 3], [3, 6]];
      const [there, back] = [along(pairs, 0, 1), along(pairs, 1, 0)];
      return [there(-1), there(0.5), there(2), there(5), back(4.5), back(there(2.2)).toFixed(3)];
    }""") == [1, 2.5, 4.5, 8, 2, "2.200"]
    assert page.evaluate("""async () => {
      const { evened } = await import("/static/js/takes/loudness.js");
      const loud = (peak) => Int8Array.from({ length: 200 }, (_, at) => (at % 2 ? peak : -peak));
      const measured = evened([-20, -14, null], [null, null, null]);
      const exact = evened([-20, -14], [loud(10), loud(10)]);
      const guessed = evened([null, -14], [loud(30), loud(60)]);
      const down = guessed.down_db.map((db) => db.toFixed(1));
      return [exact.exact, exact.down_db, measured.exact, guessed.exact, down, evened([null], [null]).gains];
    }""") == [True, [0, -6], False, False, ["0.0", "-6.0"], [1]]
    assert page.evaluate("""async () => {
      const { clock, dayOf } = await import("/static/js/takes/facts.js");
      const now = new Date(2026, 4, 2, 0, 30);
      const day = (begun) => dayOf({ begun }, now);
      return [clock(452), clock(3723.4), clock(59.96, 1), day("2026-05-01T23:59:00"), day("2026-05-02T00:01:00")];
    }""") == ["7:32", "1:02:03", "0:59.9", "Yesterday", "Today"]
