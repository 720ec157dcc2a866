"""PanelPort: setting up the front panel: what its controls do, and which controls there are."""

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
    off: bool = False  # the file has it, the page has switched it off; `restore` switches it on again


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
    """The whole set-up of the panel. revision: grows with each change."""

    revision: int
    mappings: tuple[MappingView, ...]
    controls: tuple[PanelControlView, ...]
    action_kinds: tuple[ActionKindView, ...]
    control_kinds: tuple[ControlKindView, ...]
    presets: tuple[str, ...]
    header: tuple[HeaderPinView, ...]
    wiring: tuple[str, ...]  # how to connect each control, one sentence each
    board: str  # "Raspberry Pi 5", and which library drives the pins
    ports: tuple[str, ...]  # MIDI ports and USB footswitches that are connected
    problems: tuple[str, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class LearnView:
    """The state of learning. revision: of the set-up; when it has grown, a page fetches the set-up again."""

    state: str  # "off" | "waiting" | "heard"
    revision: int
    does: str = ""  # the action's plain name
    action: Mapping[str, Any] | None = None
    on: str = ""  # what was heard
    gesture: str = ""
    where: str = ""
    gestures: Mapping[str, str] | None = None  # those of the control that can do the action
    is_new: bool = False  # it is no control yet; saving the mapping makes it one
    found: str = ""  # what kind of switch it is, found out from three presses
    notes: tuple[NoteView, ...] = ()
    note: str = ""  # why nothing was heard, or what to do so that it is
    seconds_left: int = 0


class PanelPort(Protocol):
    """Setting up the panel. Each method may raise NotThere or ControlRefused, and has changed nothing then."""

    def setup(self) -> PanelSetupView: ...

    def check_mapping(self, on: str, gesture: str, action: Mapping[str, Any]) -> Sequence[NoteView]:
        """What to tell the player about this mapping. A control that is being learned counts as present."""
        ...

    def set_mapping(self, on: str, gesture: str, action: Mapping[str, Any], replace: bool) -> None:
        """Map and save; ends learning. replace: whether it may replace another mapping."""
        ...

    def remove_mapping(self, key: str) -> None:
        """Remove a mapping. One of the page is gone for good, one of the file until `restore`."""
        ...

    def add_control(self, kind: str, settings: Mapping[str, Any]) -> None: ...

    def remove_control(self, name: str) -> None:
        """Remove a control with everything that is mapped on it; as remove_mapping does."""
        ...

    def calibrate(self, name: str, step: str) -> float:
        """Calibrate an expression pedal. Returns how much of its range it has covered, 0…1.

        step: "start"; "move", again and again while the pedal is rocked; "heel" with the heel down.
        """
        ...

    def restore(self, key: str) -> None:
        """Switch on again what the file has: "mapping footswitch press", "control footswitch"."""
        ...

    def learn(self, action: Mapping[str, Any]) -> None:
        """From now on presses and turns are learned and do nothing else.

        Until set_mapping, cancel_learning or the end of the time.
        """
        ...

    def cancel_learning(self) -> None: ...

    def learning(self) -> LearnView: ...
