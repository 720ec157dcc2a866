"""The player's presets: what is on the disk after each change, and what a damaged or foreign file leaves."""

import json
import os
from pathlib import Path

import pytest

from firmware_app.config import places
from firmware_app.kept import preset_files
from firmware_app.kept.factory import Preset, Presets, UnknownPresetError
from firmware_app.kept.kept_file import KeptFile
from firmware_app.kept.library import PresetLibrary, PresetRefused, presets_file
from firmware_app.kept.param_table import PARAMS
from web_ui.ports.limits import MOST_PRESETS

FACTORY = Presets(places.find().factory_presets, PARAMS)
DEFAULTS = {id: spec.default for id, spec in PARAMS.items()}


def library(folder: Path) -> PresetLibrary:
    return PresetLibrary(FACTORY, presets_file(folder), PARAMS)


def test_everything_outlives_a_restart(tmp_path: Path):
    first = library(tmp_path)
    first.keep("Chapel", {**DEFAULTS, "denoise.amount_db": 7.0}, "wide")
    first.rename("Chapel", "Nave")
    first.reorder(["Nave", *[name for name in first.names if name != "Nave"]])
    first.save_job.save()
    again = library(tmp_path)
    assert again.notes == ()
    assert again.names == first.names
    assert again.current == "Nave"
    assert again.find("nave") == first.find("Nave")
    assert again.find("Chapel").name == "Nave"  # a switch that was mapped to it
    assert "Chapel" in again.names_known


def test_a_preset_holds_no_switch_of_the_moment_and_its_chain_comes_last(tmp_path: Path):
    own = library(tmp_path)
    own.keep("Mine", DEFAULTS)
    held = list(own.find("Mine").params)
    assert held[-1] == "box.chain"
    momentary = {"box.bypass", "box.mute", "box.freeze", "box.match_db", "scenes.morph"}
    momentary |= {"chain.solo", "denoise.listen"}
    assert set(PARAMS) - set(held) == momentary


def test_a_change_is_whole_on_the_disk_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own = library(tmp_path)
    own.keep("One", DEFAULTS)
    own.save_job.save()
    own.keep("Two", DEFAULTS)

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_room)
    own.save_job.save()
    assert "kept in memory only" in own.problem
    monkeypatch.undo()
    assert "One" in library(tmp_path).names
    assert "Two" in own.names


def test_what_this_version_does_not_know_is_left_out_and_said(tmp_path: Path):
    own = library(tmp_path)
    own.keep("Mine", DEFAULTS)
    own.save_job.save()
    path = tmp_path / "presets.json"
    tree = json.loads(path.read_text())
    tree["presets"]["own"]["Mine"]["params"] |= {"no.such": 1.0, "denoise.amount_db": 99.0, "box.wet_percent": "half"}
    tree["presets"]["own"]["Gentle"] = {"about": "", "params": {"denoise.amount_db": 1.0}}  # a factory name
    path.write_text(json.dumps(tree))
    again = library(tmp_path)
    assert len(again.notes) == 4
    assert "denoise.amount_db" not in again.find("Mine").params
    assert again.is_factory("Gentle")
    assert again.find("Gentle").params["denoise.amount_db"] == 9.0
    assert again.find("Gentle 2").params["denoise.amount_db"] == 1.0


def test_a_damaged_file_is_set_aside_and_the_one_before_is_used(tmp_path: Path):
    own = library(tmp_path)
    own.keep("One", DEFAULTS)
    own.save_job.save()
    own.keep("Two", DEFAULTS)
    own.save_job.save()
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
    presets = [Preset(f"P{n}", "", {"denoise.amount_db": 1.0}) for n in range(MOST_PRESETS - len(own.names))]
    own.take_in(presets)
    for change in (
        lambda: own.keep("One more", DEFAULTS),
        lambda: own.duplicate("P1"),
        lambda: own.take_in(presets[:1]),
    ):
        with pytest.raises(PresetRefused, match=f"{MOST_PRESETS} are allowed"):
            change()
    own.keep("P1", DEFAULTS)  # over one that is there


def test_the_nearest_are_named_when_there_is_none(tmp_path: Path):
    with pytest.raises(UnknownPresetError, match="did you mean Gentle"):
        library(tmp_path).find("Gental")


def test_a_file_reads_back_what_was_written():
    preset = next(preset for preset in FACTORY.list() if preset.name == "Karaoke")
    read, notes = preset_files.read(json.loads(preset_files.export([preset], PARAMS)), PARAMS)
    assert notes == []
    assert dict(read[0].params) == dict(preset.params)
    assert list(read[0].params)[-1] == "box.chain"


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ([], "not a preset file"),
        ({"form": preset_files.FORM, "presets": {}}, "a list of 1 to 200"),
        ({"form": preset_files.FORM, "presets": [{}]}, "preset 1: name, about and params"),
        ({"form": preset_files.FORM, "presets": [{"name": "x" * 41, "params": {}}]}, "1 to 40"),
        ({"form": preset_files.FORM, "presets": [{"name": "X", "params": {"no.such": 1}}]}, "nothing in it"),
    ],
)
def test_another_file_is_refused_in_words(tree: object, said: str):
    with pytest.raises(PresetRefused, match=said):
        preset_files.read(tree, PARAMS)


# --- what is accepted must start ---


def kept_trees(folder: Path, **body: object) -> None:
    (folder / "presets.json").write_text(json.dumps({"schema": 1, "presets": body}))


TREE = {"about": "", "params": {"denoise.amount_db": 7.0}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"own": {"A": TREE}, "renamed": {"a": ["b"]}}, "is no name; ignored"),
        ({"own": {"A": TREE}, "renamed": []}, "renamed = '[]' cannot be used"),
        ({"own": {"A": TREE}, "current": []}, "current = '[]' cannot be used"),
        ({"own": {"A": TREE}, "order": [["A"], {}]}, "is no name; ignored"),
        ({"own": {"A": TREE, "B": []}}, "preset B: has no values"),
        ({"own": {"A": TREE, "B": {**TREE, "about": 3}}}, "preset B: what it says about itself"),
        ({"own": {"A": TREE, "a": TREE}}, "preset a: is called a 2 from now on"),
        ({"own": {"A": TREE, " \n": TREE}}, "is called Preset from now on"),
    ],
)
def test_odd_content_costs_nobody_a_preset(tmp_path: Path, body: dict[str, object], said: str):
    kept_trees(tmp_path, **body)
    there = library(tmp_path)
    assert there.find("A").params == {"denoise.amount_db": 7.0}
    assert any(said in note for note in there.notes), there.notes
    assert all(name.isprintable() and 1 <= len(name) <= 40 for name in there.names)
    assert len(set(map(str.casefold, there.names))) == len(there.names)
    there.keep("New", DEFAULTS)
    there.save_job.save()
    assert library(tmp_path).notes == ()


def test_more_than_a_box_can_have_had_is_set_aside(tmp_path: Path):
    kept_trees(tmp_path, own={f"P{n}": TREE for n in range(MOST_PRESETS + 1)})
    there = library(tmp_path)
    assert f"{MOST_PRESETS + 1} presets: {MOST_PRESETS} are allowed; set aside as presets.json.bad-1" in there.notes[0]
    assert all(map(there.is_factory, there.names))


def test_what_would_be_too_long_to_be_read_again_is_refused_and_changes_nothing(tmp_path: Path):
    """Presets of every parameter, long names and long descriptions: together more than the file may have."""
    own = PresetLibrary(
        FACTORY, KeptFile(tmp_path, "presets.json", 1, "presets", "presets", largest_bytes=30_000), PARAMS
    )
    for n in range(5):
        own.keep(f"{n} " + "é" * 30, DEFAULTS, "ü" * 200)
    before = own.names, own.revision
    with pytest.raises(PresetRefused, match="bytes, and 30000 are allowed; delete some first"):
        own.take_in([Preset(f"more {n}", "ü" * 200, DEFAULTS) for n in range(30)])
    assert (own.names, own.revision) == before
    own.save_job.save()
    assert own.problem == ""
    assert (tmp_path / "presets.json").stat().st_size <= 30_000


@pytest.mark.parametrize("about", ["two\nlines", "\x1b[2J", "x" * 201])
def test_a_description_is_a_line(tmp_path: Path, about: str):
    own = library(tmp_path)
    with pytest.raises(PresetRefused, match="at most 200 printable characters"):
        own.keep("Mine", DEFAULTS, about)
    with pytest.raises(PresetRefused, match="at most 200 printable characters"):
        own.take_in([Preset("Mine", about, DEFAULTS)])
    assert "Mine" not in own.names


def test_old_names_are_found_and_do_not_grow_for_ever(tmp_path: Path):
    own = library(tmp_path)
    own.keep("N0", DEFAULTS)
    for n in range(300):
        own.rename(f"N{n}", f"N{n + 1}")
    assert own.find("N299").name == "N300"
    assert len(own.names_known) - len(own.names) == 200 + 1  # and the factory preset that was called Singing
    own.save_job.save()
    assert own.problem == ""


def test_a_new_preset_is_found_by_its_own_name_though_another_once_had_it(tmp_path: Path):
    own = library(tmp_path)
    own.keep("Nave", DEFAULTS)
    own.rename("Nave", "Chapel")
    own.keep("Nave", {**DEFAULTS, "denoise.amount_db": 3.0})
    assert own.find("Nave").name == "Nave"
    assert own.find("Nave").params["denoise.amount_db"] == 3.0
