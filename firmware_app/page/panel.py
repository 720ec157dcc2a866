"""RealPanel: the panel's set-up, over PanelSetup."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from firmware_app.config import actions
from firmware_app.config.actions import KINDS
from firmware_app.config.declare import Key
from firmware_app.config.panel_keys import CONTROL_TABLES, LEVELS, SHOWS
from firmware_app.control.control import Control
from firmware_app.panel import wiring_diagram
from firmware_app.panel.learn import gestures_for
from firmware_app.panel.mapping_notes import Note
from firmware_app.panel.plan import PanelControl, PanelMapping, gesture_words
from firmware_app.panel.setup import PanelSetup
from hw.controls.kinds import CHIPS
from hw.controls.pickup import TAKEOVERS
from web_ui.ports.panel import (
    ActionKindView,
    ControlKindView,
    FieldView,
    LearnView,
    MappingView,
    NoteView,
    PanelControlView,
    PanelSetupView,
)

# Controls on USB or MIDI are learned instead.
_BY_HAND = {
    "switches": "Footswitch or button",
    "knobs": "Knob",
    "pedals": "Expression pedal",
    "encoders": "Encoder",
    "leds": "LED",
    "rgb_leds": "Three-colour LED",
    "meters": "Level meter",
}
_NOT_ASKED = {"does", "sets", "by", "momentary"}  # a mapping says it
_CHOICES: Mapping[str, tuple[str, ...]] = {"takeover": tuple(TAKEOVERS), "chip": tuple(CHIPS)}


class RealPanel:
    """Implements PanelPort. Any thread."""

    def __init__(self, control: Control, setup: PanelSetup) -> None:
        self._control = control
        self._setup = setup

    def setup(self) -> PanelSetupView:
        setup, plan = self._setup, self._setup.plan
        panel = setup.bindings.panel
        return PanelSetupView(
            revision=setup.revision,
            mappings=tuple(self._mappings()),
            controls=tuple(self._controls()),
            action_kinds=tuple(
                ActionKindView(do, kind.words, kind.needs, kind.takes, tuple(sorted(kind.triggers)))
                for do, kind in KINDS.items()
            ),
            control_kinds=tuple(self._control_kind(table, words) for table, words in _BY_HAND.items()),
            presets=tuple(setup.bindings.performer.preset_names),
            header=wiring_diagram.header(plan, setup.bindings.board),
            wiring=wiring_diagram.sentences(plan),
            board=f"{setup.bindings.board.model}; pins: {panel.choice.why}.",
            ports=(*(f"MIDI: {port}" for port in panel.midi_ports), *(f"USB keys: {d}" for d in panel.hid_devices)),
            problems=(*setup.problems, *setup.notes),
            simulated=panel.simulated,
        )

    def check_mapping(self, on: str, gesture: str, action: Mapping[str, Any]) -> Sequence[NoteView]:
        return _notes(self._setup.check(on, gesture, action))

    def set_mapping(self, on: str, gesture: str, action: Mapping[str, Any], replace: bool) -> None:
        self._setup.assign(on, gesture, action, replace)

    def remove_mapping(self, key: str) -> None:
        self._setup.remove(key)

    def add_control(self, kind: str, settings: Mapping[str, Any]) -> None:
        self._setup.add_control(kind, settings)

    def remove_control(self, name: str) -> None:
        self._setup.remove_control(name)

    def calibrate(self, name: str, step: str) -> float:
        return self._setup.calibrate(name, step)

    def restore(self, key: str) -> None:
        self._setup.restore(key)

    def learn(self, action: Mapping[str, Any]) -> None:
        self._setup.learn(action)

    def cancel_learning(self) -> None:
        self._setup.cancel()

    def learning(self) -> LearnView:
        state, notes = self._setup.learning()
        if state.action is None:
            return LearnView("off", self._setup.revision, note=state.note)
        action, heard = state.action, state.heard
        does = actions.words(action, self._control.specs)
        if heard is None:
            return LearnView(
                state.state, self._setup.revision, does, action.tree(), note=state.note, seconds_left=state.seconds_left
            )
        plan, wider = self._setup.plan, self._setup.plan_with_heard(heard)
        new = any(plan.find(c.name) is None for c in heard.controls)
        return LearnView(
            state.state, self._setup.revision, does, action.tree(), heard.on, heard.gesture,
            where=wider.where(heard.on) + "".join(f" ({wiring_diagram.place(c)})" for c in heard.controls),
            gestures=gestures_for(action, wider, heard), is_new=new, found=heard.found, notes=_notes(notes),
            note=state.note, seconds_left=state.seconds_left,
        )  # fmt: skip

    # --- views ---

    def _mappings(self) -> list[MappingView]:
        views = [self._mapping(m, off=False) for m in self._setup.plan.mappings]
        there = {m.key for m in self._setup.plan.mappings}
        # The file's mapping is not listed beside the page's one that replaces it: removing that one restores it.
        paged = {m.key for m in self._setup.changes.mappings}
        views += [self._mapping(m, off=True) for m in self._setup.file_mappings if m.key not in there | paged]
        return views

    def _mapping(self, mapping: PanelMapping, off: bool) -> MappingView:
        return MappingView(
            mapping.key, mapping.on, mapping.gesture, self._setup.plan.where(mapping.on),
            gesture_words(mapping.gesture), actions.words(mapping.action, self._control.specs),
            mapping.action.tree(), mapping.origin, off,
        )  # fmt: skip

    def _controls(self) -> list[PanelControlView]:
        there = {c.name for c in self._setup.plan.controls}
        away = [c for c in self._setup.file_controls if c.name not in there]
        views = [self._control_view(c, off=False) for c in self._setup.plan.controls]
        return [*views, *(self._control_view(c, off=True) for c in away)]

    def _control_view(self, control: PanelControl, off: bool) -> PanelControlView:
        shows = str(getattr(control.config, "shows", ""))
        specs = self._control.specs
        return PanelControlView(
            control.name, control.label, control.table, wiring_diagram.place(control),
            {g: gesture_words(g) for g in control.gestures},
            actions.label_of(specs[shows], specs) if shows in specs else shows.replace("_", " "), control.origin, off,
        )  # fmt: skip

    def _control_kind(self, table: str, words: str) -> ControlKindView:
        asked = [f for f in fields(CONTROL_TABLES[table]) if f.name not in _NOT_ASKED]
        return ControlKindView(table, words, tuple(self._field(table, f) for f in asked))

    def _field(self, table: str, f: Any) -> FieldView:
        key: Key = f.metadata["key"]
        default = None if f.default is MISSING else f.default
        choices = self._choices(table, f.name)
        kind = "text"
        if f.name.startswith("gpio"):
            kind = "pins" if f.name == "gpios" else "pin"
        elif isinstance(default, bool):
            kind = "flag"
        elif choices:
            kind = "choice"
        elif f.name == "channel" or isinstance(default, int | float):
            kind = "number"
        return FieldView(f.name, key.help.replace("\n", " "), kind, choices, default)

    def _choices(self, table: str, name: str) -> tuple[str, ...]:
        if name == "shows":
            if table == "meters":
                return LEVELS
            switches = (id for id, spec in self._control.specs.items() if spec.choices == ("off", "on"))
            return (*SHOWS, *(id for id in switches if id not in ("box.bypass", "box.mute")))
        return _CHOICES.get(name, ())


def _notes(notes: Sequence[Note]) -> tuple[NoteView, ...]:
    return tuple(NoteView(str(note.level), note.text) for note in notes)
