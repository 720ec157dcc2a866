"""The shape of each kept file: the keys and kinds of values that may go into a backup and into the diagnostics.

Anything else in a file of the state folder, added by hand or by another program, stays on the box.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from firmware_app.config.actions import Action
from firmware_app.config.panel_keys import CONTROL_TABLES
from firmware_app.kept import audio, models, setup_notes
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.scenes import NAMES as SCENES
from firmware_app.kept.setup_notes import Measured, SetupNotes

Shape = Callable[[Any], Any]
"""Returns the wanted part of a value; None when there is none."""


def _plain(value: Any) -> Any:
    """A number, a text, or a list of them."""
    if isinstance(value, list):
        return [each for each in value if isinstance(each, str | int | float)]
    return value if isinstance(value, str | int | float) else None


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else None


def _number(value: Any) -> Any:
    return value if isinstance(value, int | float) else None


def _keys(shapes: Mapping[str, Shape]) -> Shape:
    """An object reduced to these keys."""
    return lambda value: (
        _kept({key: shapes[key](inner) for key, inner in value.items() if key in shapes})
        if isinstance(value, dict)
        else None
    )


def _each(shape: Shape) -> Shape:
    """An object with free names, or a list, whose values have this shape."""

    def pick(value: Any) -> Any:
        if isinstance(value, dict):
            return _kept({key: shape(inner) for key, inner in value.items()})
        if isinstance(value, list):
            return [found for inner in value if (found := shape(inner)) is not None]
        return None

    return pick


def _kept(found: dict[str, Any]) -> dict[str, Any]:
    return {key: inner for key, inner in found.items() if inner is not None}


_values = _keys(dict.fromkeys(PARAMS, _number))
_CONTROL = {"table", *(field.name for cls in CONTROL_TABLES.values() for field in fields(cls))}
_MAPPING = {"on", "gesture", *(field.name for field in fields(Action))}
_control, _mapping, _either = (_keys(dict.fromkeys(keys, _plain)) for keys in (_CONTROL, _MAPPING, _CONTROL | _MAPPING))

_preset = _keys({"about": _text, "params": _values})
_presets = {"own": _each(_preset), "order": _each(_text), "current": _text, "renamed": _each(_text)}
_panel = {"controls": _each(_control), "mappings": _each(_mapping), "off": _each(_text), "unread": _each(_either)}
_measured = _each(_keys(dict.fromkeys((field.name for field in fields(Measured)), _plain)))
_set_up = dict.fromkeys((field.name for field in fields(SetupNotes)), _plain) | {"measured": _measured}


def _own_presets(value: Any) -> Any:
    """The player's presets; renamed ones only if the new name is that of a preset."""
    found = _keys(_presets)(value)
    if found is not None and "renamed" in found:
        names = {*found.get("own", ()), *found.get("order", ())}
        found["renamed"] = {old: new for old, new in found["renamed"].items() if new in names}
    return found


SHAPES: Mapping[str, tuple[str, Shape]] = {
    "state.json": ("params", _values),
    "scenes.json": ("scenes", _keys(dict.fromkeys(SCENES, _values))),
    "presets.json": ("presets", _own_presets),
    "panel.json": ("panel", _keys(_panel)),
    audio.NAME: ("audio", _keys(dict.fromkeys(audio.KEYS, _plain))),
    setup_notes.NAME: ("setup", _keys(_set_up)),
    models.NAME: ("models", _keys(dict.fromkeys(models.KEYS, _text))),
}
"""(key of the body, shape of the body) by file name."""


def chosen(name: str, tree: Any) -> dict[str, Any] | None:
    """A kept file reduced to its shape; None for an unknown or quite different file."""
    key, shape = SHAPES.get(name, ("", _text))
    if not isinstance(tree, dict) or type(tree.get("schema")) is not int or not isinstance(tree.get(key), dict):
        return None
    return {"schema": tree["schema"], key: shape(tree[key])}
