"""A whole box, its recorder and a phone: a song is recorded, kept, heard, tried otherwise and put away, by touch."""

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MakeUsb
from tests.firmware_app.whole_box.test_live import config, vocal, wait_running
from tests.rigs.ear import LISTENING
from tests.rigs.phone import CHROMIUM, Opener, expect, until
from tests.rigs.running_box import RunningBox

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.rig,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
PATIENT_MS = 60_000  # other work may share the machine
SURE_MS = 800  # a tap sooner after what began or ended is taken for a second one of the same thumb


def test_a_song_from_record_to_the_bin(make_usb: MakeUsb, tmp_path: Path, browser: Any) -> None:
    usb = make_usb(capture=vocal(10), loop=True, patient=True)
    with RunningBox(tmp_path / "box", config(usb)) as box:
        wait_running(box)
        opener = Opener(browser, lambda: int(box.url.rstrip("/").rpartition(":")[2]), box.cookie)
        page = opener()
        page.evaluate(f"({LISTENING})()")
        record, keep = page.locator("#record"), page.locator("#keep")
        expect(record).to_be_enabled(timeout=PATIENT_MS)
        record.tap()
        expect(record).to_have_attribute("aria-pressed", "true", timeout=PATIENT_MS)
        until(page, lambda: box.get("recorder")["seconds"] > 12.0)  # of two takes 8 s with sound are compared
        assert box.get("recorder")["level_db"] > -60.0
        keep.tap()  # marks now
        expect(page.locator("#notices")).to_contain_text("Marked at", timeout=PATIENT_MS)
        record.tap()
        expect(record).to_have_attribute("aria-pressed", "false", timeout=PATIENT_MS)
        expect(keep).to_be_enabled()
        page.wait_for_timeout(SURE_MS)
        keep.tap()
        until(page, lambda: len(box.get("takes")["takes"]) == 2)
        pressed = next(take for take in box.get("takes")["takes"] if take["how"] == "pressed")
        assert len(pressed["marks"]) == 1

        page.locator("#tab-takes").tap()
        expect(page.locator(".take-row")).to_have_count(2)
        page.locator(f"[data-take='{pressed['id']}'] a").tap()
        expect(page.locator(".mark-go")).to_contain_text("Mark 1")
        hears(page, 0)
        hears(page, 1)
        page.get_by_role("button", name="Pause").tap()

        page.get_by_role("button", name="Try other settings").tap()
        page.get_by_role("dialog").get_by_role("button", name="Gentle", exact=True).tap()
        version = page.locator(".take-sounds label").nth(2)
        expect(version).to_have_text("Gentle", timeout=PATIENT_MS)
        hears(page, 2)

        page.get_by_role("button", name="Compare").tap()
        page.get_by_role("dialog").locator(".menu-item").first.tap()
        expect(page.locator(".compare .play")).to_be_enabled(timeout=PATIENT_MS)
        page.locator(".compare .take-sounds label").nth(1).tap()
        until(page, lambda: page.evaluate("loudness()") > 0.003)

        page.locator(".back").tap()
        page.locator(f"[data-take='{pressed['id']}'] a").tap()
        with page.expect_download(timeout=PATIENT_MS) as download:
            page.get_by_role("link", name="Download zip").tap()
        download.value.save_as(tmp_path / "take.zip")
        with zipfile.ZipFile(io.BytesIO((tmp_path / "take.zip").read_bytes())) as packed:
            assert {Path(name).name for name in packed.namelist()} >= {"dry.wav", "wet.wav", "settings.txt"}
        page.locator(".take-title .more-key").tap()
        page.get_by_role("button", name="Put into the bin").tap()
        until(page, lambda: len(box.get("takes")["takes"]) == 1)
        page.get_by_role("button", name="Undo").tap()
        until(page, lambda: len(box.get("takes")["takes"]) == 2)
        opener.close()
        assert opener.faults == []


def hears(page: Any, at: int) -> None:
    """One tap on a sound of the take, and it is heard."""
    sound = page.locator(".take-sounds label").nth(at)
    sound.tap()
    expect(sound.locator("input")).to_be_checked(timeout=PATIENT_MS)
    deadline = time.monotonic() + 60.0
    while page.evaluate("loudness()") < 0.003:
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)
