"""What every PanelPort does, the fake and the real one. Hands are those of the SimulatorPort beside it."""

import time
from dataclasses import asdict

import pytest

from tests.contracts.hands import mapped, tap, value_of, wait_for
from web_ui.ports.box import Box
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.panel import PanelPort
from web_ui.views import dumps

TOGGLE = {"do": "toggle", "param": "box.mute"}


@pytest.fixture
def port(box: Box) -> PanelPort:
    return box.panel


def test_the_set_up_is_well_formed(box: Box):
    setup = box.panel.setup()
    names = {c.name for c in setup.controls}
    assert {"footswitch", "amount", "status"} <= names
    assert mapped(box) == {"footswitch press": "Bypass on/off", "amount turn": "Noise reduction"}
    assert [pin.number for pin in setup.header] == list(range(1, 41))
    assert {pin.role for pin in setup.header} <= {"free", "wired", "power", "ground", "reserved"}
    assert setup.header[10].wired == "Footswitch"
    assert {"toggle", "set", "sweep", "tap_tempo"} <= {kind.do for kind in setup.action_kinds}
    assert setup.simulated
    assert setup.wiring
    assert dumps(asdict(setup))


def test_a_mapping_is_checked_set_replaced_and_restored(box: Box):
    revision = box.panel.setup().revision
    assert [n.level for n in box.panel.check_mapping("footswitch", "press", TOGGLE)] == ["replaces"]
    with pytest.raises(ControlRefused, match="Now there: Footswitch, press: Bypass on/off"):
        box.panel.set_mapping("footswitch", "press", TOGGLE, False)
    box.panel.set_mapping("footswitch", "press", TOGGLE, True)
    assert mapped(box)["footswitch press"] == "Mute on/off"
    assert box.panel.setup().revision > revision
    tap(box, "footswitch")
    wait_for(box, lambda: value_of(box, "box.mute") == 1.0)
    assert value_of(box, "box.bypass") == 0.0
    box.panel.restore("mapping footswitch press")
    assert mapped(box)["footswitch press"] == "Bypass on/off"


def test_a_removed_mapping_of_the_file_can_be_restored(box: Box):
    box.panel.remove_mapping("footswitch press")
    assert "footswitch press" not in mapped(box)
    assert [m.key for m in box.panel.setup().mappings if m.off] == ["footswitch press"]
    with pytest.raises(NotThere):
        box.panel.remove_mapping("footswitch press")
    box.panel.restore("mapping footswitch press")
    assert "footswitch press" in mapped(box)
    with pytest.raises(NotThere):
        box.panel.restore("mapping footswitch press")


def test_a_double_press_says_what_it_costs(port: PanelPort):
    (note,) = port.check_mapping("footswitch", "double_press", {"do": "tap_tempo"})
    assert note.level == "costs"
    assert "300 ms" in note.text


@pytest.mark.parametrize(
    ("on", "gesture", "action", "said"),
    [
        ("no-such", "press", TOGGLE, "no-such"),
        ("status", "press", TOGGLE, ""),
        ("amount", "turn", TOGGLE, "take a"),
        ("footswitch", "press", {"do": "sweep", "param": "box.mute"}, "take a"),
        ("footswitch", "press", {"do": "togle", "param": "box.mute"}, "did you mean toggle"),
        ("footswitch", "press", {"do": "toggle"}, "toggle needs param"),
        ("footswitch", "press", {"do": "toggle", "param": "no.such"}, "no.such"),
    ],
)
def test_a_refused_mapping_changes_nothing(box: Box, on: str, gesture: str, action: dict[str, str], said: str):
    before = mapped(box)
    with pytest.raises(ControlRefused) as caught:
        box.panel.set_mapping(on, gesture, action, True)
    assert said in str(caught.value)
    assert mapped(box) == before


def test_a_press_is_learned_and_does_not_act(box: Box):
    assert box.panel.learning().state == "off"
    box.panel.learn(TOGGLE)
    waiting = box.panel.learning()
    assert (waiting.state, waiting.does) == ("waiting", "Mute on/off")
    assert 0 < waiting.seconds_left <= 30
    tap(box, "footswitch")
    wait_for(box, lambda: box.panel.learning().state == "heard")
    heard = box.panel.learning()
    assert (heard.on, heard.gesture, heard.where, heard.is_new) == ("footswitch", "press", "Footswitch", False)
    assert heard.gestures is not None
    assert set(heard.gestures) >= {"press", "long_press", "double_press"}
    assert [note.level for note in heard.notes] == ["replaces"]
    assert value_of(box, "box.bypass") == 0.0  # it did not act
    box.panel.set_mapping(heard.on, "long_press", TOGGLE, False)
    assert box.panel.learning().state == "off"
    assert mapped(box)["footswitch long_press"] == "Mute on/off"


def test_a_turn_is_learned_and_a_press_that_does_not_fit_gets_a_note(box: Box):
    box.panel.learn({"do": "sweep", "param": "output.gain_db"})
    tap(box, "footswitch")
    wait_for(box, lambda: bool(box.panel.learning().note))
    assert box.panel.learning().state == "waiting"
    for position in (0.2, 0.9, 0.1):
        box.simulator.turn("amount", position)
        time.sleep(0.1)
    wait_for(box, lambda: box.panel.learning().state == "heard")
    assert (box.panel.learning().on, box.panel.learning().gesture) == ("amount", "turn")
    box.panel.cancel_learning()
    assert box.panel.learning().state == "off"
    assert mapped(box)["amount turn"] == "Noise reduction"


def test_a_free_pin_is_learned_and_becomes_a_control(box: Box):
    box.panel.learn(TOGGLE)
    box.simulator.touch("gpio:4", 1.0)
    wait_for(box, lambda: box.panel.learning().state == "heard")
    box.simulator.touch("gpio:4", 0.0)
    heard = box.panel.learning()
    assert (heard.on, heard.is_new, heard.notes) == ("switch-4", True, ())
    assert "GPIO4 (pin 7)" in heard.where
    box.panel.set_mapping(heard.on, "press", TOGGLE, False)
    assert mapped(box)["switch-4 press"] == "Mute on/off"
    assert box.panel.setup().header[6].role == "wired"


def test_a_pedal_is_pressed_three_times_and_its_kind_is_said(box: Box):
    box.panel.learn(TOGGLE)
    for _ in range(3):
        assert box.panel.learning().state == "waiting"
        box.simulator.touch("midi:simulated:cc:1:64", 1.0)
        assert "three times in a row" in box.panel.learning().note or box.panel.learning().state == "heard"
    wait_for(box, lambda: box.panel.learning().state == "heard")
    heard = box.panel.learning()
    assert (heard.on, heard.is_new) == ("cc-64", True)
    assert heard.found.startswith("It sends 127 at each press and never says that it was let go.")
    assert heard.gestures is not None
    assert "press" in heard.gestures
    assert "long_press" not in heard.gestures
    (note,) = box.panel.check_mapping("cc-64", "long_press", TOGGLE)
    assert note.level == "refused"
    box.panel.set_mapping("cc-64", "press", TOGGLE, False)
    assert mapped(box)["cc-64 press"] == "Mute on/off"


def test_a_wrong_action_is_not_learned(port: PanelPort):
    with pytest.raises(ControlRefused):
        port.learn({"do": "no-such"})
    assert port.learning().state == "off"


def test_a_control_is_added_mapped_and_removed(box: Box):
    with pytest.raises(ControlRefused, match="GPIO17 is taken by Footswitch"):
        box.panel.add_control("switches", {"name": "solo", "gpio": 17})
    with pytest.raises(ControlRefused):
        box.panel.add_control("no-such", {})
    box.panel.add_control("switches", {"name": "solo", "gpio": 5})
    assert box.panel.setup().header[28].wired == "Solo"
    box.panel.set_mapping("solo", "press", TOGGLE, False)
    assert mapped(box)["solo press"] == "Mute on/off"
    box.panel.remove_control("solo")
    assert "solo press" not in mapped(box)
    with pytest.raises(NotThere):
        box.panel.remove_control("solo")


def test_a_pedal_that_is_not_there_is_not_calibrated(port: PanelPort):
    with pytest.raises(NotThere, match="amount"):
        port.calibrate("amount", "start")
