"""The kinds of control and light on a front panel, with their places and limits.

Every control has a unique `name`, and `sources` in the form of `hw.controls.events.Activity`, so that learned and
configured places can be compared. GPIOs are the Raspberry Pi's BCM numbers; on a Jetson they mean the same place on the
40-pin header.
"""

from dataclasses import dataclass

from hw.errors import HwError

CHIPS = {  # name: (channels, bits)
    "mcp3004": (4, 10), "mcp3008": (8, 10), "mcp3204": (4, 12), "mcp3208": (8, 12), "ads1115": (4, 15),
}  # fmt: skip
ON_I2C = ("ads1115",)  # the others are on SPI
DETENT_EDGES = (1, 2, 4)
MIDI_CHANNELS, MIDI_NUMBERS, FINE_NUMBERS = (1, 16), (0, 127), (0, 31)
MIDI_CLOCKS = ("off", "in", "out")
SWITCH_MESSAGES, KNOB_MESSAGES = ("cc", "note"), ("cc", "cc14", "pitch")
SPI_DEVICES = (0, 1)
ACCELERATIONS = (1, 100)
MOST_METER_PINS = 16
PRESS_MS = (50.0, 5000.0)  # a long or a double press, where it is told apart
DEBOUNCE_MS, LOCKOUT_MS, CHORD_MS = (0.0, 20.0), (0.0, 200.0), (0.0, 500.0)
PRESSED = 64  # a controller is a closed switch from here on (MIDI 1.0: 0 to 63 off, 64 to 127 on)
MIN_TRAVEL = 0.05  # of a converter's range, from heel to toe


class PanelSpecError(HwError, ValueError):
    """A wrong description of a panel: two controls of one name, a channel that the chip does not have, …"""


@dataclass(frozen=True, slots=True)
class PressCost:
    """How much later a single press acts, because more gestures are told apart.

    wait_ms: time from the press until it acts. on_release: it also waits for the release.
    """

    wait_ms: float = 0.0
    on_release: bool = False


@dataclass(frozen=True, slots=True)
class Gestures:
    """Which presses a switch tells apart. Each is off at 0, and then costs nothing.

    long_press_ms: held so long is a LONG_PRESS; a shorter press then acts on release.
    double_press_ms: a second press begun so soon after the first began is a DOUBLE_PRESS; a single one waits for it.
    eager: tell PRESS at once anyway; the longer gestures follow it.
    latching: a switch that stays where it is put: each flip, either way, is a PRESS followed by a RELEASE.
    press_only: a switch that sends no release: each press is a PRESS followed by a RELEASE.
    """

    long_press_ms: float = 0.0
    double_press_ms: float = 0.0
    eager: bool = False
    latching: bool = False
    press_only: bool = False

    def __post_init__(self) -> None:
        for field, value in (("long_press_ms", self.long_press_ms), ("double_press_ms", self.double_press_ms)):
            if value != 0.0 and not _within(PRESS_MS, value):
                raise PanelSpecError(f"{field} = {value:g} ms: allowed 0 (off) or {_words(PRESS_MS)}")
        if self.latching and (self.long_press_ms or self.double_press_ms or self.eager):
            raise PanelSpecError("a latching switch has no long, double or eager press")
        if self.press_only and (self.latching or self.long_press_ms):
            raise PanelSpecError("a switch that never says that it was let go is not latching, and has no long press")

    def cost(self, chord_ms: float = 0.0) -> PressCost:
        """The cost of a single press. chord_ms: the time window of its chord, 0 when it is in none."""
        if self.eager or self.latching:
            return PressCost()
        return PressCost(max(self.double_press_ms, chord_ms), on_release=self.long_press_ms > 0.0)

    @property
    def springs(self) -> bool:
        """Whether it tells its release. Only then it can be held, or pressed together with another switch."""
        return not (self.latching or self.press_only)


PLAIN = Gestures()


@dataclass(frozen=True, slots=True)
class SwitchSpec:
    """A footswitch or button between `gpio` (BCM number) and ground, or with pull_up=False between it and 3.3 V."""

    name: str
    gpio: int
    pull_up: bool = True
    label: str = ""
    gestures: Gestures = PLAIN

    @property
    def sources(self) -> tuple[str, ...]:
        return (f"gpio:{self.gpio}",)


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A key of a USB HID footswitch, used like a switch. The whole device is grabbed: its keys reach nobody else.

    device: as in `Activity.source`, "1a86-e026" (USB vendor and product). key: "KEY_A".
    """

    name: str
    device: str
    key: str
    label: str = ""
    gestures: Gestures = PLAIN

    @property
    def sources(self) -> tuple[str, ...]:
        return (f"hid:{self.device}:{self.key}",)


@dataclass(frozen=True, slots=True)
class MidiSwitchSpec:
    """A MIDI note, or a controller, used like a switch.

    port: as in `Activity.source`; "*" is any. message: "note" or "cc". channel 1…16; number 0…127. pressed_from: the
    value from which a controller is pressed; a note is from 1 on. inverted: below it instead. With
    `Gestures.latching` each message is a press, whatever its value.
    """

    name: str
    port: str
    message: str
    channel: int
    number: int
    label: str = ""
    gestures: Gestures = PLAIN
    pressed_from: int = PRESSED
    inverted: bool = False

    def __post_init__(self) -> None:
        _check_midi(self.name, self.message, SWITCH_MESSAGES, self.channel, self.number)
        _check_range(f"MIDI control {self.name}: pressed_from", self.pressed_from, MIDI_NUMBERS)

    @property
    def sources(self) -> tuple[str, ...]:
        return (f"midi:{self.port}:{self.message}:{self.channel}:{self.number}",)


@dataclass(frozen=True, slots=True)
class ChordSpec:
    """Two switches (of any kind) pressed together, within `PanelSpec.chord_ms`: told as SwitchEvent(name, CHORD)."""

    name: str
    switches: tuple[str, str]
    label: str = ""


@dataclass(frozen=True, slots=True)
class KnobSpec:
    """A potentiometer on `channel` of an analogue converter at SPI bus 0, chip select `spi_device` (0 or 1).

    Of an ads1115, `spi_device` is the address on the I2C bus: 0 for 0x48, 1 for 0x49.
    """

    name: str
    channel: int
    chip: str = "mcp3008"
    spi_device: int = 0
    label: str = ""

    def __post_init__(self) -> None:
        _check_converter("knob", self.name, self.channel, self.chip, self.spi_device)

    @property
    def sources(self) -> tuple[str, ...]:
        return (f"{self.chip}:{self.spi_device}:{self.channel}",)


@dataclass(frozen=True, slots=True)
class PedalSpec:
    """An expression pedal on a converter's channel: a knob that reaches only from `heel` to `toe` of the range.

    heel, toe: raw readings 0…1 at either end, as `Panel.raw_position` gives them and `hw.controls.calibration` finds
    them. An inverted pedal has heel > toe.
    """

    name: str
    channel: int
    chip: str = "mcp3008"
    spi_device: int = 0
    heel: float = 0.0
    toe: float = 1.0
    label: str = ""

    def __post_init__(self) -> None:
        _check_converter("pedal", self.name, self.channel, self.chip, self.spi_device)
        if not (0.0 <= self.heel <= 1.0 and 0.0 <= self.toe <= 1.0 and abs(self.toe - self.heel) >= MIN_TRAVEL):
            raise PanelSpecError(
                f"pedal {self.name}: heel = {self.heel:g}, toe = {self.toe:g}: "
                f"allowed 0 to 1, at least {MIN_TRAVEL:g} apart"
            )

    @property
    def sources(self) -> tuple[str, ...]:
        return (f"{self.chip}:{self.spi_device}:{self.channel}",)


@dataclass(frozen=True, slots=True)
class MidiKnobSpec:
    """A MIDI controller used like a knob: message "cc" (number 0…127), "cc14" (0…31, with its LSB at number + 32) or
    "pitch" (number is ignored)."""

    name: str
    port: str
    message: str
    channel: int
    number: int = 0
    label: str = ""

    def __post_init__(self) -> None:
        _check_midi(self.name, self.message, KNOB_MESSAGES, self.channel, self.number)

    @property
    def sources(self) -> tuple[str, ...]:
        if self.message == "pitch":
            return (f"midi:{self.port}:pitch:{self.channel}",)
        numbers = (self.number, self.number + 32) if self.message == "cc14" else (self.number,)
        return tuple(f"midi:{self.port}:cc:{self.channel}:{number}" for number in numbers)


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """A rotary encoder between `gpio_a`, `gpio_b` and ground (common pin). Its push is a SwitchSpec of its own.

    detent_edges: edges from click to click: 4 for most, 2 or 1 for some. acceleration: how many steps a click counts
    at most when turned fast; 1 is none.
    """

    name: str
    gpio_a: int
    gpio_b: int
    detent_edges: int = 4
    acceleration: int = 8
    label: str = ""

    def __post_init__(self) -> None:
        if self.detent_edges not in DETENT_EDGES:
            raise PanelSpecError(f"encoder {self.name}: detent_edges = {self.detent_edges}: allowed 1, 2 or 4")
        _check_range(f"encoder {self.name}: acceleration", self.acceleration, ACCELERATIONS)

    @property
    def sources(self) -> tuple[str, ...]:
        return (f"gpio:{self.gpio_a}", f"gpio:{self.gpio_b}")


@dataclass(frozen=True, slots=True)
class LedSpec:
    """An LED with its resistor from `gpio` (BCM number) to ground, or with active_high=False to 3.3 V."""

    name: str
    gpio: int
    label: str = ""
    active_high: bool = True

    @property
    def sources(self) -> tuple[str, ...]:
        return (f"gpio:{self.gpio}",)


@dataclass(frozen=True, slots=True)
class RgbLedSpec:
    """A three-colour LED, one resistor a colour. active_high=False: common anode, its common pin at 3.3 V."""

    name: str
    gpio_red: int
    gpio_green: int
    gpio_blue: int
    label: str = ""
    active_high: bool = True

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(f"gpio:{gpio}" for gpio in (self.gpio_red, self.gpio_green, self.gpio_blue))


@dataclass(frozen=True, slots=True)
class MeterSpec:
    """A level meter of one LED (its brightness is the level) or a bar of several, quietest first."""

    name: str
    gpios: tuple[int, ...]
    label: str = ""
    active_high: bool = True

    def __post_init__(self) -> None:
        if not 1 <= len(self.gpios) <= MOST_METER_PINS:
            raise PanelSpecError(f"meter {self.name}: {len(self.gpios)} gpios: allowed 1 to {MOST_METER_PINS}")

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(f"gpio:{gpio}" for gpio in self.gpios)


@dataclass(frozen=True, slots=True)
class RelaySpec:
    """The heartbeat pin of a true-bypass relay: see docs/relay.md."""

    name: str
    gpio: int
    label: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        return (f"gpio:{self.gpio}",)


@dataclass(frozen=True, slots=True)
class MidiSpec:
    """Which MIDI ports are opened. usb: every USB (and other ALSA) MIDI port; serial: UARTs such as "/dev/ttyAMA0".

    clock: "off", "in" (told as TempoEvent) or "out" (`Panel.tempo` is sent).
    """

    usb: bool = True
    serial: tuple[str, ...] = ()
    clock: str = "off"

    def __post_init__(self) -> None:
        if self.clock not in MIDI_CLOCKS:
            raise PanelSpecError(f"MIDI clock = {self.clock!r}: allowed {', '.join(MIDI_CLOCKS)}")


AnySwitch = SwitchSpec | KeySpec | MidiSwitchSpec
AnyKnob = KnobSpec | PedalSpec | MidiKnobSpec
AnyLight = LedSpec | RgbLedSpec | MeterSpec
AnyControl = AnySwitch | AnyKnob | EncoderSpec | AnyLight | RelaySpec


def _check_converter(kind: str, name: str, channel: int, chip: str, spi_device: int) -> None:
    if chip not in CHIPS:
        raise PanelSpecError(f"{kind} {name}: chip = {chip!r}: allowed {', '.join(CHIPS)}")
    channels = CHIPS[chip][0]
    if not 0 <= channel < channels:
        raise PanelSpecError(f"{kind} {name}: channel = {channel}: a {chip} has 0 to {channels - 1}")
    if spi_device not in SPI_DEVICES:
        raise PanelSpecError(f"{kind} {name}: spi_device = {spi_device}: allowed 0 or 1")


def _check_midi(name: str, message: str, allowed: tuple[str, ...], channel: int, number: int) -> None:
    if message not in allowed:
        raise PanelSpecError(f"MIDI control {name}: message = {message!r}: allowed {', '.join(allowed)}")
    _check_range(f"MIDI control {name}: channel", channel, MIDI_CHANNELS)
    _check_range(f"MIDI control {name}: number", number, FINE_NUMBERS if message == "cc14" else MIDI_NUMBERS)


def _check_range(what: str, value: int, allowed: tuple[int, int]) -> None:
    if not _within(allowed, value):
        raise PanelSpecError(f"{what} = {value}: allowed {_words(allowed)}")


def _within(allowed: tuple[float, float], value: float) -> bool:
    return allowed[0] <= value <= allowed[1]


def _words(allowed: tuple[float, float]) -> str:
    return f"{allowed[0]:g} to {allowed[1]:g}"
