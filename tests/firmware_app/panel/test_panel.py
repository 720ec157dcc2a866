"""The panel's application side: what feet do to Control, what lights show, what is kept, learned and refused."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware_app.config.panel_keys import (
    HidKeyConfig,
    KnobConfig,
    LedConfig,
    MappingConfig,
    MeterConfig,
    MidiKnobConfig,
    MidiSwitchConfig,
    PedalConfig,
    RgbLedConfig,
)
from firmware_app.config.read import ConfigError
from firmware_app.control import control
from firmware_app.kept.param_table import PARAMS
from firmware_app.link.wire import MeterFrame, State
from firmware_app.panel.learn import DECIDE_S, WAIT_S, Learner
from firmware_app.panel.lights import AMBER, GREEN, RED, light_for
from firmware_app.panel.setup import PanelSetup
from hw.controls.events import (
    Activity,
    Light,
    ProgramEvent,
    StepEvent,
    SwitchEvent,
    SwitchKind,
    TurnEvent,
)
from hw.controls.spec import PressCost
from tests.rigs.panel_box import ports_of
from tests.rigs.panel_hands import BASE
from tests.rigs.panel_hands import PanelHands as Box
from web_ui import texts
from web_ui.ports.errors import ControlRefused, NotThere

PRESS, LONG, DOUBLE, CHORD, RELEASE = (
    SwitchKind.PRESS,
    SwitchKind.LONG_PRESS,
    SwitchKind.DOUBLE_PRESS,
    SwitchKind.CHORD,
    SwitchKind.RELEASE,
)
Make = Callable[..., Box]


# --- hands and feet ---


def test_each_gesture_does_its_own(box: Box):
    box.switch("left", PRESS, RELEASE)
    assert box.value("box.bypass") == 1.0
    assert box.control.origin("box.bypass") == "panel:left"
    for _ in range(2):
        box.switch("left", LONG, RELEASE)
        time.sleep(0.3)
    assert box.performer.tempo.bpm is not None
    assert box.value("box.bypass") == 1.0
    box.switch("right", DOUBLE, RELEASE)
    assert box.performer.preset == box.performer.preset_names[0]
    box.switch("toggle", PRESS, RELEASE)
    assert box.value("box.bypass") == 0.0


def test_a_held_action_lasts_as_long_as_the_foot(box: Box):
    box.switch("right", PRESS)
    assert box.value("box.mute") == 1.0
    box.switch("right", RELEASE)
    assert box.value("box.mute") == 0.0


def test_a_foot_that_is_down_while_the_mapping_goes_lets_go(box: Box):
    box.switch("right", PRESS)
    box.setup.remove("right press")
    assert box.value("box.mute") == 0.0


def test_an_encoder_steps_by_its_speed_and_presets_by_its_clicks(box: Box):
    box.tell(StepEvent("dial", -6, -2, 0.0))
    assert box.value("output.gain_db") == -6.0
    box.setup.assign("dial", "turn", {"do": "next_preset"}, True)
    box.tell(StepEvent("dial", 6, 2, 0.0))
    assert box.performer.preset == box.performer.preset_names[1]


def test_a_knob_picks_up_after_anyone_else_moved_the_value(box: Box):
    box.tell(TurnEvent("amount", 0.5, 0.0, first=True), TurnEvent("amount", 0.7, 0.0))
    assert box.value("denoise.amount_db") == 28.0  # crossed 24 on the way
    box.control.set_param("denoise.amount_db", 4, "page")
    box.tell(TurnEvent("amount", 0.6, 0.0))
    assert box.value("denoise.amount_db") == 4.0
    box.tell(TurnEvent("amount", 0.05, 0.0), TurnEvent("amount", 0.25, 0.0))
    assert box.value("denoise.amount_db") == 10.0
    box.performer.recall("Gentle", "midi")  # a preset moves it too
    before = box.value("denoise.amount_db")
    box.tell(TurnEvent("amount", 0.9, 0.0))
    assert box.value("denoise.amount_db") == before


@pytest.mark.parametrize(("takeover", "expected"), [("pickup", 4.0), ("jump", 24.0), ("scaled", 4.0 * 0.75)])
def test_a_knob_takes_over_as_chosen(make: Make, takeover: str, expected: float):
    box = make(replace(BASE, knobs=(KnobConfig("amount", 0, "denoise.amount_db", takeover),)))
    box.control.set_param("denoise.amount_db", 4, "page")
    box.tell(TurnEvent("amount", 0.8, 0.0, first=True), TurnEvent("amount", 0.6, 0.0))
    assert box.value("denoise.amount_db") == pytest.approx(expected)


def test_a_program_change_recalls_the_preset_of_its_number(make: Make):
    config = replace(BASE, midi=True, mappings=(MappingConfig("program:2:7", "panic_mute", "program"),))
    box = make(config)
    box.tell(ProgramEvent("port", 1, 2, 0.0))
    assert box.performer.preset == box.performer.preset_names[2]
    box.tell(ProgramEvent("port", 2, 7, 0.0))  # mapped by itself
    assert box.value("box.mute") == 1.0


def test_two_switches_together(box: Box):
    box.setup.assign("left+right", "together", {"do": "panic_dry"}, False)
    (chord,) = box.setup.plan.spec().chords
    assert (chord.name, chord.switches) == ("left+right", ("left", "right"))
    box.switch("left+right", CHORD, RELEASE)
    assert box.value("box.bypass") == 1.0


def test_a_press_through_the_mock_pin_reaches_control(box: Box):
    box.setup.simulated.press("toggle", True)
    deadline = time.monotonic() + 5.0
    while box.value("box.bypass") == 0.0:
        assert time.monotonic() < deadline
        time.sleep(0.005)


# --- only what is mapped is armed ---


def test_switches_are_armed_for_what_is_mapped_and_nothing_else(box: Box):
    spec = box.setup.plan.spec()
    assert spec.press_cost("left") == PressCost(0.0, on_release=True)
    assert spec.press_cost("right") == PressCost(300.0)
    assert spec.press_cost("toggle") == PressCost()
    box.setup.remove("right double_press")
    assert box.setup.plan.spec().press_cost("right") == PressCost()


def test_the_pins_are_opened_anew_only_where_it_needs_other_ones(box: Box):
    before = box.setup.bindings.panel
    box.setup.assign("left", "press", {"do": "toggle", "param": "box.mute"}, True)
    assert box.setup.bindings.panel is before
    box.setup.assign("left", "double_press", {"do": "tap_tempo"}, False)
    assert box.setup.bindings.panel is not before
    box.setup.simulated.press("toggle", True)  # and they work


# --- conflicts ---


def notes(box: Box, on: str, gesture: str, **action: Any) -> list[tuple[str, str]]:
    return [(str(note.level), note.text) for note in box.setup.check(on, gesture, action)]


@pytest.mark.parametrize(
    ("on", "gesture", "action", "level", "said"),
    [
        ("left", "press", {"do": "tap_tempo"}, "replaces", "Now there: Left, press: Bypass on/off."),
        ("left", "double_press", {"do": "tap_tempo"}, "costs", "A press of Left waits 300 ms"),
        ("right", "long_press", {"do": "tap_tempo"}, "costs", "A press of Right acts when the foot leaves"),
        ("right", "long_press", {"do": "tap_tempo"}, "costs", "Panic should not wait"),
        ("left", "double_press", {"do": "panic_mute"}, "costs", "Panic by double press is slow"),
        ("left+right", "together", {"do": "tap_tempo"}, "costs", "A press of Left waits 60 ms"),
        ("left", "turn", {"do": "tap_tempo"}, "refused", "Left has no turn: it can press"),
        ("toggle", "press", {"do": "held_panic_dry"}, "refused", "be held: take a press of a switch that springs back"),
        ("amount", "turn", {"do": "tap_tempo"}, "refused", "cannot do what a press does: take a switch"),
        ("left+toggle", "together", {"do": "tap_tempo"}, "refused", "Toggle cannot be pressed together with another"),
        ("left+amount", "together", {"do": "tap_tempo"}, "refused", "no control 'left+amount'"),
        ("status", "press", {"do": "tap_tempo"}, "refused", "Status has no press: it can nothing: it is a light"),
        ("no-such", "press", {"do": "tap_tempo"}, "refused", "no control 'no-such'"),
    ],
)
def test_conflicts_are_said_before_saving(
    box: Box, on: str, gesture: str, action: dict[str, Any], level: str, said: str
):
    found = notes(box, on, gesture, **action)
    assert any(one == level and said in text for one, text in found), found


def test_a_second_knob_on_a_parameter_is_noted(box: Box):
    box.setup.add_control("knobs", {"name": "two", "channel": 1})
    assert notes(box, "two", "turn", do="sweep", param="denoise.amount_db") == [
        ("note", "Noise reduction is turned by Amount too: both move it.")
    ]


@pytest.mark.parametrize(
    ("table", "settings", "said"),
    [
        ("switches", {"name": "x", "gpio": 17}, "GPIO17 is taken by Left"),
        ("switches", {"name": "left", "gpio": 4}, "a control called left is there already"),
        ("switches", {"name": "x", "gpio": 0}, "identity chip"),
        ("switches", {"name": "x", "gpio": 9}, "SPI bus"),
        ("switches", {"name": "x"}, "switches needs gpio: Pin, by its BCM number."),
        ("switches", {"name": "X!", "gpio": 4}, 'name = "X!": a short name'),
        ("switches", {"name": "x", "gpio": "4"}, 'gpio = "4": a whole number from 0 to 27 is allowed'),
        ("switches", {"name": "x", "gpio": 4, "colour": 1}, "colour: no such key"),
        ("knobs", {"name": "x", "channel": 0}, "MCP3008 channel 0 is taken by Amount"),
        ("encoders", {"name": "x", "gpio_a": 4, "gpio_b": 4}, "pin"),
        ("switchs", {"name": "x"}, "no kind of control 'switchs'; did you mean switches?"),
    ],
)
def test_a_control_that_cannot_be_is_refused(box: Box, table: str, settings: dict[str, Any], said: str):
    before = box.setup.plan
    with pytest.raises(ControlRefused) as caught:
        box.setup.add_control(table, settings)
    assert said in str(caught.value)
    assert box.setup.plan == before


def test_the_relay_keeps_its_name_and_its_pin(make: Make):
    box = make(replace(BASE, relay_gpio=26))
    for name, gpio, said in (("relay", 4, "the bypass relay's own name"), ("x", 26, "taken by the bypass relay")):
        with pytest.raises(ControlRefused, match=said):
            box.setup.add_control("switches", {"name": name, "gpio": gpio})
    assert box.setup.plan.spec().relay is not None


# --- kept ---


def test_changes_of_the_page_outlive_a_restart_and_the_file_stays_whole(make: Make, tmp_path: Path):
    box = make()
    box.setup.add_control("switches", {"name": "solo", "gpio": 4})
    box.setup.assign("solo", "press", {"do": "toggle", "param": "box.mute"}, False)
    box.setup.remove("left long_press")
    box.setup.remove_control("dial")
    box.close()
    again = make()
    assert again.mapped()["solo press"] == "toggle"
    assert "left long_press" not in again.mapped()
    assert again.setup.plan.find("dial") is None
    again.setup.restore("mapping left long_press")
    again.setup.restore("control dial")
    assert {"left long_press", "dial turn"} <= set(again.mapped())
    with pytest.raises(NotThere):
        again.setup.restore("control dial")


def test_a_saved_entry_of_another_version_is_noted_and_not_lost(make: Make, tmp_path: Path):
    odd = {"on": "left", "gesture": "double_press", "do": "levitate"}
    (tmp_path / "panel.json").write_text(
        json.dumps({"schema": 1, "panel": {"mappings": [odd], "controls": [{"table": "lasers"}], "off": []}})
    )
    box = make()
    assert len(box.setup.notes) == 2
    assert "levitate" in box.setup.notes[1]
    box.setup.assign("left", "release", {"do": "tap_tempo"}, False)
    assert odd in json.loads((tmp_path / "panel.json").read_text())["panel"]["unread"]


def test_a_control_of_the_page_waits_where_the_file_takes_its_place(make: Make):
    box = make()
    box.setup.add_control("switches", {"name": "solo", "gpio": 4})
    box.setup.assign("solo", "press", {"do": "tap_tempo"}, False)
    box.close()
    wider = make(replace(BASE, leds=(LedConfig("new", 4),)))
    assert wider.setup.plan.find("solo") is None
    assert any("Solo, added on the page, waits" in note for note in wider.setup.notes)
    wider.close()
    assert "solo press" in make().mapped()


def test_mappings_of_the_file_that_cannot_be_are_all_told():
    wrong = replace(
        BASE,
        mappings=(
            MappingConfig("left", "sweep", "press", "box.mute"),
            MappingConfig("lft", "tap_tempo"),
            MappingConfig("right", "sett", param="box.mute"),
        ),
    )
    with pytest.raises(ConfigError) as caught:
        PanelSetup(wrong, _Unused(), _Unused(), Path("/nonexistent"))  # type: ignore[arg-type]
    assert len(caught.value.mistakes) == 3
    assert caught.value.mistakes[0].startswith("hushbox.toml: [[panel.mappings]] ")


def test_a_preset_that_is_gone_keeps_no_box_from_starting(make: Make):
    """It may be deleted on the page, or not be in a backup that is restored: the file that names it is not at fault."""
    config = replace(BASE, mappings=(MappingConfig("right", "preset", preset="Evening"),))
    box = make(config)
    assert box.setup.notes == ("right, press, waits: no preset 'Evening'",)
    box.performer.presets.keep("Evening", {"denoise.amount_db": 3.0})
    box.performer.presets.save_job.save()
    box.close()
    assert make(config).mapped()["right press"] == "preset"


class _Unused:
    """What the file is held against before anything runs."""

    specs = PARAMS
    preset_names = ("Gentle",)

    class presets:
        names_known = ("Gentle",)


def test_a_pedal_is_calibrated_and_stays_so(make: Make):
    config = replace(BASE, pedals=(PedalConfig("pedal", 2, "box.wet_percent", "jump"),))
    box = make(config)
    panel = box.setup.bindings.panel

    def stand(raw: float) -> None:
        panel.simulator.turn("pedal", raw)
        deadline = time.monotonic() + 5.0
        while abs(panel.raw_position("pedal") - raw) > 0.01:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    stand(0.3)
    assert box.setup.calibrate("pedal", "start") < 0.1
    with pytest.raises(ControlRefused, match="the pedal moved over"):
        box.setup.calibrate("pedal", "heel")
    for raw in (0.3, 0.8, 0.3):
        stand(raw)
        for _ in range(6):
            travel = box.setup.calibrate("pedal", "move")
    assert travel == pytest.approx(0.5, abs=0.02)
    box.setup.calibrate("pedal", "heel")
    pedal = box.setup.plan.find("pedal")
    assert pedal is not None
    assert isinstance(pedal.config, PedalConfig)
    assert (pedal.config.heel, pedal.config.toe) == (pytest.approx(0.31, abs=0.02), pytest.approx(0.79, abs=0.02))
    assert box.mapped()["pedal turn"] == "sweep"  # what the file maps on it goes on
    box.close()
    again = make(config)
    assert again.setup.plan.find("pedal") == pedal
    again.setup.restore("control pedal")
    restored = again.setup.plan.find("pedal")
    assert restored is not None
    assert restored.config == config.pedals[0]


@pytest.mark.parametrize(("name", "step", "said"), [("amount", "start", "no expression pedal 'amount'")])
def test_only_pedals_are_calibrated(box: Box, name: str, step: str, said: str):
    with pytest.raises(NotThere, match=said):
        box.setup.calibrate(name, step)


# --- learn ---


class _Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def learner(box: Box, **action: Any) -> tuple[Learner, _Clock]:
    clock = _Clock()
    learner = Learner(clock)
    learner.start(box.setup._action(action))
    return learner, clock


def activity(source: str, kind: str, value: float, control: str = "") -> Activity:
    return Activity(source, kind, value, control, source, 0.0)


def test_learning_ends_by_itself(box: Box):
    learning, clock = learner(box, do="tap_tempo")
    assert (learning.view().state, learning.view().seconds_left) == ("waiting", 31)
    clock.now += WAIT_S - 0.5
    learning.hear(SwitchEvent("left", PRESS, 0.0), box.setup.plan)
    clock.now += DECIDE_S - 0.5
    assert learning.view().state == "heard"
    clock.now += 1.0
    assert not learning.active
    assert learning.view().state == "off"
    assert "nothing was saved in time" in learning.view().note


def test_a_knob_is_meant_only_when_it_is_really_turned(box: Box):
    learning, _ = learner(box, do="sweep", param="box.wet_percent")
    for position in (0.5, 0.55, 0.45):
        learning.hear(TurnEvent("amount", position, 0.0), box.setup.plan)
        assert learning.view().state == "waiting"
    learning.hear(TurnEvent("amount", 0.61, 0.0), box.setup.plan)
    heard = learning.view().heard
    assert heard is not None
    assert (heard.on, heard.gesture) == ("amount", "turn")


def test_two_feet_at_once_are_learned_together(box: Box):
    learning, _ = learner(box, do="tap_tempo")
    for event in (SwitchEvent("right", PRESS, 0.0), SwitchEvent("left", PRESS, 0.1)):
        learning.hear(event, box.setup.plan)
    heard = learning.view().heard
    assert heard is not None
    assert (heard.on, heard.gesture) == ("left+right", "together")


@pytest.mark.parametrize(
    ("action", "source", "kind", "value", "table", "name"),
    [
        ({"do": "tap_tempo"}, "gpio:4", "switch", 1.0, "switches", "switch-4"),
        ({"do": "tap_tempo"}, "hid:1a86-e026:KEY_PAGE_UP", "switch", 1.0, "hid_keys", "key-page-up"),
        ({"do": "tap_tempo"}, "midi:FCB:1010:note:3:60", "switch", 1.0, "midi_switches", "note-60"),
        ({"do": "tap_tempo"}, "midi:FCB:cc:3:64", "turn", 1.0, "midi_switches", "cc-64"),
    ],
)
def test_what_is_no_control_yet_becomes_one(
    box: Box, action: dict[str, Any], source: str, kind: str, value: float, table: str, name: str
):
    learning, clock = learner(box, **action)
    for _ in range(3 if source[:4] in ("hid:", "midi") else 1):  # what is plugged in is pressed three times
        learning.hear_activity(activity(source, kind, value), box.setup.plan)
    clock.now += 2.0
    heard = learning.view().heard
    assert heard is not None
    (control,) = heard.controls
    assert (control.table, control.name, control.sources) == (table, name, (source,))


def test_a_new_knob_is_learned_once_it_is_turned(box: Box):
    for source, table in (("mcp3008:0:3", "knobs"), ("midi:a:cc:1:7", "midi_knobs"), ("midi:a:pitch:1", "midi_knobs")):
        learning, _ = learner(box, do="sweep", param="box.wet_percent")
        for value in (0.2, 0.25, 0.5):
            learning.hear_activity(activity(source, "turn", value), box.setup.plan)
        heard = learning.view().heard
        assert heard is not None
        assert heard.controls[0].table == table
        assert heard.controls[0].sources == (source,)


@pytest.mark.parametrize("coarse_first", [True, False])
def test_a_controller_of_14_bits_is_learned_as_one(box: Box, coarse_first: bool):
    learning, _ = learner(box, do="sweep", param="box.wet_percent")
    halves = ("midi:a:b:cc:1:7", "midi:a:b:cc:1:39")
    for value in (0.1, 0.9):
        for source in halves if coarse_first else halves[::-1]:
            learning.hear_activity(activity(source, "turn", value), box.setup.plan)
    learning.hear_activity(activity(halves[1], "turn", 0.2), box.setup.plan)
    heard = learning.view().heard
    assert heard is not None
    (control,) = heard.controls
    assert (control.table, control.name, control.sources) == ("midi_knobs", "cc14-7", halves)
    learning.hear_activity(activity("midi:a:b:cc:1:8", "turn", 0.1), box.setup.plan)
    learning.hear_activity(activity("midi:a:b:cc:1:8", "turn", 0.9), box.setup.plan)
    heard = learning.view().heard
    assert heard is not None
    assert heard.controls[0].sources == ("midi:a:b:cc:1:8",)


def test_a_mapped_control_is_not_learned_as_a_new_one(box: Box):
    learning, _ = learner(box, do="tap_tempo")
    learning.hear_activity(activity("gpio:17", "switch", 1.0, "left"), box.setup.plan)
    assert learning.view().heard is None


def test_a_learned_switch_is_saved_as_a_control_and_works(make: Make):
    box = make()
    box.setup.learn({"do": "toggle", "param": "box.mute"})
    box.setup._hear_activity(activity("gpio:4", "switch", 1.0))
    state, found = box.setup.learning()
    assert state.heard is not None
    assert found == []
    box.setup.assign(state.heard.on, "press", {"do": "toggle", "param": "box.mute"}, False)
    assert box.setup.learner.view().state == "off"
    box.switch("switch-4", PRESS, RELEASE)
    assert box.value("box.mute") == 1.0
    box.close()
    assert "switch-4 press" in make().mapped()


# --- lights ---


def frame(state: int = State.RUNNING, **levels: Any) -> MeterFrame:
    return MeterFrame(state=state, **levels)


def test_the_processing_light_is_lit_only_while_sound_is_processed(box: Box):
    def lit() -> bool:
        return box.setup.bindings.panel.lit("status") == (1.0,)

    assert not lit()
    for state, expected in ((State.RUNNING, True), (State.WAITING, False), (State.RUNNING, True)):
        box.control.take_meter(frame(state))
        box.setup.bindings.take_meter(frame(state))
        assert lit() is expected
    box.control.set_param("box.bypass", 1, "page")
    assert not lit()
    box.switch("left", PRESS, RELEASE)  # and by the panel's own foot
    assert lit()
    box.control.audio_down()
    box.setup.bindings.light()
    assert not lit()


@pytest.mark.parametrize(
    ("config", "values", "meter", "expected"),
    [
        (RgbLedConfig("x", 1, 2, 3), {}, frame(), Light(1.0, GREEN)),
        (RgbLedConfig("x", 1, 2, 3), {"box.bypass": 1}, frame(), Light(1.0, AMBER)),
        (RgbLedConfig("x", 1, 2, 3), {"box.bypass": 1, "box.mute": 1}, None, Light(1.0, RED)),
        (RgbLedConfig("x", 1, 2, 3), {}, None, Light(0.0)),
        (LedConfig("x", 1, "denoise.amount_db"), {"denoise.amount_db": 10}, None, Light(0.25, GREEN)),
        (LedConfig("x", 1, "clip"), {}, frame(in_peak_db=(-0.05, -120.0)), Light(1.0, RED)),
        (LedConfig("x", 1, "alive"), {}, None, Light(0.0, GREEN)),
        (LedConfig("x", 1, "tempo"), {}, None, Light(0.0)),
        (MeterConfig("x", (1, 2), "input"), {}, frame(in_peak_db=(-30.0, -120.0)), Light(0.5)),
        (MeterConfig("x", (1, 2), "output"), {}, frame(State.WAITING, out_peak_db=(-6.0, -6.0)), Light(0.0)),
        (MeterConfig("x", (1, 2), "reduction"), {}, frame(reduction_db=15.0), Light(0.25)),
    ],
)
def test_lights_show_what_is_true(
    box: Box, config: Any, values: dict[str, float], meter: MeterFrame | None, expected: Light
):
    for id, value in values.items():
        box.control.set_param(id, value, "page")
    if meter is not None:
        box.control.take_meter(meter)
    light = light_for(config, box.control, box.performer)
    assert light.level == pytest.approx(expected.level)
    if light.level and not isinstance(config, MeterConfig):
        assert light.colour == expected.colour


def test_the_beat_blinks_from_the_last_tap(box: Box):
    for at_s in (10.0, 10.5):
        box.performer.press(box.setup._action({"do": "tap_tempo"}), "panel:left", at_s)
    light = light_for(LedConfig("x", 1, "tempo"), box.control, box.performer)
    assert (light.level, light.blink_s, light.blink_from_s) == (1.0, 0.5, 10.5)


# --- the page ---


def test_an_audio_process_that_hangs_is_not_shown_as_running(box: Box, monkeypatch: pytest.MonkeyPatch):
    page = ports_of(box.folder, box.control, box.setup)
    box.control.take_meter(frame(in_peak_db=(-6.0, -6.0)))
    assert page.live.status().state == "running"
    later = time.monotonic() + control.SILENT_S + 0.1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    status = page.live.status()
    assert not status.audio_alive
    assert status.state == "down"
    assert status.inputs[0].peak_db < -100
    assert "does not answer" in status.message


def test_every_place_can_be_put_in_words(make: Make):
    config = replace(
        BASE,
        midi=True,
        hid_keys=(HidKeyConfig("a", "1a86-e026", "KEY_A"),),
        midi_switches=(MidiSwitchConfig("b", 1, 64),),
        midi_knobs=(MidiKnobConfig("c", 2, message="pitch"),),
        rgb_leds=(RgbLedConfig("lamp", 16, 20, 21),),
    )
    box = make(config)
    setup = ports_of(box.folder, box.control, box.setup).panel.setup()
    places_of = {control.name: control.place for control in setup.controls}
    assert places_of["left"] == "GPIO17 (pin 11)"
    assert places_of["dial"] == "GPIO12, 13 (pins 32, 33)"
    assert places_of["amount"] == "MCP3008 channel 0"
    assert places_of["a"] == "Key A"
    assert places_of["b"] == "CC 64 on channel 1"
    assert places_of["c"] == "Pitch bend on channel 2"
    wired = {pin.number: pin.wired for pin in setup.header if pin.role == "wired"}
    assert wired[36] == "Lamp, red"
    assert wired[23] == "SPI clock"
    assert "Left: between GPIO17 (pin 11) and GND (pin 9)." in setup.wiring


def test_whatever_the_page_asks_about_a_control_has_a_name_there(make: Make):
    box = make(BASE)
    page = ports_of(box.folder, box.control, box.setup)
    asked = [field for kind in page.panel.setup().control_kinds for field in kind.fields]
    words = texts.texts("en")
    assert [field.name for field in asked if f"panel.field.{field.name}" not in words] == []
    # Chips go by their own names, and a parameter's switch by its id.
    choices = {choice for field in asked if field.name != "chip" for choice in field.choices if "." not in choice}
    assert [choice for choice in choices if f"panel.choice.{choice}" not in words] == []


def test_an_ads1115_is_wired_to_the_i2c_bus(make: Make):
    box = make(replace(BASE, knobs=(KnobConfig("amount", 1, "denoise.amount_db", chip="ads1115"),)))
    page = ports_of(box.folder, box.control, box.setup)
    setup = page.panel.setup()
    assert {pin.number: pin.wired for pin in setup.header if "I2C" in pin.wired and pin.role == "wired"} == {
        3: "I2C data",
        5: "I2C clock",
    }
    said = " ".join(setup.wiring)
    assert "wiper to ADS1115 channel 1 (A1)" in said
    assert "SDA to pin 3" in said
    assert "MCP3008" not in said
