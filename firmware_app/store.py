"""The live settings on disk: saved so that a power cut loses only the last change, read so that nothing stops the box.

`state.json` is the newest, `state.json.1` the one before. Control owns them and decides when to save; the audio
process only looks.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from dsp.params import ParamRangeError, ParamSpec
from firmware_app.kept_file import MOST_BAD as MOST_BAD
from firmware_app.kept_file import OTHER_VERSION, KeptFile, few

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Loaded:
    """What load() found. values: only parameters that were saved and are known; all others stay at their default."""

    values: Mapping[str, float]
    notes: tuple[str, ...]  # for the log and the page, empty when all was well


class Store:
    """Saves and loads parameter values by id. Nothing here raises for a fault of the disk: see `problem`.

    folder: the state folder (Places.state); it need not exist. specs: the parameters of the box.
    """

    def __init__(self, folder: Path, specs: Mapping[str, ParamSpec]) -> None:
        self._file = KeptFile(folder, "state.json", SCHEMA, "params", "settings")
        self.path = self._file.path
        self.previous = self._file.previous
        self._specs = specs

    @property
    def problem(self) -> str:
        """Why the last save did not reach the disk; empty when it did."""
        return self._file.problem

    def load(self, *, look_only: bool = False) -> Loaded:
        """The newest settings that can be read. A broken or newer file is set aside, and the one before is used.

        look_only: leave a bad file where it is. The audio process reads so: the folder is control's to put in order.
        """
        (values, own), notes = self._file.load_as(self._read, look_only=look_only)
        return Loaded(values, few([*notes, *own]))

    def save(self, values: Mapping[str, float]) -> bool:
        """Write `values`; at every moment a whole file is there. Returns False, with `problem` set, when it cannot."""
        return self._file.save(values)

    def _read(self, saved: Mapping[str, object]) -> tuple[dict[str, float], list[str]]:
        """Values that this box can use: unknown ids are left out, what is out of range is brought into it."""
        values: dict[str, float] = {}
        notes: list[str] = []
        for id, value in saved.items():
            spec = self._specs.get(id)
            if spec is None:
                notes.append(f"{self.path}: {id[:60]} {OTHER_VERSION}")
            elif not _is_number(value):
                notes.append(f"{self.path}: {id} = {str(value)[:40]!r} is no number; set to {spec.default:g}")
            else:
                values[id] = self._in_range(spec, float(value), notes)
        return values, notes

    def _in_range(self, spec: ParamSpec, saved: float, notes: list[str]) -> float:
        try:
            usable = spec.check(min(max(saved, spec.low), spec.high))
        except ParamRangeError:  # between two choices
            usable = spec.default
        if usable != saved:
            notes.append(f"{self.path}: {spec.id} = {saved:g} is not allowed any more; set to {usable:g}")
        return usable


def _is_number(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond the largest float
        return False
