"""Backup and restore: everything that is kept of the box's settings as one file, checked wholly before it counts.

The file is JSON: every kept file of the state folder by its name, but for the PIN. A restore is left in that folder as
one file, written whole or not at all, and put in place when the control process starts next: a power cut at any moment
leaves either the old settings or the new ones, never some of each.
"""

import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from firmware_app.errors import AppError
from firmware_app.kept_file import KeptFile
from firmware_app.system.kept_shapes import chosen

log = logging.getLogger(__name__)

MARK = "hushbox_backup"
VERSION = 1
LARGEST_BYTES = 4_000_000
_STAGED = "restore.json"
_NOT_IN_A_BACKUP = frozenset({"pin.json", _STAGED})  # a PIN belongs to the box, and is no one else's to read

Check = Callable[[Mapping[str, Any], Mapping[str, Any]], list[str]]
"""Given a kept file's body, and the bodies of all files by name: what is wrong with it, one line each."""


class BackupError(AppError, ValueError):
    """A file that cannot be restored. `mistakes` has one line for each thing that is wrong."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = tuple(mistakes)
        more = f" (and {len(mistakes) - 3} more)" if len(mistakes) > 3 else ""
        super().__init__("; ".join(mistakes[:3]) + more)


class Backups:
    """Reads and checks backups of one state folder. Any thread; nothing is cached.

    checks: by file name, what makes a kept file's content good. Files without one are in no backup.
    """

    def __init__(self, folder: Path, box_version: str, checks: Mapping[str, Check]) -> None:
        self._folder, self._version, self._checks = folder, box_version, checks

    def make(self) -> bytes:
        """The backup as it stands on disk: settings of the last half second may be missing."""
        files = {}
        for path in sorted(self._folder.glob("*.json")):
            tree = chosen(path.name, _tree(path))
            if path.name in self._checks and tree is not None:
                files[path.name] = tree
        made = {
            MARK: VERSION,
            "made_by": f"Hushbox {self._version}",
            "made_at": time.strftime("%Y-%m-%d %H:%M:%S"),
            "files": files,
        }
        return (json.dumps(made, indent=1, sort_keys=True) + "\n").encode()

    def check(self, data: bytes) -> dict[str, Any]:
        """Every file in a backup, by name. Raises BackupError with all that is wrong."""
        if len(data) > LARGEST_BYTES:
            raise BackupError([f"{len(data)} bytes is no backup; at most {LARGEST_BYTES} are read"])
        try:
            tree = json.loads(data, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise BackupError(["this is no backup of a Hushbox: it is not JSON"]) from None
        if not isinstance(tree, dict) or MARK not in tree or not isinstance(tree.get("files"), dict):
            raise BackupError(["this is no backup of a Hushbox"])
        if tree[MARK] != VERSION:
            raise BackupError([f"this backup is of another kind ({str(tree[MARK])[:20]}); this box reads {VERSION}"])
        mistakes = []
        bodies = {name: _body(file) for name, file in tree["files"].items() if _is_kept(file)}
        for name, file in tree["files"].items():
            mistakes += [f"{name[:40]}: {mistake}" for mistake in self._mistakes(name, file, bodies)]
        if mistakes:
            raise BackupError(mistakes)
        return dict(tree["files"])

    def stage(self, data: bytes) -> None:
        """Check a backup and leave it for the next start of the control process. Raises BackupError."""
        file = KeptFile(self._folder, _STAGED, 1, "files", "restored settings")
        if not file.save(self.check(data)):
            raise BackupError([file.problem])

    def _mistakes(self, name: str, file: object, bodies: Mapping[str, Any]) -> list[str]:
        if Path(name).name != name or not name.endswith(".json") or name in _NOT_IN_A_BACKUP or name.startswith("."):
            return ["no file of a backup has this name"]
        if not _is_kept(file):
            return ["is not shaped like a kept file"]
        assert isinstance(file, dict)
        check = self._checks.get(name)
        if check is None:
            return ["this version of Hushbox does not know it"]
        schema = file["schema"]
        if schema != 1:
            return [f"has schema {schema}, from another version of Hushbox; this one reads 1"]
        return check(bodies[name], bodies)


def apply_staged(folder: Path) -> bool:
    """Put a restore in place that was left before. Before anything reads the folder. Returns whether there was one.

    Interrupted at any moment, it is done again from the beginning at the next start.
    """
    staged = folder / _STAGED
    tree = _tree(staged)
    if tree is None:
        staged.unlink(missing_ok=True)
        return False
    for name, file in tree["files"].items():
        (key, body), *_ = ((key, value) for key, value in file.items() if key != "schema")
        kept = KeptFile(folder, name, file["schema"], key, "restored settings")
        if not kept.save(body):
            log.error("%s", kept.problem)
            return False
    for name in (_STAGED, f"{_STAGED}.1"):
        (folder / name).unlink(missing_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    log.info("settings restored from a backup: %s", ", ".join(tree["files"]))
    return True


def _tree(path: Path) -> dict[str, Any] | None:
    """A kept file as it stands, or None."""
    try:
        tree = json.loads(path.read_bytes()[: LARGEST_BYTES + 1])
    except (OSError, ValueError, RecursionError):
        return None
    return tree if _is_kept(tree) else None


def _body(file: Mapping[str, Any]) -> Any:
    return next(value for key, value in file.items() if key != "schema")


def _is_kept(tree: object) -> bool:
    """A schema number beside one object."""
    if not isinstance(tree, dict) or type(tree.get("schema")) is not int or len(tree) != 2:
        return False
    return isinstance(_body(tree), dict)


def _no_constant(name: str) -> float:
    raise ValueError(name)
