"""Presets as a file to keep, pass on and take in: one JSON object, named values in their own units."""

import json
from collections.abc import Mapping, Sequence

from dsp.params import ParamSpec
from firmware_app.kept.factory import Preset
from firmware_app.kept.preset_state import LONGEST_ABOUT, LONGEST_NAME, PresetRefused, in_order
from firmware_app.kept.scenes import usable

FORM = "hushbox presets 1"
MOST_IN_A_FILE = 100


def export(presets: Sequence[Preset], specs: Mapping[str, ParamSpec]) -> bytes:
    """The file that `read` reads back."""
    tree = {
        "form": FORM,
        "presets": [
            {"name": preset.name, "about": preset.about, "params": in_order(preset.params, specs)} for preset in presets
        ],
    }
    return (json.dumps(tree, indent=1, ensure_ascii=False) + "\n").encode()


def read(tree: object, specs: Mapping[str, ParamSpec]) -> tuple[list[Preset], list[str]]:
    """The presets in an exported file, and notes on what this version left out. Raises PresetRefused."""
    if not isinstance(tree, dict) or tree.get("form") != FORM:
        raise PresetRefused(f'this is not a preset file: {{"form": "{FORM}", "presets": […]}} is expected')
    listed = tree.get("presets")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_IN_A_FILE:
        raise PresetRefused(f"presets: a list of 1 to {MOST_IN_A_FILE} is expected")
    presets: list[Preset] = []
    notes: list[str] = []
    for number, entry in enumerate(listed, start=1):
        name, about, params = _fields(entry, number)
        values = usable(params, specs, notes, f"preset {name}")
        if not values:
            raise PresetRefused(f"preset {name}: nothing in it that this version knows")
        presets.append(Preset(name, about, in_order(values, specs)))
    return presets, notes


def _fields(entry: object, number: int) -> tuple[str, str, Mapping[str, object]]:
    if isinstance(entry, dict):
        name, about, params = entry.get("name"), entry.get("about", ""), entry.get("params")
        if isinstance(name, str) and isinstance(about, str) and isinstance(params, dict):
            if not name.strip() or len(name) > LONGEST_NAME:
                raise PresetRefused(
                    f"preset {number}: name = {name[:60]!r}: 1 to {LONGEST_NAME} characters are allowed"
                )
            return name, about[:LONGEST_ABOUT], params
    raise PresetRefused(f"preset {number}: name, about and params are expected")
