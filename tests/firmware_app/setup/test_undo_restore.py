"""A restore can be looked at before, and taken back after; a kill at any moment loses neither the old nor the new."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firmware_app.setup.backup import BEFORE, BackupError, Backups, apply_staged
from tests.firmware_app.setup.test_backup import PRESET, START_READER, backup, backups

NEW = backup(
    state={"denoise.amount_db": 3.0}, presets={"own": {"Other": PRESET, "Third": PRESET}}, panel={"off": ["x"]}
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder with settings of its own, but without a panel.json and scenes.json."""
    state = tmp_path / "state"
    backups(state).stage(backup(state={"denoise.amount_db": 11.0}, presets={"own": {"Mine": PRESET}}))
    assert apply_staged(state, START_READER)
    (state / BEFORE).unlink()
    return state


def kept(folder: Path) -> dict[str, Any]:
    """What the box has: the files of a backup, without those that are empty."""
    files = json.loads(backups(folder).make())["files"]
    bodies = {name: next(v for key, v in tree.items() if key != "schema") for name, tree in files.items()}
    return {name: body for name, body in bodies.items() if body}


def restored(folder: Path) -> dict[str, Any]:
    apply_staged(folder, START_READER)
    return kept(folder)


def test_what_a_restore_replaces_is_counted_before(folder: Path) -> None:
    found = backups(folder).look(NEW)
    assert {(each.what, each.now, each.then) for each in found.replaced} == {
        ("sound", "1", "1"),
        ("presets", "1", "2"),
        ("panel", "0", "1"),
    }
    name = backups(folder).look(backup(setup={"name": "Left wing"}))
    assert [(each.what, each.now, each.then) for each in name.replaced] == [("name", "", "Left wing")]
    same = backups(folder).look(backups(folder).make())
    assert (same.replaced, same.made_by) == ((), "Hushbox 0.0.0")
    with pytest.raises(BackupError, match="not a Hushbox backup"):
        backups(folder).look(b"{}")


def test_a_restore_is_taken_back_and_that_too(folder: Path) -> None:
    old = kept(folder)
    assert backups(folder).before() == ""
    with pytest.raises(BackupError, match="no restore that could"):
        backups(folder).stage_before()
    backups(folder).stage(NEW)
    assert backups(folder).before() == "", "nothing to take back before it is in force"
    new = restored(folder)
    assert "panel.json" in new
    assert backups(folder).before().startswith("20")
    backups(folder).stage_before()
    assert restored(folder) == old, "what only the restore brought is gone too"
    backups(folder).stage_before()
    assert restored(folder) == new


@pytest.mark.parametrize("step_s", [-1e8, 1e8])
def test_a_clock_that_steps_does_not_take_the_undo_away(folder: Path, step_s: float) -> None:
    """A board without a clock starts at any time, and finds the right one once it has a network."""
    old = kept(folder)
    backups(folder).stage(NEW)
    restored(folder)
    there = time.time() + step_s
    os.utime(folder / BEFORE, (there, there))
    assert backups(folder).before()
    backups(folder).stage_before()
    assert restored(folder) == old


def test_it_can_be_taken_back_until_it_is_kept(folder: Path) -> None:
    backups(folder).stage(NEW)
    new = restored(folder)
    backups(folder).keep()
    assert (backups(folder).before(), kept(folder)) == ("", new)
    with pytest.raises(BackupError, match="no restore that could"):
        backups(folder).stage_before()
    backups(folder).keep()  # twice does no harm


class _Killed(BaseException):
    """As kill -9: nothing that follows is done."""


def _killed_at(step: int, monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> bool:
    """Do it, but end before the given change of the disk. Returns whether it came that far."""
    left = step

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def change(*args: Any, **options: Any) -> Any:
            nonlocal left
            if ".trial-" in str(args[0]):  # a check leaves nothing behind
                return real(*args, **options)
            if left == 0:
                raise _Killed
            left -= 1
            return real(*args, **options)

        return change

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", counted(os.replace))
        patch.setattr(os, "unlink", counted(os.unlink))
        patch.setattr(Path, "unlink", counted(Path.unlink))
        try:
            do()
        except _Killed:
            return True
    return False


@pytest.mark.parametrize("undone", [False, True])
def test_a_kill_at_any_moment_loses_neither_the_old_nor_the_new(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undone: bool
) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # the order counts here, and this takes long
    old = kept(folder)
    if undone:
        backups(folder).stage(NEW)
        new, old = old, restored(folder)
    else:
        shutil.copytree(folder, tmp_path / "whole")
        backups(tmp_path / "whole").stage(NEW)
        new = restored(tmp_path / "whole")

    def stage(box: Backups) -> None:
        box.stage_before() if undone else box.stage(NEW)

    ends = set()
    for step in range(400):
        there = tmp_path / f"killed-{step}"
        shutil.copytree(folder, there)

        def whole(there: Path = there) -> None:
            stage(backups(there))
            apply_staged(there, START_READER)

        if not _killed_at(step, monkeypatch, whole):
            break
        found = restored(there)  # the next start
        assert found in (old, new), step
        ends.add(found == new)
        if found == new:
            backups(there).stage_before()
            assert restored(there) == old, step
        elif undone:
            assert backups(there).before()
            backups(there).stage_before()
            assert restored(there) == new, step
    assert ends == {True, False}
