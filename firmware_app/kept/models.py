"""The bundles that the page has chosen: `models.json` in the state folder. They win over the file and a measurement.

Both processes read it. Control alone writes it, and only bundles that the audio process has loaded.
"""

import logging
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from firmware_app.config.keys import Config, ModelConfig
from firmware_app.config.places import Places
from firmware_app.kept.kept_file import KeptFile, shortened
from firmware_app.kept.saver import SaveJob

log = logging.getLogger(__name__)

NAME = "models.json"
KEYS = ("bundle", "stems_bundle")
"""The keys of [model] that the page may set: the voice's bundle and the stems'."""
_check_name = {f.name: f.metadata["key"].check for f in fields(ModelConfig)}["bundle"]
_SHOWN = 80  # characters of a name


def file_in(folder: Path) -> KeptFile:
    """models.json in the state folder."""
    return KeptFile(folder, NAME, 1, "models", "choice of models")


def in_force(config: Config, places: Places) -> tuple[Config, tuple[str, ...]]:
    """The settings with the page's bundles in place of theirs, and notes for the log. Raises nothing.

    A bundle that is not there any more, or was named on the command line, is not replaced.
    """
    (chosen, _), _ = file_in(places.state).load_as(_read, look_only=True)
    notes: list[str] = []
    names: dict[str, Any] = {}
    for key, name in chosen.items():
        if f"model.{key}" in config.overridden:
            continue
        if places.has_bundle(name):
            names[key] = name
        else:
            name = name[:_SHOWN]
            notes.append(f"[model] {key}: {name} was chosen on the page and is not there: the settings' own is used")
    return replace(config, model=replace(config.model, **names)), tuple(notes)


class ModelsStore:
    """Owns models.json in control. Any thread; the saver writes `save_job`."""

    def __init__(self, folder: Path) -> None:
        self._file = file_in(folder)
        (self._chosen, own), notes = self._file.load_as(_read)
        self.notes = shortened([*notes, *own])
        self.save_job = SaveJob("the choice of models", self._write)

    def choose(self, key: str, name: str) -> None:
        """key: one of KEYS."""
        self._chosen = {**self._chosen, key: name}
        self.save_job.changed()

    def _write(self) -> str:
        self._file.save(dict(self._chosen))
        return self._file.problem


def fixed(config: Config, key: str) -> bool:
    """Whether the command line names this key, so that it cannot be changed."""
    return f"model.{key}" in config.overridden


def with_bundle(config: Config, key: str, name: str) -> Config:
    """The settings with another bundle."""
    changes: dict[str, Any] = {key: name}
    return replace(config, model=replace(config.model, **changes))


def _read(body: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """(the usable part, notes on the rest)."""
    chosen = {key: str(name) for key, name in body.items() if key in KEYS and _check_name(name) is None}
    notes = [
        f"{str(key)[:40]} = {str(body[key])[:40]!r}: cannot be used, starts anew" for key in body if key not in chosen
    ]
    return chosen, notes
