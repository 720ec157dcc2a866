"""The live settings on disk. A power cut loses at most the last change, and no damage to a file stops a start.

`state.json` is the newest version, `state.json.1` the one before, `mutes` the record of mutes (mutes.py). Control owns
them and decides when to save; the audio process only reads.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from dsp.params import ParamRangeError, ParamSpec
from firmware_app.kept.kept_file import MOST_BAD as MOST_BAD
from firmware_app.kept.kept_file import OTHER_VERSION, KeptFile, shortened
from firmware_app.kept.mutes import MUTES, MutesFile, silences
from firmware_app.kept.scenes import LISTENING

SCHEMA = 1
WHAT = "settings"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Result of load(). values: known parameters that were saved; all others stay at their default."""

    values: Mapping[str, float]
    notes: tuple[str, ...]  # for the log and the page, empty when all was well
    silent: frozenset[str] | None = None  # ids of mutes that were on; None: only `values` know
    unsure: str = ""  # why it is not certain what was muted, in words


class Store:
    """Saves and loads parameter values by id. Nothing here raises for an error of the disk: see `problem`.

    folder: the state folder (Places.state); it need not exist. specs: the parameters of the box.
    """

    def __init__(self, folder: Path, specs: Mapping[str, ParamSpec]) -> None:
        self._file = KeptFile(folder, "state.json", SCHEMA, "params", WHAT)
        self.path = self._file.path
        self.previous = self._file.previous
        self._specs = specs
        self._mutes = MutesFile(folder)

    @property
    def problem(self) -> str:
        """Why the last save did not reach the disk; empty when it did."""
        return self._file.problem

    def load(self, *, look_only: bool = False) -> Loaded:
        """The newest settings that can be read. A damaged or too new file is set aside, and the one before is used.

        look_only: leave a bad file where it is. The audio process uses it: only control changes the folder.
        """
        (values, own), notes = self._file.load_as(self._read, look_only=look_only)
        mutes = self._mutes.load()
        told = [*notes, *own]
        unsure = ""
        if others := [name for name in mutes.unsaved if name != WHAT]:
            told.append(f"changes of the {', '.join(others)} could not be saved before the last end")
        if WHAT in mutes.unsaved:
            unsure = "what was changed last could not be saved"
        elif mutes.damaged:
            unsure = mutes.damaged
        elif mutes.silent is None and notes:
            unsure = "the settings could not be read"
        return Loaded(values, shortened(told), mutes.silent, unsure)

    def save(self, values: Mapping[str, float]) -> bool:
        """Write `values`; the file is whole at every moment. Returns False, and sets `problem`, when it cannot."""
        return self._file.save(values)

    def save_mutes(self, values: Mapping[str, float], unsaved: Iterable[str] = ()) -> str:
        """Save which mutes `values` come to, and what could not be saved. Returns why that failed, else ""."""
        return self._mutes.save(silences(values), unsaved)

    def _read(self, saved: Mapping[str, object]) -> tuple[dict[str, float], list[str]]:
        """The usable values: without unknown ids, and clipped to their range."""
        values: dict[str, float] = {}
        notes: list[str] = []
        for id, value in saved.items():
            spec = self._specs.get(id)
            if any(id == aid.id for aid in LISTENING):  # nobody is to start with what is removed
                continue
            if spec is None:
                notes.append(f"{self.path}: {id[:60]} {OTHER_VERSION}")
            elif not _is_number(value):
                instead = spec.default
                if id in MUTES:  # stay silent rather than sound by mistake
                    values[id] = instead = spec.high
                notes.append(f"{self.path}: {id} = {str(value)[:40]!r} is no number; set to {instead:g}")
            else:
                values[id] = self._in_range(spec, float(value), notes)
        return values, notes

    def _in_range(self, spec: ParamSpec, saved: float, notes: list[str]) -> float:
        try:
            usable = spec.check(min(max(saved, spec.low), spec.high))
        except ParamRangeError:  # between two choices
            usable = spec.default
        if spec.id in MUTES and saved:
            usable = spec.high
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
