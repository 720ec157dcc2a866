"""Learning a pedal: three presses tell what kind of switch it is, and then each stomp acts once."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware_app.config.panel_keys import HidKeyConfig, MappingConfig, MidiSwitchConfig
from firmware_app.config.read import ConfigError, parse
from firmware_app.page.panel import RealPanel
from firmware_app.panel.learn import Learner, Learning
from firmware_app.panel.stomps import QUIET_S, ROW_S
from hw.midi.messages import MidiParser
from tests.rigs.panel_hands import BASE, PanelHands
from tests.rigs.pedals import CC, PEDALS, PROGRAM, Pedal

TOGGLE = {"do": "toggle", "param": "box.mute"}
LONG_S = 20.0
Make = Callable[..., PanelHands]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    boxes: list[PanelHands] = []

    def start(**settings: Any) -> PanelHands:
        boxes.append(PanelHands(tmp_path, replace(BASE, midi=True, midi_serial=(), **settings)))
        return boxes[-1]

    yield start
    for box in boxes:
        box.close()


class Foot:
    """Stomps on a pedal, at the times that it says; the learner's clock is its own."""

    def __init__(self, box: PanelHands, port: str = "FCB1010") -> None:
        self.box, self.port = box, port
        self.now_s = time.monotonic()
        self.parser = MidiParser()
        self.learner = Learner(lambda: self.now_s)
        box.setup.learner = self.learner

    def send(self, data: bytes, gap_s: float = 0.2) -> None:
        """Each message `gap_s` after the one before."""
        for message in self.parser.feed(data):
            plugged = self.box.setup.bindings.panel._plugged
            heard, plugged._heard = plugged._heard, self._heard
            self.now_s += gap_s
            plugged.take_midi(self.port, message)
            plugged._heard = heard

    def _heard(self, source: str, kind: str, value: float, words: str, at_s: float) -> None:
        self.box.setup.bindings.panel._learner.heard(source, kind, value, words, self.now_s)

    def key(self, *values: int, gap_s: float = 0.2) -> None:
        for value in values:
            self.now_s += gap_s
            words = "KEY_A of keyboard 1a86-e026"
            self._heard("hid:1a86-e026:KEY_A", "switch", float(value), words, self.now_s)

    def wait(self, seconds: float = QUIET_S + 0.1) -> Learning:
        self.now_s += seconds
        return self.learner.view()

    def act(self, data: bytes) -> None:
        """With nobody learning: the real thing."""
        for message in self.parser.feed(data):
            self.box.setup.bindings.panel._plugged.take_midi(self.port, message)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def settings_of(state: Learning) -> dict[str, Any]:
    """Of the control that was found: what is not as usual."""
    assert state.heard is not None, state.note
    (control,) = state.heard.controls
    usual = {"latching": False, "press_only": False, "pressed_from": 64, "inverted": False}
    return {k: getattr(control.config, k) for k in usual if getattr(control.config, k, usual[k]) != usual[k]}


@pytest.mark.parametrize("pedal", PEDALS, ids=lambda pedal: pedal.name)
def test_three_presses_tell_the_kind_and_then_each_acts_once(make: Make, pedal: Pedal):
    box = make()
    foot = Foot(box)
    box.setup.learn(TOGGLE)
    for number, stomp in enumerate(pedal.stomps, start=1):
        foot.send(stomp)
        state = foot.wait(0.5)
        assert (state.state == "heard") == (pedal.held and number == 3)
    state = foot.wait()
    assert settings_of(state) == pedal.settings
    assert state.heard is not None
    assert ("cannot be held" in state.heard.found) != pedal.held
    box.setup.assign(state.heard.on, "press", TOGGLE, False)
    for number, stomp in enumerate(pedal.stomps, start=1):
        foot.act(stomp)
        until(lambda: box.setup.bindings.panel._switch_thread._contacts == [])
        until(lambda number=number: box.value("box.mute") == number % 2)  # type: ignore[misc]
    time.sleep(0.05)
    assert box.value("box.mute") == 1.0


def test_what_was_found_outlives_a_restart(make: Make):
    pedal = next(p for p in PEDALS if p.name == "40 only")
    box = make()
    foot = Foot(box)
    box.setup.learn(TOGGLE)
    foot.send(b"".join(pedal.stomps))
    heard = foot.wait().heard
    assert heard is not None
    box.setup.assign(heard.on, "press", TOGGLE, False)
    control = make().setup.plan.find("cc-64")
    assert control is not None
    assert control.config == MidiSwitchConfig("cc-64", 1, 64, "FCB1010", press_only=True, pressed_from=40)


@pytest.mark.parametrize(
    ("values", "gap_s", "settings", "found"),
    [
        ((1, 0, 1, 0, 1, 0), 0.2, {}, "It says when it is pressed and when it is let go."),
        ((1, 0, 1, 0, 1, 0), 0.001, {"press_only": True}, "It says at once that it was let go. So it cannot be held."),
        ((1, 0, 1), 0.5, {"latching": True}, "It sends pressed and let go in turn, one at each press: each acts."),
        ((1, 1, 1), 0.5, {"press_only": True}, "It sends at each press and never says that it was let go."),
    ],
)
def test_keys_are_told_apart_too(
    make: Make, values: tuple[int, ...], gap_s: float, settings: dict[str, Any], found: str
):
    box = make()
    foot = Foot(box)
    box.setup.learn(TOGGLE)
    foot.key(*values, gap_s=gap_s)
    state = foot.wait()
    assert settings_of(state) == settings
    assert state.heard is not None
    assert state.heard.found.startswith(found)


def test_it_asks_for_three_presses_and_changes_its_mind_when_more_come(make: Make):
    box = make()
    foot = Foot(box)
    box.setup.learn(TOGGLE)
    foot.send(bytes((CC, 64, 127)))
    state = foot.wait()
    assert state.state == "waiting"
    assert "CC 64 on channel 1 of FCB1010 is heard. Press it three times in a row" in state.note
    foot.send(bytes((64, 0, 64, 127)))
    assert settings_of(foot.wait()) == {"latching": True}  # it was held down for long, the second time
    foot.send(bytes((64, 0)))
    assert foot.wait().state == "waiting"
    foot.send(bytes((64, 127, 64, 0)))
    assert settings_of(foot.wait()) == {}


def test_a_row_that_was_none_begins_anew_after_a_pause(make: Make):
    box = make()
    foot = Foot(box)
    box.setup.learn(TOGGLE)
    foot.send(
        bytes((CC, 64, 127, 64, 0, 64, 127, 64, 0))
    )  # four stomps on one that sends in turn, or two on a usual one
    assert foot.wait(ROW_S + 0.1).state == "waiting"
    foot.send(bytes((64, 127, 64, 0, 64, 127)))
    assert settings_of(foot.wait()) == {"latching": True}


def test_one_that_says_the_same_at_press_and_release_is_not_taken_for_three_presses(make: Make):
    box = make()
    foot = Foot(box)
    box.setup.learn(TOGGLE)
    foot.send(bytes((CC, 64, 127) * 6))
    assert foot.wait().state == "waiting"


def test_a_controller_that_is_turned_is_no_switch(make: Make):
    box = make()
    foot = Foot(box)
    box.setup.learn(TOGGLE)
    for value in range(60, 80):
        foot.send(bytes((CC, 7, value)), gap_s=0.01)
    state = foot.wait()
    assert (state.state, state.note) == ("waiting", "CC 7 on channel 1 of FCB1010 is a knob: press a switch.")


def test_a_program_change_is_learned_at_once_and_said_where_it_comes_along(make: Make):
    box = make()
    foot = Foot(box)
    box.setup.learn({"do": "tap_tempo"})
    for program in (5, 6, 7):
        foot.send(bytes((PROGRAM, program)))
    heard = foot.wait().heard
    assert heard is not None
    assert (heard.on, heard.gesture) == ("program:1:7", "program")
    assert "another program at each press (6, 7, 8)" in heard.found
    box.setup.learn({"do": "tap_tempo"})
    for _ in range(3):
        foot.send(bytes((PROGRAM, 5, CC, 64, 127)))
    heard = foot.wait().heard
    assert heard is not None
    assert heard.on == "cc-64"
    assert heard.found.endswith("It sends program 6 too, which acts by itself.")


def test_a_pedal_of_programs_only_acts_once_a_stomp(make: Make):
    box = make(mappings=(*BASE.mappings, MappingConfig("program:1:5", "toggle", "program", "mute")))
    foot = Foot(box)
    for number in (1, 2, 3):
        foot.act(bytes((PROGRAM, 5)))
        until(lambda number=number: box.value("box.mute") == number % 2)  # type: ignore[misc]


def test_what_cannot_work_is_said_before_saving(make: Make):
    box = make(midi_switches=(MidiSwitchConfig("pedal", 1, 64, press_only=True), MidiSwitchConfig("other", 1, 65)))
    for on, gesture, action, said in (
        (
            "pedal",
            "long_press",
            TOGGLE,
            "Pedal has no long press: it never says that it was let go; it can press, double",
        ),
        ("pedal", "release", TOGGLE, "Pedal has no release: it never says that it was let go"),
        (
            "pedal",
            "press",
            {"do": "held_panic_mute"},
            "Pedal, press: it never says that it was let go, so it cannot be",
        ),
        ("pedal+other", "together", TOGGLE, "Pedal cannot be pressed together with another: it never says"),
        ("toggle", "press", {"do": "held_panic_mute"}, "Toggle, press: it stays where it is put, so it cannot be held"),
    ):
        (note,) = box.setup.check(on, gesture, action)
        assert note.level == "refused"
        assert note.text.startswith(said)
    assert box.setup.check("pedal", "double_press", {"do": "tap_tempo"}) == []


def test_a_pedal_that_is_set_up_otherwise_is_known_anew(make: Make):
    """It was taken for one that springs back; learning finds out better, and says what that will end."""
    mappings = (MappingConfig("pedal", "toggle", "press", "bypass"), MappingConfig("pedal", "tap_tempo", "long_press"))
    box = make(midi_switches=(MidiSwitchConfig("pedal", 1, 64),), mappings=mappings)
    foot = Foot(box)
    box.setup.learn(TOGGLE)
    foot.send(bytes((CC, 64, 40) * 3))
    state = foot.wait()
    assert settings_of(state) == {"press_only": True, "pressed_from": 40}
    assert state.heard is not None
    assert (state.heard.on, RealPanel(box.control, box.setup).learning().is_new) == ("pedal", False)
    notes = [note.text for note in box.setup.learning()[1]]
    assert notes[0] == "Now there: Pedal, press: Bypass on/off."
    assert "Pedal, long press: Tap tempo: will not work any more. Pedal has no long press" in notes[1]
    box.setup.assign("pedal", "press", TOGGLE, True)
    foot.act(bytes((CC, 64, 40)))
    until(lambda: box.value("box.mute") == 1.0)
    box.setup.restore("control pedal")
    control = box.setup.plan.find("pedal")
    assert control is not None
    assert control.config == MidiSwitchConfig("pedal", 1, 64)


def test_in_the_file(tmp_path: Path):
    text = """
        [[panel.midi_switches]]
        name = "stomp"
        channel = 1
        number = 64
        latching = true
        [[panel.hid_keys]]
        name = "key"
        device = "1a86-e026"
        key = "KEY_A"
        press_only = true
    """
    panel = parse(text).panel
    assert panel.midi_switches == (MidiSwitchConfig("stomp", 1, 64, latching=True),)
    assert panel.hid_keys == (HidKeyConfig("key", "1a86-e026", "KEY_A", press_only=True),)
    with pytest.raises(ConfigError, match="never says that it was let go is not latching"):
        parse(text.replace("latching = true", "latching = true\npress_only = true"))
    with pytest.raises(ConfigError, match="pressed_from = 128: a whole number from 0 to 127"):
        parse(text.replace("latching = true", "pressed_from = 128"))
