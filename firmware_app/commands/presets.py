"""List the presets, the factory's and your own; of one, the values that it sets.

A * marks the preset that is loaded.

examples:
    hushbox presets
    hushbox presets Karaoke
    hushbox presets --json
"""

import argparse
import json

from firmware_app.commands import table
from firmware_app.config import places as places_of_box
from firmware_app.errors import UsageError
from firmware_app.kept.factory import Preset, UnknownPresetError
from firmware_app.kept.library import PresetLibrary, library_in
from firmware_app.kept.param_table import PARAMS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="show what this one sets")
    parser.add_argument("--json", action="store_true", help="print as JSON, with all values")
    parser.add_argument("--state-dir", metavar="FOLDER", help="where your own presets are kept")


def run(args: argparse.Namespace) -> int:
    places = places_of_box.find(args.state_dir)
    library = library_in(places.factory_presets, places.state, PARAMS, look_only=True)
    try:
        presets = [library.find(args.name)] if args.name else library.all()
    except UnknownPresetError as error:
        raise UsageError(str(error)) from None
    if args.json:
        print(json.dumps([_describe(preset, library) for preset in presets], indent=2))
    elif args.name:
        print("\n".join(_details(presets[0])))
    else:
        rows = [
            [_marked(preset, library), "factory" if library.is_factory(preset.name) else "own", preset.about]
            for preset in presets
        ]
        print("\n".join(table.lines(("  preset", "by", "about"), rows)))
    return 0


def _describe(preset: Preset, library: PresetLibrary) -> dict[str, object]:
    return {
        "name": preset.name,
        "about": preset.about,
        "loaded": preset.name == library.current,
        "factory": library.is_factory(preset.name),
        "params": dict(preset.params),
    }


def _marked(preset: Preset, library: PresetLibrary) -> str:
    return f"{'*' if preset.name == library.current else ' '} {preset.name}"


def _details(preset: Preset) -> list[str]:
    rows = []
    for id, value in preset.params.items():
        spec = PARAMS[id]
        shown = spec.choices[int(value - spec.low)] if spec.choices else f"{value:g} {spec.unit}".strip()
        rows.append([f"  {spec.label}", shown, id])
    return [f"{preset.name}: {preset.about}", *table.lines(("  sets", "to", "id"), rows)]
