"""What makes a backup good: the box's own readers find nothing wrong with it, laid out as the state folder would be."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dsp.params import ParamSpec
from firmware_app.config.keys import Config
from firmware_app.kept import audio, setup_notes
from firmware_app.kept.kept_file import OTHER_VERSION
from firmware_app.kept.library import library_in
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.scenes import Scenes
from firmware_app.kept.setup_notes import SetupNotesStore
from firmware_app.kept.store import Store
from firmware_app.panel.kept import PanelStore, merged, try_plan
from firmware_app.panel.plan import controls_of, mappings_of

NAMES = frozenset({"state.json", "scenes.json", "presets.json", "panel.json", audio.NAME, setup_notes.NAME})
"""What a backup holds. Not the PIN: it belongs to the box, and is no one else's to read."""

StartReader = Callable[[Path], Mapping[str, Sequence[str]]]
"""Given a folder laid out as the state folder: by file name, what the box's reader of that file has to say about it."""


def start_reader(config: Config, factory: Path, specs: Mapping[str, ParamSpec] = PARAMS) -> StartReader:
    """The start of a box, as far as it reads the state folder. factory: the folder of the presets that came with it."""

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
        }
        return {name: [note.replace(f"{folder}/", "") for note in said] for name, said in notes.items()}

    return read


def mistakes(notes: Sequence[str]) -> list[str]:
    """Those that tell of more than another version, whose parameters are left out."""
    return [note for note in notes if not note.endswith(OTHER_VERSION)]
