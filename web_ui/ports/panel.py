"""PanelPort: setting the front panel up, in the page's own words. A part of ControlPort; the same rules hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class NoteView:
    """One sentence about a change. level: "refused", "replaces", "costs" or "note"."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class MappingView:
    """What one gesture does."""

    key: str  # "footswitch long_press"
    on: str  # "footswitch"; "left+right" for two together
    gesture: str  # "long_press"
    where: str  # "Footswitch"
    how: str  # "long press"
    does: str  # "Bypass on/off"
    action: Mapping[str, Any]  # {"do": "toggle", "param": "box.bypass"}
    origin: str  # "file" | "page"
    off: bool = False  # the file's, put away by the page; `restore` brings it back


@dataclass(frozen=True, slots=True)
class PanelControlView:
    """One control or light of the panel."""

    name: str
    label: str
    kind: str  # the table of the settings it belongs to: "switches", "leds", …
    place: str  # "GPIO17 (pin 11)"
    gestures: Mapping[str, str]  # what a hand can do with it: {"long_press": "long press"}; empty for a light
    shows: str  # what a light shows, in words
    origin: str
    off: bool = False


@dataclass(frozen=True, slots=True)
class ActionKindView:
    """One kind of action to choose from. triggers: "press", "held", "position", "detents", "number"."""

    do: str
    words: str
    needs: tuple[str, ...]
    takes: tuple[str, ...]
    triggers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldView:
    """One thing to say about a new control. kind: "text", "pin", "pins", "number", "choice" or "flag"."""

    name: str
    words: str
    kind: str
    choices: tuple[str, ...]
    default: Any


@dataclass(frozen=True, slots=True)
class ControlKindView:
    """One kind of control that can be added by hand."""

    kind: str  # "switches"
    words: str
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True)
class HeaderPinView:
    """One pin of the 40-pin header."""

    number: int  # 1…40, odd ones on the inner row
    name: str  # "GPIO17", "3.3 V", "GND"
    role: str  # "free" | "wired" | "power" | "ground" | "reserved"
    wired: str  # what is connected there: "Footswitch"
    gpio: int  # BCM number, -1 for none


@dataclass(frozen=True, slots=True)
class PanelSetupView:
    """Everything about the panel's set-up. revision: grows with each change."""

    revision: int
    mappings: tuple[MappingView, ...]
    controls: tuple[PanelControlView, ...]
    action_kinds: tuple[ActionKindView, ...]
    control_kinds: tuple[ControlKindView, ...]
    presets: tuple[str, ...]
    header: tuple[HeaderPinView, ...]
    wiring: tuple[str, ...]  # how to connect what is there, one sentence each
    board: str  # "Raspberry Pi 5", and which library drives the pins
    ports: tuple[str, ...]  # MIDI ports and USB footswitches that are there
    problems: tuple[str, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class LearnView:
    """Where learning stands. revision: of the set-up, so that a page knows when to look again."""

    state: str  # "off" | "waiting" | "heard"
    revision: int
    does: str = ""  # the action's plain name
    action: Mapping[str, Any] | None = None
    on: str = ""  # what was heard
    gesture: str = ""
    where: str = ""
    gestures: Mapping[str, str] | None = None  # which of its gestures can do this
    is_new: bool = False  # it is no control yet, and becomes one when it is saved
    found: str = ""  # what kind of switch it is, told from three presses
    notes: tuple[NoteView, ...] = ()
    note: str = ""  # why nothing was heard, or what to do so that it is
    seconds_left: int = 0


class PanelPort(Protocol):
    """Setting the panel up. Each method may raise NotThere or ControlRefused."""

    def panel_setup(self) -> PanelSetupView: ...

    def check_mapping(self, on: str, gesture: str, action: Mapping[str, Any]) -> Sequence[NoteView]:
        """What would be said about it. What is learned at the moment counts as there."""
        ...

    def set_mapping(self, on: str, gesture: str, action: Mapping[str, Any], replace: bool) -> None:
        """Map and save; ends learning. Refused when something else is there and `replace` is False."""
        ...

    def remove_mapping(self, key: str) -> None:
        """Take one away: the page's for good, the file's until `restore`."""
        ...

    def add_control(self, kind: str, settings: Mapping[str, Any]) -> None: ...

    def remove_control(self, name: str) -> None:
        """As remove_mapping, with everything that is mapped on it."""
        ...

    def calibrate(self, name: str, step: str) -> float:
        """An expression pedal: "start", "move" again and again while it is rocked, then "heel" with the heel down.

        Returns how much of the range it has covered, 0…1.
        """
        ...

    def restore(self, key: str) -> None:
        """Bring back what the file has: "mapping footswitch press", "control footswitch"."""
        ...

    def learn(self, action: Mapping[str, Any]) -> None:
        """From now on presses and turns are learned and do not act, until set_mapping, cancel or the time is up."""
        ...

    def cancel_learning(self) -> None: ...

    def learning(self) -> LearnView: ...

    def touch(self, source: str, value: float) -> None:
        """In simulation, move what is no control yet: "gpio:4", "mcp3008:0:3", "midi:PORT:cc:1:64", "hid:DEVICE:KEY_A".

        value: 1 pressed, 0 released; a position 0…1; a program's number. NotThere where the pins are real.
        """
        ...
