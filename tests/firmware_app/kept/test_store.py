"""Saved settings survive power cuts, broken files and other versions."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from dsp.params import ParamSpec, switch, table
from firmware_app.kept.store import MOST_BAD, SCHEMA, Store

SPECS = table([ParamSpec("denoise.amount_db", "dB", 0, 40, 24, "Noise reduction"), switch("mute", "Mute")])
VALUES = {"denoise.amount_db": 12.5, "mute": 1.0}


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "state", SPECS)


def put(store: Store, content: object) -> None:
    store.path.parent.mkdir(exist_ok=True)
    store.path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def test_what_was_saved_is_loaded(store):
    assert store.save(VALUES)
    loaded = store.load()
    assert loaded.values == VALUES
    assert loaded.notes == ()


def test_nothing_saved_is_no_trouble(store):
    loaded = store.load()
    assert (loaded.values, loaded.notes) == ({}, ())


def test_the_save_before_is_kept_and_used_when_the_newest_is_damaged(store):
    store.save({"mute": 0.0})
    store.save(VALUES)
    put(store, b'{"schema": 1, "par')
    loaded = store.load()
    assert loaded.values == {"mute": 0.0}
    assert loaded.notes == (
        f"{store.path}: is damaged; set aside as state.json.bad-1",
        f"{store.previous}: used instead, the settings before the last change",
    )
    assert (store.path.parent / "state.json.bad-1").read_bytes() == b'{"schema": 1, "par'
    assert store.save(VALUES)
    assert store.load().values == VALUES


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is damaged"),
        (b"\0" * 200, "is damaged"),
        (b"\xff\xff", "is damaged"),
        (b"[" * 100_000, "is damaged"),
        (b" " * 1_000_001, "is 1000001 bytes long; at most 1000000 are read"),
        ([], "is not a settings file"),
        ({"params": {}}, "is not a settings file"),
        ({"schema": True, "params": {}}, "is not a settings file"),
        ({"schema": SCHEMA, "params": []}, "is not a settings file"),
        ({"schema": SCHEMA + 1, "params": {}}, "has schema 2, from another version of Hushbox; this one reads 1"),
    ],
)
def test_a_bad_file_is_set_aside_and_the_defaults_hold(store, content, said):
    put(store, content)
    loaded = store.load()
    assert loaded.values == {}
    assert loaded.notes == (
        f"{store.path}: {said}; set aside as state.json.bad-1",
        "the settings start from their defaults",
    )
    assert store.load().notes == ()


def test_a_folder_in_place_of_the_file_is_set_aside(store):
    (store.path / "in it").mkdir(parents=True)
    assert "is a folder, not a file; set aside as state.json.bad-1" in store.load().notes[0]
    assert store.save(VALUES)


def test_bad_files_are_capped_and_the_oldest_makes_room(store):
    for n in range(MOST_BAD + 2):
        put(store, f"bad {n}".encode())
        assert "set aside as" in store.load().notes[0]
    kept = sorted(p.read_text() for p in store.path.parent.glob("state.json.bad-*"))
    assert kept == [f"bad {n}" for n in range(2, MOST_BAD + 2)]


def test_unknown_and_impossible_values_are_noted(store):
    put(
        store,
        b'{"schema": 1, "params": {"denoise.amount_db": 60, "mute": 0.5, "stems.vocal": 1}}',
    )
    loaded = store.load()
    assert loaded.values == {"denoise.amount_db": 40.0, "mute": 0.0}
    assert loaded.notes == (
        f"{store.path}: denoise.amount_db = 60 is not allowed any more; set to 40",
        f"{store.path}: mute = 0.5 is not allowed any more; set to 0",
        f"{store.path}: stems.vocal is not a parameter of this version; ignored",
    )


@pytest.mark.parametrize("value", ["NaN", "Infinity", "true", '"12"', "null", "[1]", "1" + "0" * 400])
def test_a_value_that_is_no_number_leaves_the_default(store, value):
    put(store, f'{{"schema": 1, "params": {{"denoise.amount_db": {value}}}}}'.encode())
    loaded = store.load()
    assert loaded.values == {}
    assert "is no number; set to 24" in loaded.notes[-1]


@pytest.fixture
def read_only_folder():
    """A folder that this user cannot write to; root becomes nobody for a while, because root can write anywhere."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        os.chmod(name, 0o755)
        folder = Path(name) / "state"
        folder.mkdir()
        yield folder
        folder.chmod(0o755)


CHILD = """
import os, resource, signal, sys
from pathlib import Path
from dsp.params import ParamSpec, table
from firmware_app.kept.store import Store
specs = table([ParamSpec(f"p{i}", "", 0, 1e9, 0, "") for i in range(200)])
folder = Path(sys.argv[1])
store = Store(folder, specs)
"""


def child(code: str, folder: Path) -> "subprocess.Popen[str]":
    """Run `code` after CHILD in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + code, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd(), "PYTHONDONTWRITEBYTECODE": "1"},
    )


def test_a_read_only_folder_is_said_and_does_no_harm(read_only_folder):
    Store(read_only_folder, SPECS).save({})
    read_only_folder.chmod(0o555)
    drop = "os.seteuid(65534)\n" if os.getuid() == 0 else ""
    out, _ = child(drop + "print(store.load().notes, store.save({}), store.problem)", read_only_folder).communicate()
    assert out == (
        "() False settings are kept in memory only: "
        f"{read_only_folder}/state.json cannot be written: Permission denied\n"
    )


def test_a_state_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "state").write_text("")
    store = Store(tmp_path / "state", SPECS)
    assert not store.save(VALUES)
    assert "cannot be written" in store.problem
    assert "cannot be read: Not a directory" in store.load().notes[0]


def test_a_full_disk_leaves_the_old_file(store):
    """RLIMIT_FSIZE stands in for the disk: the write fails half way."""
    store.save(VALUES)
    full = "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
    # Standard output is a pipe: the limit does not count for it.
    out, _ = child(full + "print(store.save({}), store.problem)", store.path.parent).communicate()
    assert out.startswith("False settings are kept in memory only")
    assert store.load().values == VALUES


def test_a_power_cut_at_any_moment_leaves_a_whole_file(tmp_path):
    """kill -9 twelve times: the file there is always whole and of one save."""
    specs = table([ParamSpec(f"p{i}", "", 0, 1e9, 0, "") for i in range(200)])
    saves_for_ever = """
print("ready", flush=True)
n = 0
while True:
    n += 1
    assert store.save({id: n for id in specs}), store.problem
"""
    seen = set()
    for cut in range(12):
        writer = child(saves_for_ever, tmp_path)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.006 * cut)  # anywhere in the first saves
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        loaded = Store(tmp_path, specs).load()
        assert loaded.notes == ()
        assert len(set(loaded.values.values())) <= 1, "a file with parts of two saves"
        assert len(loaded.values) == 200 or not seen, "all was lost"
        seen |= set(loaded.values.values())
    assert len(seen) > 1, "the writer never got anywhere"
    assert list(tmp_path.glob("*.bad-*")) == []
