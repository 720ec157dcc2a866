"""Reads a folder as a start of the box does. A backup is good when the box's own readers find no mistake in it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dsp.params import ParamSpec
from firmware_app.config.keys import Config
from firmware_app.kept import audio, models, setup_notes
from firmware_app.kept.kept_file import OTHER_VERSION
from firmware_app.kept.library import library_in
from firmware_app.kept.models import ModelsStore
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.scenes import Scenes
from firmware_app.kept.setup_notes import SetupNotesStore
from firmware_app.kept.store import Store
from firmware_app.panel.kept import PanelStore, merged, try_plan
from firmware_app.panel.plan import controls_of, mappings_of

NAMES = frozenset(
    {"state.json", "scenes.json", "presets.json", "panel.json", audio.NAME, setup_notes.NAME, models.NAME}
)
"""The files in a backup. Not the PIN: it stays on the box."""

StartReader = Callable[[Path], Mapping[str, Sequence[str]]]
"""Takes a folder laid out like the state folder; returns the notes of each file's own reader, by file name."""


def start_reader(config: Config, factory: Path, specs: Mapping[str, ParamSpec] = PARAMS) -> StartReader:
    """What a start of the box reads in the state folder. factory: the folder of the factory presets."""

    def read(folder: Path) -> dict[str, Sequence[str]]:
        library = library_in(factory, folder, specs)
        names = library.names_known
        mappings, _, _ = mappings_of(config.panel, specs, names)
        controls = controls_of(config.panel)
        _, panel_notes = PanelStore(folder).load(
            specs, names, lambda changes: try_plan(merged(config.panel, controls, mappings, changes)[0], specs)
        )
        notes = {
            "state.json": Store(folder, specs).load().notes,
            "scenes.json": Scenes(folder, specs).notes,
            "presets.json": library.notes,
            "panel.json": panel_notes,
            audio.NAME: audio.in_force(config, folder, look_only=False)[1],
            setup_notes.NAME: SetupNotesStore(folder).notes,
            models.NAME: ModelsStore(folder).notes,
        }
        return {name: [note.replace(f"{folder}/", "") for note in said] for name, said in notes.items()}

    return read


def mistakes(notes: Sequence[str]) -> list[str]:
    """The notes that are mistakes. Parameters of another version are none."""
    return [note for note in notes if not note.endswith(OTHER_VERSION)]
