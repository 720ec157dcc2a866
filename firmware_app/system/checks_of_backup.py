"""What makes each kept file of a backup good: the checks of everywhere, but strict, for nothing is half restored."""

from collections.abc import Collection, Mapping
from typing import Any

from dsp.params import ParamError, ParamSpec
from firmware_app import kept_audio
from firmware_app.config_audio import AudioSettingsError
from firmware_app.config_keys import Config
from firmware_app.panel.kept import read_changes
from firmware_app.param_table import PARAMS
from firmware_app.setup import kept as setup_kept
from firmware_app.system.backup import Check


def checks(config: Config, presets: Collection[str], specs: Mapping[str, ParamSpec] = PARAMS) -> dict[str, Check]:
    """By file name. presets: the names that this box has whatever the backup holds."""
    return {
        "state.json": lambda body, files: _values(body, specs),
        "scenes.json": lambda body, files: _scenes(body, specs),
        "presets.json": lambda body, files: _presets(body, specs),
        "panel.json": lambda body, files: list(read_changes(body, specs, {*presets, *_own_presets(files)})[1]),
        kept_audio.NAME: lambda body, files: _audio(config, body),
        setup_kept.NAME: lambda body, files: _setup(body),
    }


def _values(body: Mapping[str, Any], specs: Mapping[str, ParamSpec]) -> list[str]:
    """A parameter of another version is left out when it is read; a value that no version had is a mistake."""
    mistakes = []
    for id, value in body.items():
        if id not in specs:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            mistakes.append(f"{id} = {str(value)[:40]!r} is no number")
            continue
        try:
            specs[id].check(float(value))
        except (ParamError, OverflowError) as error:
            mistakes.append(str(error))
    return mistakes


def _scenes(body: Mapping[str, Any], specs: Mapping[str, ParamSpec]) -> list[str]:
    mistakes = []
    for name, values in body.items():
        if not isinstance(values, dict):
            mistakes.append(f"scene {str(name)[:20]} is no set of values")
        else:
            mistakes += [f"scene {name}: {mistake}" for mistake in _values(values, specs)]
    return mistakes


def _presets(body: Mapping[str, Any], specs: Mapping[str, ParamSpec]) -> list[str]:
    own = body.get("own")
    if not isinstance(own, dict):
        return ["has no list of presets"]
    mistakes = []
    for name, tree in own.items():
        values = tree.get("params") if isinstance(tree, dict) else None
        if not isinstance(values, dict):
            mistakes.append(f"preset {name[:40]} has no values")
        else:
            mistakes += [f"preset {name[:40]}: {mistake}" for mistake in _values(values, specs)]
    return mistakes


def _own_presets(files: Mapping[str, Any]) -> set[str]:
    """Names of the player's presets in a backup, present and former ones."""
    found: set[str] = set()
    for key in ("own", "renamed"):
        listed = files.get("presets.json", {}).get(key)
        found |= set(listed) if isinstance(listed, dict) else set()
    return found


def _audio(config: Config, body: Mapping[str, Any]) -> list[str]:
    try:
        kept_audio.merged(config, body)
    except AudioSettingsError as error:
        return list(error.mistakes)
    return []


def _setup(body: Mapping[str, Any]) -> list[str]:
    read = setup_kept.read(body)
    name = body.get("name", "")
    if name and not read.name:
        return [f"name = {str(name)[:40]!r}: {setup_kept.check_name(name) if isinstance(name, str) else 'a text'}"]
    return []
