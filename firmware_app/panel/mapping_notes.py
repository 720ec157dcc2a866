"""Notes on a mapping before it is saved: what it collides with, replaces or costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from dsp.params import ParamSpec, find
from firmware_app.config.actions import PANICS, Action, label_of
from firmware_app.config.control_specs import RELAY
from firmware_app.panel.plan import PanelControl, PanelMapping, PanelPlan, gesture_words, misfit
from hw.controls.conflicts import same_source


class Level(StrEnum):
    """How much a note matters."""

    REFUSED = "refused"  # cannot be
    REPLACES = "replaces"  # something mapped there now would go
    COSTS = "costs"  # it works, at a price
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence about a change, for people."""

    level: Level
    text: str


def with_controls(plan: PanelPlan, controls: Sequence[PanelControl]) -> PanelPlan:
    """`plan` with these controls, each in place of one with its name, without the mappings that no longer fit."""
    names = {control.name for control in controls}
    wider = replace(plan, controls=(*(c for c in plan.controls if c.name not in names), *controls))
    fitting = tuple(m for m in plan.mappings if not misfit(wider, m.on, m.gesture, m.action))
    return replace(wider, mappings=fitting)


def is_update(plan: PanelPlan, control: PanelControl) -> bool:
    """Whether `control` is there already, and learning has only changed its settings."""
    there = plan.find(control.name)
    return there is not None and there.sources == control.sources


def with_mapping(plan: PanelPlan, mapping: PanelMapping) -> PanelPlan:
    """`plan` as it would be with `mapping`."""
    others = tuple(m for m in plan.mappings if m.key != mapping.key)
    return replace(plan, mappings=(*others, mapping))


def notes_on(
    plan: PanelPlan,
    controls: Sequence[PanelControl],
    on: str,
    gesture: str,
    action: Action,
    specs: Mapping[str, ParamSpec],
) -> list[Note]:
    """Every note on mapping `action` there, with `controls` added or changed for it."""
    new = [control for control in controls if not is_update(plan, control)]
    refused = [Note(Level.REFUSED, why) for control in new if (why := taken(plan, control))]
    wider = with_controls(plan, controls)
    if not refused and (why := misfit(wider, on, gesture, action)):
        refused.append(Note(Level.REFUSED, why))
    if refused:
        return refused
    notes = []
    before = plan.on(on, gesture)
    if before is not None and before.action != action:
        notes.append(Note(Level.REPLACES, f"Now there: {plan.words(before, specs)}."))
    for other in plan.mappings:
        lost = other.key != f"{on} {gesture}" and misfit(wider, other.on, other.gesture, other.action)
        if lost and not misfit(plan, other.on, other.gesture, other.action):
            notes.append(Note(Level.COSTS, f"{plan.words(other, specs)}: will not work any more. {lost}."))
    notes += _costs(wider, with_mapping(wider, PanelMapping(on, gesture, action)), action)
    for other in plan.mappings:
        same = other.action.do == action.do == "sweep" and other.action.param == action.param
        if same and other.key != f"{on} {gesture}":
            label = label_of(find(specs, action.param), specs)
            notes.append(Note(Level.NOTE, f"{label} is turned by {plan.where(other.on)} too: both move it."))
    return notes


def taken(plan: PanelPlan, control: PanelControl) -> str:
    """Why `control` cannot be added to `plan`; empty when it can."""
    for there in plan.controls:
        if there.name == control.name:
            return f"a control called {control.name} is there already"
        for source in control.sources:
            if any(same_source(source, s) for s in there.sources):
                return f"{place_words(source)} is taken by {there.label}"
    relay = plan.config.relay_gpio
    if relay >= 0 and control.name == RELAY:
        return f"{RELAY} is the bypass relay's own name"
    if f"gpio:{relay}" in control.sources:
        return f"{place_words(f'gpio:{relay}')} is taken by the bypass relay"
    return ""


def place_words(source: str) -> str:
    """A source in words: "GPIO17", "MCP3008 channel 2", "CC 64 on channel 1"."""
    kind, _, rest = source.partition(":")
    if kind == "gpio":
        return f"GPIO{rest}"
    if kind == "hid":
        return f"Key {rest.rpartition(':')[2].removeprefix('KEY_')}"
    if kind == "midi":
        if ":pitch:" in rest:
            return f"Pitch bend on channel {rest.rpartition(':')[2]}"
        _, message, channel, number = rest.rsplit(":", 3)
        return f"{message.upper() if message == 'cc' else message.capitalize()} {number} on channel {channel}"
    device, _, channel = rest.partition(":")
    if device == "0":
        return f"{kind.upper()} channel {channel}"
    return f"{kind.upper()} channel {channel} of device {device}"


def _costs(before: PanelPlan, after: PanelPlan, action: Action) -> list[Note]:
    """How much later the mapped presses act, because more gestures have to be told apart."""
    notes = []
    old, new = before.spec(), after.spec()
    for mapping in after.mappings:
        if mapping.gesture != "press" or after.find(mapping.on) is None:
            continue
        cost = new.press_cost(mapping.on)
        if cost == old.press_cost(mapping.on) and mapping.action != action:
            continue
        where = after.where(mapping.on)
        if cost.wait_ms:
            text = f"A press of {where} waits {cost.wait_ms:g} ms, to see whether another follows."
            notes.append(Note(Level.COSTS, text))
        if cost.on_release:
            notes.append(
                Note(Level.COSTS, f"A press of {where} acts when the foot leaves, to tell it from a long one.")
            )
        if (cost.wait_ms or cost.on_release) and mapping.action.do in PANICS:
            notes.append(Note(Level.COSTS, f"Panic should not wait: give it a switch of its own, not {where}."))
    own = action.do in PANICS and not any(m.action == action and m.gesture == "press" for m in after.mappings)
    if own:
        gesture = next((m.gesture for m in after.mappings if m.action == action), "")
        notes.append(Note(Level.COSTS, f"Panic by {gesture_words(gesture)} is slow: a plain press acts at once."))
    return notes
