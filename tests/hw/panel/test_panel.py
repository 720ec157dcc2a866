"""Panel on gpiozero's mock pins: the same code that runs on a header, with hands that the test moves."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from hw import threads
from hw.board import pins
from hw.controls.events import Light, PanelEvent, SwitchEvent, SwitchKind, TurnEvent
from hw.controls.kinds import Gestures
from hw.controls.spec import KnobSpec, LedSpec, PanelSpec, PanelSpecError, SwitchSpec, UnknownControlError
from hw.panel import knobs as panel_knobs
from hw.panel.panel import Panel, PanelStuckError

LONG_S = 20.0  # a wait for something that comes within milliseconds
SHORT_S = 0.1  # a wait for something that must not come

SPEC = PanelSpec(
    switches=(SwitchSpec("footswitch", 17),),
    knobs=(KnobSpec("amount", 0),),
    leds=(LedSpec("status", 27),),
    pins="mock",
)


class Hands:
    """A started panel and what it told."""

    def __init__(self, spec: PanelSpec, root: Path = Path("/")) -> None:
        self.switches: Queue[tuple[str, bool]] = Queue()
        self.knobs: Queue[tuple[str, float]] = Queue()
        self.panel = Panel(spec, self._on_event, root=root)

    def _on_event(self, event: PanelEvent) -> None:
        if isinstance(event, SwitchEvent):
            self.switches.put((event.name, event.kind is SwitchKind.PRESS))
        elif isinstance(event, TurnEvent):
            self.knobs.put((event.name, event.position))

    def knob_goes_to(self, position: float) -> None:
        while self.knobs.get(timeout=LONG_S)[1] != pytest.approx(position, abs=0.005):
            pass


@pytest.fixture
def start() -> Iterator[Callable[..., Hands]]:
    started: list[Hands] = []

    def start_panel(spec: PanelSpec = SPEC, **kwargs: Any) -> Hands:
        hands = Hands(spec, **kwargs)
        started.append(hands)
        hands.panel.start()
        return hands

    yield start_panel
    for hands in started:
        hands.panel.close()


def test_a_press_and_a_release_are_told_once_each(start: Callable[..., Hands]):
    hands = start()
    for pressed in (True, False, True):
        (hands.panel.simulator.press if pressed else hands.panel.simulator.release)("footswitch")
        assert hands.switches.get(timeout=LONG_S) == ("footswitch", pressed)
        assert hands.panel.simulator.pressed("footswitch") == pressed
    with pytest.raises(Empty):
        hands.switches.get(timeout=SHORT_S)


def test_a_bouncing_press_is_told_once(start: Callable[..., Hands]):
    hands = start()
    for _ in range(5):
        hands.panel.simulator.press("footswitch")
        hands.panel.simulator.release("footswitch")
    hands.panel.simulator.press("footswitch")
    assert hands.switches.get(timeout=LONG_S) == ("footswitch", True)
    with pytest.raises(Empty):
        hands.switches.get(timeout=SHORT_S)


def test_nothing_is_pressed_at_the_start(start: Callable[..., Hands]):
    hands = start()
    with pytest.raises(Empty):
        hands.switches.get(timeout=SHORT_S)


def test_which_switches_are_held_is_known_from_the_start(start: Callable[..., Hands], monkeypatch: pytest.MonkeyPatch):
    spec = PanelSpec(
        switches=(SwitchSpec("left", 17), SwitchSpec("stays", 22, gestures=Gestures(latching=True))), pins="mock"
    )
    hands = start(spec)
    assert hands.panel.closed == frozenset()
    for name in ("left", "stays"):
        hands.panel.simulator.press(name)
        hands.switches.get(timeout=LONG_S)
    assert hands.panel.closed == {"left"}
    hands.panel.simulator.release("left")
    hands.switches.get(timeout=LONG_S)
    while hands.panel.closed:
        time.sleep(0.005)


def test_a_switch_to_3v3_is_pressed_when_high(start: Callable[..., Hands]):
    hands = start(PanelSpec(switches=(SwitchSpec("tap", 22, pull_up=False),), pins="mock"))
    hands.panel.simulator.press("tap")
    assert hands.switches.get(timeout=LONG_S) == ("tap", True)


def test_a_knob_tells_where_it_stands_then_every_move_over_spi(start: Callable[..., Hands]):
    hands = start()
    assert hands.knobs.get(timeout=LONG_S) == ("amount", 0.0)
    for position in (0.5, 1.0, 0.25, 0.0):
        hands.panel.simulator.turn("amount", position)
        hands.knob_goes_to(position)
    with pytest.raises(Empty):
        hands.knobs.get(timeout=SHORT_S)


def test_knobs_share_a_converter_and_two_converters_share_a_bus(start: Callable[..., Hands]):
    knobs = (KnobSpec("a", 0), KnobSpec("b", 7), KnobSpec("c", 3, chip="mcp3208", spi_device=1))
    hands = start(PanelSpec(knobs=knobs, pins="mock"))
    for _ in knobs:
        assert hands.knobs.get(timeout=LONG_S)[1] == 0.0
    for name, position in (("b", 0.7), ("c", 0.3), ("a", 1.0)):
        hands.panel.simulator.turn(name, position)
        said, at = hands.knobs.get(timeout=LONG_S)
        assert (said, at) == (name, pytest.approx(position, abs=0.005))


def test_the_led_dims(start: Callable[..., Hands]):
    panel = start().panel
    assert panel.simulator.led("status") == 0.0
    for level in (0.25, 1.0, 0.0):
        panel.show("status", Light(level))
        assert panel.simulator.led("status") == level


def test_a_pin_that_is_taken_leaves_the_rest_running(start: Callable[..., Hands]):
    switches = (SwitchSpec("left", 17), SwitchSpec("right", 17), SwitchSpec("far", 99))
    hands = start(PanelSpec(switches=switches, leds=(LedSpec("status", 17),), pins="mock"))
    taken, no_pin, led = hands.panel.problems
    assert "switch 'right' (GPIO17) is off: the pin is taken" in taken
    assert "switch 'far' (GPIO99) is off: this board has no such pin" in no_pin
    assert "LED 'status' (GPIO17) is off" in led
    hands.panel.show("status", Light(1.0))
    hands.panel.simulator.press("left")
    assert hands.switches.get(timeout=LONG_S) == ("left", True)


def test_a_missing_spi_bus_leaves_the_rest_running(start: Callable[..., Hands], monkeypatch: pytest.MonkeyPatch):
    def no_bus(self: object, shared: bool, hardware: bool) -> None:
        raise FileNotFoundError("/dev/spidev0.0")

    monkeypatch.setattr(MockFactory, "_get_spi_class", no_bus)
    hands = start()
    (problem,) = hands.panel.problems
    assert "knob 'amount' (MCP3008 channel 0, SPI device 0) is off" in problem
    assert "raspi-config nonint do_spi 0" in problem
    hands.panel.simulator.press("footswitch")
    assert hands.switches.get(timeout=LONG_S) == ("footswitch", True)


def test_a_converter_that_fails_is_a_problem_until_it_answers(
    start: Callable[..., Hands], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(panel_knobs, "KNOB_RETRY_S", 0.01)
    hands = start()
    hands.knobs.get(timeout=LONG_S)
    (line,) = hands.panel._knobs.values()
    broken, read = threading.Event(), line.read

    def fail() -> None:
        broken.set()
        raise OSError("SPI transfer error -1")

    monkeypatch.setattr(line, "read", fail)
    assert broken.wait(LONG_S)
    while not hands.panel.problems:
        time.sleep(0.001)
    assert "SPI transfer error" in hands.panel.problems[0]
    monkeypatch.setattr(line, "read", read)
    hands.panel.simulator.turn("amount", 1.0)
    hands.knob_goes_to(1.0)
    assert hands.panel.problems == []


def test_a_callback_that_fails_does_not_end_the_panel():
    told: Queue[bool] = Queue()

    def on_event(event: PanelEvent) -> None:
        if isinstance(event, SwitchEvent):
            told.put(event.kind is SwitchKind.PRESS)
        raise RuntimeError("control is broken")

    panel = Panel(SPEC, on_event)
    panel.start()
    panel.simulator.press("footswitch")
    assert told.get(timeout=LONG_S)
    panel.simulator.release("footswitch")
    assert not told.get(timeout=LONG_S)
    panel.close()


def test_close_frees_the_pins_and_may_be_called_twice(start: Callable[..., Hands]):
    hands = start()
    hands.panel.close()
    hands.panel.close()
    again = start()
    assert again.panel.problems == []
    with pytest.raises(UnknownControlError, match="not simulated"):
        _ = hands.panel.simulator


def test_a_thread_that_does_not_end_is_complained_about(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(threads, "THREAD_END_S", 0.01)
    inside, go_on = threading.Event(), threading.Event()

    def on_event(event: PanelEvent) -> None:
        if isinstance(event, SwitchEvent):
            inside.set()
            go_on.wait(LONG_S)

    panel = Panel(SPEC, on_event)
    panel.start()
    panel.simulator.press("footswitch")
    assert inside.wait(LONG_S)
    with pytest.raises(PanelStuckError, match="panel switches did not end"):
        panel.close()
    go_on.set()
    panel._switch_thread.join(LONG_S)


def test_mock_pins_do_not_remember_every_edge(start: Callable[..., Hands]):
    hands = start()
    for position in (0.5, 1.0) * 5:
        hands.panel.simulator.turn("amount", position)
        hands.knob_goes_to(position)
        hands.panel.simulator.press("footswitch")
        hands.panel.simulator.release("footswitch")
    pins: list[MockPin] = list(hands.panel.choice.factory.pins.values())
    assert max(len(pin.states) for pin in pins) < 200


def test_a_panel_that_is_off_has_no_problems(start: Callable[..., Hands]):
    panel = start(PanelSpec(switches=SPEC.switches, leds=SPEC.leds, pins="off")).panel
    assert not panel.simulated
    assert panel.problems == []
    panel.show("status", Light(1.0))


def test_a_header_that_does_not_open_is_a_problem(start: Callable[..., Hands], monkeypatch: pytest.MonkeyPatch):
    def no_permission(name: str, root: Path) -> None:
        raise PermissionError(13, "denied")

    monkeypatch.setattr(pins, "_open", no_permission)
    panel = start(PanelSpec(switches=SPEC.switches, pins="lgpio")).panel
    assert not panel.simulated
    assert "add the user to the group gpio" in panel.problems[0]


def test_unknown_controls_are_named(start: Callable[..., Hands]):
    panel = start().panel
    with pytest.raises(UnknownControlError, match="no switch 'boost' on the panel: there is footswitch"):
        panel.simulator.press("boost")
    with pytest.raises(UnknownControlError, match="no LED 'boost'"):
        panel.show("boost", Light(1.0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: KnobSpec("a", 8), "channel = 8: a mcp3008 has 0 to 7"),
        (lambda: KnobSpec("a", 0, chip="ads1015"), "chip = 'ads1015': allowed mcp3004"),
        (lambda: KnobSpec("a", 0, spi_device=2), "spi_device = 2"),
        (lambda: PanelSpec(switches=(SwitchSpec("a", 1),), leds=(LedSpec("a", 2),)), "called 'a'"),
        (lambda: PanelSpec(pins="wiringpi"), "pins = 'wiringpi'"),
        (lambda: PanelSpec(debounce_ms=-1.0), "debounce_ms = -1 ms: allowed 0 to 20"),
    ],
)
def test_a_panel_that_cannot_be_is_refused(make: Callable[[], object], message: str):
    with pytest.raises(PanelSpecError, match=message):
        make()
