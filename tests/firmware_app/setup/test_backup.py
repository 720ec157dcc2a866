"""A restore is read by the box's own readers before it is taken; what cannot be used leaves everything as it was."""

import json
import logging
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from firmware_app.config import places
from firmware_app.config import read as config_file
from firmware_app.kept.library import library_in
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.store import Store
from firmware_app.setup.backup import BEFORE, BackupError, Backups, apply_staged
from firmware_app.setup.backup_reading import start_reader
from firmware_app.system.log_files import OneLine

FACTORY = places.find().factory_presets
START_READER = start_reader(config_file.parse("[panel]\npins = 'mock'\n"), FACTORY)
VALUES = {"denoise.amount_db": 11.0}
PRESET = {"about": "", "params": {"denoise.amount_db": 7.0}}


def backups(folder: Path) -> Backups:
    return Backups(folder, "0.0.0", START_READER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder with an amount of 11 dB and a preset of the player's."""
    Store(tmp_path, PARAMS).save(VALUES)
    library = library_in(FACTORY, tmp_path, PARAMS)
    library.keep("Mine", {"denoise.amount_db": 7.0})
    library.save_job.save()
    return tmp_path


def backup(**files: Any) -> bytes:
    """Of what is given, by the name of the kept file without .json."""
    keys = {"state": "params"}
    trees = {f"{name}.json": {"schema": 1, keys.get(name, name): body} for name, body in files.items()}
    return json.dumps({"hushbox_backup": 1, "files": trees}).encode()


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def refusal(folder: Path, data: bytes) -> str:
    """Why a backup is not taken; nothing may have changed."""
    before = kept(folder)
    with pytest.raises(BackupError) as caught:
        backups(folder).stage(data)
    assert kept(folder) == before
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_what_is_restored_is_there_and_what_was_there_can_be_had_again(folder: Path) -> None:
    before = backups(folder).make()
    backups(folder).stage(backup(state={"denoise.amount_db": 3.0}, presets={"own": {"Other": PRESET}}))
    assert Store(folder, PARAMS).load().values == VALUES, "not before the next start"
    assert apply_staged(folder, START_READER)
    assert Store(folder, PARAMS).load().values == {"denoise.amount_db": 3.0}
    assert "Other" in library_in(FACTORY, folder, PARAMS).names
    assert not apply_staged(folder, START_READER), "once is enough"
    assert sorted(path.name for path in folder.glob("*restore*")) == [BEFORE]

    copy = (folder / BEFORE).read_bytes()
    saved = json.loads(copy)["files"]
    assert {name: saved[name] for name in json.loads(before)["files"]} == json.loads(before)["files"]
    assert (folder / BEFORE).stat().st_mode & 0o777 == 0o600
    backups(folder).stage(copy)
    assert apply_staged(folder, START_READER)
    assert Store(folder, PARAMS).load().values == VALUES
    assert "Mine" in library_in(FACTORY, folder, PARAMS).names


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"presets": {"own": {}, "renamed": {"a": ["b"]}}}, "presets: \"['b']\" is no name"),
        ({"presets": {"own": {}, "current": []}}, "presets: current = '[]' cannot be used"),
        ({"presets": {"own": []}}, "presets: own = '[]' cannot be used"),
        ({"presets": {"own": {"X": {"params": 3}}}}, "preset X: has no values"),
        ({"presets": {"own": {"half \ud800": PRESET}}}, "presets.json: a text that is no Unicode"),
        ({"presets": {"own": {"X": {**PRESET, "about": "\udc00"}}}}, "presets.json: a text that is no Unicode"),
        ({"presets": {"own": {"two\nlines": PRESET}}}, "is called two lines from now on"),
        ({"presets": {"own": {"X": {**PRESET, "about": "\x1b[31m"}}}}, "preset X: what it says about itself"),
        ({"presets": {"own": {"x" * 41: PRESET}}}, "from now on"),
        ({"presets": {"own": {f"P{n}": PRESET for n in range(201)}}}, "201 presets: 200 are allowed"),
        ({"presets": {"own": {"X": PRESET}, "more": "x" * 1_000_000}}, "presets.json cannot be written: 10"),
        ({"presets": {"own": {"X": {"about": "", "params": {"denoise.amount_db": 99}}}}}, "99 dB: allowed 0 to 40"),
        ({"state": {"no.such": float("inf")}}, "not JSON"),
        ({"state": {"no.such": 10**400}}, "a number that is none"),
        ({"state": {"denoise.amount_db": "11"}}, "denoise.amount_db = '11' is no number"),
        ({"scenes": {"A": [1]}}, "scene A is no set of values"),
        ({"scenes": {"A": {"denoise.amount_db": 10**300}}}, "a number that is none"),
        ({"scenes": {"C": {}}}, "scene C: there are only A and B"),
        ({"panel": {"controls": {}}}, "controls = '{}' is no list"),
        ({"panel": {"mappings": [{"on": "footswitch", "gesture": "press", "do": "levitate"}]}}, "levitate"),
        ({"audio": {"period_frames": 1}}, "[audio] period_frames = 1"),
        ({"setup": {"name": "two\nlines"}}, "name = 'two\\nlines'"),
        ({"setup": {"wizard": ["new"]}}, "wizard = \"['new']\""),
        ({"pin": {"salt": ""}}, "pin.json: no file of a backup has this name"),
        ({"../state": {}}, "no file of a backup has this name"),
        ({"a\n\ud800\x1b[2J": {}}, "no file of a backup has this name"),
    ],
)
def test_what_a_reader_would_stumble_over_is_refused_with_the_reason(folder: Path, files: Any, words: str) -> None:
    assert words in refusal(folder, backup(**files))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"[" * 100_000, "it is not JSON"),
        (b'{"hushbox_backup": 1, "files": ' + b'{"a":' * 40 + b"1" + b"}" * 41, "more than 32 deep"),
        (b'{"hushbox_backup": 1, "files": {"state.json": {"schema": 1, "params": {"no.such": 1e999}}}}', "too large"),
        (b'{"hushbox_backup": 1, "files": {"state.json": {"schema": 9, "params": {}}}}', "state.json: has schema 9"),
        (b'{"hushbox_backup": 1, "files": {"state.json": {"schema": 1, "p": {}}}}', "is not a settings file"),
        (b'{"hushbox_backup": 1, "files": {"state.json": {"schema": true, "params": {}}}}', "not shaped like"),
        (b" " * 4_000_001, "4000001 bytes is no backup"),
    ],
)
def test_what_is_no_backup_is_refused(folder: Path, data: bytes, words: str) -> None:
    assert words in refusal(folder, data)


def test_parameters_of_another_version_are_no_mistake(folder: Path) -> None:
    """They are left out, however many there are."""
    backups(folder).stage(backup(state={**VALUES, **{f"no.such_{n}": 1.0 for n in range(60)}}))
    assert apply_staged(folder, START_READER)


def test_a_mistake_is_found_among_many_notes(folder: Path) -> None:
    values = {**{f"no.such_{n}": 1.0 for n in range(60)}, "denoise.amount_db": 60.0}
    assert "denoise.amount_db = 60 is not allowed" in refusal(folder, backup(state=values))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "kind", ["damaged", "cut", "folder", "full folder", "pipe", "device", "6 GB", "refused", "loop", "no number"]
)
def test_a_staged_restore_that_cannot_be_used_is_set_aside(
    folder: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    staged, before = folder / "restore.json", kept(folder)
    match kind:
        case "damaged":
            staged.write_bytes(b"\xff{")
        case "cut":
            staged.write_text('{"schema": 1, "files": {"state.json": [')
        case "folder":
            staged.mkdir()
        case "full folder":
            (staged / "inside").mkdir(parents=True)
        case "pipe":
            os.mkfifo(staged)
        case "device":
            staged.symlink_to("/dev/zero")
        case "6 GB":
            with open(staged, "wb") as file:
                file.truncate(6_000_000_000)
        case "loop":
            staged.symlink_to(staged.name)
        case "refused":  # by a version that is no longer there, or by hand
            tree = {"schema": 1, "presets": {"own": {}, "current": []}}
            staged.write_text(json.dumps({"schema": 1, "files": {"presets.json": tree}}))
        case "no number":
            staged.write_text('{"schema": 1, "files": {"state.json": {"schema": 1, "params": {"no.such": NaN}}}}')
    assert not apply_staged(folder, START_READER)
    assert "a restore is not used: " in caplog.text
    assert "set aside as restore.json.bad-1" in caplog.text
    assert os.path.lexists(folder / "restore.json.bad-1")
    assert {name: data for name, data in kept_files(folder).items() if name in before} == before
    caplog.clear()
    assert not apply_staged(folder, START_READER)
    assert caplog.text == ""


def kept_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.json") if path.is_file()}


def test_an_older_restore_beside_it_is_never_taken(folder: Path) -> None:
    """As after a power cut between the two that are taken away."""
    backups(folder).stage(backup(state={"denoise.amount_db": 3.0}))
    shutil.move(folder / "restore.json", folder / "restore.json.1")
    assert not apply_staged(folder, START_READER)
    assert Store(folder, PARAMS).load().values == VALUES
    assert not (folder / "restore.json.1").exists()


def test_what_a_cut_short_check_has_left_is_taken_away(folder: Path) -> None:
    (folder / ".trial-x" / "inside").mkdir(parents=True)
    assert not apply_staged(folder, START_READER)
    assert not (folder / ".trial-x").exists()


def test_a_restore_needs_room_for_what_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def full(source: Any, target: Any) -> None:
        if Path(target).name.startswith("before-restore"):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(BackupError, match=re.escape("json: cannot be written: No space left on device")):
        backups(folder).stage(backup(state={}))
    assert not (folder / "restore.json").exists()


def test_a_name_in_the_log_is_one_line() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "preset %s", ("a\nb\x1b[2J\u202e\ud800",), None)
    assert OneLine("%(levelname)s %(message)s").format(record) == r"INFO preset a\nb\x1b[2J\u202e\ud800"
