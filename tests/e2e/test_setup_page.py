"""From first run to sound, on a phone's page in a real browser, over a real box on the virtual interface."""

import http.client
import io
import json
import os
import socket
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from tests.conftest import MakeUsb
from tests.rigs.phone import LIKE_A_PHONE, paired
from tests.rigs.running_box import RunningBox
from tests.rigs.virtual_mixer.rig import USUAL, VirtualMixer
from tests.rigs.virtual_usb.rig import VirtualUsb

CHROMIUM = Path("/usr/bin/chromium")
PHONE = {"width": 390, "height": 844}
HOST = "hushbox.local"
PICTURES = Path(os.environ.get("HUSHBOX_PICTURES", "")) if "HUSHBOX_PICTURES" in os.environ else None

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.rig,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


def voice() -> np.ndarray:
    """Two inputs: hum on the first, somebody who sings at -10 dBFS on the second."""
    at_s = np.arange(4 * 48_000) / 48_000
    sung = 0.33 * np.sin(2 * np.pi * 220 * at_s) * (0.55 + 0.45 * np.sin(2 * np.pi * 1.5 * at_s))
    return np.stack([0.002 * np.sin(2 * np.pi * 50 * at_s), sung], axis=1).astype(np.float32)


class Stage:
    """The interface, its mixer, and the box."""

    def __init__(self, usb: VirtualUsb, card: VirtualMixer, box: RunningBox) -> None:
        self.usb, self.card, self.box = usb, card, box
        self.port = box.url.rstrip("/").rpartition(":")[2]


@pytest.fixture
def stage(make_usb: MakeUsb, tmp_path: Path) -> Iterator[Stage]:
    usb = make_usb(capture=voice(), loop=True, patient=True)
    card = VirtualMixer(usb, USUAL)
    config = f'[audio]\ndevice = "{usb.device}"\n[panel]\npins = "mock"\n'
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with RunningBox(tmp_path / "box", config, port=port) as box:
        box.wait_status(lambda s: s["audio_alive"] and s["state"] == "running", "running audio process")
        yield Stage(usb, card, box)


@pytest.fixture
def open_page(stage: Stage) -> Iterator[Callable[..., Any]]:
    faults: list[str] = []
    sync_api.expect.set_options(timeout=20_000)  # the machine may be busy
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", f"--host-resolver-rules=MAP {HOST} 127.0.0.1"],
        )
        contexts = []

        def opened(view: str = "setup", *, owner: bool = True) -> Any:
            context = browser.new_context(viewport=PHONE, accept_downloads=True, **LIKE_A_PHONE)
            contexts.append(context)
            if owner:
                paired(context, stage.box.cookie)
            page = context.new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
            page.goto(f"http://{HOST}:{stage.port}/#{view}")
            page.wait_for_selector('body[data-link="live"]')
            return page

        yield opened
        for context in contexts:
            context.close()
        browser.close()
    # A refusal (400, 401, 429) is part of these tests; the browser logs each as a failed fetch.
    assert [fault for fault in faults if "Failed to load resource" not in fault] == []


def expect(locator: Any) -> Any:
    return sync_api.expect(locator)


def picture(page: Any, name: str, *, whole: bool = False) -> None:
    """Kept where HUSHBOX_PICTURES names a folder."""
    if PICTURES is not None:
        page.wait_for_timeout(300)
        page.screenshot(path=PICTURES / f"setup-{name}.png", full_page=whole)


def opened(page: Any, name: str) -> Any:
    """The section of Set up, opened by its line in the list."""
    if page.locator(".back").is_visible():
        page.locator(".back").click()
    page.locator(f"#line-{name} a").click()
    section = page.locator(f"#setup-{name}")
    expect(section).to_be_visible()
    return section


def step(page: Any, title: str) -> None:
    expect(page.locator(".step-title")).to_have_text(title)


def test_the_wizard_leads_from_first_run_to_sound(open_page: Callable[..., Any], stage: Stage) -> None:
    box, usb = stage.box, stage.usb
    page = open_page()
    picture(page, "first")
    page.get_by_role("button", name="Start", exact=True).click()

    step(page, "What is this box for?")
    picture(page, "purpose")  # tests/e2e/test_first_minute.py taps
    page.get_by_role("button", name="Next", exact=True).click()

    step(page, "Which interface?")
    expect(page.get_by_role("radio", name="hushbox_test")).to_be_checked()
    picture(page, "interface")
    page.get_by_role("button", name="Next", exact=True).click()

    step(page, "Which input is the microphone?")
    expect(page.locator(".input-line")).to_have_count(2)
    expect(page.locator(".input-line").nth(1).locator(".meter-number")).to_have_text("−10")
    picture(page, "microphone")
    page.get_by_role("radio", name="Input 2").check(force=True)
    page.get_by_role("button", name="Next", exact=True).click()

    step(page, "How loud?")
    assert box.get("setup")["audio"]["input_channels"] == [2]
    expect(page.locator(".verdict")).to_have_text("Good.")
    fader = page.get_by_label("Input gain · Mic")
    fader.focus()
    page.keyboard.press("ArrowRight")
    box.wait_for(lambda: stage.card.value("Mic Capture Volume") > 20, "a turned-up input")
    picture(page, "level")
    page.get_by_role("button", name="Next", exact=True).click()

    step(page, "How much latency?")
    expect(page.get_by_role("radio", name="Fastest 32 frames × 3: 2.0 ms of buffer.")).to_be_attached()
    expect(page.locator("#setup-wizard")).to_contain_text("This box carries it with 70 % to spare.")
    page.get_by_role("radio", name="Very fast").check(force=True)
    box.wait_for(lambda: box.get("setup")["audio"]["period_frames"] == 64, "shorter periods")
    usb.plug_cable(delay_frames=48)
    page.get_by_role("button", name="Measure latency").click()
    picture(page, "cable")
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.locator(".latency-test .big-number")).to_be_visible(timeout=20_000)
    found = box.get("setup/news")["check"]["result"]
    assert (found["fault"], found["frames"]) == ("", usb.round_trip_frames)
    expect(page.locator(".latency-test .big-number")).to_contain_text(f"{found['total_ms']:.1f} ms")
    picture(page, "measured")
    page.get_by_role("button", name="Done").click()
    usb.pull_cable()
    page.get_by_role("button", name="Next", exact=True).click()

    step(page, "What do your switches do?")
    page.get_by_role("button", name="Add mapping").click()
    page.locator("#map-what").select_option(label="Mute on/off")
    page.locator("#learn").click()
    expect(page.locator(".listening")).to_contain_text("press the switch or turn the knob now")
    page.locator("#touch").select_option("gpio:4")
    expect(page.locator(".heard-where")).to_contain_text("(new)")
    page.locator("#save-mapping").click()
    expect(page.locator("#setup-panel")).to_contain_text("Switch 4")
    picture(page, "switches")
    page.get_by_role("button", name="Next", exact=True).click()

    step(page, "What is the box's name?")
    wizard = page.locator("#setup-wizard")
    wizard.get_by_label("Name of the box").fill("Left wing")
    page.get_by_role("button", name="Next", exact=True).click()

    step(page, "Do you want a PIN?")
    expect(page.locator("h1")).to_have_text("Left wing")
    wizard.get_by_label("New PIN", exact=True).fill("2468")
    wizard.get_by_label("Repeat new PIN").fill("2468")
    picture(page, "pin")
    wizard.get_by_role("button", name="Set PIN").click()
    expect(page.locator("#setup-wizard")).to_contain_text("Whoever knows the PIN can pair a phone as engineer.")
    page.get_by_role("button", name="Next", exact=True).click()

    step(page, "Sound")
    expect(page.locator(".verdict")).to_have_text("There is sound.")
    picture(page, "sound")
    page.get_by_role("button", name="Finish", exact=True).click()
    expect(page.locator("#view-play")).to_be_visible()
    at = usb.counters["playback"]["frames"]
    usb.wait_played(at + 48_000)
    assert np.abs(usb.recording()[at + 24_000 :]).max() > 2**27  # what input 2 sings, heard
    status = box.get("status")
    assert (status["period_frames"], status["latency_measured"], status["xruns"] >= 0) == (64, True, True)

    # Another phone may play, and becomes an engineer's by the PIN.
    box.send("PUT", "phones/open_play", {"on": True})
    other = open_page("setup", owner=False)
    other.get_by_label("PIN", exact=True).fill("1111")
    other.get_by_role("button", name="Unlock").click()
    expect(other.locator("#setup-pair")).to_contain_text("This is not the PIN.")
    picture(other, "locked")
    other.get_by_label("PIN", exact=True).fill("2468")
    other.get_by_role("button", name="Unlock").click()
    expect(other.locator("#line-models .line-side")).not_to_be_empty()
    expect(other.locator("#line-pin")).to_be_hidden()


def test_the_wizard_is_left_and_gone_on_with(open_page: Callable[..., Any], stage: Stage) -> None:
    page = open_page()
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_role("button", name="Skip").click()
    step(page, "Which input is the microphone?")
    stage.box.wait_status(lambda s: s["state"] == "checking sound", "silent outputs")
    page.locator("#tab-play").click()
    stage.box.wait_status(lambda s: s["state"] == "running", "sound that comes back when one looks elsewhere")
    page.reload()
    page.wait_for_selector('body[data-link="live"]')
    page.locator("#tab-setup").click()
    page.get_by_role("button", name="Continue").click()
    step(page, "Which input is the microphone?")
    page.get_by_role("button", name="Exit").click()
    expect(page.locator("#line-audio")).to_be_visible()
    page.get_by_role("button", name="Start over").click()
    step(page, "What is this box for?")


def test_what_is_refused_is_explained_and_the_old_settings_stay(open_page: Callable[..., Any], stage: Stage) -> None:
    page = open_page()
    section = opened(page, "audio")
    section.get_by_text("Other ALSA device").click()
    section.get_by_label("ALSA name").fill("hw:CARD=Nothing")
    section.get_by_role("button", name="Use device").click()
    expect(section.locator(".said").first).to_contain_text("no capture there")
    assert stage.box.get("setup")["audio"]["device"] == stage.usb.device
    section = opened(page, "latency")
    section.get_by_label("Period (frames)").select_option("256")
    stage.box.set("box.bypass", 1)  # what changes meanwhile takes nothing back of what was chosen
    stage.card.set("PCM Playback Switch", 0)
    page.wait_for_timeout(500)
    section.get_by_role("button", name="Apply").click()
    expect(section.locator(".said").first).to_be_hidden(timeout=20_000)
    stage.box.wait_status(lambda s: s["state"] == "running" and s["period_frames"] == 256, "the new period")
    picture(page, "audio", whole=True)


def test_direct_monitoring_is_warned_of_and_switched_off(open_page: Callable[..., Any], stage: Stage) -> None:
    stage.card.set("Direct Monitor Playback Enum", 2)
    page = open_page()
    section = opened(page, "levels")
    expect(section.get_by_role("alert")).to_contain_text("Direct monitoring is on (Direct Monitor)")
    picture(page, "levels", whole=True)
    section.get_by_role("button", name="Turn off").click()
    expect(section.get_by_role("alert")).to_have_count(0)
    assert stage.card.value("Direct Monitor Playback Enum") == 0
    stage.card.set("PCM Playback Switch", 0)  # a hand in alsamixer
    expect(section.get_by_role("radiogroup", name="Output · PCM").get_by_role("radio", name="Off")).to_be_checked()


def test_backup_diagnostics_log_and_restart(open_page: Callable[..., Any], stage: Stage, tmp_path: Path) -> None:
    page = open_page()
    section = opened(page, "diagnostics")
    with page.expect_download(timeout=90_000) as download:
        section.get_by_role("button", name="Get diagnostics").click()
    download.value.save_as(tmp_path / "diagnostics.zip")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "diagnostics.zip").read_bytes())) as pack:
        assert "hushbox-diagnostics/doctor.json" in pack.namelist()
    expect(opened(page, "log").locator(".log")).to_contain_text("simulated")
    about = opened(page, "about")
    expect(about).to_contain_text("Apache-2.0")
    about.get_by_text("libraries and their licences").click()
    expect(about).to_contain_text("numpy")
    picture(page, "about", whole=True)
    section = opened(page, "power")
    assert section.get_by_role("button", name="Power off").is_disabled()
    control = stage.box.child("control").pid
    section.get_by_role("button", name="Restart").click()
    section.get_by_role("button", name="Sound stops. Tap again").click()
    expect(page.locator("#notices")).to_contain_text("The box restarts.")
    stage.box.wait_for(lambda: _pid(stage.box) not in (0, control), "another control process")
    page.wait_for_selector('body[data-link="live"]', timeout=60_000)


def test_a_restore_says_what_it_replaces_and_is_taken_back_with_one_tap(
    open_page: Callable[..., Any], stage: Stage, tmp_path: Path
) -> None:
    box = stage.box
    box.set("denoise.amount_db", 9)
    page = open_page()
    section = opened(page, "backup")
    with page.expect_download() as download:
        section.get_by_role("button", name="Save backup").click()
    download.value.save_as(tmp_path / "backup.json")
    assert json.loads((tmp_path / "backup.json").read_text())["hushbox_backup"] == 1
    (tmp_path / "rubbish.json").write_text("{}")
    section.locator("#restore-file").set_input_files(tmp_path / "rubbish.json")
    expect(page.locator("#notices")).to_contain_text("this is not a Hushbox backup")
    page.get_by_role("button", name="Dismiss").click()

    for name in ("One", "Two", "Three"):
        box.send("POST", "presets/save", {"name": name, "about": ""})
    box.send("PUT", "setup/name", {"name": "Left wing"})
    box.set("denoise.amount_db", 21)
    section.locator("#restore-file").set_input_files(tmp_path / "backup.json")
    expect(section.locator("h3:visible")).to_contain_text("Replaces 3 presets")
    expect(section.locator("h3:visible")).to_contain_text("the name")
    picture(page, "restore")
    section.get_by_role("button", name="Cancel").click()
    assert box.value("denoise.amount_db") == 21
    section.locator("#restore-file").set_input_files(tmp_path / "backup.json")
    restarted(page, stage, lambda: section.get_by_role("button", name="Restore", exact=True).click())
    assert box.value("denoise.amount_db") == 9
    assert box.get("session")["box_name"] != "Left wing"

    undo = section.get_by_role("button", name="Undo the restore")
    expect(undo).to_be_visible(timeout=30_000)
    picture(page, "undo-restore")
    restarted(page, stage, undo.click)
    assert box.value("denoise.amount_db") == 21
    assert box.get("session")["box_name"] == "Left wing"
    assert {"One", "Two", "Three"} <= {preset["name"] for preset in box.get("presets")["presets"]}


def restarted(page: Any, stage: Stage, press: Callable[[], None]) -> None:
    """Press what restarts the box; the page raises no alarm and is live again."""
    control = stage.box.child("control").pid
    press()
    expect(page.locator("#link-text")).to_have_text("Restarting")
    stage.box.wait_for(lambda: _pid(stage.box) not in (0, control), "another control process")
    page.wait_for_selector('body[data-link="live"]', timeout=60_000)
    assert page.locator("#notices .alarm").all_inner_texts() == []


def _pid(box: RunningBox) -> int:
    try:
        box.get("status")
        return box.child("control").pid
    except (OSError, http.client.HTTPException, LookupError, psutil.NoSuchProcess):  # it ends while it answers
        return 0


def test_the_models_say_what_they_are(open_page: Callable[..., Any], stage: Stage) -> None:
    page = open_page()
    section = opened(page, "models")
    expect(section.locator(".model")).to_have_count(6)
    expect(section).to_contain_text("million parameters")
    section.get_by_text("Trained on").first.click()
    expect(section.locator(".sources li").first).to_be_visible()
    picture(page, "models", whole=True)
