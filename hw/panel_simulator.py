"""The simulated front panel: gpiozero's own mock pins, and an MCP3008 that answers on its mock SPI bus.

The panel cannot tell it from a real header: a press is an edge on a mock pin and goes through the debounce, a turn is
a voltage that the panel reads bit by bit over SPI. Nothing here reaches past the pins.
"""

from typing import Any, TypeVar

from gpiozero.pins.mock import MockPWMPin, MockSPIDevice

from hw.panel_lines import KnobLine, LedLine, SwitchLine
from hw.panel_spec import UnknownControlError

Line = TypeVar("Line")

SPI_CLOCK, SPI_MOSI, SPI_MISO, SPI_SELECT = 11, 10, 9, (8, 7)


class MockConverter(MockSPIDevice):  # type: ignore[misc]  # gpiozero has no types
    """An MCP3004/3008/3204/3208 as its data sheet (Microchip DS21295D, figure 5-1) clocks it, in single-ended mode."""

    def __init__(self, factory: Any, spi_device: int, bits: int = 10) -> None:
        super().__init__(SPI_CLOCK, SPI_MOSI, SPI_MISO, SPI_SELECT[spi_device], pin_factory=factory)
        self.positions = [0.0] * 8  # per channel, 0…1 of the reference voltage
        self._result_bits = bits
        self._command: list[int] = []

    def on_start(self) -> None:
        super().on_start()
        self._command = []
        for pin in (self.clock_pin, self.mosi_pin, self.miso_pin, self.select_pin):
            pin.clear_states()  # mock pins remember every edge for ever, and a poll has a hundred

    def on_bit(self) -> None:
        bit = int(self.rx_buf[-1])
        if not self._command and not bit:
            return  # leading zeros before the start bit
        self._command.append(bit)
        if len(self._command) == 5:  # start, single-ended, three bits of channel
            channel = self._command[2] * 4 + self._command[3] * 2 + self._command[4]
            value = round(self.positions[channel] * (2**self._result_bits - 1))
            self.tx_word(value, self._result_bits + 2)  # after one sampling clock and a null bit


class Simulator:
    """The hands on a simulated panel. Any thread; every method raises UnknownControlError."""

    def __init__(self, switches: dict[str, SwitchLine], knobs: dict[str, KnobLine], leds: dict[str, LedLine]) -> None:
        self._switches = switches
        self._knobs = knobs
        self._leds = leds
        self._converters: dict[tuple[str, int], MockConverter] = {}

    def attach_converter(self, factory: Any, chip: str, spi_device: int, bits: int) -> None:
        """Put a mock converter on the bus, once per chip-select line. Before the panel opens its side."""
        if (chip, spi_device) not in self._converters:
            self._converters[chip, spi_device] = MockConverter(factory, spi_device, bits)

    @staticmethod
    def make_pins_dim(factory: Any) -> None:
        """Let pins opened from now on (the LEDs) dim: mock pins of the plain class only switch."""
        factory.pin_class = MockPWMPin

    def press(self, name: str) -> None:
        """Close the contact of switch `name` for as long as it is not released."""
        self._drive(name, pressed=True)

    def release(self, name: str) -> None:
        """Open the contact of switch `name`."""
        self._drive(name, pressed=False)

    def turn(self, name: str, position: float) -> None:
        """Turn knob `name` to `position` 0…1 (clipped); the panel reads it at its next poll."""
        converter, channel = self._converter(name)
        converter.positions[channel] = min(max(float(position), 0.0), 1.0)

    def led(self, name: str) -> float:
        """How bright LED `name` is, 0…1, as its pin says."""
        return float(self._find(self._leds, name, "LED").pin.state)

    def pressed(self, name: str) -> bool:
        """Whether the contact of switch `name` is closed, as its pin says."""
        line = self._find(self._switches, name, "switch")
        return line.is_pressed(bool(line.pin.state))

    def position(self, name: str) -> float:
        """Where knob `name` was turned to, 0…1."""
        converter, channel = self._converter(name)
        return converter.positions[channel]

    def _drive(self, name: str, *, pressed: bool) -> None:
        line = self._find(self._switches, name, "switch")
        line.pin.clear_states()
        if line.is_pressed(True) == pressed:
            line.pin.drive_high()
        else:
            line.pin.drive_low()

    def _converter(self, name: str) -> tuple[MockConverter, int]:
        spec = self._find(self._knobs, name, "knob").spec
        return self._converters[spec.chip, spec.spi_device], spec.channel

    @staticmethod
    def _find(lines: dict[str, Line], name: str, kind: str) -> Line:
        try:
            return lines[name]
        except KeyError:
            there = ", ".join(lines) or "none"
            raise UnknownControlError(f"no {kind} {name!r} on the panel: there is {there}") from None
