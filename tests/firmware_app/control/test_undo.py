"""Undo: every change of the sound, from anywhere, with what and who."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_app.config.actions import Action
from firmware_app.config.places import find
from firmware_app.control.control import Control
from firmware_app.control.morph import Morpher
from firmware_app.control.performer import Performer
from firmware_app.control.undo import MERGE_S, UNDO_STEPS, NothingToUndo
from firmware_app.kept.library import library_in
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.scenes import Scenes
from firmware_app.kept.store import Store
from tests.rigs.hand_clock import HandClock

AMOUNT, WET, MUTE, BYPASS = "denoise.amount_db", "box.wet_percent", "box.mute", "box.bypass"
VOCALS = "stems.vocals.mute"


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    control = Control(PARAMS, Store(tmp_path, PARAMS))
    yield control
    control.close()


@pytest.fixture
def clock(control: Control) -> HandClock:
    clock = HandClock()
    control._undo._clock = clock
    return clock


@pytest.fixture
def performer(control: Control, tmp_path: Path) -> Performer:
    return Performer(control, library_in(find().factory_presets, tmp_path, PARAMS), Scenes(tmp_path, PARAMS))


def said(control: Control) -> list[tuple[str, str, str]]:
    return [(step.kind, step.name, step.who) for step in control.steps]


def undo(control: Control) -> dict[str, float]:
    """Undo the newest step; what it has set."""
    (step,) = control.undo(control.steps[-1].number)
    return {id: after for id, (_, after) in step.changes.items()}


def test_changes_from_everywhere_are_undone_in_turn(control: Control):
    control.set_param(AMOUNT, 10, "page")
    control.set_param(WET, 50, "panel:left")
    control.set_param(BYPASS, 1, "midi:cc-64")
    assert said(control) == [("param", AMOUNT, "page"), ("param", WET, "panel:left"), ("param", BYPASS, "midi:cc-64")]
    assert undo(control) == {BYPASS: 0.0}
    assert undo(control) == {WET: 100.0}
    assert undo(control) == {AMOUNT: 24.0}
    assert control.steps == []
    assert control.origin(AMOUNT) == "undo"


def test_a_sweep_is_one_step_and_a_pause_ends_it(control: Control, clock: HandClock):
    for value in range(10, 20):
        control.set_param(AMOUNT, value, "panel:amount")
        clock.now += 0.9 * MERGE_S
    clock.now += MERGE_S
    control.set_param(AMOUNT, 30, "panel:amount")
    control.set_param(AMOUNT, 31, "page")  # another hand
    assert [step.changes for step in control.steps] == [
        {AMOUNT: (24.0, 19.0)}, {AMOUNT: (19.0, 30.0)}, {AMOUNT: (30.0, 31.0)},
    ]  # fmt: skip


def test_what_ends_where_it_began_is_no_step(control: Control, clock: HandClock):
    control.set_param(AMOUNT, 24, "page")
    control.toggle(BYPASS, "panel:left")
    control.toggle(BYPASS, "panel:left")
    assert control.steps == []


def test_the_list_is_as_long_as_promised(control: Control, clock: HandClock):
    for value in range(40):
        control.set_param(AMOUNT, value, "page")
        clock.now += 2 * MERGE_S
    assert UNDO_STEPS == 30
    assert len(control.steps) == UNDO_STEPS


def test_a_step_in_the_middle_takes_all_newer_ones_with_it(control: Control):
    for id, value in ((AMOUNT, 10), (WET, 50), (BYPASS, 1)):
        control.set_param(id, value, "page")
    undone = control.undo(control.steps[1].number)
    assert [step.name for step in undone] == [BYPASS, WET]
    assert (control.value(AMOUNT), control.value(WET), control.value(BYPASS)) == (10.0, 100.0, 0.0)
    with pytest.raises(NothingToUndo, match="undone already"):
        control.undo(undone[0].number)


def test_a_mute_is_undone_when_asked_and_that_is_said(control: Control):
    control.set_param(MUTE, 1, "panel:left")
    assert undo(control) == {MUTE: 0.0}
    assert control.value(MUTE) == 0.0


def test_undo_does_not_lift_a_mute_that_somebody_else_has_set_since(control: Control, performer: Performer):
    held = Action("momentary", VOCALS)
    control.set_param(VOCALS, 1, "page")
    performer.press(held, "panel:left")  # a foot holds it muted
    assert said(control) == [("param", VOCALS, "page")]
    assert undo(control) == {}
    assert control.value(VOCALS) == 1.0
    performer.release(held, "panel:left")
    assert control.value(VOCALS) == 0.0


def test_a_preset_is_one_step_with_its_name_and_who_loaded_it(control: Control, performer: Performer):
    control.set_param(AMOUNT, 10, "page")
    performer.press(Action("preset", preset="Karaoke"), "panel:left")
    assert said(control)[-1] == ("preset", "Karaoke", "panel:left")
    assert (performer.preset, control.value(VOCALS)) == ("Karaoke", 1.0)
    assert undo(control)[VOCALS] == 0.0
    assert (performer.preset, control.value("box.chain"), control.value(AMOUNT)) == ("", 0.0, 10.0)
    assert performer.presets.undo_words == ""  # the list has nothing more to take back either


def test_a_scene_is_one_step_the_morph_included(control: Control, performer: Performer):
    for scene, amount in (("A", 5), ("B", 30)):
        control.set_param(AMOUNT, amount, "page")
        performer.keep_scene(scene)
    performer.recall_scene("A", "page")
    assert said(control)[-1] == ("scene", "A", "page")
    undo(control)
    assert (control.value(AMOUNT), control.value("scenes.morph"), performer.scenes.live) == (30.0, 100.0, "B")


def test_what_the_morph_moves_belongs_to_its_step(control: Control, performer: Performer):
    for scene, amount in (("A", 5), ("B", 30)):
        control.set_param(AMOUNT, amount, "page")
        performer.keep_scene(scene)
    morpher = Morpher(control, performer.scenes)
    morpher.start()
    try:
        control.set_param("scenes.morph", 0, "panel:pedal")
        for _ in range(200):
            if control.value(AMOUNT) == 5.0:
                break
            morpher.join(0.01)
        assert said(control)[-1] == ("param", "scenes.morph", "panel:pedal")
        assert undo(control) == {"scenes.morph": 100.0, AMOUNT: 30.0}
    finally:
        morpher.stop()
    assert control.value(AMOUNT) == 30.0


def test_switching_sides_while_comparing_is_no_change(control: Control):
    control.comparing = True
    control.set_param(BYPASS, 1, "page")
    control.set_param("box.match_db", -3, "compare")
    assert control.steps == []


HEARS_THE_REMOVED = pytest.mark.parametrize(("aid", "on"), [("chain.solo", 2.0), ("denoise.listen", 1.0)])


@HEARS_THE_REMOVED
@pytest.mark.parametrize("recalled", ["preset", "scene"])
def test_hearing_the_removed_ends_with_a_preset_or_a_scene_and_does_not_come_back(
    control: Control, performer: Performer, recalled: str, aid: str, on: float
) -> None:
    control.set_param(AMOUNT, 10, "page")
    control.set_param(aid, on, "page")
    assert [step.name for step in control.steps] == [AMOUNT], "an aid to the ear is no step"
    performer.keep_scene("A")
    if recalled == "preset":
        performer.recall("Gentle", "page")
    else:
        performer.recall_scene("A", "page")
    assert control.value(aid) == 0.0
    control.undo(control.steps[-1].number)
    assert control.value(aid) == 0.0


@HEARS_THE_REMOVED
def test_no_preset_of_ones_own_keeps_it(control: Control, performer: Performer, aid: str, on: float) -> None:
    control.set_param(aid, on, "page")
    performer.presets.keep("Mine", control.values())
    assert aid not in performer.presets.find("Mine").params


@HEARS_THE_REMOVED
def test_nobody_starts_with_the_removed(tmp_path: Path, control: Control, aid: str, on: float) -> None:
    control.set_param(aid, on, "page")
    control.set_param(AMOUNT, 10, "page")
    assert control.flush(5.0) == ""
    again = Control(PARAMS, Store(tmp_path, PARAMS))
    try:
        assert (again.value(aid), again.value(AMOUNT)) == (0.0, 10.0)
        assert again.notes == ()
    finally:
        again.close()
