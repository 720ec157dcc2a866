"""The front panel's events, and what its lights show. Plain data; all times are seconds of `time.monotonic`."""

from dataclasses import dataclass
from enum import StrEnum


class SwitchKind(StrEnum):
    """What a switch did. PRESS, LONG_PRESS, DOUBLE_PRESS and CHORD begin something; RELEASE ends it."""

    PRESS = "press"
    LONG_PRESS = "long_press"
    DOUBLE_PRESS = "double_press"
    CHORD = "chord"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class SwitchEvent:
    """An event of a switch, or for CHORD (and its RELEASE) of a chord. at_s: when it was decided."""

    name: str
    kind: SwitchKind
    at_s: float


@dataclass(frozen=True, slots=True)
class TurnEvent:
    """A knob, pedal or MIDI controller stands at `position` 0…1.

    first: it was not moved; it is where it stands at the start, or after its converter came back. For pickup only: no
    value may follow it.
    """

    name: str
    position: float
    at_s: float
    first: bool = False


@dataclass(frozen=True, slots=True)
class StepEvent:
    """An encoder turned, clockwise is positive. steps: accelerated; detents: clicks."""

    name: str
    steps: int
    detents: int
    at_s: float


@dataclass(frozen=True, slots=True)
class ProgramEvent:
    """A MIDI program change on MIDI port `port`. channel 1…16, program 0…127 (many pedals print it as 1…128)."""

    port: str
    channel: int
    program: int
    at_s: float


@dataclass(frozen=True, slots=True)
class TempoEvent:
    """A beat of the MIDI clock on MIDI port `port`."""

    port: str
    bpm: float
    at_s: float


PanelEvent = SwitchEvent | TurnEvent | StepEvent | ProgramEvent | TempoEvent


@dataclass(frozen=True, slots=True)
class Activity:
    """Something was moved, mapped or not. For learning.

    source: "gpio:17", "mcp3008:0:3" (chip, SPI device, channel), "midi:PORT:cc:1:64" (channel, controller),
    "midi:PORT:note:1:60", "midi:PORT:pitch:1", "midi:PORT:program:1:5", "hid:DEVICE:KEY_A".
    kind: what it can become: "switch", "turn" or "program" (an encoder shows as the two "switch" pins it is made of).
    value: 1 pressed, 0 released; a position 0…1; a program's number.
    control: the name of the control that is mapped to it now, "" for none.
    words: the same place for people: "GPIO17 (pin 11)", "CC 64 on channel 1 of FCB1010".
    """

    source: str
    kind: str
    value: float
    control: str
    words: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Light:
    """What a light shows. level 0…1; colour: red, green, blue 0…1, used by RGB lights only.

    blink_s: period of blinking, 0 for steady; lit from `blink_from_s` (a beat, monotonic) for `blink_lit` of each
    period. So a tap tempo is Light(blink_s=60 / bpm, blink_from_s=last_tap_s, blink_lit=0.15).
    """

    level: float = 1.0
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blink_s: float = 0.0
    blink_from_s: float = 0.0
    blink_lit: float = 0.5


DARK = Light(0.0)
