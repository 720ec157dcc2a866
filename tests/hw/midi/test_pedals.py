"""Each stomp on each kind of MIDI pedal acts once: bytes over a real file descriptor, through the real panel."""

from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest

from hw.controls.events import PanelEvent, ProgramEvent, SwitchEvent
from hw.controls.kinds import Gestures, MidiSpec, MidiSwitchSpec, PanelSpecError
from hw.controls.spec import ChordSpec, PanelSpec
from hw.midi.messages import MidiMessage
from hw.midi.midi import MidiThread
from hw.panel.panel import Panel
from tests.rigs.midi_cable import LONG_S, Cable
from tests.rigs.pedals import CC, PEDALS, Pedal

AT_ONCE_S = 0.3


class Floor:
    """A pedal on a cable, and the panel that hears it. `last` is another switch, whose press says: all was heard."""

    def __init__(self, root: Path, cable: Cable, *switches: MidiSwitchSpec) -> None:
        self.cable = cable
        self.events: Queue[PanelEvent] = Queue()
        last = MidiSwitchSpec("last", "*", "cc", 16, 1)
        self.panel = Panel(
            PanelSpec(switches=(*switches, last), midi=MidiSpec(), pins="mock"), self.events.put, root=root
        )
        self.panel.start()

    def told(self) -> list[str]:
        """What has been told since the last time, all of it."""
        self.cable.send(bytes((0xBF, 1, 127, 0xBF, 1, 0)))
        told = []
        while True:
            event = self.events.get(timeout=LONG_S)
            if isinstance(event, SwitchEvent):
                told.append(f"{event.name} {event.kind}")
                if told[-1] == "last release":
                    return told[:-2]
            elif isinstance(event, ProgramEvent):
                told.append(f"program {event.program}")


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Callable[..., Floor]]:
    floors: list[Floor] = []

    def lay(*switches: MidiSwitchSpec) -> Floor:
        floors.append(Floor(tmp_path, Cable(tmp_path, "dev/snd/midiC1D0"), *switches))
        return floors[-1]

    yield lay
    for one in floors:
        one.panel.close()
        one.cable.unplug()


def switch(pedal: Pedal, **armed: Any) -> MidiSwitchSpec:
    kinds = {key: value for key, value in pedal.settings.items() if key in ("latching", "press_only")}
    values: dict[str, Any] = {k: v for k, v in pedal.settings.items() if k not in kinds}
    gestures = Gestures(**kinds, **armed)  # type: ignore[arg-type]
    return MidiSwitchSpec("stomp", "*", pedal.message, 1, 64, gestures=gestures, **values)


ONCE = ["stomp press", "stomp release"]


@pytest.mark.parametrize("pedal", PEDALS, ids=lambda pedal: pedal.name)
def test_each_stomp_acts_once(floor: Callable[..., Floor], pedal: Pedal):
    one = floor(switch(pedal))
    one.cable.send(b"".join(pedal.stomps))
    assert one.told() == ONCE * 3
    one.cable.send(b"".join(pedal.stomps[:2] * 10))  # twenty at once, as after a thread was held up
    assert one.told() == ONCE * 20


@pytest.mark.parametrize("pedal", [p for p in PEDALS if not p.held], ids=lambda pedal: pedal.name)
def test_nothing_stays_held_and_unplugging_presses_nothing(floor: Callable[..., Floor], pedal: Pedal, tmp_path: Path):
    one = floor(switch(pedal))
    one.cable.send(pedal.stomps[0])
    assert one.told() == ONCE
    one.cable.unplug()
    one.cable = Cable(tmp_path, "dev/snd/midiC1D0")
    assert one.told() == []
    one.cable.send(bytes((CC, 1, 1)) + pedal.stomps[0])  # it starts anew: with the status byte
    assert one.told() == ONCE


@pytest.mark.parametrize("name", ["127 only", "127 only, running status", "note-on only"])
def test_a_pedal_that_nobody_has_described_acts_each_time_all_the_same(floor: Callable[..., Floor], name: str):
    pedal = next(p for p in PEDALS if p.name == name)
    one = floor(MidiSwitchSpec("stomp", "*", pedal.message, 1, 64))
    one.cable.send(b"".join(pedal.stomps))
    assert one.told() == ["stomp press", *("stomp release", "stomp press") * 2]


def test_a_sustain_pedal_half_pressed_is_held(floor: Callable[..., Floor]):
    one = floor(MidiSwitchSpec("stomp", "*", "cc", 1, 64))
    one.cable.send(bytes((CC, 64, 70, 64, 90, 64, 127, 64, 90, 64, 20, 64, 0)))
    assert one.told() == ONCE


def test_two_stomps_on_a_pedal_that_is_never_let_go_are_a_double_press(floor: Callable[..., Floor]):
    pedal = next(p for p in PEDALS if p.name == "127 only")
    one = floor(switch(pedal, double_press_ms=5000.0))
    one.cable.send(pedal.stomps[0] * 2)
    assert one.told() == ["stomp double_press", "stomp release"]


def test_a_mixed_burst_moves_each_its_own_way(floor: Callable[..., Floor]):
    """One stomp of a busy controller: a program, a note, a controller in running status, a clock in between."""
    press_only, latching = Gestures(press_only=True), Gestures(latching=True)
    one = floor(
        MidiSwitchSpec("cc", "*", "cc", 1, 64, gestures=press_only),
        MidiSwitchSpec("turn", "*", "cc", 1, 65, gestures=latching),
        MidiSwitchSpec("note", "*", "note", 1, 64),
    )
    burst = bytes((0xC0, 5, CC, 64, 127, 0xF8, 65, 0, 0x90, 64, 99, 0x90, 64, 0))
    for _ in range(3):
        one.cable.send(burst)
        told = one.told()
        assert sorted(told) == sorted(
            ["program 5", *(f"{name} {kind}" for name in ("cc", "turn", "note") for kind in ("press", "release"))]
        )


def test_a_switch_that_is_heard_and_never_pressed_is_a_problem(floor: Callable[..., Floor]):
    one = floor(MidiSwitchSpec("stomp", "*", "cc", 1, 64))
    for value in (40, 40, 0, 40):
        assert one.panel.problems == []
        one.cable.send(bytes((CC, 64, value)))
        assert one.told() == []
    (problem,) = one.panel.problems
    assert "MIDI switch 'stomp' was heard 3 times and never pressed: its values are below 64" in problem
    one.cable.send(bytes((CC, 64, 64)))
    one.told()
    assert one.panel.problems == []


def test_what_cannot_be_is_refused():
    with pytest.raises(PanelSpecError, match="never says that it was let go is not latching, and has no long press"):
        Gestures(press_only=True, long_press_ms=600.0)
    with pytest.raises(PanelSpecError, match="not latching"):
        Gestures(press_only=True, latching=True)
    with pytest.raises(PanelSpecError, match="pressed_from = 128: allowed 0 to 127"):
        MidiSwitchSpec("stomp", "*", "cc", 1, 64, pressed_from=128)
    two = (
        MidiSwitchSpec("a", "*", "cc", 1, 64, gestures=Gestures(press_only=True)),
        MidiSwitchSpec("b", "*", "cc", 1, 65),
    )
    with pytest.raises(PanelSpecError, match="switch 'a' never says that it was let go"):
        PanelSpec(switches=two, chords=(ChordSpec("both", ("a", "b")),))


def test_a_device_that_hands_on_what_was_sent_to_it_is_no_foot(tmp_path: Path):
    """Each press of a latching one is answered with its lamp: an echo taken for a press would go round for ever."""
    cable, heard = Cable(tmp_path, "dev/snd/midiC1D0"), Queue[MidiMessage]()
    thread = MidiThread(MidiSpec(), lambda port, message: heard.put(message), lambda port: None, tmp_path)
    thread.start()
    try:
        while not thread.ports:
            thread.rescan()
        thread.send("*", MidiMessage("cc", 1, 64, 127))
        echo = cable.receive(3)
        cable.send(echo)
        with pytest.raises(Empty):
            heard.get(timeout=AT_ONCE_S)
        cable.send(echo)  # and now it is one
        assert heard.get(timeout=LONG_S) == MidiMessage("cc", 1, 64, 127)
    finally:
        assert thread.end()
        cable.unplug()
