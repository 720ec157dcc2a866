"""The running panel stays true: to hands and feet, to lamps, to whoever else changes something."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from firmware_app.config.panel_keys import (
    HidKeyConfig,
    LedConfig,
    MappingConfig,
    MeterConfig,
    MidiKnobConfig,
    MidiSwitchConfig,
    PedalConfig,
    RgbLedConfig,
    SwitchConfig,
)
from firmware_app.control import control
from firmware_app.control.output import Output
from firmware_app.link.shed import Shed
from firmware_app.link.wire import HealthFrame, MeterFrame, State
from firmware_app.panel import bindings
from firmware_app.panel.lights import light_for
from hw.controls.events import SwitchEvent, SwitchKind, TempoEvent, TurnEvent
from hw.panel.panel import PanelStuckError
from tests.rigs.panel_hands import BASE, PanelHands
from web_ui.ports.errors import NotThere

PRESS, RELEASE = SwitchKind.PRESS, SwitchKind.RELEASE
LONG_S = 5.0

Make = Callable[..., PanelHands]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# --- knobs: no jump ---


def caught(box: PanelHands) -> None:
    """Let the knob turn the value it is mapped to."""
    box.tell(TurnEvent("amount", 0.5, 0.0, first=True), TurnEvent("amount", 0.7, 0.0))
    assert box.value("denoise.amount_db") == 28.0


def test_a_knob_that_is_given_another_value_has_not_caught_it(box: PanelHands):
    caught(box)
    box.setup.assign("amount", "turn", {"do": "sweep", "param": "box.wet_percent"}, True)
    box.tell(TurnEvent("amount", 0.72, 0.0))
    assert box.value("box.wet_percent") == 100.0
    box.tell(TurnEvent("amount", 1.0, 0.0), TurnEvent("amount", 0.9, 0.0))  # across it
    assert box.value("box.wet_percent") == pytest.approx(90.0)


def test_a_knob_turned_while_learning_does_not_take_its_value_along(box: PanelHands):
    caught(box)
    box.setup.learn({"do": "sweep", "param": "box.wet_percent"})
    box.tell(TurnEvent("amount", 0.2, 0.0))
    box.setup.cancel()
    box.tell(TurnEvent("amount", 0.21, 0.0))
    assert box.value("denoise.amount_db") == 28.0


# --- feet: what is held ---


def momentary(**more: Any) -> Any:
    """A footswitch that mutes while held, and one more to map."""
    return replace(
        BASE,
        switches=(SwitchConfig("foot", 17, "mute", momentary=True), SwitchConfig("right", 5)),
        mappings=(MappingConfig("right", "tap_tempo"),),
        **more,
    )


def held(make: Make) -> PanelHands:
    box = make(momentary())
    box.setup.simulated.press("foot", True)
    until(lambda: box.value("box.mute") == 1.0)
    return box


def let_go(box: PanelHands) -> None:
    box.setup.simulated.press("foot", False)
    until(lambda: box.value("box.mute") == 0.0)


def test_a_held_mute_outlasts_another_mapping_and_ends_with_the_foot(make: Make):
    box = held(make)
    box.setup.assign("right", "press", {"do": "toggle", "param": "box.bypass"}, True)
    assert box.value("box.mute") == 1.0
    let_go(box)


def test_a_held_mute_outlasts_pins_that_are_opened_anew_and_ends_with_the_foot(
    make: Make, monkeypatch: pytest.MonkeyPatch
):
    box = held(make)
    before = box.setup.bindings.panel
    keep_pins(box, monkeypatch)
    box.setup.assign("right", "double_press", {"do": "next_preset"}, True)
    assert box.setup.bindings.panel is not before
    assert box.value("box.mute") == 1.0
    let_go(box)


def test_a_foot_that_leaves_while_the_pins_are_opened_anew_is_seen_to_have_left(make: Make):
    box = held(make)
    box.setup.assign("right", "double_press", {"do": "next_preset"}, True)  # new mock pins are open
    until(lambda: box.value("box.mute") == 0.0)


def keep_pins(box: PanelHands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next panel find the foot where it is: mock pins begin open, real ones do not."""
    from hw.panel import lines

    listen = lines.SwitchLine.listen

    def pressed_before(line: lines.SwitchLine) -> None:
        if line.name == "foot":
            line.pin._change_state(False)
        listen(line)

    monkeypatch.setattr(lines.SwitchLine, "listen", pressed_before)


def test_two_feet_on_one_action_end_it_together(make: Make):
    switches = (SwitchConfig("a", 17, "mute", momentary=True), SwitchConfig("b", 5, "mute", momentary=True))
    box = make(replace(BASE, switches=switches, mappings=()))
    box.switch("a", PRESS)
    box.switch("b", PRESS)
    box.switch("a", RELEASE)
    assert box.value("box.mute") == 1.0
    box.switch("b", RELEASE)
    assert box.value("box.mute") == 0.0


def test_a_value_that_a_preset_set_under_the_foot_stays(make: Make):
    config = replace(
        BASE,
        switches=(SwitchConfig("a", 17),),
        mappings=(MappingConfig("a", "momentary", param="denoise.amount_db", value=40.0),),
    )
    box = make(config)
    for preset, after in ((False, 24.0), (True, 10.0)):
        box.switch("a", PRESS)
        assert box.value("denoise.amount_db") == 40.0
        if preset:
            box.control.set_params({"denoise.amount_db": 10.0}, "preset")
        box.switch("a", RELEASE)
        assert box.value("denoise.amount_db") == after


def test_threads_that_will_not_end_do_not_end_the_panel(box: PanelHands, monkeypatch: pytest.MonkeyPatch):
    def stuck() -> None:
        raise PanelStuckError("panel switches did not end within 2 s")

    before = box.setup.bindings.panel
    close = before.close
    monkeypatch.setattr(before, "close", stuck)
    box.setup.assign("left", "double_press", {"do": "next_preset"}, False)
    close()
    assert box.setup.bindings.panel is not before
    box.setup.remove("left double_press")
    box.setup.simulated.press("toggle", True)
    until(lambda: box.value("box.bypass") == 1.0)


# --- lamps ---


def test_a_light_forgets_a_sound_that_nobody_tells_of_any_more(box: PanelHands, monkeypatch: pytest.MonkeyPatch):
    for take in (box.control.take_meter, box.setup.bindings.take_meter):
        take(MeterFrame(state=State.RUNNING))
    assert box.setup.bindings.panel.lit("status") == (1.0,)
    later = time.monotonic() + control.SILENT_S + 0.1
    monkeypatch.setattr(control.time, "monotonic", lambda: later)
    box.setup.tick()
    assert box.setup.bindings.panel.lit("status") == (0.0,)


def test_an_older_state_is_never_shown_over_a_newer_one(box: PanelHands, monkeypatch: pytest.MonkeyPatch):
    inside, go_on = threading.Event(), threading.Event()

    def slowly(config: Any, *args: Any) -> Any:
        light = light_for(config, *args)
        if config.name == "muted" and not inside.is_set():
            inside.set()
            assert go_on.wait(LONG_S)
        return light

    monkeypatch.setattr(bindings, "light_for", slowly)
    late = threading.Thread(target=box.setup.bindings.light)
    late.start()
    assert inside.wait(LONG_S)
    newer = threading.Thread(target=box.control.set_param, args=("box.mute", 1, "page"))
    newer.start()
    newer.join(0.2)  # it ends here only where nothing keeps the two apart
    go_on.set()
    for thread in (late, newer):
        thread.join(LONG_S)
    assert box.setup.bindings.panel.lit("muted") == (1.0,)


def test_lights_show_what_was_saved_right_after_a_restart(make: Make):
    box = make()
    box.control.set_param("box.mute", 1, "page")
    box.close()
    assert make().setup.bindings.panel.lit("muted") == (1.0,)


class Lamps:
    """What a MIDI controller with lamps of its own is told: (name, position, now)."""

    def __init__(self, box: PanelHands, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[tuple[str, float, bool]] = []
        panel = box.setup.bindings.panel
        monkeypatch.setattr(panel, "feedback", lambda name, light, now=True: self.told.append((name, light.level, now)))

    def take(self) -> list[tuple[str, float, bool]]:
        told, self.told = self.told, []
        return told


CONTROLLER = replace(
    BASE,
    midi=True,
    midi_knobs=(MidiKnobConfig("fader", 1, number=7, sets="denoise.amount_db"),),
    midi_switches=(MidiSwitchConfig("pad", 1, 64, does="mute"),),
    mappings=(MappingConfig("left", "tap_tempo", "long_press"),),
)


def test_a_controller_is_told_of_changes_but_not_at_once_of_its_own(make: Make, monkeypatch: pytest.MonkeyPatch):
    box = make(CONTROLLER)
    lamps = Lamps(box, monkeypatch)
    box.control.set_param("denoise.amount_db", 10, "page")
    assert lamps.take() == [("fader", 0.25, True)]
    box.tell(TurnEvent("fader", 0.2, 0.0), TurnEvent("fader", 0.3, 0.0))  # its first only says where it stands
    assert box.value("denoise.amount_db") == 12.0
    assert lamps.take() == [("fader", 0.3, False)]  # for when it is plugged in again


def test_a_pad_s_lamp_shows_what_its_press_has_done(make: Make, monkeypatch: pytest.MonkeyPatch):
    box = make(CONTROLLER)
    lamps = Lamps(box, monkeypatch)
    for muted in (1.0, 0.0):
        box.switch("pad", PRESS)
        assert lamps.take()[-1] == ("pad", muted, True)
        box.switch("pad", RELEASE)  # many pads darken their lamp now
        assert lamps.take() == [("pad", muted, True)]


def test_a_controller_is_told_everything_when_the_panel_starts_and_when_it_is_mapped(
    make: Make, monkeypatch: pytest.MonkeyPatch
):
    told: list[tuple[str, float]] = []
    monkeypatch.setattr(
        "hw.panel.panel.Panel.feedback", lambda panel, name, light, now: told.append((name, light.level))
    )
    box = make(CONTROLLER)
    assert told == [("pad", 0.0), ("fader", 0.6)]
    told.clear()
    box.control.set_param("box.bypass", 1, "page")
    box.setup.assign("pad", "press", {"do": "toggle", "param": "box.bypass"}, True)
    assert ("pad", 1.0) in told


def test_a_pad_says_that_the_sound_is_dry_though_nobody_asked_for_it(make: Make):
    """Its lamp follows the same function as the page and the LEDs: lit when it bypasses, blinking when the box does."""
    pads = (MidiSwitchConfig("pad", 1, 64, does="bypass"), MidiSwitchConfig("lamp", 1, 65, shows="processing"))
    box = make(replace(BASE, midi=True, midi_switches=pads, leds=(LedConfig("status", 27),)))
    panel = box.setup.bindings.panel

    def shown(name: str) -> tuple[float, ...]:
        box.control.take_meter(MeterFrame(state=State.RUNNING))
        box.setup.bindings.light()
        return panel.lit(name)

    assert [shown(name) for name in ("pad", "lamp", "status")] == [(0.0,), (1.0,), (1.0,)]
    box.control.set_param("box.bypass", 1, "page")
    assert [shown(name) for name in ("pad", "lamp", "status")] == [(1.0,), (0.0,), (0.0,)]
    box.control.set_param("box.bypass", 0, "page")
    box.control.take_health(HealthFrame(shed=Shed.DRY))
    assert box.control.output is Output.OVERLOADED
    for name in ("pad", "lamp", "status"):
        until(lambda name=name: shown(name) == (0.0,))  # type: ignore[misc]
        until(lambda name=name: shown(name) == (1.0,))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("does", "change", "lit"),
    [
        ({"do": "panic_mute"}, ("box.mute", 1), 1.0),
        ({"do": "toggle", "param": "stems.vocals.mute"}, ("stems.vocals.mute", 1), 1.0),
        ({"do": "scene", "scene": "B"}, ("scene", "B"), 1.0),
        ({"do": "scene", "scene": "A"}, ("scene", "B"), 0.0),
        ({"do": "set", "param": "denoise.amount_db", "value": 40}, ("denoise.amount_db", 10), 0.25),
    ],
)
def test_a_pad_s_lamp_shows_what_its_press_would_do(make: Make, does: Any, change: tuple[str, Any], lit: float):
    box = make(replace(BASE, midi=True, midi_switches=(MidiSwitchConfig("pad", 1, 64),)))
    box.control.take_meter(MeterFrame(state=State.RUNNING))
    box.setup.assign("pad", "press", does, True)
    name, value = change
    if name == "scene":
        box.performer.keep_scene(value)
        box.performer.recall_scene(value, "page")
    else:
        box.control.set_param(name, value, "page")
    assert box.setup.bindings.panel.lit("pad") == (lit,)


# --- the tempo ---


def test_the_tempo_of_a_midi_clock_blinks_and_a_tapped_one_is_sent(make: Make, monkeypatch: pytest.MonkeyPatch):
    box = make(replace(BASE, midi=True, midi_clock="out"))
    sent: list[tuple[float | None, float]] = []
    monkeypatch.setattr(box.setup.bindings.panel, "tempo", lambda bpm, beat_at_s: sent.append((bpm, beat_at_s)))
    for at_s in (10.0, 10.5):
        box.tell(SwitchEvent("left", SwitchKind.LONG_PRESS, at_s), SwitchEvent("left", RELEASE, at_s))
    assert sent[-1] == (120.0, 10.5)
    box.tell(TempoEvent("port", 90.0, 20.0))
    light = light_for(BASE.leds[2], box.control, box.performer)
    assert (light.blink_s, light.blink_from_s) == (pytest.approx(60.0 / 90.0), 20.0)


# --- the page's simulated panel ---


def kinds(box: PanelHands) -> dict[str, str]:
    return {pin.name: pin.kind for pin in box.setup.simulated.pins()}


def test_every_kind_of_control_can_be_simulated(make: Make):
    config = replace(
        BASE,
        midi=True,
        relay_gpio=26,
        pedals=(PedalConfig("pedal", 2, "box.wet_percent"),),
        rgb_leds=(RgbLedConfig("lamp", 16, 20, 21),),
        meters=(MeterConfig("vu", (24, 25)),),
        hid_keys=(HidKeyConfig("key", "1a86-e026", "KEY_A"),),
        midi_switches=(MidiSwitchConfig("pad", 1, 64),),
        midi_knobs=(MidiKnobConfig("fader", 1, number=7),),
    )
    box = make(config)
    assert kinds(box) == {
        "left": "switch", "right": "switch", "toggle": "switch", "key": "switch", "pad": "switch", "amount": "knob",
        "pedal": "pedal", "fader": "knob", "dial": "encoder", "status": "led", "muted": "led", "beat": "led",
        "lamp": "rgb", "vu": "meter", "relay": "relay", "program": "program",
    }  # fmt: skip
    box.setup.simulated.step("dial", 3)
    until(lambda: box.value("output.gain_db") != 0.0)
    with pytest.raises(NotThere, match="no simulated encoder 'amount': there are dial, program"):
        box.setup.simulated.step("amount", 1)
    does = {pin.name: pin.does for pin in box.setup.simulated.pins()}
    assert does["left"] == "press: Bypass on/off; long press: Tap tempo"


def test_a_latching_switch_is_told_apart_from_one_that_springs_back(box: PanelHands):
    assert {pin.name: pin.latching for pin in box.setup.simulated.pins() if pin.kind == "switch"} == {
        "left": False, "right": False, "toggle": True,
    }  # fmt: skip


def test_the_relay_is_held_while_sound_makes_progress_and_falls_after(make: Make, monkeypatch: pytest.MonkeyPatch):
    box = make(replace(BASE, relay_gpio=26))

    def relay() -> float:
        return next(pin.position for pin in box.setup.simulated.pins() if pin.kind == "relay")

    assert relay() == 0.0
    for uptime_s in (1.0, 1.05):
        box.setup.bindings.take_meter(MeterFrame(state=State.RUNNING, uptime_s=uptime_s))
    assert relay() == 1.0
    later = time.monotonic() + 0.5
    monkeypatch.setattr("hw.panel.relay.time.monotonic", lambda: later)
    for _ in range(3):
        box.setup.bindings.take_meter(MeterFrame(state=State.RUNNING, uptime_s=1.05))  # a process that hangs
        box.setup.bindings.take_meter(MeterFrame(state=State.WAITING, uptime_s=later))
    assert relay() == 0.0


def test_midi_programs_are_sent_from_the_simulated_panel(make: Make):
    box = make(replace(BASE, midi=True))
    assert kinds(box)["program"] == "program"
    box.setup.simulated.step("program", 2)
    assert box.performer.preset == box.performer.preset_names[2]
    box.setup.simulated.step("program", -1)
    assert box.performer.preset == box.performer.preset_names[1]
    position = next(pin.position for pin in box.setup.simulated.pins() if pin.kind == "program")
    assert position == pytest.approx(1 / 127)


def test_no_program_is_drawn_where_none_does_anything(make: Make):
    assert "program" not in kinds(make(replace(BASE, midi=True, program_presets=False)))
