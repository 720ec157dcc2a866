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
from firmware_app.takes import take as takes
from firmware_app.takes.take import Take, TakeError
from hw.replacing import Replacement

FILE = ".list.json"
FORM = "hushbox list of takes 1"
_LARGEST_BYTES = 64_000_000

_Stamp = tuple[int, int, int, int]
_Known = dict[str, tuple[_Stamp, int, Take]]
"""By the folder's name below the root: (which one it was read from, bytes of the folder, what it says)."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One take of the list. problem: why it cannot be read, and then there is no take.

    id: its folder's name, with "@" and the place behind it on a stick. where: the stick's label, "" on the box. take:
    without its parameters and their changes, which TakeLibrary.take() reads.
    """

    id: str
    take: Take | None
    bytes: int
    problem: str = ""
    where: str = ""


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
            return Listed(folder.name, known[2], known[1])
        size = bin_of_takes.size(folder)
        try:
            take = replace(takes.load(folder), params={}, changes=())
        except TakeError as error:
            return Listed(folder.name, None, size, str(error))
        if take.state != takes.RECORDING:
            self._known[name] = stamp, size, take
            self._changed = True
        return Listed(folder.name, take, size)

    def _read(self) -> None:
        """What was kept; nothing where that is not as it was written."""
        self._known = {}
        if not self._keep:
            return
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
            path = self._root / FILE
            if path.stat().st_size > _LARGEST_BYTES:
                return
            tree = json.loads(path.read_text(encoding="utf-8"))
            if tree["form"] == FORM:
                self._known = {
                    str(each["name"]): (_numbers(each["stamp"]), int(each["bytes"]), takes.of_tree(each["take"]))
                    for each in tree["takes"]
                }

    def _save(self) -> None:
        """For the next start; it is made again where that fails."""
        assert self._known is not None
        there = {name: each for name, each in self._known.items() if (self._root / name).is_dir()}
        self._known = there
        tree = {
            "form": FORM,
            "takes": [
                {"name": name, "stamp": stamp, "bytes": size, "take": asdict(take)}
                for name, (stamp, size, take) in there.items()
            ],
        }
        with contextlib.suppress(OSError):
            replacement = Replacement(self._root / FILE)
            try:
                replacement.unfinished.write_text(json.dumps(tree, ensure_ascii=False), encoding="utf-8")
                replacement.put_in_place()
            finally:
                replacement.remove()


def _stamp(folder: Path) -> _Stamp:
    """By which another take.json, or another file in the folder, is told. Raises OSError."""
    found = os.stat(folder / takes.FILE, follow_symlinks=False)
    return found.st_mtime_ns, found.st_size, found.st_ino, os.stat(folder).st_mtime_ns


def _numbers(value: Any) -> _Stamp:
    first, second, third, fourth = (int(each) for each in value)
    return first, second, third, fourth
