"""PresetState: everything about the presets that the player can change, and how it is saved and read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from dsp.params import ParamSpec
from dsp.rack.rack import CHAIN
from firmware_app.errors import AppError
from firmware_app.kept.factory import Preset
from firmware_app.kept.kept_file import KeptFile
from firmware_app.kept.scenes import NOT_IN_A_SCENE, usable
from web_ui.ports.limits import LONGEST_PRESET_ABOUT, LONGEST_PRESET_NAME, MOST_PRESETS

Kind = TypeVar("Kind", dict[str, Any], list[Any], str)

MOST_RENAMED = 200  # old names that are still found


class PresetRefused(AppError, ValueError):
    """A change of the presets that is not allowed. The message names the thing, the value and what is allowed."""


@dataclass(frozen=True, slots=True)
class PresetState:
    """Everything the player can change. Each change makes a new one, so undo just takes the one before."""

    own: Mapping[str, Preset]  # by name
    order: tuple[str, ...]  # names of all presets, also the factory's; missing ones follow at the end
    current: str  # recalled or saved last, "" for none
    renamed: Mapping[str, str]  # new name by old name, for switches that are mapped to the old one


def body_of(state: PresetState) -> dict[str, object]:
    """The saved form, which `read` reads back."""
    own = {name: {"about": preset.about, "params": dict(preset.params)} for name, preset in state.own.items()}
    return {"own": own, "order": list(state.order), "current": state.current, "renamed": dict(state.renamed)}


def read(
    body: Mapping[str, object], factory: Mapping[str, Preset], specs: Mapping[str, ParamSpec]
) -> tuple[PresetState, list[str]]:
    """(the usable part of the saved state, notes on the rest). A preset with a bad name gets another one.

    Raises PresetRefused for more presets than a box can have.
    """
    notes: list[str] = []
    saved = _of(body, "own", dict, notes)
    if len(saved) > MOST_PRESETS:
        raise PresetRefused(f"{len(saved)} presets: {MOST_PRESETS} are allowed")
    own: dict[str, Preset] = {}
    called: dict[str, str] = {name: name for name in factory}  # name here by saved name
    formerly = {old: preset.name for preset in factory.values() for old in preset.formerly}
    taken = {name.casefold() for name in factory}
    for name, tree in saved.items():
        if not isinstance(tree, dict) or not isinstance(tree.get("params"), dict):
            notes.append(f"preset {name[:LONGEST_PRESET_NAME]}: has no values; ignored")
            continue
        here = _possible(name)
        here = here if here.casefold() not in taken else next_name(here, taken)
        if here != name:
            notes.append(f"preset {name[:LONGEST_PRESET_NAME]}: is called {here} from now on")
        values = in_order(usable(tree["params"], specs, notes, f"preset {here}"), specs)
        own[here] = Preset(here, _about(tree.get("about", ""), here, notes), values)
        called[name] = here  # not a factory preset that has come since under the same name
        taken.add(here.casefold())
    called = {**formerly, **called}
    names, renamed = _of(body, "order", list, notes), _of(body, "renamed", dict, notes)
    if odd := [value for value in (*names, *renamed.values()) if not isinstance(value, str)]:
        notes.append(f"presets: {str(odd[0])[:40]!r} is no name; ignored")
    order = tuple(dict.fromkeys(called[name] for name in names if isinstance(name, str) and name in called))
    former = {old: called[new] for old, new in renamed.items() if isinstance(new, str) and new in called}
    return PresetState(own, order, called.get(_of(body, "current", str, notes), ""), _last(former)), notes


def check_kept(
    state: PresetState, store: KeptFile, factory: Mapping[str, Preset], specs: Mapping[str, ParamSpec]
) -> None:
    """Raises PresetRefused if the next start could not read `state` back exactly."""
    body = body_of(state)
    if why := store.why_not(body):
        raise PresetRefused(f"presets: {why}; delete some first")
    found, notes = read(json.loads(json.dumps(body)), factory, specs)
    if notes or found != state:
        raise PresetRefused(f"presets cannot be kept so: {(notes or ['they would be read back otherwise'])[0]}")


def with_renamed(renamed: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    """New names by old names after one more renaming."""
    now = {name: new if to == old else to for name, to in renamed.items() if name not in (old, new)}
    return _last({**now, old: new} if old != new else now)


def in_order(values: Mapping[str, float], specs: Mapping[str, ParamSpec]) -> dict[str, float]:
    """The part of `values` that a preset saves. The chain comes last: the mutes must be set before it is heard."""
    held = {id: values[id] for id in specs if id in values and id not in NOT_IN_A_SCENE and id != CHAIN.id}
    if CHAIN.id in values:
        held[CHAIN.id] = values[CHAIN.id]
    return held


def next_name(name: str, there: set[str]) -> str:
    """`name` with the first free number after it: "Choir 2". there: the taken names, casefolded."""
    stem, _, number = name.rpartition(" ")
    stem = stem if stem and number.isdecimal() else name
    for count in range(2, 2 * MOST_PRESETS + 3):
        ending = f" {count}"
        wanted = stem[: LONGEST_PRESET_NAME - len(ending)].rstrip() + ending
        if wanted.casefold() not in there:
            return wanted
    raise PresetRefused(f"name = {name!r}: no number up to {2 * MOST_PRESETS} is free after it")


def tidy(text: str) -> str:
    """`text` with single spaces, on one line."""
    return " ".join(text.split())


def _possible(name: str) -> str:
    """The nearest allowed name."""
    plain = tidy("".join(c if c.isprintable() else " " for c in name))[:LONGEST_PRESET_NAME].strip()
    return plain or "Preset"


def _about(about: object, name: str, notes: list[str]) -> str:
    text = about if isinstance(about, str) else ""
    plain = "".join(c if c.isprintable() else " " for c in text)[:LONGEST_PRESET_ABOUT]
    if plain != about:
        notes.append(f"preset {name}: what it says about itself was cut or changed")
    return plain


def _last(renamed: Mapping[str, str]) -> dict[str, str]:
    return dict(list(renamed.items())[-MOST_RENAMED:])


def _of(body: Mapping[str, object], name: str, kind: type[Kind], notes: list[str]) -> Kind:
    """The value called `name`; an empty one if it is missing or, with a note, of another kind."""
    value = body.get(name, kind())
    if isinstance(value, kind):
        return value
    notes.append(f"presets: {name} = {str(value)[:40]!r} cannot be used; ignored")
    return kind()
