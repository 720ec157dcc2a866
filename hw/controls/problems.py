"""Says in plain sentences what does not work on the panel and how to mend it."""

import logging
from collections.abc import Callable

from hw.board.ads1115 import ADDRESSES
from hw.controls.kinds import ON_I2C, AnyControl, KnobSpec, PedalSpec

log = logging.getLogger(__name__)

KINDS = {
    "SwitchSpec": "switch",
    "KeySpec": "key",
    "MidiSwitchSpec": "MIDI switch",
    "KnobSpec": "knob",
    "PedalSpec": "pedal",
    "MidiKnobSpec": "MIDI knob",
    "EncoderSpec": "encoder",
    "LedSpec": "LED",
    "RgbLedSpec": "RGB LED",
    "MeterSpec": "meter",
    "RelaySpec": "relay",
}


class Reported:
    """Turns any exception from opening a control into a sentence: pin libraries share no error base."""

    def __init__(self, report: Callable[[str], None], spec: AnyControl) -> None:
        self._report, self._spec = report, spec

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is None or not isinstance(error, Exception):
            return False
        problem = explain(self._spec, error)
        log.warning("front panel: %s", problem)
        self._report(problem)
        return True


def explain(spec: AnyControl, error: BaseException) -> str:
    """What is wrong with a control, and how to mend it, in one plain sentence."""
    from gpiozero import GPIOPinInUse, PinInvalidPin, SPISoftwareFallback

    where = title(spec)
    text = str(error) or type(error).__name__
    if isinstance(error, SPISoftwareFallback):
        return (
            f"{where} is off: the SPI bus does not open. Run `sudo raspi-config nonint do_spi 0` and restart ({text})"
        )
    if isinstance(spec, KnobSpec | PedalSpec) and spec.chip in ON_I2C and not isinstance(error, PermissionError):
        if isinstance(error, FileNotFoundError):
            return f"{where} is off: the I2C bus is off. Run `sudo raspi-config nonint do_i2c 0` and restart ({text})"
        return f"{where} is off: nothing answers there. Look at the wires and at ADDR ({text})"
    if isinstance(error, PinInvalidPin):
        return f"{where} is off: this board has no such pin. Choose another one under [panel] ({text})"
    if isinstance(error, GPIOPinInUse) or "busy" in text.lower():
        return f"{where} is off: the pin is taken. Free it, or choose another one under [panel] ({text})"
    if isinstance(error, PermissionError) or "permission" in text.lower():
        return f"{where} is off: no permission. Add the user to the groups gpio, spi and i2c ({text})"
    return f"{where} is off: {text}"


def title(spec: AnyControl) -> str:
    """A control for people: "switch 'footswitch' (GPIO17)"."""
    return f"{KINDS[type(spec).__name__]} {spec.name!r} ({place(spec)})"


def place(spec: AnyControl) -> str:
    """Where a control is connected: "GPIO17", "MCP3008 channel 0, SPI device 0"."""
    if isinstance(spec, KnobSpec | PedalSpec) and spec.chip in ON_I2C:
        return f"{spec.chip.upper()} channel {spec.channel}, I2C address {ADDRESSES[spec.spi_device]:#x}"
    if isinstance(spec, KnobSpec | PedalSpec):
        return f"{spec.chip.upper()} channel {spec.channel}, SPI device {spec.spi_device}"
    return ", ".join(source.replace("gpio:", "GPIO") for source in spec.sources)
