"""The live settings on disk: saved so that a power cut loses only the last change, read so that nothing stops the box.

`state.json` is the newest, `state.json.1` the one before. Control owns them and decides when to save; the audio
process only looks.
"""

import contextlib
import json
import math
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from dsp.params import ParamRangeError, ParamSpec

SCHEMA = 1
MOST_BAD = 5  # files set aside; the oldest makes room
_LARGEST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """What load() found. values: only parameters that were saved and are known; all others stay at their default."""

    values: Mapping[str, float]
    notes: tuple[str, ...]  # for the log and the page, empty when all was well


class _BadFile(Exception):
    """Why a file cannot be used, in words that follow its name."""


class Store:
    """Saves and loads parameter values by id. Nothing here raises for a fault of the disk: see `problem`.

    folder: the state folder (Places.state); it need not exist. specs: the parameters of the box.
    """

    def __init__(self, folder: Path, specs: Mapping[str, ParamSpec]) -> None:
        self.path = folder / "state.json"
        self.previous = folder / "state.json.1"
        self.problem = ""  # why the last save did not reach the disk; empty when it did
        self._folder = folder
        self._specs = specs

    def load(self, *, look_only: bool = False) -> Loaded:
        """The newest settings that can be read. A broken or newer file is set aside, and the one before is used.

        look_only: leave a bad file where it is. The audio process reads so: the folder is control's to put in order.
        """
        notes: list[str] = []
        for path in (self.path, self.previous):
            try:
                values = self._read(path)
            except FileNotFoundError:
                continue
            except _BadFile as bad:
                notes.append(f"{path}: {bad}" + ("" if look_only else f"; {self._set_aside(path)}"))
                continue
            except OSError as error:
                notes.append(f"{path}: cannot be read: {error.strerror}")
                continue
            if path is self.previous:
                notes.append(f"{path}: used instead, the settings before the last change")
            return Loaded(self._known(values, notes), tuple(notes))
        if notes:
            notes.append("the settings start from their defaults")
        return Loaded({}, tuple(notes))

    def save(self, values: Mapping[str, float]) -> bool:
        """Write `values`; at every moment a whole file is there. Returns False, with `problem` set, when it cannot."""
        body = json.dumps({"schema": SCHEMA, "params": dict(values)}, indent=1, sort_keys=True, allow_nan=False) + "\n"
        fresh = self._folder / "state.json.new"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(fresh, "wb") as file:
                file.write(body.encode())
                file.flush()
                os.fsync(file.fileno())
            self._keep_previous()
            os.replace(fresh, self.path)
            _sync_folder(self._folder)
        except OSError as error:
            self.problem = f"settings are kept in memory only: {self.path} cannot be written: {error.strerror}"
            return False
        self.problem = ""
        return True

    def _read(self, path: Path) -> dict[str, object]:
        """The `params` of a file as they stand. Raises _BadFile or OSError."""
        if path.is_dir():
            raise _BadFile("is a folder")
        with open(path, "rb") as file:
            data = file.read(_LARGEST_BYTES + 1)
        if len(data) > _LARGEST_BYTES:
            raise _BadFile(f"is longer than {_LARGEST_BYTES} bytes")
        try:
            tree = json.loads(data)
        except (ValueError, RecursionError):
            raise _BadFile("is damaged") from None
        if (
            not isinstance(tree, dict)
            or type(tree.get("schema")) is not int
            or not isinstance(tree.get("params"), dict)
        ):
            raise _BadFile("is not a settings file")
        if tree["schema"] != SCHEMA:
            raise _BadFile(f"has schema {tree['schema']}, from another version of Hushbox; this one reads {SCHEMA}")
        return dict(tree["params"])

    def _known(self, saved: Mapping[str, object], notes: list[str]) -> dict[str, float]:
        """Values that this box can use: unknown ids are left out, what is out of range is brought into it."""
        values: dict[str, float] = {}
        for id, value in saved.items():
            spec = self._specs.get(id)
            if spec is None:
                notes.append(f"{self.path}: {id} is not a parameter of this version; ignored")
            elif not _is_number(value):
                notes.append(f"{self.path}: {id} = {str(value)[:40]!r} is no number; set to {spec.default:g}")
            else:
                values[id] = self._in_range(spec, float(value), notes)
        return values

    def _in_range(self, spec: ParamSpec, saved: float, notes: list[str]) -> float:
        try:
            usable = spec.check(min(max(saved, spec.low), spec.high))
        except ParamRangeError:  # between two choices
            usable = spec.default
        if usable != saved:
            notes.append(f"{self.path}: {spec.id} = {saved:g} is not allowed any more; set to {usable:g}")
        return usable

    def _keep_previous(self) -> None:
        """Let state.json.1 be what state.json is now; state.json itself stays where it is."""
        link = self._folder / "state.json.1.new"
        link.unlink(missing_ok=True)
        try:
            os.link(self.path, link)
        except FileNotFoundError:
            return  # nothing saved yet
        except OSError:  # a file system without hard links
            shutil.copyfile(self.path, link)
        os.replace(link, self.previous)
        link.unlink(missing_ok=True)  # a rename between two links to one file does nothing and leaves both

    def _set_aside(self, path: Path) -> str:
        """Rename a bad file to the first free state.json.bad-<n>, or over the oldest. Returns what happened."""
        places = [self._folder / f"state.json.bad-{n}" for n in range(1, MOST_BAD + 1)]
        try:
            place = next((p for p in places if not p.exists()), None) or min(places, key=lambda p: p.stat().st_mtime_ns)
            if place.is_dir() or (path.is_dir() and place.exists()):
                shutil.rmtree(place) if place.is_dir() else place.unlink()
            os.replace(path, place)
            os.utime(place)
        except OSError as error:
            return f"could not be set aside: {error.strerror}"
        return f"set aside as {place.name}"


def _is_number(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond the largest float
        return False


def _sync_folder(folder: Path) -> None:
    """Make a rename durable. File systems that cannot sync a folder (some network ones) are let be."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
