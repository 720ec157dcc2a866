"""The loads of models that were measured on the page's demand: `loads.json` in the state folder.

They hold for the machine, the version and the bundle that they were measured with. They are in no backup.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from firmware_app.kept.kept_file import KeptFile, shortened
from firmware_app.kept.saver import SaveJob
from firmware_app.models.carry import Load

NAME = "loads.json"
_MOST = 64  # of bundles; the newest stay


@dataclass(frozen=True, slots=True)
class MeasuredLoad:
    """Of one bundle. at_s: seconds since 1970. machine: models.choice.machine_of."""

    period_frames: int
    p50: float
    p99: float
    at_s: float
    machine: str


class LoadsStore:
    """Owns loads.json. Any thread; the saver writes `save_job`."""

    def __init__(self, folder: Path) -> None:
        self._file = KeptFile(folder, NAME, 1, "loads", "measured loads")
        self._loads, notes = self._file.load_as(_read)
        self.notes = shortened(notes)
        self.save_job = SaveJob("the measured loads", self._write)

    def of(self, bundle: str, machine: str) -> MeasuredLoad | None:
        """The newest of this bundle on this machine."""
        found = self._loads.get(bundle)
        return found if found is not None and found.machine == machine else None

    def keep(self, load: Load, machine: str) -> None:
        """A bundle was measured now."""
        measured = MeasuredLoad(load.period_frames, load.p50, load.p99, time.time(), machine)
        others = {name: each for name, each in self._loads.items() if name != load.bundle}
        self._loads = dict([*others.items(), (load.bundle, measured)][-_MOST:])
        self.save_job.changed()

    def _write(self) -> str:
        self._file.save({name: asdict(load) for name, load in self._loads.items()})
        return self._file.problem


def _read(body: Mapping[str, Any]) -> dict[str, MeasuredLoad]:
    """What can be used; a load that cannot is measured again."""
    return {name: load for name, tree in list(body.items())[-_MOST:] if (load := _load(tree)) is not None}


def _load(tree: object) -> MeasuredLoad | None:
    if not isinstance(tree, dict) or set(tree) != {field.name for field in fields(MeasuredLoad)}:
        return None
    numbers = [value for key, value in tree.items() if key != "machine"]
    if not isinstance(tree["machine"], str) or type(tree["period_frames"]) is not int:
        return None
    if any(type(n) not in (int, float) or not math.isfinite(n) or n < 0 for n in numbers):
        return None
    return MeasuredLoad(**tree)
