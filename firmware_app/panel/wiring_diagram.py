"""The wiring diagram: the 40-pin header, what is connected to each pin, and how to connect each control."""

from firmware_app.config.control_specs import spec_of
from firmware_app.config.panel_keys import (
    EncoderConfig,
    HidKeyConfig,
    KnobConfig,
    LedConfig,
    MeterConfig,
    MidiKnobConfig,
    MidiSwitchConfig,
    PedalConfig,
    RgbLedConfig,
    SwitchConfig,
)
from firmware_app.panel.mapping_notes import place_words
from firmware_app.panel.plan import PanelControl, PanelPlan
from hw.board.board import GND, HEADER, V3_3, Board, HeaderPin
from hw.controls.conflicts import bus_pins
from hw.controls.kinds import ON_I2C
from web_ui.ports.panel import HeaderPinView

PIN_OF_GPIO = {gpio: number for number, gpio in enumerate(HEADER, start=1) if isinstance(gpio, int)}
_GROUNDS = [number for number, name in enumerate(HEADER, start=1) if name == GND]
_SUPPLIES = [number for number, name in enumerate(HEADER, start=1) if name == V3_3]
_BUSES = {
    2: "I2C data", 3: "I2C clock",
    11: "SPI clock", 9: "SPI data in", 10: "SPI data out", 8: "SPI select 0", 7: "SPI select 1",
}  # fmt: skip


def header(plan: PanelPlan, board: Board) -> tuple[HeaderPinView, ...]:
    """Every pin of the board's header; empty for a board without one."""
    wired = _wired(plan)
    return tuple(_pin(pin, wired) for pin in board.pins)


def _pin(pin: HeaderPin, wired: dict[int, str]) -> HeaderPinView:
    if pin.gpio is None:
        return HeaderPinView(pin.number, pin.name, "ground" if pin.name == GND else "power", "", -1)
    if pin.gpio in wired:
        return HeaderPinView(pin.number, pin.name, "wired", wired[pin.gpio], pin.gpio)
    if pin.in_use:
        return HeaderPinView(pin.number, pin.name, "reserved", pin.in_use, pin.gpio)
    return HeaderPinView(pin.number, pin.name, "free", ", ".join(pin.functions), pin.gpio)


def _wired(plan: PanelPlan) -> dict[int, str]:
    wired: dict[int, str] = {}
    for control in plan.controls:
        for index, source in enumerate(control.sources):
            kind, _, rest = source.partition(":")
            if kind == "gpio":
                wired[int(rest)] = f"{control.label}{_part(control, index)}"
        if isinstance(control.config, KnobConfig | PedalConfig):
            wired |= {gpio: _BUSES[gpio] for gpio in bus_pins(spec_of(control.config))}
    if plan.config.relay_gpio >= 0:
        wired[plan.config.relay_gpio] = "Bypass relay"
    return wired


def _part(control: PanelControl, index: int) -> str:
    if isinstance(control.config, RgbLedConfig):
        return (", red", ", green", ", blue")[index]
    if isinstance(control.config, EncoderConfig):
        return (" A", " B")[index]
    return f" {index + 1}" if isinstance(control.config, MeterConfig) and len(control.sources) > 1 else ""


def place(control: PanelControl) -> str:
    """Where a control is connected, for people: "GPIO17 (pin 11)", "GPIO12, 13 (pins 32, 33)"."""
    gpios = [int(source[5:]) for source in control.sources if source.startswith("gpio:")]
    if len(gpios) > 1:
        pins = ", ".join(str(PIN_OF_GPIO[gpio]) for gpio in gpios)
        return f"GPIO{', '.join(map(str, gpios))} (pins {pins})"
    return ", ".join(_with_pin(source) for source in control.sources)


def _with_pin(source: str) -> str:
    words = place_words(source)
    gpio = source.removeprefix("gpio:")
    return f"{words} (pin {PIN_OF_GPIO[int(gpio)]})" if gpio != source else words


def sentences(plan: PanelPlan) -> tuple[str, ...]:
    """How to connect each control, one sentence each."""
    lines = [f"{control.label}: {_how(control)}" for control in plan.controls]
    chips = {str(c.config.chip) for c in plan.controls if isinstance(c.config, KnobConfig | PedalConfig)}
    if chips & set(ON_I2C):
        lines.append(
            "Converter (ADS1115): VDD to 3.3 V (pin 1), GND to pin 9, SDA to pin 3, SCL to pin 5, ADDR to GND, or to "
            "3.3 V for device 1."
        )
    if chips - set(ON_I2C):
        lines.append(
            "Converter (MCP3008): VDD and VREF to 3.3 V (pin 17), AGND and DGND to GND (pin 25), CLK to pin 23, "
            "DOUT to pin 21, DIN to pin 19, CS to pin 24."
        )
    if plan.config.relay_gpio >= 0:
        pin = PIN_OF_GPIO[plan.config.relay_gpio]
        lines.append(f"Bypass relay: heartbeat from GPIO{plan.config.relay_gpio} (pin {pin}); see docs/relay.md.")
    return tuple(lines)


def _how(control: PanelControl) -> str:
    config, where = control.config, place(control)
    match config:
        case SwitchConfig():
            return f"between {where} and {'GND' if config.pull_up else '3.3 V'}{_near(config.gpio, config.pull_up)}."
        case EncoderConfig():
            return f"A and B to {where}, the common pin to GND{_near(config.gpio_a)}."
        case LedConfig() | MeterConfig() | RgbLedConfig():
            end = "GND" if config.active_high else "3.3 V"
            each = "one 330 Ω resistor each" if len(control.sources) > 1 else "a 330 Ω resistor"
            return f"{where}, {each}, the other end to {end}."
        case KnobConfig():
            return f"10 kΩ linear potentiometer; ends to 3.3 V and GND, wiper to {where} ({_input(config)})."
        case PedalConfig():
            return f"TRS jack; ring to 3.3 V through 1 kΩ, sleeve to GND, tip to {where} ({_input(config)})."
        case HidKeyConfig():
            return f"{where} of the USB footswitch {config.device}."
        case MidiSwitchConfig() | MidiKnobConfig():
            port = "any MIDI port" if config.port == "*" else config.port
            return f"{where}, {port}."


def _input(config: KnobConfig | PedalConfig) -> str:
    """The pin's name on the converter."""
    return f"{'A' if config.chip in ON_I2C else 'CH'}{config.channel}"


def _near(gpio: int, ground: bool = True) -> str:
    pin = PIN_OF_GPIO[gpio]
    candidates = _GROUNDS if ground else _SUPPLIES
    return f" (pin {min(candidates, key=lambda number: abs(number - pin))})"
