"""Presets as a file to save, share and import: one JSON object, with values by parameter id in their units."""

import json
from collections.abc import Mapping, Sequence

from dsp.params import ParamSpec
from firmware_app.kept.factory import Preset
from firmware_app.kept.preset_state import PresetRefused, in_order
from firmware_app.kept.scenes import usable
from web_ui.ports.limits import LONGEST_PRESET_ABOUT, LONGEST_PRESET_NAME, MOST_PRESETS

FORM = "hushbox presets 1"


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
    """The presets in an exported file, and notes on what was left out. Raises PresetRefused."""
    if not isinstance(tree, dict) or tree.get("form") != FORM:
        raise PresetRefused(f'this is not a preset file: {{"form": "{FORM}", "presets": […]}} is expected')
    listed = tree.get("presets")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_PRESETS:
        raise PresetRefused(f"presets: a list of 1 to {MOST_PRESETS} is expected")
    presets: list[Preset] = []
    notes: list[str] = []
    for number, entry in enumerate(listed, start=1):
        name, about, params = _fields(entry, number)
        if len(about) > LONGEST_PRESET_ABOUT:
            notes.append(f"preset {name}: what it says about itself was cut to {LONGEST_PRESET_ABOUT} characters")
        values = usable(params, specs, notes, f"preset {name}")
        if not values:
            raise PresetRefused(f"preset {name}: nothing in it that this version knows")
        presets.append(Preset(name, about[:LONGEST_PRESET_ABOUT], in_order(values, specs)))
    return presets, notes


def _fields(entry: object, number: int) -> tuple[str, str, Mapping[str, object]]:
    if isinstance(entry, dict):
        name, about, params = entry.get("name"), entry.get("about", ""), entry.get("params")
        if isinstance(name, str) and isinstance(about, str) and isinstance(params, dict):
            if not name.strip() or len(name) > LONGEST_PRESET_NAME:
                raise PresetRefused(
                    f"preset {number}: name = {name[:60]!r}: 1 to {LONGEST_PRESET_NAME} characters are allowed"
                )
            return name, about, params
    raise PresetRefused(f"preset {number}: name, about and params are expected")
