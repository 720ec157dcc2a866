"""Which bundles are installed, and which of them the audio process has loaded. Light: both processes load it."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dsp.inference.bundle import BundleError, kind_of, list_bundles

STEMS_KIND = "stems"
_NAME = "models-loaded.json"  # in the runtime folder


@dataclass(frozen=True, slots=True)
class Installed:
    """Folders of bundles, by the names that the settings have for them."""

    voices: Mapping[str, Path]
    stems: Mapping[str, Path]


def installed(models: Path, named: Mapping[str, Path]) -> Installed:
    """Those in the folder of all models, and further ones that the settings name. None is checked.

    One that says no kind is left out: the doctor tells why it cannot be used.
    """
    voices: dict[str, Path] = {}
    stems: dict[str, Path] = {}
    for name, folder in {**{path.name: path for path in list_bundles(models)}, **named}.items():
        try:
            kind = kind_of(folder)
        except BundleError:
            continue
        if kind:
            (stems if kind == STEMS_KIND else voices)[name] = folder
    return Installed(voices, stems)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the audio process has loaded: it changes to these without a gap.

    failed: why not, by name. mixed: also in the chain of voice and music.
    """

    voices: tuple[str, ...] = ()
    stems: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    mixed: bool = False

    @property
    def names(self) -> frozenset[str]:
        return frozenset((*self.voices, *self.stems))


def leave(runtime: Path, loaded: Loaded) -> None:
    """For the audio process, outside streaming: leave word for control. Raises OSError."""
    fresh = runtime / f"{_NAME}.new"
    fresh.write_text(json.dumps(asdict(loaded)))
    os.replace(fresh, runtime / _NAME)


def left(runtime: Path) -> Loaded:
    """What the audio process left; nothing where it has left nothing that can be read."""
    try:
        tree: Any = json.loads((runtime / _NAME).read_text())
        return Loaded(_texts(tree["voices"]), _texts(tree["stems"]), dict(tree["failed"]), bool(tree["mixed"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Loaded()


def _texts(listed: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in listed)
