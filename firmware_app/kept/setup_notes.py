"""The setup notes, saved in `setup.json`: the box's name, the wizard's step, the measured latencies."""

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from firmware_app.config.declare import text
from firmware_app.config.keys import LONGEST_BOX_NAME
from firmware_app.kept.kept_file import KeptFile, shortened
from firmware_app.kept.saver import SaveJob

NAME = "setup.json"
WIZARD_STATES = ("new", "begun", "skipped", "done")
STEPS = ("purpose", "interface", "microphone", "level", "latency", "switches", "name", "country", "pin", "sound")
_MOST_MEASURED = 16  # of interfaces and settings; the newest stay
_NAME = text(LONGEST_BOX_NAME)


@dataclass(frozen=True, slots=True)
class Measured:
    """A latency that was measured with a cable, and the settings it holds for."""

    frames: int  # from the output back to the input, at 48 kHz: converters and periods, without the chain
    device: str
    rate_hz: int
    period_frames: int
    periods: int

    def fits(self, other: "Measured") -> bool:
        """Whether both are of the same interface and settings."""
        return replace(self, frames=0) == replace(other, frames=0)


@dataclass(frozen=True, slots=True)
class SetupNotes:
    """The content of setup.json. name: "" for the name in the settings file."""

    name: str = ""
    wizard: str = "new"
    step: str = STEPS[0]
    measured: tuple[Measured, ...] = ()


class SetupNotesStore:
    """Owns SetupNotes. Any thread; the saver writes `save_job`."""

    def __init__(self, folder: Path) -> None:
        self._file = KeptFile(folder, NAME, 1, "setup", "set-up notes")
        self._lock = threading.Lock()
        self.save_job = SaveJob("set-up notes", self._write)
        (self.now, own), notes = self._file.load_as(_read)
        self.notes = shortened([*notes, *own])

    def change(self, **values: Any) -> None:
        """Change these fields. The caller has checked them."""
        with self._lock:
            self.now = replace(self.now, **values)
        self.save_job.changed()

    def remember(self, measured: Measured) -> None:
        """Save a measured latency in place of an older one for the same settings."""
        others = tuple(m for m in self.now.measured if not m.fits(measured))
        self.change(measured=(*others, measured)[-_MOST_MEASURED:])

    def measured_on(self, wanted: Measured) -> Measured | None:
        """The latency measured with these settings; None if there is none."""
        return next((m for m in self.now.measured if m.fits(wanted)), None)

    def _write(self) -> str:
        self._file.save(asdict(self.now))
        return self._file.problem


def check_name(name: str) -> str | None:
    """What is allowed as the box's name; None if `name` is."""
    return _NAME(name)


def _read(body: Mapping[str, Any]) -> tuple[SetupNotes, list[str]]:
    """(the usable part, notes on the rest, which starts from the defaults)."""
    now = SetupNotes()
    name, wizard, step = body.get("name", now.name), body.get("wizard", now.wizard), body.get("step", now.step)
    listed = body.get("measured", [])
    measured = tuple(filter(None, map(_measured, listed if isinstance(listed, list) else ())))
    fits = {
        "name": name == "" or _NAME(name) is None,
        "wizard": wizard in WIZARD_STATES,
        "step": step in STEPS,
        "measured": isinstance(listed, list) and len(measured) == len(listed) <= _MOST_MEASURED,
    }
    notes = [f"{key} = {str(body[key])[:40]!r}: cannot be used, starts anew" for key, fit in fits.items() if not fit]
    if fits["name"] and name:
        now = replace(now, name=name)
    if fits["wizard"] and fits["step"]:
        now = replace(now, wizard=wizard, step=step)
    return replace(now, measured=measured[-_MOST_MEASURED:]), notes


def _measured(tree: object) -> Measured | None:
    if not isinstance(tree, dict) or set(tree) != {f.name for f in fields(Measured)}:
        return None
    numbers = [value for name, value in tree.items() if name != "device"]
    if not isinstance(tree["device"], str) or any(type(n) is not int or not 0 <= n <= 10**6 for n in numbers):
        return None
    return Measured(**tree)
