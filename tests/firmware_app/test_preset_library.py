"""The player's presets: what is on the disk after each change, and what a damaged or foreign file leaves."""

import json
import os
from pathlib import Path

import pytest

from firmware_app import places, preset_files
from firmware_app.param_table import PARAMS
from firmware_app.preset_library import MOST, PresetLibrary, PresetRefused, presets_file
from firmware_app.presets import Preset, Presets, UnknownPresetError

FACTORY = Presets(places.find().factory_presets, PARAMS)
DEFAULTS = {id: spec.default for id, spec in PARAMS.items()}


def library(folder: Path) -> PresetLibrary:
    return PresetLibrary(FACTORY, presets_file(folder), PARAMS)


def test_everything_outlives_a_restart(tmp_path: Path):
    first = library(tmp_path)
    first.keep("Chapel", {**DEFAULTS, "denoise.amount_db": 7.0}, "wide")
    first.rename("Chapel", "Choir")
    first.reorder(["Choir", *[name for name in first.names if name != "Choir"]])
    first.keeping.save()
    again = library(tmp_path)
    assert again.notes == ()
    assert again.names == first.names
    assert again.current == "Choir"
    assert again.find("choir") == first.find("Choir")
    assert again.find("Chapel").name == "Choir"  # a switch that was mapped to it
    assert "Chapel" in again.names_known


def test_a_preset_holds_no_switch_of_the_moment_and_its_chain_comes_last(tmp_path: Path):
    own = library(tmp_path)
    own.keep("Mine", DEFAULTS)
    held = list(own.find("Mine").params)
    assert held[-1] == "box.chain"
    assert set(PARAMS) - set(held) == {"box.bypass", "box.mute", "box.freeze", "box.match_db", "scenes.morph"}


def test_a_change_is_whole_on_the_disk_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own = library(tmp_path)
    own.keep("One", DEFAULTS)
    own.keeping.save()
    own.keep("Two", DEFAULTS)

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_room)
    own.keeping.save()
    assert "kept in memory only" in own.problem
    monkeypatch.undo()
    assert "One" in library(tmp_path).names
    assert "Two" in own.names


def test_what_this_version_does_not_know_is_left_out_and_said(tmp_path: Path):
    own = library(tmp_path)
    own.keep("Mine", DEFAULTS)
    own.keeping.save()
    path = tmp_path / "presets.json"
    tree = json.loads(path.read_text())
    tree["presets"]["own"]["Mine"]["params"] |= {"no.such": 1.0, "denoise.amount_db": 99.0, "box.wet_percent": "half"}
    tree["presets"]["own"]["Gentle"] = {"about": "", "params": {"denoise.amount_db": 1.0}}  # a factory name
    path.write_text(json.dumps(tree))
    again = library(tmp_path)
    assert len(again.notes) == 3
    assert "denoise.amount_db" not in again.find("Mine").params
    assert again.is_factory("Gentle")
    assert again.find("Gentle").params["denoise.amount_db"] == 9.0


def test_a_damaged_file_is_set_aside_and_the_one_before_is_used(tmp_path: Path):
    own = library(tmp_path)
    own.keep("One", DEFAULTS)
    own.keeping.save()
    own.keep("Two", DEFAULTS)
    own.keeping.save()
    (tmp_path / "presets.json").write_text("{")
    again = library(tmp_path)
    assert "One" in again.names
    assert any("set aside" in note for note in again.notes)


def test_undo_ends_where_the_box_started(tmp_path: Path):
    own = library(tmp_path)
    with pytest.raises(PresetRefused, match="nothing to undo"):
        own.undo()
    own.recalled("Gentle", DEFAULTS)
    assert own.undo_words == "load Gentle"
    assert own.undo() == DEFAULTS
    assert own.current == ""


def test_a_full_list_says_so(tmp_path: Path):
    own = library(tmp_path)
    presets = [Preset(f"P{n}", "", {"denoise.amount_db": 1.0}) for n in range(MOST - len(own.names))]
    own.take_in(presets)
    for change in (
        lambda: own.keep("One more", DEFAULTS),
        lambda: own.duplicate("P1"),
        lambda: own.take_in(presets[:1]),
    ):
        with pytest.raises(PresetRefused, match=f"{MOST} are allowed"):
            change()
    own.keep("P1", DEFAULTS)  # over one that is there


def test_the_nearest_are_named_when_there_is_none(tmp_path: Path):
    with pytest.raises(UnknownPresetError, match="did you mean Gentle"):
        library(tmp_path).find("Gental")


def test_a_file_reads_back_what_was_written():
    preset = FACTORY.find("Karaoke")
    read, notes = preset_files.read(json.loads(preset_files.export([preset], PARAMS)), PARAMS)
    assert notes == []
    assert dict(read[0].params) == dict(preset.params)
    assert list(read[0].params)[-1] == "box.chain"


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ([], "no file of presets"),
        ({"form": preset_files.FORM, "presets": {}}, "a list of 1 to 100"),
        ({"form": preset_files.FORM, "presets": [{}]}, "preset 1: name, about and params"),
        ({"form": preset_files.FORM, "presets": [{"name": "x" * 41, "params": {}}]}, "1 to 40"),
        ({"form": preset_files.FORM, "presets": [{"name": "X", "params": {"no.such": 1}}]}, "nothing in it"),
    ],
)
def test_another_file_is_refused_in_words(tree: object, said: str):
    with pytest.raises(PresetRefused, match=said):
        preset_files.read(tree, PARAMS)
