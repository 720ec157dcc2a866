"""Learning and plugged-in controls on a simulated panel: whatever moves is heard, mapped or not."""

from collections.abc import Callable, Iterator
from queue import Empty, Queue

import pytest

from hw.controls.events import Activity, Light, PanelEvent, ProgramEvent, SwitchEvent, SwitchKind, TurnEvent
from hw.controls.kinds import (
    ChordSpec,
    Gestures,
    KeySpec,
    KnobSpec,
    LedSpec,
    MidiKnobSpec,
    MidiSpec,
    MidiSwitchSpec,
    SwitchSpec,
)
from hw.controls.spec import PanelSpec, UnknownControlError
from hw.panel.panel import Panel

LONG_S = 20.0
SHORT_S = 0.1


class Ears:
    def __init__(self, spec: PanelSpec) -> None:
        self.events: Queue[PanelEvent] = Queue()
        self.activity: Queue[Activity] = Queue()
        self.panel = Panel(spec, on_event=self.events.put, on_activity=self.activity.put)
        self.panel.start()

    def heard(self) -> tuple[str, str, float, str, str]:
        a = self.activity.get(timeout=LONG_S)
        return a.source, a.kind, round(a.value, 2), a.control, a.words

    def event(self) -> PanelEvent:
        return self.events.get(timeout=LONG_S)


@pytest.fixture
def listen() -> Iterator[Callable[[PanelSpec], Ears]]:
    started: list[Ears] = []

    def start(spec: PanelSpec) -> Ears:
        started.append(Ears(spec))
        return started[-1]

    yield start
    for ears in started:
        ears.panel.close()


SPEC = PanelSpec(
    switches=(
        SwitchSpec("foot", 17),
        KeySpec("left", "1a86-e026", "KEY_A", gestures=Gestures(long_press_ms=5000)),
        MidiSwitchSpec("stomp", "*", "cc", 1, 64),
    ),
    knobs=(KnobSpec("amount", 0), MidiKnobSpec("fader", "FCB1010", "cc", 1, 7)),
    leds=(LedSpec("status", 27),),
    midi=MidiSpec(),
    pins="mock",
)


def test_free_pins_channels_keys_and_messages_are_heard(listen: Callable[[PanelSpec], Ears]):
    ears = listen(SPEC)
    ears.panel.start_learning()
    ears.panel.start_learning()
    touch = ears.panel.simulator.touch
    touch("gpio:22", 1.0)
    assert ears.heard() == ("gpio:22", "switch", 1.0, "", "GPIO22 (pin 15)")
    touch("gpio:22", 0.0)
    assert ears.heard() == ("gpio:22", "switch", 0.0, "", "GPIO22 (pin 15)")
    touch("hid:1a86-e026:KEY_B", 1.0)
    assert ears.heard()[:4] == ("hid:1a86-e026:KEY_B", "switch", 1.0, "")
    touch("midi:FCB1010:note:3:60", 1.0)
    assert ears.heard() == ("midi:FCB1010:note:3:60", "switch", 1.0, "", "note 60 on channel 3 of FCB1010")
    touch("midi:FCB1010:cc:1:8", 0.5)
    assert ears.heard() == ("midi:FCB1010:cc:1:8", "turn", 0.5, "", "CC 8 on channel 1 of FCB1010")
    ears.panel.simulator.program(12)
    assert ears.heard()[:3] == ("midi:simulated:program:1:12", "program", 12.0)
    touch("mcp3008:0:3", 0.8)
    assert ears.heard() == ("mcp3008:0:3", "turn", 0.8, "", "MCP3008 channel 3")


def test_mapped_controls_are_heard_by_their_name_and_go_on_working(listen: Callable[[PanelSpec], Ears]):
    ears = listen(SPEC)
    assert isinstance(ears.event(), TurnEvent)  # where the knob stands
    ears.panel.start_learning()
    ears.panel.simulator.press("foot")
    assert ears.heard()[::3] == ("gpio:17", "foot")
    event = ears.event()
    assert isinstance(event, SwitchEvent)
    assert (event.name, event.kind) == ("foot", SwitchKind.PRESS)
    ears.panel.simulator.press("stomp")
    assert ears.heard()[::3] == ("midi:simulated:cc:1:64", "stomp")
    ears.panel.simulator.turn("amount", 1.0)
    assert ears.heard()[::3] == ("mcp3008:0:0", "amount")


def test_after_learning_nothing_is_heard_and_the_pins_are_free_again(listen: Callable[[PanelSpec], Ears]):
    ears = listen(SPEC)
    ears.panel.start_learning()
    ears.panel.stop_learning()
    ears.panel.stop_learning()
    ears.panel.simulator.touch("gpio:22", 1.0)
    ears.panel.simulator.press("foot")
    with pytest.raises(Empty):
        ears.activity.get(timeout=SHORT_S)
    ears.panel.close()
    again = listen(PanelSpec(leds=(LedSpec("new", 22),), pins="mock"))
    assert again.panel.problems == []


def test_learning_can_be_stopped_by_what_it_hears(listen: Callable[[PanelSpec], Ears]):
    ears = listen(PanelSpec(pins="mock"))
    heard: Queue[str] = Queue()

    def stop(activity: Activity) -> None:
        ears.panel.stop_learning()
        heard.put(activity.source)

    ears.panel._learner._tell = stop
    for source, value in (("mcp3008:0:3", 0.8), ("gpio:5", 1.0), ("hid:1-2:KEY_B", 1.0)):
        ears.panel.start_learning()
        ears.panel.simulator.touch(source, value)
        assert heard.get(timeout=LONG_S) == source


def test_keys_and_midi_are_pressed_and_turned_like_any_control(listen: Callable[[PanelSpec], Ears]):
    ears = listen(SPEC)
    hands = ears.panel.simulator
    ears.event()
    for act, name, kind in (
        (hands.press, "stomp", SwitchKind.PRESS),
        (hands.release, "stomp", SwitchKind.RELEASE),
    ):
        act(name)
        event = ears.event()
        assert isinstance(event, SwitchEvent)
        assert (event.name, event.kind) == (name, kind)
        assert hands.pressed(name) == (kind is SwitchKind.PRESS)
    hands.press("left")
    hands.release("left")  # its press waits for a long one
    assert [e.kind for e in (ears.event(), ears.event()) if isinstance(e, SwitchEvent)] == ["press", "release"]
    hands.turn("fader", 0.5)
    event = ears.event()
    assert isinstance(event, TurnEvent)
    assert (event.name, event.position) == ("fader", pytest.approx(0.5, abs=0.004))
    assert hands.position("fader") == 0.5
    hands.program(3)
    event = ears.event()
    assert isinstance(event, ProgramEvent)
    assert event.program == 3
    ears.panel.feedback("fader", Light(0.5))  # no such port is plugged in, and that is all right
    ears.panel.feedback("foot", Light())


def test_a_pin_and_a_key_make_a_chord(listen: Callable[[PanelSpec], Ears]):
    switches = (SwitchSpec("foot", 17), KeySpec("left", "1a86-e026", "KEY_A"))
    spec = PanelSpec(switches=switches, chords=(ChordSpec("both", ("foot", "left")),), chord_ms=500, pins="mock")
    ears = listen(spec)
    ears.panel.simulator.press("foot")
    ears.panel.simulator.press("left")
    event = ears.event()
    assert isinstance(event, SwitchEvent)
    assert (event.name, event.kind) == ("both", SwitchKind.CHORD)


def test_what_cannot_be_plugged_in_is_a_problem(listen: Callable[[PanelSpec], Ears]):
    switches = (KeySpec("left", "1a86-e026", "A"), MidiSwitchSpec("stomp", "*", "cc", 1, 64))
    ears = listen(PanelSpec(switches=switches, pins="mock"))
    key, midi = ears.panel.problems
    assert "key 'left' (hid:1a86-e026:A) is off: key = 'A': no key of that name" in key
    assert "MIDI switch 'stomp' (midi:*:cc:1:64) is off: MIDI is switched off" in midi
    with pytest.raises(UnknownControlError, match="GPIO27 is an output"):
        listen(PanelSpec(leds=(LedSpec("status", 27),), pins="mock")).panel.simulator.touch("gpio:27", 1.0)
    with pytest.raises(UnknownControlError, match="nothing is wired to 'mcp3008:1:0'"):
        ears.panel.simulator.touch("mcp3008:1:0", 1.0)
