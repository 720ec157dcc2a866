"""The front panel's keys of hushbox.toml. Each kind of control has a table of its own.

The page adds controls to the same tables (firmware_app/panel/kept.py), so both follow the same rules.
"""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from firmware_app.config.actions import KINDS, SCENES
from firmware_app.config.declare import flag, key, listed, matching, maybe, number, one_of, required, text, whole
from hw.board.board import HEADER
from hw.board.libraries import CHOICES
from hw.controls.kinds import (
    ACCELERATIONS,
    CHIPS,
    CHORD_MS,
    DEBOUNCE_MS,
    DETENT_EDGES,
    KNOB_MESSAGES,
    LOCKOUT_MS,
    MIDI_CHANNELS,
    MIDI_CLOCKS,
    MIDI_NUMBERS,
    MOST_METER_PINS,
    PRESS_MS,
    PRESSED,
    SPI_DEVICES,
    SWITCH_MESSAGES,
)
from hw.controls.pickup import TAKEOVERS

SHOWS = ("processing", "bypass", "mute", "clip", "alive", "tempo", "scene_a", "scene_b")
LEVELS = ("input", "output", "reduction")
GESTURES = ("press", "release", "long_press", "double_press", "together", "turn", "program")

LONGEST_NAME = 32  # characters of a control's name
LONGEST_DEVICE = 100  # characters of a MIDI port's name, or a USB device's
KEY = "(KEY|BTN)_[A-Z0-9_]{1,40}"

_WORD = f"[a-z0-9][a-z0-9_-]{{0,{LONGEST_NAME - 1}}}"
_NAME = matching(_WORD, 'a short name of a-z, 0-9, "-" and "_"')
_ON = matching(rf"{_WORD}(\+{_WORD}|:\d+:\d+)?", "a control's name")
_PARAM = matching(r"([a-z0-9_]+(\.[a-z0-9_]+)*)?", 'a parameter id such as "denoise.amount_db"')
_HIGHEST_GPIO = max(gpio for gpio in HEADER if isinstance(gpio, int))
_GPIO = whole(0, _HIGHEST_GPIO)
_INPUTS = max(channels for channels, _ in CHIPS.values())
_DEVICE = text(LONGEST_DEVICE)


def _list_of(names: Iterable[str]) -> str:
    return "\n".join(textwrap.wrap(f"One of {', '.join(names)}.", 100))


def full_id(param: str) -> str:
    """The id with its first part: a parameter of the box may be named without it, "bypass" for "box.bypass"."""
    return param if "." in param or not param else f"box.{param}"


def _name() -> Any:
    return required(_NAME, "Name on the page.")


def _does() -> Any:
    return key("", _PARAM, 'What a press switches: "bypass", "mute" or any other on/off parameter; "" is nothing.')


def _momentary() -> Any:
    return key(False, flag, "true: on while held; false: each press toggles.")


def _eager() -> Any:
    return key(False, flag, "true: a press acts at once, even where a long or double press may follow.")


def _latching() -> Any:
    return key(False, flag, "true: on and off in turn, one at each press; each is a press.")


def _press_only() -> Any:
    return key(False, flag, "true: it never says that it was let go, so it cannot be held.")


def _sets() -> Any:
    return key("", _PARAM, 'Parameter that it turns; "" is none.')


def _takeover() -> Any:
    return key(
        "pickup",
        one_of(*TAKEOVERS),
        '"pickup": acts after crossing the value in force; "jump": the value follows at once;\n'
        '"scaled": the value moves at once, and meets the knob at the end of its way.',
    )


def _chip() -> Any:
    return key("mcp3008", one_of(*CHIPS), "Which converter reads it.")


def _spi_device() -> Any:
    return key(
        0,
        one_of(*SPI_DEVICES),
        "Chip select of the converter: 0 or 1; of an ads1115 its address: 0 is 0x48, 1 is 0x49.",
    )


def _gpio(words: str = "Pin, by its BCM number.") -> Any:
    return required(_GPIO, words)


def _active_high() -> Any:
    return key(True, flag, "true: the pin feeds it, through a resistor to ground; false: from 3.3 V into the pin.")


def _shows(default: str = "processing", help: str = "") -> Any:
    words = rf"{'|'.join(SHOWS)}|[a-z0-9_]+(\.[a-z0-9_]+)+"
    return key(
        default,
        matching(words if default else f"({words})?", f"one of {', '.join(SHOWS)}, or a parameter id"),
        help or f"What lights it: {', '.join(SHOWS)};\nor a parameter: the brighter the higher.",
    )


def _midi_channel() -> Any:
    return required(whole(*MIDI_CHANNELS), "MIDI channel.")


class _Does:
    """A control whose `does` or `sets` may leave out "box."."""

    def __post_init__(self) -> None:
        for name in ("does", "sets", "param"):
            if getattr(self, name, ""):
                object.__setattr__(self, name, full_id(getattr(self, name)))


@dataclass(frozen=True)
class SwitchConfig(_Does):
    """A footswitch between a pin and ground."""

    name: str = _name()
    gpio: int = _gpio()
    does: str = _does()
    pull_up: bool = key(True, flag, "true: the switch closes to ground; false: to 3.3 V.")
    momentary: bool = _momentary()
    latching: bool = key(False, flag, "true: a switch that stays where it is put; each flip is a press.")
    eager: bool = _eager()


@dataclass(frozen=True)
class HidKeyConfig(_Does):
    """A key of a USB footswitch; the whole device then belongs to the box."""

    name: str = _name()
    device: str = required(_DEVICE, 'USB vendor and product, as the page learns it ("1a86-e026").')
    key: str = required(matching(KEY, 'a key such as "KEY_A"'), 'Which key ("KEY_A").')
    does: str = _does()
    momentary: bool = _momentary()
    eager: bool = _eager()
    latching: bool = _latching()
    press_only: bool = _press_only()


@dataclass(frozen=True)
class MidiSwitchConfig(_Does):
    """A MIDI note or controller. Learning on the page finds out what a pedal sends."""

    name: str = _name()
    channel: int = _midi_channel()
    number: int = required(whole(*MIDI_NUMBERS), "Controller or note.")
    port: str = key("*", _DEVICE, '"*" is any MIDI port.')
    message: str = key("cc", one_of(*SWITCH_MESSAGES), "Which message.")
    does: str = _does()
    momentary: bool = _momentary()
    eager: bool = _eager()
    latching: bool = _latching()
    press_only: bool = _press_only()
    pressed_from: int = key(
        PRESSED, whole(*MIDI_NUMBERS), "From this value on a controller is pressed; a note is from 1 on."
    )
    inverted: bool = key(False, flag, "true: a controller is pressed below pressed_from.")
    shows: str = _shows("", 'What its own lamp shows, as of leds; "" is what its press switches.')


@dataclass(frozen=True)
class KnobConfig(_Does):
    """A potentiometer on a converter: MCP3008 and its like on SPI, ADS1115 on I2C."""

    name: str = _name()
    channel: int = required(whole(0, _INPUTS - 1), "Input of the converter.")
    sets: str = _sets()
    takeover: str = _takeover()
    chip: str = _chip()
    spi_device: int = _spi_device()


@dataclass(frozen=True)
class PedalConfig(_Does):
    """An expression pedal on the converter: a knob that does not reach the whole range."""

    name: str = _name()
    channel: int = required(whole(0, _INPUTS - 1), "Input of the converter.")
    sets: str = _sets()
    takeover: str = _takeover()
    heel: float = key(0.0, number(0, 1), "Reading with the heel down, 0 to 1.")
    toe: float = key(1.0, number(0, 1), "Reading with the toe down, 0 to 1.")
    chip: str = _chip()
    spi_device: int = _spi_device()


@dataclass(frozen=True)
class MidiKnobConfig(_Does):
    """A MIDI controller that is turned."""

    name: str = _name()
    channel: int = _midi_channel()
    port: str = key("*", _DEVICE, '"*" is any MIDI port.')
    message: str = key("cc", one_of(*KNOB_MESSAGES), "Which message.")
    number: int = key(0, whole(*MIDI_NUMBERS), "Controller; cc14 has 0 to 31.")
    sets: str = _sets()
    takeover: str = _takeover()


@dataclass(frozen=True)
class EncoderConfig(_Does):
    """A rotary encoder between two pins and ground; its push is a switch of its own."""

    name: str = _name()
    gpio_a: int = _gpio("First pin, by its BCM number.")
    gpio_b: int = _gpio("Second pin, by its BCM number.")
    sets: str = _sets()
    by: float = key(0.0, number(0, 1e6), "How much a click changes; 0 is a fortieth of the range.")
    detent_edges: int = key(4, one_of(*DETENT_EDGES), "Edges from click to click.")
    acceleration: int = key(8, whole(*ACCELERATIONS), "How many steps a click counts at most when turned fast.")


@dataclass(frozen=True)
class LedConfig:
    """A light on a pin."""

    name: str = _name()
    gpio: int = _gpio()
    shows: str = _shows()
    active_high: bool = _active_high()


@dataclass(frozen=True)
class RgbLedConfig:
    """A light of three colours, for the state of the box, or one thing in its colour.

    Green while processing, amber when dry (blinking if nobody asked for it), red when muted, blue for what is removed.
    """

    name: str = _name()
    gpio_red: int = _gpio("Pin of red.")
    gpio_green: int = _gpio("Pin of green.")
    gpio_blue: int = _gpio("Pin of blue.")
    shows: str = _shows("processing")
    active_high: bool = _active_high()


@dataclass(frozen=True)
class MeterConfig:
    """A level meter: one LED, or a bar of several, quietest first."""

    name: str = _name()
    gpios: tuple[int, ...] = required(listed(_GPIO, "pins", 1, MOST_METER_PINS), "Pins, quietest first.")
    shows: str = key("output", one_of(*LEVELS), "Which level.")
    active_high: bool = _active_high()


@dataclass(frozen=True)
class MappingConfig(_Does):
    """What a gesture does, where `does` and `sets` do not say enough."""

    on: str = required(_ON, 'Control by name; "one+two" is two switches together; "program:1:5" MIDI program 5.')
    do: str = required(one_of(*KINDS), _list_of(KINDS))
    gesture: str = key("press", one_of(*GESTURES), _list_of(GESTURES))
    param: str = key("", _PARAM, "Parameter, where the action needs one.")
    value: float | None = key(None, maybe(number(-1e6, 1e6)), "Value of set and momentary.")
    low: float | None = key(None, maybe(number(-1e6, 1e6)), "Lower end of toggle and sweep.")
    high: float | None = key(None, maybe(number(-1e6, 1e6)), "Upper end of toggle and sweep.")
    by: float | None = key(None, maybe(number(-1e6, 1e6)), "Step.")
    preset: str = key("", text(100, empty=True), "Name of the preset.")
    scene: str = key("", one_of("", *SCENES), "A, B or other.")


@dataclass(frozen=True, slots=True)
class PanelConfig:
    """The front panel: footswitches, knobs and LEDs."""

    pins: str = key(
        "auto",
        one_of(*CHOICES),
        'Which library drives the pins; "mock" simulates them on the page, as "auto" does where there are none.',
    )
    debounce_ms: float = key(
        1.0, number(*DEBOUNCE_MS), "A switch must be still for this long before its change counts."
    )
    lockout_ms: float = key(
        5.0, number(*LOCKOUT_MS), "After a change the switch is left alone for so long, then its real level counts."
    )
    long_press_ms: float = key(600.0, number(*PRESS_MS), "Held so long is a long press, where one is mapped.")
    double_press_ms: float = key(
        300.0, number(*PRESS_MS), "A second press so soon is a double press, where one is mapped; a press waits for it."
    )
    chord_ms: float = key(60.0, number(*CHORD_MS), "Two switches pressed within this time are pressed together.")
    midi: bool = key(True, flag, "true: every USB MIDI port is listened to.")
    midi_serial: tuple[str, ...] = key((), listed(_DEVICE, "devices", 0, 4), 'Serial MIDI, such as "/dev/ttyAMA0".')
    midi_clock: str = key(
        "off",
        one_of(*MIDI_CLOCKS),
        '"in": the tempo is taken from the MIDI clock that comes in; "out": the tapped tempo is sent as MIDI clock.',
    )
    program_presets: bool = key(True, flag, "true: a MIDI program change recalls the preset of that number.")
    relay_gpio: int = key(
        -1, whole(-1, _HIGHEST_GPIO), "Pin of a true-bypass relay's heartbeat (docs/panel.md); -1: no relay."
    )
    switches: tuple[SwitchConfig, ...] = (SwitchConfig("footswitch", 17, "bypass"),)
    hid_keys: tuple[HidKeyConfig, ...] = ()
    midi_switches: tuple[MidiSwitchConfig, ...] = ()
    knobs: tuple[KnobConfig, ...] = (KnobConfig("amount", 0, "denoise.amount_db"),)
    pedals: tuple[PedalConfig, ...] = ()
    midi_knobs: tuple[MidiKnobConfig, ...] = ()
    encoders: tuple[EncoderConfig, ...] = ()
    leds: tuple[LedConfig, ...] = (LedConfig("status", 27, "processing"),)
    rgb_leds: tuple[RgbLedConfig, ...] = ()
    meters: tuple[MeterConfig, ...] = ()
    mappings: tuple[MappingConfig, ...] = ()


DEFAULT_PANEL = PanelConfig()

AnyControlConfig = (
    SwitchConfig
    | HidKeyConfig
    | MidiSwitchConfig
    | KnobConfig
    | PedalConfig
    | MidiKnobConfig
    | EncoderConfig
    | LedConfig
    | RgbLedConfig
    | MeterConfig
)

CONTROL_TABLES: dict[str, type[Any]] = {
    "switches": SwitchConfig,
    "hid_keys": HidKeyConfig,
    "midi_switches": MidiSwitchConfig,
    "knobs": KnobConfig,
    "pedals": PedalConfig,
    "midi_knobs": MidiKnobConfig,
    "encoders": EncoderConfig,
    "leds": LedConfig,
    "rgb_leds": RgbLedConfig,
    "meters": MeterConfig,
}
PANEL_TABLES: dict[str, type[Any]] = {**CONTROL_TABLES, "mappings": MappingConfig}

EXAMPLES: dict[str, Any] = {
    "hid_keys": HidKeyConfig("left", "1a86-e026", "KEY_A", "mute"),
    "midi_switches": MidiSwitchConfig("fcb-1", 1, 64, does="bypass"),
    "pedals": PedalConfig("pedal", 1, "box.wet_percent"),
    "midi_knobs": MidiKnobConfig("fader-1", 1, number=7, sets="output.gain_db"),
    "encoders": EncoderConfig("dial", 5, 6, "denoise.amount_db"),
    "rgb_leds": RgbLedConfig("lamp", 16, 20, 21),
    "meters": MeterConfig("vu", (12, 13)),
    "mappings": MappingConfig("footswitch", "momentary", "long_press", "mute"),
}
"""An entry for each table that is empty by default, for the example file."""
