"""The list of a place's takes, drawn from memory and from one file: hundreds of takes are listed without opening each.

What is remembered of a take counts as long as its take.json is the one it was read from, and its folder holds the same.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from firmware_app.takes import bin as bin_of_takes
from firmware_app.takes import facts as facts_of
from firmware_app.takes import take as takes
from firmware_app.takes import versions as versions_of
from firmware_app.takes.facts import Facts
from firmware_app.takes.take import Take, TakeError
from firmware_app.takes.versions import Version
from hw.replacing import Replacement

FILE = ".list.json"
FORM = "hushbox list of takes 2"
_LARGEST_BYTES = 64_000_000
_KEPT = ("id", "take", "bytes", "facts", "versions")

_Stamp = tuple[int, int, int, int]
_Known = dict[str, tuple[_Stamp, "Listed"]]
"""By the folder's name below the root: (which one it was read from, what it says)."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One take of the list. problem: why it cannot be read, and then there is no take.

    id: its folder's name, with "@" and the place behind it on a stick. where: the stick's label, "" on the box. take:
    without its parameters and their changes, which TakeLibrary.take() reads. facts: None where they are not known yet.
    """

    id: str
    take: Take | None
    bytes: int
    problem: str = ""
    where: str = ""
    facts: Facts | None = None
    versions: tuple[Version, ...] = ()


class Listing:
    """Of one folder of takes. Any thread."""

    def __init__(self, root: Path, *, keep: bool) -> None:
        """keep: whether a file is left there, for the next start."""
        self._root, self._keep = root, keep
        self._known: _Known | None = None
        self._changed = False  # since it was kept
        self._lock = threading.Lock()

    def listed(self, below: str = "") -> list[Listed]:
        """All takes, the newest first. below: of the bin, say."""
        folders = takes.folders(self._root / below)
        with self._lock:
            if self._known is None:
                self._read()
            found = [self._entry(folder, f"{below}/{folder.name}" if below else folder.name) for folder in folders]
            if self._changed and self._keep:
                self._changed = False
                self._save()
        return found

    def _entry(self, folder: Path, name: str) -> Listed:
        assert self._known is not None
        try:
            stamp = _stamp(folder)
        except OSError as error:
            problem = f"{folder / takes.FILE}: cannot be read: {error.strerror}"
            return Listed(folder.name, None, bin_of_takes.size(folder), problem)
        known = self._known.get(name)
        if known is not None and known[0] == stamp:
            return known[1]
        size = bin_of_takes.size(folder)
        try:
            take = replace(takes.load(folder), params={}, changes=())
        except TakeError as error:
            return Listed(folder.name, None, size, str(error))
        found = Listed(folder.name, take, size, facts=facts_of.load(folder), versions=versions_of.load(folder))
        if take.state != takes.RECORDING:
            self._known[name] = stamp, found
            self._changed = True
        return found

    def _read(self) -> None:
        """What was kept; nothing where that is not as it was written."""
        self._known = {}
        if not self._keep:
            return
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            path = self._root / FILE
            if path.stat().st_size > _LARGEST_BYTES:
                return
            tree = json.loads(path.read_text(encoding="utf-8"))
            if tree["form"] == FORM:
                self._known = {str(each["name"]): (_numbers(each["stamp"]), _listed(each)) for each in tree["takes"]}

    def _save(self) -> None:
        """For the next start; it is made again where that fails."""
        assert self._known is not None
        there = {name: each for name, each in self._known.items() if (self._root / name).is_dir()}
        self._known = there
        tree = {
            "form": FORM,
            "takes": [
                {"name": name, "stamp": stamp, **{key: value for key, value in asdict(each).items() if key in _KEPT}}
                for name, (stamp, each) in there.items()
            ],
        }
        with contextlib.suppress(OSError):
            replacement = Replacement(self._root / FILE)
            try:
                replacement.unfinished.write_text(json.dumps(tree, ensure_ascii=False), encoding="utf-8")
                replacement.put_in_place()
            finally:
                replacement.remove()


def _listed(tree: Any) -> Listed:
    """Raises ValueError, TypeError, KeyError, AttributeError."""
    return Listed(
        str(tree["id"]),
        takes.of_tree(tree["take"]),
        int(tree["bytes"]),
        facts=None if tree["facts"] is None else facts_of.of_tree(tree["facts"]),
        versions=tuple(versions_of.of_tree(each) for each in tree["versions"]),
    )


def _stamp(folder: Path) -> _Stamp:
    """By which another take.json, or another file in the folder, is told. Raises OSError."""
    found = os.stat(folder / takes.FILE, follow_symlinks=False)
    return found.st_mtime_ns, found.st_size, found.st_ino, os.stat(folder).st_mtime_ns


def _numbers(value: Any) -> _Stamp:
    first, second, third, fourth = (int(each) for each in value)
    return first, second, third, fourth
