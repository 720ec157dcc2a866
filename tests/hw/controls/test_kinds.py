"""Every kind of control on mock pins, from the pin to the event."""

import gc
import threading
from collections.abc import Callable, Iterator
from queue import Empty, Queue
from typing import Any

import pytest

from hw.controls.events import PanelEvent, StepEvent, SwitchEvent, SwitchKind, TurnEvent
from hw.controls.kinds import ChordSpec, EncoderSpec, Gestures, KnobSpec, PedalSpec, SwitchSpec
from hw.controls.spec import PanelSpec, PanelSpecError, UnknownControlError
from hw.panel.lines import KnobLine
from hw.panel.panel import Panel

LONG_S = 20.0
SHORT_S = 0.1


class Ears:
    """A started panel and what it told."""

    def __init__(self, spec: PanelSpec) -> None:
        self.events: Queue[PanelEvent] = Queue()
        self.panel = Panel(spec, on_event=self.events.put)
        self.panel.start()

    def next(self) -> PanelEvent:
        return self.events.get(timeout=LONG_S)

    def switch(self) -> tuple[str, SwitchKind]:
        event = self.next()
        assert isinstance(event, SwitchEvent)
        return event.name, event.kind


@pytest.fixture
def listen() -> Iterator[Callable[[PanelSpec], Ears]]:
    started: list[Ears] = []

    def start(spec: PanelSpec) -> Ears:
        started.append(Ears(spec))
        return started[-1]

    yield start
    for ears in started:
        ears.panel.close()


def test_a_long_and_a_double_press_come_from_a_pin(listen: Callable[[PanelSpec], Ears]):
    gestures = Gestures(long_press_ms=300, double_press_ms=150)
    ears = listen(PanelSpec(switches=(SwitchSpec("foot", 17, gestures=gestures),), pins="mock"))
    foot = ears.panel.simulator
    foot.press("foot")
    assert ears.switch() == ("foot", SwitchKind.LONG_PRESS)
    foot.release("foot")
    assert ears.switch() == ("foot", SwitchKind.RELEASE)
    told_closed = threading.Event()
    for act in (foot.press, foot.release, foot.press):
        act("foot")
        told_closed.wait(0.03)  # longer than the lockout, shorter than the window
    assert ears.switch() == ("foot", SwitchKind.DOUBLE_PRESS)
    foot.release("foot")
    assert ears.switch() == ("foot", SwitchKind.RELEASE)


def test_two_pins_together_are_a_chord(listen: Callable[[PanelSpec], Ears]):
    switches = (SwitchSpec("left", 17), SwitchSpec("right", 27))
    spec = PanelSpec(switches=switches, chords=(ChordSpec("both", ("left", "right")),), chord_ms=500, pins="mock")
    ears = listen(spec)
    for name in ("left", "right"):
        ears.panel.simulator.press(name)
    assert ears.switch() == ("both", SwitchKind.CHORD)
    for name in ("left", "right"):
        ears.panel.simulator.release(name)
    assert ears.switch() == ("both", SwitchKind.RELEASE)


@pytest.mark.parametrize("detent_edges", [1, 2, 4])
def test_an_encoder_tells_each_click(listen: Callable[[PanelSpec], Ears], detent_edges: int):
    spec = PanelSpec(encoders=(EncoderSpec("drive", 5, 6, detent_edges, acceleration=1),), pins="mock")
    ears = listen(spec)
    for clicks in (3, -2):
        ears.panel.simulator.step("drive", clicks)
        for _ in range(abs(clicks)):
            event = ears.next()
            assert isinstance(event, StepEvent)
            assert (event.name, event.steps, event.detents) == ("drive", clicks // abs(clicks), clicks // abs(clicks))
    with pytest.raises(Empty):
        ears.events.get(timeout=SHORT_S)


def test_an_encoder_turned_fast_makes_larger_steps(listen: Callable[[PanelSpec], Ears]):
    ears = listen(PanelSpec(encoders=(EncoderSpec("drive", 5, 6),), pins="mock"))
    ears.panel.simulator.step("drive", 10)
    told = [ears.next() for _ in range(10)]
    steps = [event.steps for event in told if isinstance(event, StepEvent)]
    assert steps[0] == 1
    assert max(steps) > 1


def test_a_pedal_goes_from_heel_to_toe_also_upside_down(listen: Callable[[PanelSpec], Ears]):
    knobs = (PedalSpec("swell", 0, heel=0.2, toe=0.7), PedalSpec("wah", 1, heel=0.9, toe=0.1))
    ears = listen(PanelSpec(knobs=knobs, pins="mock"))
    for _ in knobs:
        first = ears.next()
        assert isinstance(first, TurnEvent)
        assert first.first
    for name in ("swell", "wah"):
        for position in (0.5, 0.0, 1.0):
            ears.panel.simulator.turn(name, position)
            assert ears.panel.simulator.position(name) == pytest.approx(position)
            while True:
                event = ears.next()
                assert isinstance(event, TurnEvent)
                assert event.name == name
                assert not event.first
                if event.position == pytest.approx(position, abs=0.02):
                    break
        if name == "swell":
            assert ears.panel.raw_position("swell") == pytest.approx(0.7, abs=0.01)
    with pytest.raises(UnknownControlError, match="no knob or pedal 'volume' is open: there is swell, wah"):
        ears.panel.raw_position("volume")


def test_a_panel_set_up_anew_keeps_its_converters(listen: Callable[[PanelSpec], Ears], monkeypatch: pytest.MonkeyPatch):
    class Collecting(KnobLine):
        def __init__(self, spec: KnobSpec | PedalSpec, factory: Any) -> None:
            super().__init__(spec, factory)
            gc.collect()  # what the panel before left behind goes at the worst moment

    monkeypatch.setattr("hw.panel.panel.KnobLine", Collecting)
    knobs = (KnobSpec("a", 0), KnobSpec("b", 7), KnobSpec("c", 3, chip="mcp3208", spi_device=1))
    gc.disable()
    try:
        for _ in range(3):
            panel = listen(PanelSpec(knobs=knobs, pins="mock")).panel
            assert panel.problems == []
            panel.close()
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PedalSpec("p", 0, heel=0.5, toe=0.52), "heel = 0.5, toe = 0.52: allowed 0 to 1, at least 0.05 apart"),
        (lambda: EncoderSpec("e", 5, 6, detent_edges=3), "detent_edges = 3: allowed 1, 2 or 4"),
        (lambda: EncoderSpec("e", 5, 6, acceleration=0), "acceleration = 0: allowed 1 to 100"),
        (lambda: Gestures(latching=True, eager=True), "a latching switch has no"),
        (
            lambda: PanelSpec(switches=(SwitchSpec("a", 1),), chords=(ChordSpec("c", ("a", "b")),)),
            "chord c: no switch 'b': there is a",
        ),
        (
            lambda: PanelSpec(switches=(SwitchSpec("a", 1),), chords=(ChordSpec("c", ("a", "a")),)),
            "it needs two switches",
        ),
        (lambda: PanelSpec(knobs=(KnobSpec("a", 1),), encoders=(EncoderSpec("a", 5, 6),)), "called 'a'"),
    ],
)
def test_controls_that_cannot_be_are_refused(make: Callable[[], object], message: str):
    with pytest.raises(PanelSpecError, match=message):
        make()
