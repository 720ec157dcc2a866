"""A choice of bundle and period for a machine, and what there is to choose from. Light: both processes load it."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dsp import native
from firmware_app.models.carry import Load
from firmware_app.models.machine import board_name, cpu_name, package_version


@dataclass(frozen=True, slots=True)
class Candidates:
    """What to choose from.

    voices: folders of bundles by the names in the settings, the best first. stems: its chain has to fit as well at a
    period under 128. period_frames: the one that a person has named; None for a free choice. spread: as in the
    settings.
    """

    voices: Mapping[str, Path]
    stems: Path | None
    runtime: str
    period_frames: int | None
    channels: int
    spread: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """The choice, and the measurement behind it. machine: see `machine_of`; board: for people."""

    bundle: str
    period_frames: int
    fits: bool  # whether MOST_LOAD is kept; if not, it is the one that came nearest
    loads: tuple[Load, ...]
    board: str
    machine: str

    @property
    def load_p99(self) -> float:
        """Of the chosen bundle at the chosen period."""
        return next(load.p99 for load in self.loads if self._is_chosen(load))

    def _is_chosen(self, load: Load) -> bool:
        return (load.bundle, load.period_frames) == (self.bundle, self.period_frames)


def machine_of(candidates: Candidates) -> str:
    """Changes when a measurement does not hold any more: with the board, the version, the bundles, the runtime
    or `spread`."""
    parts = [
        board_name(),
        cpu_name(),
        str(os.cpu_count()),
        package_version("hushbox"),
        native.description(),
        candidates.runtime,
        str(candidates.spread),
    ]
    digest = hashlib.sha256("\n".join(parts).encode())
    for folder in (*candidates.voices.values(), *([candidates.stems] if candidates.stems else [])):
        try:
            digest.update(folder.name.encode() + (folder / "bundle.toml").read_bytes())
        except OSError:
            digest.update(b"none")
    return digest.hexdigest()[:16]
