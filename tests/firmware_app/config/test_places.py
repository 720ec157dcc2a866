"""Where the box keeps its things."""

import os
from pathlib import Path

import pytest

from firmware_app.config import places
from firmware_app.config.places import PlacesError
from tests.rigs.checkout import MODELS

VARIABLES = (
    "HUSHBOX_STATE_DIR",
    "HUSHBOX_RUNTIME_DIR",
    "HUSHBOX_SOUND_DIR",
    "STATE_DIRECTORY",
    "RUNTIME_DIRECTORY",
    "XDG_STATE_HOME",
)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for variable in (*VARIABLES, "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(variable, raising=False)


def test_the_program_finds_its_own_files(monkeypatch, tmp_path):
    found = places.find()
    assert (found.assets / "presets").is_dir()
    assert found.models == MODELS
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path), raising=False)
    assert places.find().models == tmp_path / "models_quantized"


def test_a_bundle_is_a_name_or_a_path():
    found = places.find()
    assert found.bundle("denoise-live") == found.models / "denoise-live"
    assert found.bundle("./mine") == Path("mine").absolute()


def test_who_says_where_the_state_is(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", "/home/someone")
    assert places.find().state == Path("/home/someone/.local/state/hushbox")
    monkeypatch.setenv("XDG_STATE_HOME", "/xdg")
    assert places.find().state == Path("/xdg/hushbox")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/hushbox:/var/lib/other")
    assert places.find().state == Path("/var/lib/hushbox")
    monkeypatch.setenv("HUSHBOX_STATE_DIR", "/mine")
    assert places.find().state == Path("/mine")
    assert places.find(tmp_path).state == tmp_path
    assert places.find(tmp_path).recordings == tmp_path / "recordings"


def test_who_says_where_the_runtime_folder_is(monkeypatch, tmp_path):
    assert places.find().runtime == Path(f"/dev/shm/hushbox-{os.getuid()}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "gone"))
    assert places.find().runtime == Path(f"/dev/shm/hushbox-{os.getuid()}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert places.find().runtime == tmp_path / "hushbox"
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/hushbox")
    assert places.find().runtime == Path("/run/hushbox")


def test_the_sound_has_a_folder_of_its_own_only_where_it_is_another_user(monkeypatch, tmp_path):
    monkeypatch.setenv("HUSHBOX_RUNTIME_DIR", str(tmp_path / "run"))
    assert places.find().sound == tmp_path / "run"
    monkeypatch.setenv("HUSHBOX_SOUND_DIR", str(tmp_path / "sound"))
    assert (places.find().runtime, places.find().sound) == (tmp_path / "run", tmp_path / "sound")
    places.find().make_sound()
    assert (tmp_path / "sound").stat().st_mode & 0o777 == 0o700
    assert not (tmp_path / "run").exists()


def test_the_boxs_own_user_means_the_installed_box(monkeypatch, tmp_path):
    """`sudo -u hushbox hushbox pin --clear` has none of the unit's variables."""
    for name in ("BOX_STATE", "BOX_RUNTIME", "BOX_SOUND"):
        monkeypatch.setattr(places, name, tmp_path / name)
    monkeypatch.setattr(places.os, "getuid", lambda: 4711)
    assert places.find().state != tmp_path / "BOX_STATE"
    for name in ("BOX_STATE", "BOX_RUNTIME", "BOX_SOUND"):
        (tmp_path / name).mkdir()
        os.chown(tmp_path / name, 4711, 4711) if os.geteuid() == 0 else pytest.skip("needs root")
    found = places.find()
    assert (found.state, found.runtime, found.sound) == tuple(
        tmp_path / name for name in ("BOX_STATE", "BOX_RUNTIME", "BOX_SOUND")
    )
    monkeypatch.setattr(places.os, "getuid", lambda: 4712)  # a person who works on the same machine
    assert tmp_path not in places.find().state.parents


@pytest.fixture
def runtime(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv("HUSHBOX_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path / "run"


def test_the_runtime_folder_is_for_this_user_only(runtime):
    places.find().make_runtime()
    assert runtime.stat().st_mode & 0o777 == 0o700
    places.find().make_runtime()


def test_a_runtime_folder_that_others_may_write_to_is_refused(runtime):
    runtime.mkdir()
    runtime.chmod(0o777)
    with pytest.raises(PlacesError, match=r"others may write to it; chmod go-w"):
        places.find().make_runtime()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_runtime_folder_of_someone_else_is_refused(runtime):
    runtime.mkdir()
    os.chown(runtime, 65534, 65534)
    with pytest.raises(PlacesError, match="belongs to user 65534, not to 0"):
        places.find().make_runtime()


def test_a_link_in_place_of_the_runtime_folder_is_refused(runtime, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    runtime.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PlacesError, match="not a folder of its own"):
        places.find().make_runtime()


def test_a_runtime_folder_too_deep_for_a_socket_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("HUSHBOX_RUNTIME_DIR", str(tmp_path / ("x" * 90)))
    with pytest.raises(PlacesError, match=r"bytes too long for a socket in it; name a shorter one"):
        places.find().make_runtime()


def test_folders_that_cannot_be_made_are_said(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HUSHBOX_RUNTIME_DIR", str(tmp_path / "file/run"))
    with pytest.raises(PlacesError, match="cannot be created: Not a directory"):
        places.find().make_runtime()
    with pytest.raises(PlacesError, match="cannot be created: Not a directory"):
        places.find(tmp_path / "file/state").make_state()
