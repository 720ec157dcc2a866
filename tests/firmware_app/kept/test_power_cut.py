"""What lies in the state folder after a power cut at any moment of a save: old or new, never neither."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import firmware_app
from firmware_app.kept.kept_file import KeptFile
from firmware_app.kept.mutes import MutesFile
from tests.rigs.power_cut import Disk, Event, kept_files, lay_out, record, without_sync

ROOM = Path(firmware_app.__file__).parent


def known_beforehand(arguments: str, module: str) -> bool:
    """False where a name comes at run time: for a file that another module keeps, and is found there."""
    try:
        eval(f"(lambda *_, **__: None)({arguments})", {**vars(importlib.import_module(module))})
    except NameError:
        return False
    return True


FILES = sorted({words: module for module, words in kept_files(ROOM) if known_beforehand(words, module)}.items())
SAVES = 3  # the first makes the folder, the second the version before, the third replaces that

SAVING = """
import os, sys, importlib
from pathlib import Path
from firmware_app.kept.kept_file import KeptFile
module = importlib.import_module(sys.argv[2])
folder = Path(sys.argv[1]) / "state"
file = eval("KeptFile(folder, " + sys.argv[3] + ")", {**vars(module), "KeptFile": KeptFile, "folder": folder})
if "no links" in sys.argv:
    def refuse(path, link):
        os.stat(path)
        raise PermissionError(1, "Operation not permitted")
    os.link = refuse  # as on a FAT card
for n in range(int(sys.argv[4])):
    assert file.save({"n": n, "long": "x" * 9000}), file.problem
    os.write(2, f"hushbox-mark:{n}\\n".encode())
"""


def loaded(arguments: str, module: str, folder: Path) -> int | None:
    """What the box reads there: the number of the save, None for nothing at all."""
    names = {**vars(importlib.import_module(module)), "KeptFile": KeptFile, "folder": folder / "state"}
    body = eval(f"KeptFile(folder, {arguments})", names).load().body  # as the module itself makes it
    if body is None:
        return None
    assert body["long"] == "x" * 9000
    return int(str(body["n"]))


def whole(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


def wrong_after_a_cut(events: Sequence[Event], arguments: str, module: str, scratch: Path) -> Iterator[str]:
    """Cut the power behind every event, in every way; what was found that must not be."""
    disk = Disk(names={"..": None, ".": None}, sure={"..": None, ".": None})
    done, last, seen = -1, "the start", set()
    for event in events:
        if event.kind == "mark":
            done, last = int(event.path), f"save {event.path} said that it was done"
        else:
            disk.take(event)
            last = f"{event.kind} {event.path} {event.to}"
        for found in disk.after_cut():
            key = (done, tuple(sorted((name, data or b"") for name, data in found.items())))
            if key in seen:
                continue
            seen.add(key)
            shutil.rmtree(scratch, ignore_errors=True)
            lay_out(found, scratch)
            number = loaded(arguments, module, scratch)
            before = next(iter((scratch / "state").glob("*.json.1")), None)
            if before is not None and not whole(before):
                yield f"power cut after {last}: {before.name}, the version before, is not whole"
            # What was said to be saved is there; while one is under way that one or the one before.
            allowed = {done, done + 1} if done >= 0 else {None, 0}
            if number not in allowed:
                yield f"power cut after {last}: found {number}, allowed {allowed}"


@pytest.fixture(scope="module", params=["links", "no links"])
def recordings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Event]]:
    """The saves of every kept file as the kernel saw them."""
    made = {}
    for arguments, module in FILES:
        folder = tmp_path_factory.mktemp("disk") / "root"
        folder.mkdir()
        made[arguments] = record(SAVING, folder, module, arguments, str(SAVES), request.param)
    return made


def test_the_files_are_found() -> None:
    assert {"'state.json'", "'scenes.json'", "'panel.json'"} <= {arguments.split(",")[0] for arguments, _ in FILES}


def test_at_every_moment_the_old_or_the_new_is_there(recordings: dict[str, list[Event]], tmp_path: Path) -> None:
    for arguments, module in FILES:
        assert list(wrong_after_a_cut(recordings[arguments], arguments, module, tmp_path / "disk")) == []


def test_each_fsync_is_needed(recordings: dict[str, list[Event]], tmp_path: Path) -> None:
    """Take any one out of the code: the test above fails. The same code saves all files: some stand for the rest."""
    for arguments, module in FILES[::8]:
        events = recordings[arguments]
        syncs = sum(event.kind == "sync" for event in events)
        assert syncs >= 2 * SAVES
        for number in range(syncs):
            mutant = without_sync(events, number)
            assert any(wrong_after_a_cut(mutant, arguments, module, tmp_path / "disk")), f"fsync {number} is idle"


MUTING = """
import os, sys
from pathlib import Path
from firmware_app.kept.mutes import MutesFile
file = MutesFile(Path(sys.argv[1]) / "state")
for n in range(int(sys.argv[2])):
    assert file.save([f"mute {n}"]) == ""
    os.write(2, f"hushbox-mark:{n}\\n".encode())
"""


def wrong_mutes_after_a_cut(events: Sequence[Event], scratch: Path) -> Iterator[str]:
    """As above, of the record of mutes, which is overwritten in place."""
    disk = Disk(names={"..": None, ".": None}, sure={"..": None, ".": None})
    done = -1
    for event in events:
        if event.kind == "mark":
            done = int(event.path)
        else:
            disk.take(event)
        for found in disk.after_cut():
            shutil.rmtree(scratch, ignore_errors=True)
            lay_out(found, scratch)
            kept = MutesFile(scratch / "state").load()
            if kept.silent not in ({f"mute {done}"}, {f"mute {done + 1}"}) and not (done < 0 and kept.silent is None):
                yield f"power cut after {event.kind} {event.path}, save {done} done: found {kept}"


def test_a_mute_that_is_kept_outlives_every_cut(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    events = record(MUTING, tmp_path / "root", "4")
    assert {event.kind for event in events} >= {"create", "overwrite", "sync", "rename", "mark"}
    assert list(wrong_mutes_after_a_cut(events, tmp_path / "disk")) == []
    for number in range(sum(event.kind == "sync" for event in events)):
        mutant = without_sync(events, number)
        assert any(wrong_mutes_after_a_cut(mutant, tmp_path / "disk")), f"fsync {number} is idle"
