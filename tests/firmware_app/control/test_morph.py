"""Morph: a straight line between two scenes, and only of what differs."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_app.control.control import Control
from firmware_app.control.morph import Morpher
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.scenes import Scenes
from firmware_app.kept.store import Store


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    control = Control(PARAMS, Store(tmp_path, PARAMS))
    yield control
    control.close()


@pytest.fixture
def scenes(control: Control, tmp_path: Path) -> Iterator[Scenes]:
    scenes = Scenes(tmp_path, PARAMS)
    morpher = Morpher(control, scenes)
    morpher.start()
    yield scenes
    morpher.stop()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10.0
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def keep_both(control: Control, scenes: Scenes) -> None:
    scenes.keep("A", {**control.values(), "denoise.amount_db": 10.0, "gate.on": 0.0})
    scenes.keep("B", {**control.values(), "denoise.amount_db": 30.0, "gate.on": 1.0, "output.gain_db": -12.0})


def test_the_way_is_straight_and_a_choice_changes_halfway(control: Control, scenes: Scenes):
    keep_both(control, scenes)
    for percent, amount, gate, level in ((25, 15.0, 0, -3.0), (75, 25.0, 1, -9.0), (100, 30.0, 1, -12.0)):
        control.set_param("scenes.morph", percent, "page")
        until(lambda: control.value("denoise.amount_db") == amount)  # noqa: B023
        assert control.value("gate.on") == gate
        assert control.value("output.gain_db") == level


def test_what_is_the_same_in_both_is_left_to_the_hand(control: Control, scenes: Scenes):
    keep_both(control, scenes)
    control.set_param("denoise.sensitivity", 0.5, "panel:knob")
    control.set_param("scenes.morph", 50, "panel:pedal")
    until(lambda: control.value("denoise.amount_db") == 20.0)
    assert control.value("denoise.sensitivity") == 0.5


def test_mute_and_bypass_are_in_no_scene(control: Control, scenes: Scenes):
    control.set_param("box.mute", 1.0, "page")
    keep_both(control, scenes)
    control.set_param("scenes.morph", 100, "page")
    until(lambda: control.value("denoise.amount_db") == 30.0)
    assert control.value("box.mute") == 1.0
    assert not {"box.mute", "box.bypass", "box.match_db", "scenes.morph"} & set(scenes.between(1.0, PARAMS))


def test_without_two_scenes_nothing_moves(control: Control, scenes: Scenes):
    assert scenes.between(0.5, PARAMS) == {}
    scenes.keep("A", {**control.values(), "denoise.amount_db": 10.0})
    assert scenes.between(0.5, PARAMS) == {}
