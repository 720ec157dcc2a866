"""Setting the front panel up in a real browser, over the real Control and panel with mock pins."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware_app.config.panel_keys import (
    EncoderConfig,
    HidKeyConfig,
    MeterConfig,
    MidiKnobConfig,
    PanelConfig,
    PedalConfig,
    RgbLedConfig,
    SwitchConfig,
)
from tests.rigs.panel_box import PanelBox
from tests.rigs.phone import paired

CHROMIUM = Path("/usr/bin/chromium")
PHONE = {"width": 390, "height": 844}
HOST = "hushbox.local"
SETUP = "/#setup/panel"
CONFIG = PanelConfig(
    pins="mock",
    midi=False,
    switches=(SwitchConfig("left", 17, "bypass"), SwitchConfig("right", 5, "mute")),
    encoders=(EncoderConfig("dial", 12, 13, "output.gain_db", by=1.0),),
    rgb_leds=(RgbLedConfig("lamp", 16, 20, 21),),
    meters=(MeterConfig("vu", (23, 24, 25)),),
)
EVERYTHING = replace(
    CONFIG,
    midi=True,
    relay_gpio=26,
    switches=(*CONFIG.switches, SwitchConfig("hold", 6, "stems.vocals.mute", latching=True)),
    pedals=(PedalConfig("pedal", 2, "box.wet_percent", "jump"),),
    hid_keys=(HidKeyConfig("key", "1a86-e026", "KEY_A", "stems.drums.mute"),),
    midi_knobs=(MidiKnobConfig("fader", 1, number=7, sets="output.gain_db", takeover="jump"),),
)

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[PanelBox]:
    box = PanelBox(tmp_path, getattr(request, "param", CONFIG))
    yield box
    box.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        args = ["--no-sandbox", "--disable-gpu", f"--host-resolver-rules=MAP {HOST} 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=args)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any, box: PanelBox) -> Iterator[Callable[..., Any]]:
    """Open the page with the set-up unfolded; at the end no page may have had a fault of its own."""
    contexts: list[Any] = []
    faults: list[str] = []

    def opened(size: dict[str, int] = PHONE, path: str = SETUP) -> Any:
        context = browser.new_context(viewport=size, device_scale_factor=2, color_scheme="dark")
        contexts.append(context)
        paired(context, box.session)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if "Content Security" in line.text else None)
        page.goto(f"http://{HOST}:{box.number}{path}")
        if path == SETUP:
            page.wait_for_selector('body[data-link="live"]')
            expect(page.locator("#line-panel .line-side")).to_contain_text("mapped")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def expect(locator: Any) -> Any:
    return sync_api.expect(locator)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15.0
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def stomp(page: Any, name: str) -> None:
    """Press a simulated footswitch as a finger does."""
    cap = page.locator(f'.stomp[aria-label^="{name},"]')
    cap.scroll_into_view_if_needed()
    cap.hover()
    page.mouse.down()
    page.wait_for_timeout(120)
    page.mouse.up()


def start_learning(page: Any, what: str) -> None:
    page.get_by_role("button", name="Add mapping").click()
    page.locator("#map-what").select_option(label=what)
    page.locator("#learn").click()
    expect(page.locator(".listening")).to_contain_text("press the switch or turn the knob now")


def test_a_stage_is_found_by_search_and_heard_alone_by_foot(open_page: Callable[..., Any], box: PanelBox):
    page = open_page()
    page.get_by_role("button", name="Add mapping").click()
    page.locator("#map-search").fill("hum")
    groups = page.locator("#map-what optgroup").evaluate_all("(all) => all.map(({ label }) => label)")
    assert "Hum" in groups
    assert "Presets" not in groups
    page.locator("#map-what").select_option(label="Hear Hum alone")
    page.locator("#learn").click()
    expect(page.locator(".listening")).to_be_visible()
    stomp(page, "Left")
    expect(page.locator("#save-mapping")).to_be_visible()
    page.locator("#save-mapping").click()
    hum = box.control.specs["chain.solo"].choices.index("hum")
    saved = {"do": "toggle", "param": "chain.solo", "high": hum}
    until(lambda: any(mapping.action == saved for mapping in box.ports.panel.setup().mappings))
    expect(page.locator(".sheet:visible")).to_have_count(0)
    for value in (hum, 0.0):
        page.wait_for_timeout(500)  # the panel is drawn anew
        stomp(page, "Left")
        until(lambda value=value: box.control.value("chain.solo") == value)


def test_a_switch_is_learned_and_works(open_page: Callable[..., Any], box: PanelBox):
    page = open_page()
    start_learning(page, "Tap tempo")
    stomp(page, "Left")
    expect(page.locator(".heard-where")).to_have_text("Left")
    assert box.control.value("box.bypass") == 0.0  # while it learns a press does nothing else
    expect(page.locator(".sheet-note.replaces")).to_have_text("Now there: Left, press: Bypass on/off.")
    page.get_by_role("radio", name="Double press").check(force=True)
    expect(page.locator(".sheet-note.costs")).to_contain_text("waits 300 ms")
    page.get_by_role("radio", name="Release").check(force=True)
    expect(page.locator(".sheet-notes li")).to_have_count(0)
    page.locator("#save-mapping").click()
    expect(page.locator("#sheet")).to_be_hidden()
    expect(page.locator("#setup-panel")).to_contain_text("Left, release")
    assert box.mapped()["left release"] == "Tap tempo"
    expect(page.locator('.stomp[aria-label*="release: Tap tempo"]')).to_be_visible()
    for _ in range(2):
        stomp(page, "Left")
        page.wait_for_timeout(250)
    until(lambda: box.performer.tempo.bpm is not None)


def test_a_mapping_is_replaced_only_when_that_was_said(open_page: Callable[..., Any], box: PanelBox):
    page = open_page()
    start_learning(page, "Panic: mute")
    stomp(page, "Left")
    expect(page.locator("#save-mapping")).to_have_text("Replace")
    page.locator("#save-mapping").click()
    until(lambda: box.mapped()["left press"] == "Panic: mute")
    expect(page.locator('.stomp[aria-label="Left, press: Panic: mute"]')).to_be_visible()
    stomp(page, "Left")
    until(lambda: box.control.value("box.mute") == 1.0)
    page.locator("#tab-play").click()
    expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true")


def test_a_knob_is_learned_for_a_part_of_the_range(open_page: Callable[..., Any], box: PanelBox):
    page = open_page()
    page.get_by_role("button", name="Add mapping").click()
    page.locator("#map-what").select_option(label="Input gain")
    page.locator("#map-low").fill("-6")
    page.locator("#map-high").fill("6")
    page.locator("#learn").click()
    stomp(page, "Right")
    expect(page.locator("#sheet")).to_contain_text("be followed: take a knob or a pedal")
    knob = page.locator(".knob")
    knob.scroll_into_view_if_needed()
    knob.focus()
    for _ in range(8):
        page.keyboard.press("ArrowUp")
        page.wait_for_timeout(60)
    expect(page.locator(".heard-where")).to_have_text("Amount")
    page.locator("#save-mapping").click()
    until(lambda: box.mapped()["amount turn"] == "Input gain, −6 dB to 6 dB")


def test_learning_is_cancelled_and_the_switch_works_again(open_page: Callable[..., Any], box: PanelBox):
    page = open_page()
    start_learning(page, "Tap tempo")
    page.get_by_role("button", name="Cancel").first.click()
    expect(page.locator("#sheet")).to_be_hidden()
    until(lambda: box.ports.panel.learning().state == "off")
    stomp(page, "Left")
    until(lambda: box.control.value("box.bypass") == 1.0)


def test_learning_that_takes_too_long_ends_and_says_so(open_page: Callable[..., Any], box: PanelBox):
    page = open_page()
    start_learning(page, "Tap tempo")
    box.setup.learner._until = 0.0
    expect(page.locator("#sheet")).to_contain_text("Learning ended: nothing was pressed or turned in time.")
    expect(page.locator("#learn")).to_be_visible()


def test_a_pin_that_nothing_is_connected_to_is_learned(open_page: Callable[..., Any], box: PanelBox):
    page = open_page()
    start_learning(page, "Next preset")
    page.locator("#touch").select_option("gpio:4")
    expect(page.locator(".heard-where")).to_contain_text("(new)")
    expect(page.locator(".heard-where")).to_contain_text("GPIO4 (pin 7)")
    page.locator("#save-mapping").click()
    until(lambda: box.mapped().get("switch-4 press") == "Next preset")
    expect(page.locator(".header-pin.wired", has_text="Switch 4")).to_have_count(1)
    expect(page.locator('.stomp[aria-label="Switch 4, press: Next preset"]')).to_be_visible()
    stomp(page, "Switch 4")
    until(lambda: box.performer.preset == box.performer.preset_names[0])


@pytest.mark.parametrize(
    ("pedal", "found"),
    [
        ("midi:simulated:cc:1:64", "It says when it is pressed (127) and when it is let go (0)."),
        (
            "midi:simulated:cc:1:65",
            "It sends 127 at each press and never says that it was let go. So it cannot be held.",
        ),
        ("midi:simulated:cc:1:66", "It sends 127 and 0 in turn, one at each press: each acts. So it cannot be held."),
    ],
)
def test_a_pedal_is_pressed_three_times_and_its_kind_is_said(
    open_page: Callable[..., Any], box: PanelBox, pedal: str, found: str
):
    page = open_page()
    start_learning(page, "Panic: mute")
    page.locator("#touch").select_option(pedal)
    expect(page.locator(".found")).to_have_text(found, timeout=20_000)
    expect(page.locator(".heard-where")).to_contain_text("(new)")
    expect(page.get_by_role("radio", name="Long press")).to_have_count(int(pedal.endswith("64")))
    page.locator("#save-mapping").click()
    name = f"cc-{pedal[-2:]}"
    until(lambda: box.mapped().get(f"{name} press") == "Panic: mute")
    expect(page.locator(f'.stomp[aria-label="CC {pedal[-2:]}, press: Panic: mute"]')).to_be_visible()
    for wanted in (1.0, 0.0, 1.0):
        stomp(page, f"CC {pedal[-2:]}")
        until(lambda wanted=wanted: box.control.value("box.mute") == wanted)  # type: ignore[misc]


def test_a_mapping_is_removed_and_brought_back(open_page: Callable[..., Any], box: PanelBox):
    page = open_page()
    page.get_by_role("button", name="Remove: Left, press").click()
    until(lambda: "left press" not in box.mapped())
    page.get_by_role("button", name="Restore: Left, press").click()
    until(lambda: box.mapped().get("left press") == "Bypass on/off")


def test_what_a_mapping_does_is_changed(open_page: Callable[..., Any], box: PanelBox):
    page = open_page()
    page.get_by_role("button", name="Change: Right, press").click()
    page.locator("#map-what").select_option(label="Noise reduction")
    page.locator(".ways").first.get_by_role("radio", name="Set").check()
    page.locator("#map-value").fill("60")
    page.locator("#map-value").blur()
    expect(page.locator(".sheet-note.refused")).to_contain_text("denoise.amount_db = 60 dB: allowed 0 to 40")
    expect(page.locator("#save-mapping")).to_be_disabled()
    page.locator("#map-value").fill("12")
    page.locator("#map-value").blur()
    page.locator("#save-mapping").click()
    until(lambda: box.mapped()["right press"] == "Noise reduction: 12 dB")
    expect(page.locator('.stomp[aria-label="Right, press: Noise reduction: 12 dB"]')).to_be_visible()
    stomp(page, "Right")
    until(lambda: box.control.value("denoise.amount_db") == 12.0)


def test_a_control_is_added_and_a_taken_name_refused(open_page: Callable[..., Any], box: PanelBox):
    page = open_page()
    page.get_by_role("button", name="Add control").click()
    page.locator("#control-kind").select_option(label="LED")
    page.locator("#control-name").fill("left")
    page.locator("#save-control").click()
    expect(page.locator("#control-sheet .sheet-status")).to_contain_text("a control called left is there already")
    page.locator("#control-name").fill("muted")
    page.locator("#control-gpio").select_option("22")
    page.locator("#control-shows").select_option("mute")
    page.locator("#save-control").click()
    expect(page.locator("#control-sheet")).to_be_hidden()
    box.control.set_param("box.mute", 1, "page")
    until(lambda: box.setup.bindings.panel.lit("muted") == (1.0,))
    expect(page.locator(".header-pin.wired", has_text="Muted")).to_have_count(1)


def test_a_pedal_is_calibrated(open_page: Callable[..., Any], box: PanelBox):
    box.setup.add_control("pedals", {"name": "pedal", "channel": 2})
    box.ports.simulator.turn("pedal", 0.2)
    page = open_page()
    page.get_by_role("button", name="Calibrate: Pedal").click()
    page.locator("#save-pedal").click()
    expect(page.locator("#calibrate-sheet .sheet-status")).to_contain_text("the pedal moved over")
    page.get_by_role("button", name="Cancel").last.click()
    page.get_by_role("button", name="Calibrate: Pedal").click()
    for position in (0.7, 0.2):
        box.ports.simulator.turn("pedal", position)
        page.wait_for_timeout(900)
    page.locator("#save-pedal").click()
    expect(page.locator("#calibrate-sheet")).to_be_hidden()
    pedal = box.setup.plan.find("pedal")
    assert pedal is not None
    assert 0.15 < pedal.config.heel < 0.3  # type: ignore[union-attr]
    assert 0.6 < pedal.config.toe < 0.75  # type: ignore[union-attr]


def part(page: Any, name: str) -> Any:
    """A control of the simulated panel, by its label."""
    return page.locator(".pin", has=page.get_by_text(name, exact=True))


@pytest.mark.parametrize("box", [EVERYTHING], indirect=True)
def test_every_kind_of_control_is_there_to_be_pressed_and_turned(open_page: Callable[..., Any], box: PanelBox):
    page = open_page()
    stomp(page, "Hold")  # a latching switch stays where it is put
    until(lambda: box.control.value("stems.vocals.mute") == 1.0)
    expect(page.locator(".stomp.latching")).to_have_attribute("aria-pressed", "true")
    stomp(page, "Hold")
    until(lambda: box.control.value("stems.vocals.mute") == 0.0)
    stomp(page, "Key")
    until(lambda: box.control.value("stems.drums.mute") == 1.0)
    for name, key, id, wanted in (
        ("Pedal", "End", "box.wet_percent", 100.0),
        ("Fader", "Home", "output.gain_db", -60.0),
    ):
        part(page, name).get_by_role("slider").focus()
        for press in ("PageUp", key):
            page.keyboard.press(press)
            page.wait_for_timeout(100)
        until(lambda id=id, wanted=wanted: box.control.value(id) == wanted)  # type: ignore[misc]
    part(page, "Pedal").get_by_role("slider").hover()
    page.mouse.down()
    page.mouse.move(*at(page, "Pedal", 60), steps=4)  # the heel goes down
    page.mouse.up()
    until(lambda: 20.0 < box.control.value("box.wet_percent") < 80.0)
    part(page, "MIDI program").get_by_role("button", name="next program").click()
    until(lambda: box.performer.preset == box.performer.preset_names[1])
    expect(part(page, "MIDI program").locator("output")).to_have_text("2")
    expect(part(page, "Bypass relay")).to_contain_text("held")
    box.sounding = False
    expect(part(page, "Bypass relay")).to_contain_text("dry")
    keep(page.locator("#panel-face"), "panel-face.png")


def at(page: Any, name: str, down: float) -> tuple[float, float]:
    """A place so many pixels under the middle of a control."""
    box = part(page, name).get_by_role("slider").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + down


def test_two_phones_see_the_same_mappings(open_page: Callable[..., Any], box: PanelBox):
    one, two = open_page(), open_page()
    one.get_by_role("button", name="Remove: Right, press").click()
    expect(two.get_by_role("button", name="Restore: Right, press")).to_be_visible()


def test_the_wiring_sheet_names_every_pin(open_page: Callable[..., Any]):
    page = open_page(path="/wiring")
    expect(page.locator("#wiring-lines")).to_contain_text("Left between GPIO17 (pin 11) and GND (pin 9).")
    expect(page.locator(".header-pin")).to_have_count(40)
    page.emulate_media(media="print")
    expect(page.locator("#print")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("size", [PHONE, {"width": 320, "height": 568}, {"width": 844, "height": 390}])
def test_everything_is_thumb_size_and_nothing_is_cut_off(open_page: Callable[..., Any], size: dict[str, int]):
    page = open_page(size)
    for opener in ("Add mapping", "Add control"):
        page.get_by_role("button", name=opener).click()
        small = page.evaluate(
            """[...document.querySelectorAll('button, input, select, summary')].filter((node) => {
              const { width, height } = node.getBoundingClientRect();
              return node.checkVisibility() && node.type !== 'hidden' && (width < 44 || height < 44);
            }).map((node) => node.outerHTML)"""
        )
        assert small == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        page.locator(".sheet:visible").get_by_role("button", name="Cancel").click()


def test_what_was_begun_outlives_a_break_of_the_connection(open_page: Callable[..., Any], box: PanelBox):
    page = open_page()
    start_learning(page, "Tap tempo")
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator("#link-text")).to_have_text("No connection")
    expect(page.locator("#health")).to_have_attribute("data-level", "good")
    expect(page.locator(".listening")).to_contain_text("press the switch or turn the knob now")
    stomp(page, "Left")
    expect(page.locator(".heard-where")).to_have_text("Left")


def keep(page: Any, name: str) -> None:
    """Take a picture for the documentation: HUSHBOX_PICTURES=docs/images keeps it."""
    folder = os.environ.get("HUSHBOX_PICTURES")
    page.screenshot(**({"path": str(Path(folder) / name)} if folder else {}))


def test_pictures_for_the_documentation(open_page: Callable[..., Any], box: PanelBox):
    page = open_page()
    start_learning(page, "Tap tempo")
    stomp(page, "Left")
    page.get_by_role("radio", name="Double press").check(force=True)
    expect(page.locator(".sheet-note.costs")).to_have_count(1)
    keep(page, "panel-learn.png")
