"""A switch that is held for five seconds lets a phone in; not one that holds an action, nor one that only presses."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware_app.config.panel_keys import DEFAULT_PANEL
from firmware_app.panel.bindings import PAIR_HOLD_S
from hw.controls.events import SwitchEvent, SwitchKind
from tests.rigs.panel_box import PanelParts

PRESS, LONG, DOUBLE, RELEASE = (
    SwitchKind.PRESS, SwitchKind.LONG_PRESS, SwitchKind.DOUBLE_PRESS, SwitchKind.RELEASE,
)  # fmt: skip


class Foot(PanelParts):
    """A panel, and how often it has let a phone in."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, replace(DEFAULT_PANEL, pins="mock", midi=False))
        self.let_in = 0
        self.performer.pair = self._pair
        self.switch = next(c.name for c in self.setup.bindings.plan.controls if c.table == "switches")

    def _pair(self) -> None:
        self.let_in += 1

    def does(self, gesture: str, **action: Any) -> None:
        self.setup.assign(self.switch, gesture, action, instead=True)

    def stomp(self, *events: tuple[SwitchKind, float]) -> None:
        for kind, at_s in events:
            self.setup.bindings._on_event(SwitchEvent(self.switch, kind, at_s))


@pytest.fixture
def foot(tmp_path: Path) -> Iterator[Foot]:
    foot = Foot(tmp_path)
    yield foot
    foot.close()


def test_held_for_five_seconds(foot: Foot) -> None:
    foot.stomp((PRESS, 10.0), (RELEASE, 10.0 + PAIR_HOLD_S))
    assert foot.let_in == 1


def test_held_too_short(foot: Foot) -> None:
    foot.stomp((PRESS, 10.0), (RELEASE, 9.9 + PAIR_HOLD_S), (PRESS, 20.0), (RELEASE, 20.1))
    assert foot.let_in == 0


def test_a_long_press_of_its_own_does_its_own_and_lets_in_too(foot: Foot) -> None:
    foot.does("long_press", do="toggle", param="box.mute")
    foot.stomp((LONG, 10.6), (RELEASE, 10.6 + PAIR_HOLD_S))
    assert (foot.let_in, foot.control.value("box.mute")) == (1, 1.0)


def test_an_eager_press_counts_from_the_press(foot: Foot) -> None:
    foot.stomp((PRESS, 10.0), (LONG, 10.6), (RELEASE, 10.0 + PAIR_HOLD_S))
    assert foot.let_in == 1


@pytest.mark.parametrize(
    "action", [{"do": "momentary", "param": "box.mute"}, {"do": "held_panic_mute"}, {"do": "held_panic_dry"}]
)
@pytest.mark.parametrize("kind", [PRESS, DOUBLE])
def test_what_a_player_holds_lets_nobody_in(foot: Foot, action: dict[str, str], kind: SwitchKind) -> None:
    foot.does("press" if kind is PRESS else "double_press", **action)
    foot.stomp((kind, 10.0), (RELEASE, 100.0))
    foot.stomp((kind, 200.0), (LONG, 200.6), (RELEASE, 300.0))
    assert foot.let_in == 0


def test_a_latching_switch_that_stays_closed_lets_nobody_in(foot: Foot) -> None:
    foot.stomp((PRESS, 10.0), (RELEASE, 10.0), (PRESS, 99.0), (RELEASE, 99.0))
    assert foot.let_in == 0


def test_a_switch_may_be_there_for_it_alone(foot: Foot) -> None:
    foot.does("press", do="pair")
    foot.stomp((PRESS, 10.0), (RELEASE, 10.1))
    assert foot.let_in == 1
