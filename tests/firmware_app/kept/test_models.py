"""The page's choice of models and the measured loads on disk: what is kept counts at the next start."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_app.config import places as places_of_box
from firmware_app.config.keys import Config
from firmware_app.config.places import Places
from firmware_app.kept import models
from firmware_app.kept.loads import LoadsStore
from firmware_app.kept.models import ModelsStore, in_force
from firmware_app.models.carry import Load
from firmware_app.models.installed import Loaded, installed, leave, left


@pytest.fixture
def here(tmp_path: Path) -> Places:
    found = replace(places_of_box.find(), state=tmp_path / "state", runtime=tmp_path / "run")
    found.make_state()
    found.make_runtime()
    return found


def test_what_was_chosen_counts_at_the_next_start(here: Places) -> None:
    store = ModelsStore(here.state)
    assert in_force(Config(), here) == (Config(), ())
    store.choose("bundle", "denoise-studio")
    store.choose("stems_bundle", "stems-light")
    assert store._write() == ""
    config, notes = in_force(Config(), here)
    assert (config.model.bundle, config.model.stems_bundle, notes) == ("denoise-studio", "stems-light", ())
    assert ModelsStore(here.state).notes == ()


def test_the_command_line_wins_and_a_bundle_that_is_gone_gives_way(here: Places) -> None:
    store = ModelsStore(here.state)
    store.choose("bundle", "denoise-studio")
    store.choose("stems_bundle", "/gone/my-stems")
    store._write()
    named = replace(Config(), overridden=frozenset({"model.bundle"}))
    assert models.fixed(named, "bundle")
    config, notes = in_force(named, here)
    assert (config.model.bundle, config.model.stems_bundle) == ("denoise-live", "stems-live")
    assert notes == (
        "[model] stems_bundle: /gone/my-stems was chosen on the page and is not there: the settings' own is used",
    )


@pytest.mark.parametrize(
    "body",
    [
        {"bundle": 7},
        {"bundle": ""},
        {"bundle": "x" * 256},
        {"bundle": f"{'ö' * 128}/x"},
        {"bundle": "a\0/b"},
        {"runtime": "onnx"},
    ],
)
def test_what_cannot_be_used_is_noted_and_the_rest_holds(here: Places, body: dict[str, object]) -> None:
    tree = {"schema": 1, "models": {"stems_bundle": "stems-light", **body}}
    (here.state / models.NAME).write_text(json.dumps(tree))
    config, _ = in_force(Config(), here)
    assert (config.model.bundle, config.model.stems_bundle) == ("denoise-live", "stems-light")
    (note,) = ModelsStore(here.state).notes
    assert "cannot be used" in note


@pytest.mark.parametrize("name", ["x" * 255, "~nobody1/x", "y/" * 499, f"/dev/null/{'x' * 200}"])
def test_a_name_without_a_bundle_gives_way_whatever_it_is(here: Places, name: str) -> None:
    (here.state / models.NAME).write_text(json.dumps({"schema": 1, "models": {"bundle": name}}))
    config, (note,) = in_force(Config(), here)
    assert config.model.bundle == "denoise-live"
    assert "is not there" in note
    assert not here.has_bundle(name)


@pytest.mark.skipif(os.getuid() == 0, reason="root may look into every folder")
def test_a_bundle_in_a_folder_kept_shut_gives_way(here: Places, tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0)
    assert not here.has_bundle(f"{shut}/x")


def test_loads_are_kept_for_the_machine_they_were_measured_on(here: Places) -> None:
    store = LoadsStore(here.state)
    store.keep(Load("denoise-live", 128, 0.2, 0.3), "pi")
    assert store._write() == ""
    again = LoadsStore(here.state)
    measured = again.of("denoise-live", "pi")
    assert measured is not None
    assert (measured.period_frames, measured.p50, measured.p99) == (128, 0.2, 0.3)
    assert again.of("denoise-live", "another") is None
    for number in range(80):
        again.keep(Load(f"model-{number}", 128, 0.2, 0.3), "pi")
    assert again._write() == ""
    assert len(LoadsStore(here.state)._loads) == 64
    tree = json.loads((here.state / "loads.json").read_text())
    tree["loads"] = {"one": {"p50": 1}, "two": 7, "three": tree["loads"]["model-79"] | {"p99": -1.0}}
    (here.state / "loads.json").write_text(json.dumps(tree))
    assert LoadsStore(here.state)._loads == {}


def test_every_bundle_is_found_by_its_kind_and_a_folder_without_one_is_none(here: Places, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "bundle.toml").write_text("kind = [")
    found = installed(here.models, {"/mine": tmp_path / "mine", "/gone": tmp_path / "gone"})
    assert set(found.voices) == {"denoise-instant", "denoise-light", "denoise-live", "denoise-studio"}
    assert set(found.stems) == {"stems-light", "stems-live"}


def test_what_was_loaded_is_told_to_control(here: Places) -> None:
    assert left(here.runtime) == Loaded()
    told = Loaded(("denoise-live",), ("stems-live",), {"denoise-studio": "damaged"}, True)
    leave(here.runtime, told)
    assert left(here.runtime) == told
    for text in ("", "[1]", '{"voices": 3}', "[" * 100_000):
        (here.runtime / "models-loaded.json").write_text(text)
        assert left(here.runtime) == Loaded()
