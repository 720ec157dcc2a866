"""What every PresetsPort does, the fake and the real one."""

import json
from collections.abc import Mapping

import pytest

from tests.contracts.hands import value_of
from web_ui.ports.box import Box
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.limits import LONGEST_PRESET_ABOUT, MOST_PRESETS
from web_ui.ports.presets import PresetsPort
from web_ui.routes.presets import presets_json
from web_ui.views import dumps, presets_news_json


@pytest.fixture
def port(box: Box) -> PresetsPort:
    return box.presets


def names(box: Box) -> list[str]:
    return [preset.name for preset in box.presets.view().presets]


def possible_names(box: Box) -> list[str]:
    """Those that this box can play: the others are left out."""
    chain = next((view for view in box.live.params() if view.id == "box.chain"), None)

    def possible(params: Mapping[str, float]) -> bool:
        return chain is None or chain.choices[int(params.get("box.chain", 0))] in box.live.status().chains

    return [preset.name for preset in box.presets.view().presets if possible(preset.params)]


def test_scenes_are_kept_by_name(port: PresetsPort):
    assert not port.view().scenes["A"]
    port.keep_scene("A")
    assert port.view().scenes == {"A": True, "B": False}
    with pytest.raises(NotThere):
        port.keep_scene("C")


def test_a_preset_is_saved_loaded_renamed_copied_moved_deleted_and_all_of_it_undone(box: Box):
    factory = names(box)
    assert all(preset.factory for preset in box.presets.view().presets)
    box.live.set_param("denoise.amount_db", 7.0, "page")
    assert box.presets.save("  My   choir ", "wide") == "My choir"
    assert box.presets.view().current == "My choir"
    box.presets.load(factory[0])
    assert value_of(box, "denoise.amount_db") != 7.0
    box.presets.load("my choir")
    assert value_of(box, "denoise.amount_db") == 7.0
    assert box.presets.rename("My choir", "Chapel") == "Chapel"
    assert box.presets.duplicate(factory[1]) == f"{factory[1]} 2"
    assert names(box) == [*factory[:2], f"{factory[1]} 2", *factory[2:], "Chapel"]
    box.presets.reorder(list(reversed(names(box))))
    assert names(box)[0] == "Chapel"
    box.presets.delete("Chapel")
    assert "Chapel" not in names(box)
    words = []
    while box.presets.view().undo:
        words.append(box.presets.undo())
    assert words == ["delete Chapel", "change the order", f"duplicate {factory[1]}", "rename My choir",
                     "load My choir", f"load {factory[0]}", "save My choir"]  # fmt: skip
    assert names(box) == factory
    with pytest.raises(ControlRefused, match="nothing to undo"):
        box.presets.undo()


def test_undoing_a_load_restores_the_sound_but_never_unmutes(box: Box):
    box.live.set_param("denoise.amount_db", 7.0, "page")
    box.presets.load(names(box)[0])
    box.live.set_param("box.mute", 1.0, "page")
    box.presets.undo()
    assert value_of(box, "denoise.amount_db") == 7.0
    assert value_of(box, "box.mute") == 1.0


def test_next_and_previous_go_round(box: Box):
    there = possible_names(box)
    box.presets.step(1)
    assert box.presets.news().current == there[0]
    box.presets.step(-1)
    assert box.presets.news().current == there[-1]
    box.presets.step(1)
    assert box.presets.news().current == there[0]
    with pytest.raises(ControlRefused, match="by = 0"):
        box.presets.step(0)


def test_factory_presets_stay_as_they_are(port: PresetsPort):
    before = port.view().presets
    name = before[0].name
    for change in (
        lambda: port.save(name.upper(), ""),
        lambda: port.rename(name, "Mine"),
        lambda: port.delete(name),
    ):
        with pytest.raises(ControlRefused, match="factory preset"):
            change()
    assert port.view().presets == before


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "bell\x07", "turned\u202eround"])
def test_a_name_that_is_none_is_refused(port: PresetsPort, name: str):
    with pytest.raises(ControlRefused, match="1 to 40 printable characters"):
        port.save(name, "")


def test_presets_travel_as_a_file(box: Box):
    box.live.set_param("denoise.amount_db", 7.0, "page")
    box.presets.save("Chapel", "")
    tree = json.loads(box.presets.export([]))
    assert [preset["name"] for preset in tree["presets"]] == ["Chapel"]
    assert list(box.presets.take_in(tree)) == ["Chapel 2"]
    box.presets.load("Chapel 2")
    assert value_of(box, "denoise.amount_db") == 7.0
    tree["presets"][0]["params"]["no.such"] = 1
    taken, note = box.presets.take_in(tree)
    assert taken == "Chapel 3"
    assert "no.such is not a parameter of this version; ignored" in note
    there = names(box)
    for bad in ({}, {"form": "hushbox presets 1", "presets": []}, {**tree, "presets": [{"name": "X", "params": {}}]}):
        with pytest.raises(ControlRefused):
            box.presets.take_in(bad)
    assert names(box) == there


def test_a_scene_is_recalled_and_an_empty_one_says_so(box: Box):
    with pytest.raises(NotThere, match="is empty"):
        box.presets.recall_scene("A")
    box.live.set_param("denoise.amount_db", 7.0, "page")
    box.presets.keep_scene("A")
    box.live.set_param("denoise.amount_db", 30.0, "page")
    box.presets.recall_scene("A")
    assert value_of(box, "denoise.amount_db") == 7.0
    assert box.presets.news().scene == "A"
    with pytest.raises(NotThere, match="there are A, B"):
        box.presets.recall_scene("other")


def test_every_view_can_be_sent_as_json(port: PresetsPort):
    assert dumps(presets_json(port.view()))
    assert dumps(presets_news_json(port.news()))


def test_more_presets_than_are_allowed_are_refused_by_every_way_of_adding_one(box: Box):
    port, there = box.presets, len(names(box))
    values = {"denoise.amount_db": 9.0}
    port.save("Mine", "")
    form = json.loads(port.export([]))["form"]
    many = [{"name": f"Imported {n}", "about": "", "params": values} for n in range(MOST_PRESETS - there - 1)]
    with pytest.raises(ControlRefused, match=f"{MOST_PRESETS + 1} presets: {MOST_PRESETS} are allowed"):
        port.take_in({"form": form, "presets": [*many, {"name": "Over", "about": "", "params": values}]})
    assert len(names(box)) == there + 1
    port.take_in({"form": form, "presets": many})
    assert len(names(box)) == MOST_PRESETS
    for add in (lambda: port.save("One more", ""), lambda: port.duplicate("Mine"),
                lambda: port.take_in({"form": form, "presets": many[:1]})):  # fmt: skip
        with pytest.raises(ControlRefused, match=f"{MOST_PRESETS + 1} presets: {MOST_PRESETS} are allowed"):
            add()
    assert port.save("mine", "one that is there is saved over") == "Mine"
    port.delete("Mine")
    assert port.save("One more", "") == "One more"


def test_an_about_that_is_too_long_is_refused(port: PresetsPort):
    for about in ("x" * (LONGEST_PRESET_ABOUT + 1), "two\nlines"):
        with pytest.raises(ControlRefused, match=f"at most {LONGEST_PRESET_ABOUT} printable characters are allowed"):
            port.save("Mine", about)
    assert port.save("Mine", "x" * LONGEST_PRESET_ABOUT) == "Mine"
