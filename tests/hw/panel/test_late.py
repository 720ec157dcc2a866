"""The switch thread when others are late or silent: edges that nobody told, callbacks that take their time."""

import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, Queue
from typing import Any

import pytest
from gpiozero.pins.mock import MockPWMPin

from hw.board.pins import PinChoice
from hw.board.pins_mock import PanelMockFactory
from hw.controls.events import PanelEvent, StepEvent, SwitchEvent, SwitchKind
from hw.controls.kinds import EncoderSpec, Gestures, KeySpec, SwitchSpec
from hw.controls.spec import PanelSpec
from hw.panel import panel
from hw.panel import switches as panel_threads
from hw.panel.panel import Panel
from hw.panel.switches import edge_time

LONG_S = 20.0
QUIET_S = 3 * panel_threads.LOOK_S
PRESS, RELEASE, DOUBLE = SwitchKind.PRESS, SwitchKind.RELEASE, SwitchKind.DOUBLE_PRESS


class Foot:
    """A panel and what it told; `hold` lets whatever hears an event not come back until `let_go`."""

    def __init__(self, *switches: Any, **spec: Any) -> None:
        self.told: Queue[Any] = Queue()
        self.inside = threading.Event()
        self._held = threading.Event()
        self._held.set()
        self.panel = Panel(PanelSpec(switches=switches, pins="mock", **spec), self._hear)

    def hold(self) -> None:
        self._held.clear()

    def let_go(self) -> None:
        self._held.set()

    def _hear(self, event: PanelEvent) -> None:
        self.told.put((event.name, event.kind) if isinstance(event, SwitchEvent) else event)
        self.inside.set()
        self._held.wait(LONG_S)

    def next(self, *expected: tuple[str, SwitchKind]) -> None:
        for one in expected:
            assert self.told.get(timeout=LONG_S) == one

    def quiet(self) -> None:
        with pytest.raises(Empty):
            self.told.get(timeout=QUIET_S)

    def pin(self, gpio: int) -> Any:
        return self.panel.choice.factory.pin(f"GPIO{gpio}")


@pytest.fixture
def foot() -> Iterator[Callable[..., Foot]]:
    feet: list[Foot] = []

    def start(*switches: Any, **spec: Any) -> Foot:
        feet.append(Foot(*switches, **spec))
        feet[-1].panel.start()
        return feet[-1]

    yield start
    for one in feet:
        one.let_go()
        one.panel.close()


def drop(pin: Any, level: bool) -> None:
    """Move a mock pin as a kernel does that drops the edge."""
    pin._change_state(level)


def test_an_edge_that_nobody_told_of_is_found(foot: Callable[..., Foot]):
    one = foot(SwitchSpec("a", 17))
    drop(one.pin(17), False)
    one.next(("a", PRESS))
    drop(one.pin(17), True)
    one.next(("a", RELEASE))


def test_an_encoder_s_click_that_nobody_told_of_is_found(foot: Callable[..., Foot]):
    one = foot(encoders=(EncoderSpec("dial", 5, 6, detent_edges=1),))
    drop(one.pin(5), False)
    event = one.told.get(timeout=LONG_S)
    assert isinstance(event, StepEvent)
    assert abs(event.detents) == 1
    one.quiet()


@pytest.mark.parametrize("early", [True, False])
def test_a_latching_switch_flipped_while_the_panel_opens_is_not_out_of_step(
    foot: Callable[..., Foot], monkeypatch: pytest.MonkeyPatch, early: bool
):
    listen = panel_threads.SwitchThread.listen

    def flipped_before(thread: Any, lines: Any, *more: Any) -> None:
        for line in lines:
            drop(line.pin, False)
        listen(thread, lines, *more)

    if early:
        monkeypatch.setattr(panel_threads.SwitchThread, "listen", flipped_before)
    one = foot(SwitchSpec("a", 17, gestures=Gestures(latching=True)))
    one.quiet()  # where it stood at the start is no press
    one.pin(17).drive_high() if early else one.pin(17).drive_low()
    one.next(("a", PRESS), ("a", RELEASE))
    one.quiet()


class ChargingPin(MockPWMPin):  # type: ignore[misc]  # gpiozero has no types
    """A pin on a long wire with a capacitor: its pull-up needs a while."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._charged_s = time.monotonic() + panel.PULL_S / 2

    def _get_state(self) -> Any:
        return super()._get_state() if time.monotonic() >= self._charged_s else False


def test_a_pull_up_that_is_still_charging_is_no_flip(foot: Callable[..., Foot], monkeypatch: pytest.MonkeyPatch):
    factory = PanelMockFactory()
    factory.pin_class = ChargingPin
    monkeypatch.setattr(panel, "choose_pins", lambda pins, root: PinChoice("lgpio", "lgpio works", factory))
    foot(SwitchSpec("a", 17, gestures=Gestures(latching=True))).quiet()


def test_presses_during_a_callback_that_takes_long_are_all_told(foot: Callable[..., Foot]):
    one = foot(SwitchSpec("a", 17), SwitchSpec("b", 5))
    one.hold()
    one.panel.simulator.press("b")
    one.next(("b", PRESS))
    for _ in range(3):
        for move in (one.panel.simulator.press, one.panel.simulator.release):
            move("a")
            time.sleep(0.012)  # longer than the debounce and its lock-out
    one.let_go()
    one.next(*[("a", PRESS), ("a", RELEASE)] * 3)
    one.quiet()


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


def test_a_double_press_during_a_callback_that_takes_long_is_one(
    foot: Callable[..., Foot], monkeypatch: pytest.MonkeyPatch
):
    clock = Clock()
    monkeypatch.setattr(panel_threads, "time", clock)
    one = foot(SwitchSpec("a", 17, gestures=Gestures(double_press_ms=300)), KeySpec("b", "1a86-e026", "KEY_A"))
    contact = one.panel._switch_thread.contact
    contact("a", True)
    contact("a", False)
    one.hold()
    contact("b", True)
    assert one.inside.wait(LONG_S)
    clock.now += 0.2
    contact("a", True)
    clock.now += 0.2  # the first press's window is over before anybody could look
    one.let_go()
    one.next(("b", PRESS), ("a", DOUBLE))
    contact("a", False)
    one.next(("a", RELEASE))


@pytest.mark.parametrize(
    ("stamp_s", "edge_s"), [(99.7, 99.7), (100.0, 100.0), (100.2, 100.0), (1.7e9, 100.0), (3.0, 100.0)]
)
def test_an_edge_s_own_time_counts_if_it_is_of_our_clock(stamp_s: float, edge_s: float):
    assert edge_time(stamp_s, 100.0) == edge_s
