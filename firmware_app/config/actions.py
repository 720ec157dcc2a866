"""The actions of switches, knobs and MIDI messages. Each is declared once, with its name in words and its fields."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from dsp.nearest import did_you_mean
from dsp.params import ParamError, ParamSpec, find
from firmware_app.errors import AppError


class ActionError(AppError, ValueError):
    """An unknown action, or one with a field that is missing or wrong."""


class NoPresetError(ActionError):
    """An action whose preset is not there now. The preset may come back."""


class Trigger(StrEnum):
    """How a control can trigger an action."""

    PRESS = "press"  # one event: a press, a release, a long or double press, a MIDI note
    HELD = "held"  # a press and its release
    POSITION = "position"  # 0…1: a knob, a pedal, a MIDI controller
    DETENTS = "detents"  # clicks of an encoder, up or down
    NUMBER = "number"  # of a MIDI program change


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of action. needs: fields of Action that must be given; takes: fields that may be."""

    words: str  # for the list on the page
    triggers: frozenset[Trigger]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


_PRESS = frozenset({Trigger.PRESS})
_HELD = frozenset({Trigger.HELD})
_STEPS = frozenset({Trigger.PRESS, Trigger.DETENTS})

KINDS: Mapping[str, Kind] = {
    "toggle": Kind("switch between two values", _PRESS, ("param",), ("low", "high")),
    "momentary": Kind("one value while held", _HELD, ("param",), ("value",)),
    "set": Kind("set a value", _PRESS, ("param", "value")),
    "step": Kind("one step up or down", _STEPS, ("param", "by")),
    "sweep": Kind("follow a knob or pedal", frozenset({Trigger.POSITION}), ("param",), ("low", "high")),
    "next_preset": Kind("next preset", _STEPS),
    "previous_preset": Kind("previous preset", _STEPS),
    "preset": Kind("one preset", _PRESS, ("preset",)),
    "numbered_preset": Kind("the preset with the program's number", frozenset({Trigger.NUMBER})),
    "scene": Kind("scene A, B or the other one", _PRESS, ("scene",)),
    "tap_tempo": Kind("tap the tempo", _PRESS),
    "panic_mute": Kind("panic: silence, until pressed again", _PRESS),
    "panic_dry": Kind("panic: untouched sound, until pressed again", _PRESS),
    "held_panic_mute": Kind("panic: silence while held", _HELD),
    "held_panic_dry": Kind("panic: untouched sound while held", _HELD),
    "record": Kind("record a take, or end it", _PRESS),
    "keep_that": Kind("keep what was just played", _PRESS),
    "mark_take": Kind("mark this place in the take", _PRESS),
    "arm": Kind("record by itself when somebody plays, on or off", _PRESS),
    "own_wifi": Kind("the box's own Wi-Fi on or off", _PRESS),
    "pair": Kind("let the phone in that asks", _PRESS),
}
PANICS = frozenset(name for name in KINDS if "panic" in name)
SCENES = ("A", "B", "other")
_NUMBERS = ("value", "low", "high", "by")


@dataclass(frozen=True, slots=True)
class Action:
    """One action, checked by `read`. Numbers are in the parameter's unit; None: the parameter's own range."""

    do: str
    param: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    by: float | None = None
    preset: str = ""
    scene: str = ""

    @property
    def kind(self) -> Kind:
        return KINDS[self.do]

    def tree(self) -> dict[str, Any]:
        """The given fields, as `read` takes them."""
        return {f.name: v for f in fields(self) if (v := getattr(self, f.name)) not in ("", None)}


def read(tree: object, specs: Mapping[str, ParamSpec], presets: Collection[str]) -> Action:
    """The action in `tree`, such as {"do": "step", "param": "denoise.amount_db", "by": 3}.

    presets: the known names. Raises ActionError with every mistake.
    """
    if not isinstance(tree, Mapping) or not isinstance(tree.get("do"), str):
        raise ActionError(f'an action is {{"do": …}} with one of {", ".join(KINDS)}')
    do = tree["do"]
    if do not in KINDS:
        raise ActionError(f"action {do[:40]!r} does not exist{did_you_mean(do, KINDS)}")
    kind = KINDS[do]
    given = {name: value for name, value in tree.items() if name != "do" and value is not None}
    mistakes = [
        f"{str(name)[:40]}: {do} takes {', '.join((*kind.needs, *kind.takes)) or 'nothing more'}"
        for name in given
        if name not in (*kind.needs, *kind.takes)
    ]
    mistakes += [f"{do} needs {name}" for name in kind.needs if name not in given]
    if not mistakes:
        values, mistakes = _check(given, specs)
    if not mistakes and "preset" in given:
        values["preset"] = _preset(given["preset"], presets)
    if mistakes:
        raise ActionError("; ".join(mistakes))
    return Action(do, **values)


def _check(given: Mapping[str, Any], specs: Mapping[str, ParamSpec]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    if "param" in given:
        try:
            spec = find(specs, str(given["param"])[:100])
        except ParamError as error:
            return {}, [str(error)]
        values["param"] = spec.id
        for name in _NUMBERS:
            if name in given:
                _number(name, given[name], spec, values, mistakes)
        low, high = values.get("low", spec.low), values.get("high", spec.high)
        if not mistakes and low >= high:
            mistakes.append(f"low = {low:g}, high = {high:g}: low has to be below high")
    if "scene" in given:
        values["scene"] = given["scene"]
        if given["scene"] not in SCENES:
            mistakes.append(f"scene = {str(given['scene'])[:40]!r}: allowed {', '.join(SCENES)}")
    return values, mistakes


def _preset(given: object, presets: Collection[str]) -> str:
    """The preset's name as it is written. Raises NoPresetError."""
    by_name = {name.casefold(): name for name in presets}
    wanted = str(given)[:100]
    if wanted.strip().casefold() not in by_name:
        raise NoPresetError(f"no preset {wanted!r}{did_you_mean(wanted, presets)}")
    return by_name[wanted.strip().casefold()]


def _number(name: str, value: object, spec: ParamSpec, values: dict[str, Any], mistakes: list[str]) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        mistakes.append(f"{name} = {str(value)[:40]!r}: a number is allowed")
        return
    try:
        values[name] = _step(float(value), spec) if name == "by" else spec.check(value)
    except (ParamError, ActionError, OverflowError) as error:
        mistakes.append(f"{name}: {error}")


def _step(by: float, spec: ParamSpec) -> float:
    span = spec.high - spec.low
    if not math.isfinite(by) or by == 0.0 or abs(by) > span or (spec.choices and by != int(by)):
        whole = "a whole number " if spec.choices else ""
        raise ActionError(f"{by:g}: {whole}from {-span:g} to {span:g}, but not 0, is allowed for {spec.id}")
    return by


# --- in plain words --------------------------------------------------------------------------------------------------


def words(action: Action, specs: Mapping[str, ParamSpec]) -> str:
    """An action in words: "Bypass on/off", "Noise reduction 6 to 24 dB", "Preset Singing"."""
    if not action.param:
        return _FIXED.get(action.do) or (
            f"Preset {action.preset}" if action.do == "preset" else _SCENE_WORDS[action.scene]
        )
    spec = find(specs, action.param)
    low = spec.low if action.low is None else action.low
    high = spec.high if action.high is None else action.high
    if action.do == "toggle":
        off_on = spec.choices == ("off", "on")
        return f"{spec.label} on/off" if off_on else f"{spec.label}: {said(spec, low)} or {said(spec, high)}"
    if action.do == "momentary":
        value = spec.high if action.value is None else action.value
        return f"{spec.label}: {said(spec, value)} while held"
    if action.do == "set":
        return f"{spec.label}: {said(spec, action.value or 0.0)}"
    if action.do == "step":
        by = action.by or 0.0
        step = f"{abs(by):g} {spec.unit}".rstrip()
        return f"{spec.label} +{step}" if by > 0 else f"{spec.label} −{step}"
    if (low, high) == (spec.low, spec.high):
        return spec.label
    return f"{spec.label}, {said(spec, low)} to {said(spec, high)}"


_FIXED = {
    "next_preset": "Next preset",
    "previous_preset": "Previous preset",
    "numbered_preset": "Preset by program number",
    "tap_tempo": "Tap tempo",
    "panic_mute": "Panic: mute",
    "panic_dry": "Panic: dry",
    "held_panic_mute": "Panic: mute while held",
    "held_panic_dry": "Panic: dry while held",
    "record": "Record on/off",
    "keep_that": "Keep that",
    "mark_take": "Mark this place",
    "arm": "Record when I play on/off",
    "own_wifi": "Own Wi-Fi on/off",
    "pair": "Let a phone in",
}
_SCENE_WORDS = {"A": "Scene A", "B": "Scene B", "other": "Scene A/B"}


def said(spec: ParamSpec, value: float) -> str:
    """A value of a parameter for people: "24 dB", "off"."""
    if spec.choices:
        return spec.choices[round(value - spec.low)]
    return f"{value:g} {spec.unit}".rstrip().replace("-", "−")
