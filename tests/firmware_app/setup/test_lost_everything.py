"""Two switches held at power-on forget the phones, the PIN and what else is given; mutes and presets stay."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_app.config.panel_keys import PanelConfig
from firmware_app.kept.pairings import Pairings
from firmware_app.kept.pin import Pin
from firmware_app.kept.saver import Saver
from firmware_app.setup.lost_everything import HELD_S, LET_GO_S, HeldAtStart, LostEverything
from tests.rigs.panel_box import PanelParts, box_setup


@pytest.fixture
def pairings(tmp_path: Path) -> Iterator[Pairings]:
    made, saver = Pairings(tmp_path), Saver("test")
    saver.add(made.save_job)
    yield made
    saver.close(5.0)


def test_all_are_forgotten_even_if_one_fails(pairings: Pairings, tmp_path: Path):
    pin = Pin(tmp_path)
    pin.set("2468")
    owner = pairings.claim(pairings.first_code, "")
    asked = []

    def broken() -> None:
        raise RuntimeError("no bus")

    lost = LostEverything(pairings, pin, [broken])
    lost.also.append(lambda: asked.append("network"))
    assert lost.forget() == "RuntimeError: no bus"
    assert asked == ["network"]
    assert pairings.find(owner) is None
    assert not pin.is_set
    assert not pairings.is_claimed


class Feet:
    """Switches that are held, and a clock."""

    def __init__(self, *held: str) -> None:
        self.held = set(held)
        self.now = 0.0
        self.done = 0
        self.watch = HeldAtStart(lambda: self.held, self._act, lambda: self.now)
        self.watch.tick()

    def _act(self) -> None:
        self.done += 1

    def go(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += 0.5
            self.watch.tick()


def test_two_switches_held_from_the_start_and_let_go():
    feet = Feet("left", "right", "third")
    feet.go(HELD_S)
    assert feet.done == 0  # they are still held
    feet.held = {"left"}
    feet.go(1)
    assert feet.done == 1
    feet.go(30)
    assert feet.done == 1


@pytest.mark.parametrize(
    "do",
    [
        pytest.param(lambda feet: feet.go(HELD_S - 1), id="too short"),
        pytest.param(lambda feet: feet.go(LET_GO_S + 1), id="something lies on them"),
    ],
)
def test_what_is_no_wish(do: Callable[[Feet], None]):
    feet = Feet("left", "right")
    do(feet)
    feet.held = set()
    feet.go(1)
    assert feet.done == 0


@pytest.mark.parametrize("held", [(), ("left",)])
def test_held_later_is_too_late(held: tuple[str, ...]):
    feet = Feet(*held)
    feet.go(1)
    feet.held = {"left", "right"}
    feet.go(HELD_S + 2)
    feet.held = set()
    feet.go(2)
    assert feet.done == 0


def test_a_box_that_is_lost_keeps_its_mutes_and_its_sound(tmp_path: Path):
    parts = PanelParts(tmp_path, PanelConfig(pins="mock", midi=False))
    box = box_setup(tmp_path, parts.control)
    parts.control.set_param("box.mute", 1.0, "page")
    parts.control.set_param("denoise.amount_db", 12.0, "page")
    box.pairings.claim(box.pairings.first_code, "")
    assert box.lost_everything.forget() == ""
    assert not box.pairings.is_claimed
    assert parts.control.value("box.mute") == 1.0
    parts.close()
    again = PanelParts(tmp_path, PanelConfig(pins="mock", midi=False))
    assert again.control.value("box.mute") == 1.0
    assert again.control.value("denoise.amount_db") == 12.0
    again.close()
