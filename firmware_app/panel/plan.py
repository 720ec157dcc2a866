"""PanelPlan: the panel's controls and what each gesture on them does, from the file and from the page."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dsp.params import ParamSpec, find
from firmware_app.config import actions
from firmware_app.config.actions import Action, Trigger
from firmware_app.config.control_specs import RELAY, spec_of, title
from firmware_app.config.panel_keys import (
    CONTROL_TABLES,
    AnyControlConfig,
    EncoderConfig,
    HidKeyConfig,
    KnobConfig,
    LedConfig,
    MappingConfig,
    MeterConfig,
    MidiKnobConfig,
    MidiSwitchConfig,
    PanelConfig,
    PedalConfig,
    RgbLedConfig,
    SwitchConfig,
)
from hw.controls.conflicts import same_source
from hw.controls.kinds import MIDI_CHANNELS, MIDI_NUMBERS
from hw.controls.spec import (
    AnyKnob,
    AnyLight,
    AnySwitch,
    ChordSpec,
    EncoderSpec,
    Gestures,
    KeySpec,
    KnobSpec,
    MidiKnobSpec,
    MidiSpec,
    MidiSwitchSpec,
    PanelSpec,
    PedalSpec,
    RelaySpec,
    SwitchSpec,
)

FILE, PAGE = "file", "page"
PROGRAM = "program"
PRESSES = ("press", "long_press", "double_press", "release")

_SWITCHES = (SwitchConfig, HidKeyConfig, MidiSwitchConfig)
_KNOBS = (KnobConfig, PedalConfig, MidiKnobConfig)
_LIGHTS = (LedConfig, RgbLedConfig, MeterConfig)
_GESTURE_WORDS = {
    "press": "press",
    "release": "release",
    "long_press": "long press",
    "double_press": "double press",
    "together": "pressed together",
    "turn": "turn",
    "program": "program change",
}


@dataclass(frozen=True, slots=True)
class PanelControl:
    """One control or light. origin: FILE or PAGE."""

    table: str  # "switches", a key of CONTROL_TABLES
    config: AnyControlConfig
    origin: str

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def label(self) -> str:
        return title(self.name)

    @property
    def is_light(self) -> bool:
        return isinstance(self.config, _LIGHTS)

    @property
    def gestures(self) -> tuple[str, ...]:
        """The gestures that it can tell apart."""
        if isinstance(self.config, _SWITCHES):
            if self.latching:
                return ("press",)
            return ("press", "double_press") if self.press_only else PRESSES
        return () if self.is_light else ("turn",)

    @property
    def latching(self) -> bool:
        """Whether it stays where it is put, or sends on and off at alternate presses."""
        return bool(getattr(self.config, "latching", False))

    @property
    def press_only(self) -> bool:
        """Whether it is a pedal that sends nothing on release."""
        return bool(getattr(self.config, "press_only", False))

    @property
    def why_not_held(self) -> str:
        """Why a switch cannot be held, or pressed together with another; empty when it can."""
        if self.press_only:
            return "it never says that it was let go"
        if not self.latching:
            return ""
        return "it stays where it is put" if self.table == "switches" else "it sends on and off in turn"

    @property
    def springs(self) -> bool:
        """Whether it is a switch that tells its release, so that it can be held."""
        return isinstance(self.config, _SWITCHES) and not self.why_not_held

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it is connected, in the words of hw.controls.events.Activity."""
        return tuple(spec_of(self.config).sources)


@dataclass(frozen=True, slots=True)
class PanelMapping:
    """What one gesture does. on: a control's name, "one+two" for two switches, "program" or "program:1:5"."""

    on: str
    gesture: str
    action: Action
    origin: str = FILE

    @property
    def key(self) -> str:
        return f"{self.on} {self.gesture}"


@dataclass(frozen=True)
class PanelPlan:
    """The whole panel as it is now. Frozen: each change makes a new one."""

    config: PanelConfig
    controls: tuple[PanelControl, ...]
    mappings: tuple[PanelMapping, ...]

    def find(self, name: str) -> PanelControl | None:
        return next((control for control in self.controls if control.name == name), None)

    def on(self, on: str, gesture: str) -> PanelMapping | None:
        return next((m for m in self.mappings if (m.on, m.gesture) == (on, gesture)), None)

    def at(self, source: str) -> PanelControl | None:
        """The control that is connected at `source`. A control on MIDI port "*" is at every port."""
        return next((c for c in self.controls if any(same_source(source, s) for s in c.sources)), None)

    def triggers(self, on: str, gesture: str) -> frozenset[Trigger]:
        """The triggers that the gesture offers; empty when the control has no such gesture."""
        if on == PROGRAM:
            return frozenset({Trigger.NUMBER}) if gesture == "program" else frozenset()
        if on.startswith(f"{PROGRAM}:"):
            return frozenset({Trigger.PRESS}) if gesture == "program" and _program(on) else frozenset()
        if "+" in on:
            both = [self.find(name) for name in on.split("+")]
            fit = len({c.name for c in both if c and c.springs}) == len(both) == 2
            return frozenset({Trigger.PRESS, Trigger.HELD}) if fit and gesture == "together" else frozenset()
        control = self.find(on)
        if control is None or gesture not in control.gestures:
            return frozenset()
        if gesture == "turn":
            encoder = isinstance(control.config, EncoderConfig)
            return frozenset({Trigger.DETENTS if encoder else Trigger.POSITION})
        held = gesture != "release" and control.springs
        return frozenset({Trigger.PRESS, Trigger.HELD} if held else {Trigger.PRESS})

    def where(self, on: str) -> str:
        """The control for people: "Footswitch", "Left and Right", "MIDI program 5 on channel 1"."""
        if on == PROGRAM:
            return "MIDI"
        if program := _program(on):
            channel, number = program
            return f"MIDI program {number + 1} on channel {channel}"
        return " and ".join(title(name) for name in on[:80].split("+"))

    def words(self, mapping: PanelMapping, specs: Mapping[str, ParamSpec]) -> str:
        """ "Footswitch, long press: Mute on/off"."""
        return f"{self.where(mapping.on)}, {gesture_words(mapping.gesture)}: {actions.words(mapping.action, specs)}"

    def spec(self) -> PanelSpec:
        """For hw: each switch tells apart only the gestures that are mapped on it. Raises PanelSpecError."""
        config = self.config
        chords = sorted({m.on for m in self.mappings if m.gesture == "together" and self.triggers(m.on, m.gesture)})
        switches: list[AnySwitch] = []
        knobs: list[AnyKnob] = []
        encoders: list[EncoderSpec] = []
        lights: list[AnyLight] = []
        for control in self.controls:
            spec = spec_of(control.config, self._gestures(control))
            if isinstance(spec, SwitchSpec | KeySpec | MidiSwitchSpec):
                switches.append(spec)
            elif isinstance(spec, KnobSpec | PedalSpec | MidiKnobSpec):
                knobs.append(spec)
            elif isinstance(spec, EncoderSpec):
                encoders.append(spec)
            else:
                lights.append(spec)
        return PanelSpec(
            switches=tuple(switches),
            knobs=tuple(knobs),
            leds=tuple(lights),
            pins=config.pins,
            debounce_ms=config.debounce_ms,
            lockout_ms=config.lockout_ms,
            encoders=tuple(encoders),
            chords=tuple(ChordSpec(on, _two(on), self.where(on)) for on in chords),
            chord_ms=config.chord_ms,
            relay=RelaySpec(RELAY, config.relay_gpio, "Bypass relay") if config.relay_gpio >= 0 else None,
            midi=MidiSpec(serial=config.midi_serial, clock=config.midi_clock) if config.midi else None,
        )

    def _gestures(self, control: PanelControl) -> Gestures:
        if control.latching:
            return Gestures(latching=True, press_only=control.press_only)
        mapped = {m.gesture for m in self.mappings if m.on == control.name}
        return Gestures(
            long_press_ms=self.config.long_press_ms if "long_press" in mapped else 0.0,
            double_press_ms=self.config.double_press_ms if "double_press" in mapped else 0.0,
            eager=getattr(control.config, "eager", False),
            press_only=control.press_only,
        )


def controls_of(config: PanelConfig) -> list[PanelControl]:
    """The controls that the file has."""
    return [PanelControl(table, entry, FILE) for table in CONTROL_TABLES for entry in getattr(config, table)]


def mappings_of(
    config: PanelConfig, specs: Mapping[str, ParamSpec], presets: Collection[str]
) -> tuple[list[PanelMapping], list[str], list[str]]:
    """(mappings, mistakes, waiting) of the file: each control's `does` or `sets`, then [[panel.mappings]].

    waiting: mappings to a preset that is not there now. The box starts without them.
    """
    short = [_short(entry, specs) for control in controls_of(config) for entry in (control.config,)]
    wanted = [one for one in short if one is not None]
    wanted += [(m.on, m.gesture, _tree(m)) for m in config.mappings]
    if config.midi and config.program_presets:
        wanted.append((PROGRAM, "program", {"do": "numbered_preset"}))
    found: dict[str, PanelMapping] = {}
    mistakes, waiting = [], []
    for on, gesture, tree in wanted:
        try:
            mapping = PanelMapping(on, gesture, actions.read(tree, specs, presets))
        except actions.NoPresetError as error:
            waiting.append(f"{on}, {gesture}, waits: {error}")
            continue
        except actions.ActionError as error:
            mistakes.append(f"{on}, {gesture}: {error}")
            continue
        if mapping.key in found:
            mistakes.append(f"{on}, {gesture}: mapped twice")
        found.setdefault(mapping.key, mapping)
    plan = PanelPlan(config, tuple(controls_of(config)), tuple(found.values()))
    whys = {m.key: misfit(plan, m.on, m.gesture, m.action) for m in plan.mappings}
    mistakes += [why for why in whys.values() if why]
    return [m for m in plan.mappings if not whys[m.key]], mistakes, waiting


def misfit(plan: PanelPlan, on: str, gesture: str, action: Action) -> str:
    """Why this gesture cannot trigger `action`; empty when it can."""
    triggers = plan.triggers(on, gesture)
    control = plan.find(on)
    why = control.why_not_held if control is not None else ""
    if not triggers:
        if control is not None:
            can = ", ".join(map(gesture_words, control.gestures)) or "nothing: it is a light"
            because = f"{why}; " if why and gesture in PRESSES else ""
            return f"{control.label} has no {gesture_words(gesture)}: {because}it can {can}"
        for one in filter(None, map(plan.find, on.split("+"))):
            if one.why_not_held and gesture == "together":
                return f"{one.label} cannot be pressed together with another: {one.why_not_held}"
        known = ", ".join(c.name for c in plan.controls if not c.is_light) or "none"
        return f"no control {on[:80]!r} with the gesture {gesture_words(gesture)}: there are {known}"
    if not triggers & action.kind.triggers:
        because = f"{why}, so it " if why and Trigger.HELD in action.kind.triggers else ""
        cannot = _CANNOT[next(iter(action.kind.triggers))]
        return f"{plan.where(on)}, {gesture_words(gesture)}: {because}cannot {cannot}"
    return ""


_CANNOT = {
    Trigger.PRESS: "do what a press does: take a switch",
    Trigger.HELD: "be held: take a press of a switch that springs back",
    Trigger.POSITION: "be followed: take a knob or a pedal",
    Trigger.DETENTS: "step: take an encoder",
    Trigger.NUMBER: "choose by number: take a MIDI program change",
}


def gesture_words(gesture: str) -> str:
    return _GESTURE_WORDS.get(gesture, gesture[:40])


def _program(on: str) -> tuple[int, int] | None:
    """Channel 1 to 16 and number 0 to 127 of "program:1:5"; None for anything else."""
    found = re.fullmatch(rf"{PROGRAM}:([0-9]{{1,2}}):([0-9]{{1,3}})", on)
    channel, number = (int(found[1]), int(found[2])) if found else (0, 0)
    fits = MIDI_CHANNELS[0] <= channel <= MIDI_CHANNELS[1] and number <= MIDI_NUMBERS[1]
    return (channel, number) if fits else None


def _two(on: str) -> tuple[str, str]:
    first, second = on.split("+")
    return first, second


def _short(entry: AnyControlConfig, specs: Mapping[str, ParamSpec]) -> tuple[str, str, dict[str, Any]] | None:
    """The mapping in a control's own `does` or `sets`."""
    if isinstance(entry, _SWITCHES) and entry.does:
        return entry.name, "press", {"do": "momentary" if entry.momentary else "toggle", "param": entry.does}
    if isinstance(entry, EncoderConfig) and entry.sets:
        return entry.name, "turn", {"do": "step", "param": entry.sets, "by": entry.by or click(specs, entry.sets)}
    if isinstance(entry, _KNOBS) and entry.sets:
        return entry.name, "turn", {"do": "sweep", "param": entry.sets}
    return None


def click(specs: Mapping[str, ParamSpec], param: str) -> float:
    """The default change for one click of an encoder."""
    if param not in specs:
        return 1.0
    spec = find(specs, param)
    return 1.0 if spec.choices else (spec.high - spec.low) / 40.0


def _tree(mapping: MappingConfig) -> dict[str, Any]:
    given: Iterable[tuple[str, Any]] = (
        (name, getattr(mapping, name)) for name in ("do", "param", "value", "low", "high", "by", "preset", "scene")
    )
    return {name: value for name, value in given if value not in ("", None)}
