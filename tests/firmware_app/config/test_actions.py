"""Actions: what can be asked for, in which words it is refused, and what each does to Control."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dsp.params import ParamSpec, switch, table
from firmware_app.config import actions
from firmware_app.config.actions import KINDS, Action, ActionError
from firmware_app.control.control import Control
from firmware_app.control.performer import Performer
from firmware_app.kept.factory import Presets
from firmware_app.kept.library import PresetLibrary, presets_file
from firmware_app.kept.scenes import MORPH, Scenes
from firmware_app.kept.store import Store

SPECS = table(
    [
        ParamSpec("denoise.amount_db", "dB", 0, 40, 24, "Noise reduction"),
        ParamSpec("denoise.sensitivity", "", -1, 1, 0, "Sensitivity"),
        ParamSpec("denoise.listen", "", 0, 2, 0, "Listen to", choices=("output", "removed", "input")),
        switch("box.bypass", "Bypass"),
        switch("box.mute", "Mute"),
        MORPH,
    ]
)
PRESETS = {"Gentle": 9.0, "Singing": 18.0, "Strong": 40.0}

EVERY_KIND = [
    ({"do": "toggle", "param": "box.bypass"}, "Bypass on/off"),
    ({"do": "toggle", "param": "denoise.amount_db", "low": 6, "high": 24}, "Noise reduction: 6 dB or 24 dB"),
    ({"do": "momentary", "param": "box.mute"}, "Mute: on while held"),
    ({"do": "momentary", "param": "denoise.amount_db", "value": 40}, "Noise reduction: 40 dB while held"),
    ({"do": "set", "param": "denoise.sensitivity", "value": -0.5}, "Sensitivity: −0.5"),
    ({"do": "set", "param": "denoise.listen", "value": 1}, "Listen to: removed"),
    ({"do": "step", "param": "denoise.amount_db", "by": -3}, "Noise reduction −3 dB"),
    ({"do": "sweep", "param": "denoise.amount_db"}, "Noise reduction"),
    ({"do": "sweep", "param": "denoise.amount_db", "low": 0, "high": 20}, "Noise reduction, 0 dB to 20 dB"),
    ({"do": "next_preset"}, "Next preset"),
    ({"do": "previous_preset"}, "Previous preset"),
    ({"do": "preset", "preset": "singing"}, "Preset Singing"),
    ({"do": "numbered_preset"}, "Preset by program number"),
    ({"do": "scene", "scene": "other"}, "Scene A/B"),
    ({"do": "tap_tempo"}, "Tap tempo"),
    ({"do": "panic_mute"}, "Panic: mute"),
    ({"do": "panic_dry"}, "Panic: dry"),
    ({"do": "held_panic_mute"}, "Panic: mute while held"),
    ({"do": "held_panic_dry"}, "Panic: dry while held"),
    ({"do": "own_wifi"}, "Own Wi-Fi on/off"),
    ({"do": "pair"}, "Let a phone in"),
    ({"do": "record"}, "Record on/off"),
    ({"do": "keep_that"}, "Keep that"),
    ({"do": "mark_take"}, "Mark this place"),
    ({"do": "arm"}, "Record when I play on/off"),
]


def read(tree: object) -> Action:
    return actions.read(tree, SPECS, PRESETS)


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    control = Control(SPECS, Store(tmp_path, SPECS))
    yield control
    control.close()


@pytest.fixture
def performer(control: Control, tmp_path: Path) -> Performer:
    folder = tmp_path / "presets"
    folder.mkdir()
    for name, amount in PRESETS.items():
        (folder / f"{name}.toml").write_text(f'name = "{name}"\n[params]\n"denoise.amount_db" = {amount}\n')
    return Performer(
        control, PresetLibrary(Presets(folder, SPECS), presets_file(tmp_path), SPECS), Scenes(tmp_path, SPECS)
    )


def press(performer: Performer, at_s: float = 0.0, **tree: object) -> Action:
    action = read(tree)
    performer.press(action, "panel:foot", at_s)
    return action


@pytest.mark.parametrize(("tree", "plain"), EVERY_KIND)
def test_each_action_has_a_plain_name_and_reads_back(tree: dict[str, object], plain: str):
    action = read(tree)
    assert actions.words(action, SPECS) == plain
    assert read(action.tree()) == action


def test_every_kind_is_tried_here():
    assert {tree["do"] for tree, _ in EVERY_KIND} == set(KINDS)


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ("toggle", 'an action is {"do": …}'),
        ({"do": ["toggle"]}, 'an action is {"do": …}'),
        ({"do": "togle", "param": "box.mute"}, "action 'togle' does not exist; did you mean toggle?"),
        ({"do": "toggle"}, "toggle needs param"),
        ({"do": "set", "value": 1}, "set needs param"),
        ({"do": "tap_tempo", "param": "box.mute"}, "param: tap_tempo takes nothing more"),
        ({"do": "toggle", "param": "box.mut"}, "no parameter 'box.mut'; did you mean box.mute?"),
        ({"do": "set", "param": "denoise.amount_db", "value": 60}, "denoise.amount_db = 60 dB: allowed 0 to 40"),
        ({"do": "set", "param": "denoise.amount_db", "value": "6"}, "value = '6': a number is allowed"),
        ({"do": "set", "param": "denoise.amount_db", "value": True}, "value = 'True': a number is allowed"),
        ({"do": "set", "param": "denoise.amount_db", "value": 10**400}, "value: "),
        ({"do": "set", "param": "denoise.listen", "value": 0.5}, "allowed 0 (output), 1 (removed), 2 (input)"),
        ({"do": "step", "param": "denoise.amount_db", "by": 0}, "from -40 to 40, but not 0"),
        ({"do": "step", "param": "denoise.listen", "by": 0.5}, "a whole number from -2 to 2"),
        ({"do": "sweep", "param": "denoise.amount_db", "low": 20, "high": 10}, "low has to be below high"),
        ({"do": "preset", "preset": "Sining"}, "no preset 'Sining'; did you mean Singing?"),
        ({"do": "scene", "scene": "C"}, "scene = 'C': allowed A, B, other"),
    ],
)
def test_a_wrong_action_is_refused_in_plain_words(tree: object, said: str):
    with pytest.raises(ActionError) as caught:
        read(tree)
    assert said in str(caught.value)


def test_toggle_goes_between_two_values(control: Control, performer: Performer):
    press(performer, do="toggle", param="box.bypass")
    assert control.value("box.bypass") == 1.0
    press(performer, do="toggle", param="box.bypass")
    assert control.value("box.bypass") == 0.0
    heard = []
    for _ in range(3):
        press(performer, do="toggle", param="denoise.amount_db", low=6, high=30)
        heard.append(control.value("denoise.amount_db"))
    assert heard == [6.0, 30.0, 6.0]


def test_momentary_ends_with_the_foot(control: Control, performer: Performer):
    boost = press(performer, do="momentary", param="denoise.amount_db", value=40)
    assert control.value("denoise.amount_db") == 40.0
    performer.release(boost, "panel:foot")
    assert control.value("denoise.amount_db") == 24.0
    performer.release(boost, "panel:foot")  # a second release does nothing
    control.set_param("box.mute", 1, "page")
    mute = press(performer, do="momentary", param="box.mute")
    performer.release(mute, "panel:foot")
    assert control.value("box.mute") == 0.0


def test_steps_stop_at_the_ends_and_choices_go_round(control: Control, performer: Performer):
    up = read({"do": "step", "param": "denoise.amount_db", "by": 3})
    performer.step(up, 3, "panel:dial")
    assert control.value("denoise.amount_db") == 33.0
    performer.step(up, 9, "panel:dial")
    assert control.value("denoise.amount_db") == 40.0
    performer.step(up, -2, "panel:dial")
    assert control.value("denoise.amount_db") == 34.0
    seen = []
    for _ in range(4):
        press(performer, do="step", param="denoise.listen", by=1)
        seen.append(control.value("denoise.listen"))
    assert seen == [1.0, 2.0, 0.0, 1.0]


def test_sweep_follows_within_its_range(control: Control, performer: Performer):
    sweep = read({"do": "sweep", "param": "denoise.amount_db", "low": 10, "high": 20})
    for position, value in ((0.0, 10.0), (0.5, 15.0), (1.0, 20.0), (1.7, 20.0)):
        performer.turn(sweep, position, "panel:knob")
        assert control.value("denoise.amount_db") == value
    performer.turn(read({"do": "sweep", "param": "denoise.listen"}), 0.6, "panel:knob")
    assert control.value("denoise.listen") == 1.0
    assert performer.position(sweep, 15.0) == 0.5
    assert performer.position(sweep, 35.0) == 1.0


def test_presets_go_round_both_ways_and_by_name_and_number(control: Control, performer: Performer):
    seen = []
    for do in ("next_preset", "next_preset", "next_preset", "next_preset", "previous_preset"):
        press(performer, do=do)
        seen.append((performer.preset, control.value("denoise.amount_db")))
    assert [name for name, _ in seen] == ["Gentle", "Singing", "Strong", "Gentle", "Strong"]
    assert all(value == PRESETS[name] for name, value in seen)
    press(performer, do="preset", preset="Singing")
    assert control.value("denoise.amount_db") == 18.0
    assert control.origin("denoise.amount_db") == "preset"
    performer.number(0, "midi")
    assert performer.preset == "Gentle"
    performer.number(3, "midi")  # there are three
    assert performer.preset == "Gentle"
    performer.step(read({"do": "next_preset"}), 2, "panel:dial")
    assert performer.preset == "Strong"


def test_scenes_change_places_but_never_unmute(control: Control, performer: Performer):
    press(performer, do="scene", scene="other")  # nothing kept: nothing happens
    assert control.value("denoise.amount_db") == 24.0
    performer.scenes.keep("A", control.values())
    control.set_param("denoise.amount_db", 5, "page")
    performer.scenes.keep("B", control.values())
    control.set_param("box.mute", 1, "page")
    seen = []
    for scene in ("other", "other", "A", "A"):
        press(performer, do="scene", scene=scene)
        seen.append(control.value("denoise.amount_db"))
    assert seen == [24.0, 5.0, 24.0, 24.0]
    assert control.value("box.mute") == 1.0


def test_scenes_are_kept_on_disk(tmp_path: Path):
    scenes = Scenes(tmp_path, SPECS)
    scenes.keep("A", {"denoise.amount_db": 7.0, "box.mute": 1.0})
    scenes.save_job.save()
    again = Scenes(tmp_path, SPECS)
    assert again.filled() == {"A": True, "B": False}
    assert again.recall("A") == {"denoise.amount_db": 7.0}
    fewer = table([switch("box.mute", "Mute")])
    assert Scenes(tmp_path, fewer).recall("A") == {}


@pytest.mark.parametrize(("panic", "param"), [("panic_mute", "box.mute"), ("panic_dry", "box.bypass")])
def test_a_panic_always_begins_with_silence_or_dry_sound(
    control: Control, performer: Performer, panic: str, param: str
):
    control.set_param(param, 1, "page")
    press(performer, do=panic)
    assert control.value(param) == 1.0  # already so, and the first press of a panic must not undo it
    press(performer, do=panic)
    assert control.value(param) == 0.0
    press(performer, do=panic)
    assert control.value(param) == 1.0
    control.set_param(param, 0, "page")
    control.set_param(param, 1, "page")  # somebody else's now
    press(performer, do=panic)
    assert control.value(param) == 1.0


def test_a_held_panic_ends_with_the_foot(control: Control, performer: Performer):
    held = press(performer, do="held_panic_mute")
    assert (control.value("box.mute"), control.value("box.bypass")) == (1.0, 0.0)
    performer.release(held, "panel:foot")
    assert control.value("box.mute") == 0.0


def test_the_tempo_is_tapped(performer: Performer):
    tempo = performer.tempo
    assert tempo.bpm is None
    for at_s in (0.0, 0.5, 1.0, 1.5):
        press(performer, at_s, do="tap_tempo")
    assert tempo.bpm == pytest.approx(120.0)
    assert tempo.beat_at_s == 1.5
    press(performer, 1.52, do="tap_tempo")  # a bounce
    assert tempo.bpm == pytest.approx(120.0)
    press(performer, 9.0, do="tap_tempo")  # after a pause: a first tap
    assert tempo.bpm == pytest.approx(120.0)
    press(performer, 10.0, do="tap_tempo")
    assert tempo.bpm == pytest.approx(60.0)
    for at_s in (10.4, 10.8):  # a new pace counts at once
        press(performer, at_s, do="tap_tempo")
    assert tempo.bpm == pytest.approx(150.0)


def test_several_values_are_set_all_or_none(control: Control):
    with pytest.raises(ValueError, match=r"denoise\.amount_db = 99 dB"):
        control.set_params({"box.mute": 1.0, "denoise.amount_db": 99.0}, "preset")
    assert control.value("box.mute") == 0.0
