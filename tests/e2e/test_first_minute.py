"""The first minute with a fresh box and no interface: from its address to sound on the phone, in a browser by touch."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_app.page import address
from tests.rigs.phone import CHROMIUM, HOST, PHONE, expect, paired
from tests.rigs.running_box import RunningBox
from web_ui.ports.pairing import COOKIE

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
PICTURES = Path(os.environ["HUSHBOX_PICTURES"]) if "HUSHBOX_PICTURES" in os.environ else None
# What reaches the phone's loudspeaker, as an RMS level.
LISTENING = """() => {
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode) {
      window.ear ??= new AnalyserNode(to.context, { fftSize: 8192 });
      connect.call(this, window.ear);
    }
    return connect.call(this, to, ...more);
  };
  window.loudness = () => {
    if (!window.ear) return 0;
    const wave = new Float32Array(8192);
    window.ear.getFloatTimeDomainData(wave);
    return Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length);
  };
}"""


@pytest.fixture
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        # Sound needs a tap, as on a phone: the rig's other browser lets it begin by itself.
        args = ["--no-sandbox", "--mute-audio", f"--host-resolver-rules=MAP {HOST} 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=args)
        yield browser
        browser.close()


class Phone:
    """A page that was opened by the address alone, and how often it was tapped."""

    def __init__(self, browser: Any, box: RunningBox, *, owner: bool = True, at: str = "") -> None:
        """owner: it is paired already. at: what follows the address."""
        self.taps = 0
        self.faults: list[str] = []
        context = browser.new_context(viewport=PHONE, device_scale_factor=2, has_touch=True)
        if owner:
            paired(context, box.cookie)
        self.page = context.new_page()
        self.page.add_init_script(f"({LISTENING})()")
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda line: line.type in ("error", "warning") and self.faults.append(line.text))
        self.begun = time.monotonic()
        self.page.goto(f"http://{HOST}:{box.url.rstrip('/').rpartition(':')[2]}/{at}")

    def tap(self, locator: Any) -> None:
        locator.tap()
        self.taps += 1

    def loudness(self) -> float:
        level: float = self.page.evaluate("loudness()")
        return level

    def hears(self) -> bool:
        for _ in range(400):
            if self.loudness() > 0.003:
                return True
            self.page.wait_for_timeout(50)
        return False

    def picture(self, name: str) -> None:
        if PICTURES is None:
            return
        for theme in ("dark", "light"):
            self.page.evaluate("(to) => dispatchEvent(new CustomEvent('hushbox-theme', { detail: to }))", theme)
            for width, height in ((320, 568), (390, 844), (844, 390)):
                self.page.set_viewport_size({"width": width, "height": height})
                self.page.wait_for_timeout(250)
                self.page.screenshot(path=PICTURES / f"{name}-{theme}-{width}.png", full_page=True)
        self.page.set_viewport_size(PHONE)


def purpose(phone: Phone, words: str) -> None:
    phone.tap(phone.page.locator(".pick-line", has_text=words))


def test_a_fresh_box_is_heard_after_two_taps(browser: Any, tmp_path: Path):
    with RunningBox(tmp_path / "box", "", pair=False) as box:
        box.wait_status(lambda s: s["audio_alive"] and s["demo"], "the demo")
        # What the camera opens: it makes the phone the owner on the way.
        phone = Phone(browser, box, owner=False, at=f"#pair={address.first_code_left(box.runtime)}")
        page = phone.page
        expect(page.locator(".step-title")).to_have_text("What is this box for?")
        box.cookie = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == COOKIE)
        phone.picture("first")
        purpose(phone, "Practise with songs")
        expect(page.locator("#purpose-preset")).to_have_value("Karaoke")
        phone.tap(page.locator("#setup-wizard").get_by_role("button", name="Hear it on this phone"))
        assert phone.hears()
        print(f"first sound: {phone.taps} taps, {time.monotonic() - phone.begun:.1f} s")
        assert phone.taps == 2
        status = box.wait_status(lambda s: "song" in s["device"], "the song")
        assert status["demo"]
        box.wait_for(lambda: box.get("setup")["audio"]["period_frames"] == 256, "a safe buffer")
        phone.picture("chosen")
        hold = page.locator("#setup-wizard .hold")
        hold.dispatch_event("pointerdown", {"pointerId": 1})
        expect(hold).to_have_attribute("aria-pressed", "true")
        assert phone.hears()
        hold.dispatch_event("pointerup", {"pointerId": 1})
        expect(hold).to_have_attribute("aria-pressed", "false")
        page.locator("#tab-play").tap()
        expect(page.locator("#on-phone .hold")).to_be_visible()
        phone.picture("play")
        page.locator("#on-phone").get_by_role("button", name="Stop").tap()
        expect(page.locator("#on-phone .hold")).to_be_hidden()

        again = Phone(browser, box)  # nobody is asked twice
        expect(again.page.locator("#view-play")).to_be_visible()
        assert phone.faults + again.faults == []


def test_who_knows_their_way_is_not_asked_again_after_a_restart(browser: Any, tmp_path: Path):
    with RunningBox(tmp_path / "box", "") as box:
        box.wait_status(lambda s: s["audio_alive"], "sound")
        phone = Phone(browser, box)
        purpose(phone, "I know my way")
        expect(phone.page.locator("#view-play")).to_be_visible()
        box.wait_for(lambda: box.get("setup")["wizard"]["state"] == "skipped", "a wizard that is skipped")
        assert phone.faults == []
    with RunningBox(tmp_path / "box", "") as box:
        phone = Phone(browser, box)
        expect(phone.page.locator("#view-play")).to_be_visible()
        expect(phone.page.locator("#view-setup")).to_be_hidden()
        phone.page.locator("#tab-setup").tap()  # it is there for those who look for it
        phone.page.evaluate("location.hash = '#setup/wizard'")
        phone.tap(phone.page.get_by_role("button", name="Start", exact=True))
        expect(phone.page.locator(".step-title")).to_have_text("What is this box for?")


@pytest.mark.parametrize("config", ['[audio]\ndevice = "demo"\n', ""], ids=["a file", "an owner"])
def test_a_box_that_somebody_set_up_opens_on_play(browser: Any, tmp_path: Path, config: str):
    with RunningBox(tmp_path / "box", config) as box:
        box.send("PUT", "phones/open_play", {"on": True})
        phone = Phone(browser, box, owner=bool(config))
        expect(phone.page.locator("#bypass")).to_be_enabled()
        expect(phone.page.locator("#view-setup")).to_be_hidden()
        assert phone.faults == []
