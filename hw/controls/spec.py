"""PanelSpec: the description of a whole front panel, with its controls, lights and common settings."""

from dataclasses import dataclass

from hw.board.libraries import CHOICES
from hw.controls.kinds import (
    CHIPS,
    CHORD_MS,
    DEBOUNCE_MS,
    LOCKOUT_MS,
    AnyControl,
    AnyKnob,
    AnyLight,
    AnySwitch,
    ChordSpec,
    EncoderSpec,
    Gestures,
    KeySpec,
    KnobSpec,
    LedSpec,
    MeterSpec,
    MidiKnobSpec,
    MidiSpec,
    MidiSwitchSpec,
    PanelSpecError,
    PedalSpec,
    PressCost,
    RelaySpec,
    RgbLedSpec,
    SwitchSpec,
)
from hw.errors import HwError

__all__ = [
    "CHIPS",
    "AnyControl",
    "AnyKnob",
    "AnyLight",
    "AnySwitch",
    "ChordSpec",
    "EncoderSpec",
    "Gestures",
    "KeySpec",
    "KnobSpec",
    "LedSpec",
    "MeterSpec",
    "MidiKnobSpec",
    "MidiSpec",
    "MidiSwitchSpec",
    "PanelSpec",
    "PanelSpecError",
    "PedalSpec",
    "PressCost",
    "RelaySpec",
    "RgbLedSpec",
    "SwitchSpec",
    "UnknownControlError",
]


class UnknownControlError(HwError, LookupError):
    """No control of that name and kind is on the panel."""


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """The whole panel. pins: see `hw.board.pins.choose_pins`. midi None: MIDI is off. Raises PanelSpecError."""

    switches: tuple[AnySwitch, ...] = ()
    knobs: tuple[AnyKnob, ...] = ()
    leds: tuple[AnyLight, ...] = ()
    pins: str = "auto"
    debounce_ms: float = 1.0
    lockout_ms: float = 5.0
    encoders: tuple[EncoderSpec, ...] = ()
    chords: tuple[ChordSpec, ...] = ()
    chord_ms: float = 60.0
    relay: RelaySpec | None = None
    midi: MidiSpec | None = None

    def __post_init__(self) -> None:
        if self.pins not in CHOICES:
            raise PanelSpecError(f"pins = {self.pins!r}: allowed {', '.join(CHOICES)}")
        for field, value, (low, high) in (
            ("debounce_ms", self.debounce_ms, DEBOUNCE_MS),
            ("lockout_ms", self.lockout_ms, LOCKOUT_MS),
            ("chord_ms", self.chord_ms, CHORD_MS),
        ):
            if not low <= value <= high:
                raise PanelSpecError(f"{field} = {value:g} ms: allowed {low:g} to {high:g}")
        names = [control.name for control in self.controls] + [chord.name for chord in self.chords]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise PanelSpecError(f"two controls on the panel are called {' and '.join(map(repr, twice))}")
        self._check_chords()

    @property
    def controls(self) -> tuple[AnyControl, ...]:
        """All controls and lights, in order. Chords are none: they have no source of their own."""
        relay = (self.relay,) if self.relay else ()
        return (*self.switches, *self.knobs, *self.encoders, *self.leds, *relay)

    def press_cost(self, switch: str) -> PressCost:
        """How much later a single press of `switch` acts. Raises UnknownControlError."""
        chorded = any(switch in chord.switches for chord in self.chords)
        for spec in self.switches:
            if spec.name == switch:
                return spec.gestures.cost(self.chord_ms if chorded else 0.0)
        raise UnknownControlError(f"no switch {switch!r} on the panel")

    def _check_chords(self) -> None:
        there = {switch.name: switch for switch in self.switches}
        for chord in self.chords:
            if chord.switches[0] == chord.switches[1]:
                raise PanelSpecError(f"chord {chord.name}: it needs two switches, not {chord.switches[0]!r} twice")
            for name in chord.switches:
                if name not in there:
                    raise PanelSpecError(f"chord {chord.name}: no switch {name!r}: there is {', '.join(there)}")
                if there[name].gestures.latching:
                    raise PanelSpecError(f"chord {chord.name}: switch {name!r} is latching")
                if there[name].gestures.press_only:
                    raise PanelSpecError(f"chord {chord.name}: switch {name!r} never says that it was let go")
