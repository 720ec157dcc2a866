"""Backup and restore: all saved settings of the box as one file, which is checked completely before it is used.

The file is JSON: every kept file of the state folder by name, except the PIN. A restore is first read by the box's own
readers, in a temporary folder. Then it is written to the state folder as one file, whole or not at all, and put in
place at the next start of the control process. So a power cut leaves the old settings or the new ones, never a mixture.
The settings before the restore are saved beside it as a backup, `before-restore.json`, which can be put back until the
next restore, or until somebody keeps the new ones. No clock ends that: a board without one steps by weeks.
It is written under another name first and takes its place only with the restore itself, so a power cut at any moment
leaves both: the settings in force, and those that an undo brings back.
"""

import json
import logging
import math
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dsp.inference.handed_in import DEEPEST, flat, read_file
from firmware_app.errors import AppError
from firmware_app.kept.kept_file import KeptFile, plain, sync_folder, write_whole
from firmware_app.kept.shapes import SHAPES, chosen
from firmware_app.setup.backup_contents import Replaced, replaced
from firmware_app.setup.backup_reading import NAMES, StartReader, mistakes
from firmware_app.system.log_files import escaped
from web_ui.ports.limits import LARGEST_BACKUP_BYTES

log = logging.getLogger(__name__)

MARK = "hushbox_backup"
VERSION = 1
BEFORE = "before-restore.json"
_NEXT_BEFORE = "before-restore.next.json"
_STAGED = "restore.json"
_LARGEST_STAGED_BYTES = 2 * LARGEST_BACKUP_BYTES  # the same, with its lines indented
_TRIAL = ".trial-"


class BackupError(AppError, ValueError):
    """A file that cannot be restored. `mistakes` has one line for each mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = tuple(mistakes)
        more = f" (and {len(mistakes) - 3} more)" if len(mistakes) > 3 else ""
        super().__init__("; ".join(map(escaped, mistakes[:3])) + more)


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a backup. made_at, made_by: as it says itself. replaced: what a restore replaces on this box."""

    made_at: str
    made_by: str
    replaced: tuple[Replaced, ...]


class Backups:
    """Reads and checks backups of one state folder. Any thread; nothing is cached."""

    def __init__(self, folder: Path, box_version: str, reader: StartReader) -> None:
        """reader: reads a folder as a start does, and returns its notes."""
        self._folder, self._version, self._reader = folder, box_version, reader

    def make(self) -> bytes:
        """A backup of what is on disk. Settings of the last half second may be missing.

        It has every file, also those that the box has not, without content: a restore takes away what was added since.
        """
        made = {
            MARK: VERSION,
            "made_by": f"Hushbox {self._version}",
            "made_at": time.strftime("%Y-%m-%d %H:%M:%S"),
            "files": {**_empty_files(), **self._present()},
        }
        return (json.dumps(made, indent=1, sort_keys=True) + "\n").encode()

    def check(self, data: bytes) -> dict[str, Any]:
        """The files in a backup, by name. Raises BackupError with every mistake."""
        if len(data) > LARGEST_BACKUP_BYTES:
            raise BackupError([f"{len(data)} bytes is no backup; at most {LARGEST_BACKUP_BYTES} are read"])
        try:
            tree = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise BackupError(["this is not a Hushbox backup: it is not JSON"]) from None
        values = flat(tree)
        if values is None:
            raise BackupError([f"this is not a Hushbox backup: it is more than {DEEPEST} deep"])
        if not isinstance(tree, dict) or MARK not in tree or not isinstance(tree.get("files"), dict):
            raise BackupError(["this is not a Hushbox backup"])
        if tree[MARK] != VERSION:
            raise BackupError([f"this backup is of another kind ({str(tree[MARK])[:20]}); this box reads {VERSION}"])
        if any(isinstance(value, float) and not math.isfinite(value) for value in values):
            raise BackupError(["a number in this backup is too large: a finite number is expected"])
        files: dict[str, Any] = tree["files"]
        faults = {name: why for name, file in files.items() if (why := _no_kept_file(name, file))}
        usual = {name: file for name, file in files.items() if name not in faults}
        found = [f"{name[:40]}: {why}" for name, why in faults.items()]
        found += _tried(self._folder, usual, self._reader)
        if found:
            raise BackupError(found)
        return dict(files)

    def look(self, data: bytes) -> Contents:
        """What is in a backup, and what a restore of it would replace. Raises BackupError as `check` does."""
        files, tree = self.check(data), json.loads(data.decode("utf-8-sig"))
        made_at, made_by = (escaped(str(tree.get(key, "")))[:60] for key in ("made_at", "made_by"))
        return Contents(made_at, made_by, replaced(self._present(), files))

    def stage(self, data: bytes) -> None:
        """Check a backup, save the present settings, and leave the backup for the next start of the control process.

        Raises BackupError, and then changes nothing.
        """
        files, staged = self.check(data), _staged(self._folder)
        before = self._folder / _NEXT_BEFORE
        try:
            write_whole(before, self.make())
        except OSError as error:
            raise BackupError([f"{before}: cannot be written: {error.strerror}"]) from None
        if os.path.lexists(staged.path) and not staged.path.is_file():
            log.warning("%s: %s", staged.path, staged.set_aside(staged.path))
        if not staged.save(files):
            _remove(before)
            raise BackupError([staged.problem])

    def before(self) -> str:
        """When the settings were saved that an undo brings back, "2026-01-31 21:03:00"; "" when there are none.

        That is those before the newest restore.
        """
        try:
            made_s = (self._folder / BEFORE).stat().st_mtime
        except OSError:
            return ""
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(made_s))

    def keep(self) -> None:
        """The newest restore stays: forget the settings before it. Raises nothing."""
        _remove(self._folder / BEFORE)

    def stage_before(self) -> None:
        """Leave the settings before the newest restore for the next start; the present ones take their place.

        Raises BackupError, and then changes nothing.
        """
        if not self.before():
            raise BackupError(["there is no restore that could be taken back"])
        try:
            data = read_file(self._folder / BEFORE, LARGEST_BACKUP_BYTES)
        except (OSError, ValueError) as error:
            raise BackupError([f"{self._folder / BEFORE}: cannot be read: {error}"]) from None
        self.stage(data)

    def _present(self) -> dict[str, Any]:
        """The kept files as they are on disk, by name, reduced to what a backup holds."""
        read = {name: chosen(name, _tree(self._folder / name)) for name in sorted(NAMES)}
        return {name: tree for name, tree in read.items() if tree is not None}


def apply_staged(folder: Path, reader: StartReader) -> bool:
    """Put a staged restore in place, before anything reads the folder. Returns whether there was one.

    If it is interrupted, the next start does it again from the beginning. A restore that cannot be used is set aside.
    Raises nothing.
    """
    for left in folder.glob(f"{_TRIAL}*"):  # left by a check that was interrupted
        shutil.rmtree(left, ignore_errors=True)
    staged = _staged(folder)
    try:
        files = _files(staged.path)
        found = _tried(folder, files, reader)
        if found:
            raise BackupError(found)
    except FileNotFoundError:
        _remove(staged.previous)
        _remove(folder / _NEXT_BEFORE)  # of a restore that was interrupted before it counted
        return False
    except Exception as error:  # any error: a restore must never stop a start
        log.warning("a restore is not used: %s; %s", error, staged.set_aside(staged.path))
        return False
    for name, file in files.items():
        kept = _kept(folder, name, file)
        kept.load()  # sets aside anything there that is no file
        if not kept.save(_body(file)):
            log.error("%s", kept.problem)
            return False
    if not _take_place(folder):
        return False  # the next start tries again
    _remove(staged.path)
    _remove(staged.previous)
    log.info("settings restored from a backup: %s", ", ".join(files))
    return True


def _take_place(folder: Path) -> bool:
    """The settings before this restore become those that an undo brings back. Returns whether that worked."""
    following = folder / _NEXT_BEFORE
    try:
        if following.exists():  # not after an interruption right here
            os.replace(following, folder / BEFORE)
            sync_folder(folder)
    except OSError as error:
        log.error("%s: cannot take its place: %s", following, error.strerror)
        return False
    return True


def _empty_files() -> dict[str, Any]:
    """Every kept file without content."""
    return {name: {"schema": 1, key: {}} for name, (key, _) in SHAPES.items() if name in NAMES}


def _staged(folder: Path) -> KeptFile:
    return KeptFile(folder, _STAGED, 1, "files", "restored settings", largest_bytes=_LARGEST_STAGED_BYTES)


def _files(path: Path) -> dict[str, Any]:
    """The staged files, by name. Raises FileNotFoundError, BackupError, HandedInError, OSError."""
    try:
        tree = json.loads(read_file(path, _LARGEST_STAGED_BYTES))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise BackupError([f"{path}: is damaged"]) from None
    usual = isinstance(tree, dict) and flat(tree) is not None and plain(tree) == tree
    files = tree.get("files") if usual else None
    if not isinstance(files, dict) or any(_no_kept_file(name, file) for name, file in files.items()):
        raise BackupError([f"{path}: is not what a restore leaves"])
    return dict(files)


def _tried(folder: Path, files: Mapping[str, Any], reader: StartReader) -> list[str]:
    """The mistakes in these files, found by reading them as a start does, together with the other kept files."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=folder, prefix=_TRIAL) as name:
            there = Path(name)
            for other in set(NAMES) - set(files):
                if (tree := _tree(folder / other)) is not None:
                    _kept(there, other, tree).save(_body(tree))
            kept = {name: _kept(there, name, file) for name, file in files.items()}
            unsaved = [kept[name].problem for name, file in files.items() if not kept[name].save(_body(file))]
            if unsaved:
                return [problem.replace(f"{there}/", "") for problem in unsaved]
            notes = reader(there)
    except OSError as error:
        return [f"{folder}: cannot be written: {error.strerror}"]
    return [mistake for name in files for mistake in mistakes(notes[name])]


def _tree(path: Path) -> dict[str, Any] | None:
    """The content of a kept file; None when it cannot be read."""
    try:
        tree = plain(json.loads(read_file(path, LARGEST_BACKUP_BYTES)))
    except (OSError, ValueError, RecursionError):
        return None
    return tree if not _no_kept_file(path.name, tree) and isinstance(tree, dict) else None


def _kept(folder: Path, name: str, file: Mapping[str, Any]) -> KeptFile:
    key = next(key for key in file if key != "schema")
    return KeptFile(folder, name, file["schema"], key, "restored settings")


def _body(file: Mapping[str, Any]) -> Any:
    return next(value for key, value in file.items() if key != "schema")


def _no_kept_file(name: str, tree: object) -> str:
    """Why this is no file of a backup; empty when its name is known and it has a schema number and one object."""
    if name not in NAMES:
        return "no file of a backup has this name"
    if not isinstance(tree, dict) or type(tree.get("schema")) is not int or len(tree) != 2:
        return "is not shaped like a kept file"
    return "" if isinstance(_body(tree), dict) else "is not shaped like a kept file"


def _remove(path: Path) -> None:
    """Delete a file and sync the folder."""
    try:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        if path.parent.is_dir():
            log.warning("%s: cannot be taken away: %s", path, error.strerror)


def _no_constant(name: str) -> float:
    raise ValueError(name)
