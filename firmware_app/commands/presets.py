"""List the presets, the factory's and your own, with the values that they set.

examples:
    hushbox presets
    hushbox presets --json
"""

import argparse
import json

from firmware_app.config import places as places_of_box
from firmware_app.kept.library import library_in
from firmware_app.kept.param_table import PARAMS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(args: argparse.Namespace) -> int:
    places = places_of_box.find()
    presets = library_in(places.factory_presets, places.state, PARAMS, look_only=True).all()
    if args.json:
        print(json.dumps([{"name": p.name, "about": p.about, "params": dict(p.params)} for p in presets], indent=2))
        return 0
    for preset in presets:
        print(f"{preset.name}: {preset.about}")
        for id, value in preset.params.items():
            spec = PARAMS[id]
            shown = spec.choices[int(value - spec.low)] if spec.choices else f"{value:g} {spec.unit}".strip()
            print(f"    {spec.label}: {shown}   ({id})")
    return 0
