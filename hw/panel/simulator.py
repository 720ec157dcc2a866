"""The simulated front panel: gpiozero's mock pins, and an MCP3008 that answers on its mock SPI bus.

The panel cannot tell it from a real header: a press is an edge on a mock pin and goes through the debounce, a turn is
a voltage that the panel reads bit by bit over SPI. Nothing here bypasses the pins.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from gpiozero.pins.mock import MockSPIDevice

from hw.board.ads1115 import ADDRESSES, MockADS1115
from hw.board.board import SPI_CLOCK, SPI_MISO, SPI_MOSI, SPI_SELECT_PINS
from hw.controls.kinds import ON_I2C, KeySpec, KnobSpec, MidiKnobSpec, MidiSwitchSpec, PedalSpec
from hw.controls.spec import PanelSpec, UnknownControlError
from hw.midi.messages import PITCH_TOP, MidiMessage
from hw.midi.midi import feedback_messages
from hw.panel.encoder import RING
from hw.panel.lines import EncoderLine, KnobLine, SwitchLine
from hw.panel.plugged import PluggedControls

Line = TypeVar("Line")


class MockConverter(MockSPIDevice):  # type: ignore[misc]  # gpiozero has no types
    """An MCP3004/3008/3204/3208 as its data sheet (Microchip DS21295D, figure 5-1) clocks it, in single-ended mode."""

    def __init__(self, factory: Any, spi_device: int, bits: int = 10) -> None:
        super().__init__(SPI_CLOCK, SPI_MOSI, SPI_MISO, SPI_SELECT_PINS[spi_device], pin_factory=factory)
        self.positions = [0.0] * 8  # per channel, 0…1 of the reference voltage
        self._result_bits = bits
        self._command: list[int] = []

    def on_start(self) -> None:
        super().on_start()
        self._command = []
        for pin in (self.clock_pin, self.mosi_pin, self.miso_pin, self.select_pin):
            pin.clear_states()  # mock pins remember every edge for ever, and each poll has a hundred

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
    """Operates a simulated panel. Any thread; every method raises UnknownControlError.

    levels(name): how bright the pins of a light are. MIDI and USB keys are simulated by their messages.
    """

    def __init__(
        self,
        spec: PanelSpec,
        switches: Mapping[str, SwitchLine],
        knobs: Mapping[str, KnobLine],
        encoders: Mapping[str, EncoderLine],
        levels: Callable[[str], tuple[float, ...]],
        plugged: PluggedControls,
    ) -> None:
        self._plugged_in = {
            control.name: control
            for control in (*spec.switches, *spec.knobs)
            if isinstance(control, KeySpec | MidiSwitchSpec | MidiKnobSpec)
        }
        self._plugged_at: dict[str, float] = {}
        self._switches = switches
        self._knobs = knobs
        self._encoders = encoders
        self._levels = levels
        self._plugged = plugged
        self._converters: dict[tuple[str, int], MockConverter | MockADS1115] = {}

    def attach_converter(self, factory: Any, chip: str, spi_device: int, bits: int) -> None:
        """Put a mock converter on the bus, once per chip select, before the panel opens it."""
        if (chip, spi_device) in self._converters:
            return
        if chip in ON_I2C:
            self._converters[chip, spi_device] = factory.i2c[ADDRESSES[spi_device]] = MockADS1115()
        else:
            self._converters[chip, spi_device] = MockConverter(factory, spi_device, bits)

    def press(self, name: str) -> None:
        """Close the contact of switch `name` until `release`."""
        self._drive(name, pressed=True)

    def release(self, name: str) -> None:
        """Open the contact of switch `name`."""
        self._drive(name, pressed=False)

    def turn(self, name: str, position: float) -> None:
        """Turn knob or pedal `name` to `position` 0…1 (clipped); the panel reads it at its next poll."""
        if name in self._plugged_in:
            self._move_plugged(name, min(max(float(position), 0.0), 1.0))
            return
        spec, converter = self._converter(name)
        heel, toe = (spec.heel, spec.toe) if isinstance(spec, PedalSpec) else (0.0, 1.0)
        converter.positions[spec.channel] = heel + (toe - heel) * min(max(float(position), 0.0), 1.0)

    def step(self, name: str, detents: int) -> None:
        """Turn encoder `name` by so many clicks, clockwise is positive, edge by edge."""
        line = self._find(self._encoders, name, "encoder")
        direction = 1 if detents > 0 else -1
        place = RING.index(int(line.pins[0].state) * 2 + int(line.pins[1].state))
        for _ in range(abs(detents) * line.spec.detent_edges):
            place = (place + direction) % 4
            for pin, level in zip(line.pins, (RING[place] >> 1, RING[place] & 1), strict=True):
                pin.clear_states()
                (pin.drive_high if level else pin.drive_low)()

    def led(self, name: str) -> float:
        """How bright LED `name` is, 0…1, by its pin; of a light with several pins, the brightest."""
        return max(self.lights(name))

    def lights(self, name: str) -> tuple[float, ...]:
        """How bright each pin of light `name` is, 0…1."""
        levels = self._levels(name)
        if not levels:
            raise UnknownControlError(f"no LED {name!r} on the panel")
        return levels

    def pressed(self, name: str) -> bool:
        """Whether the contact of switch `name` is closed, by its pin."""
        if name in self._plugged_in:
            return self._plugged_at.get(name, 0.0) > 0.0
        line = self._find(self._switches, name, "switch")
        return line.is_closed(bool(line.pin.state))

    def position(self, name: str) -> float:
        """The position of knob or pedal `name`, 0…1."""
        if name in self._plugged_in:
            return self._plugged_at.get(name, 0.0)
        spec, converter = self._converter(name)
        heel, toe = (spec.heel, spec.toe) if isinstance(spec, PedalSpec) else (0.0, 1.0)
        return (converter.positions[spec.channel] - heel) / (toe - heel)

    def touch(self, source: str, value: float) -> None:
        """Move an input without a control, by its place as in `Activity.source`, for learning."""
        kind, *place = source.split(":")
        if kind == "gpio":
            pin = self._factory_pin(int(place[0]))
            (pin.drive_low if value else pin.drive_high)()
        elif kind == "hid":
            self._plugged.take_key(place[0], place[1], closed=value > 0.0)
        elif kind == "midi":
            port, message, channel, *number = place
            what = MidiMessage(message, int(channel), int(number[0]) if number else 0)
            top = PITCH_TOP if message == "pitch" else 127
            self._plugged.take_midi(port, MidiMessage(what.kind, what.channel, what.number, round(value * top)))
        elif (kind, int(place[0])) in self._converters:
            self._converters[kind, int(place[0])].positions[int(place[1])] = value
        else:
            raise UnknownControlError(f"nothing is wired to {source!r} on the simulated panel")

    def program(self, number: int, channel: int = 1, port: str = "simulated") -> None:
        """Send a MIDI program change, 0…127."""
        self._plugged.take_midi(port, MidiMessage("program", channel, number))

    def _move_plugged(self, name: str, position: float) -> None:
        control = self._plugged_in[name]
        self._plugged_at[name] = position
        if not isinstance(control, MidiKnobSpec) and control.gestures.press_only and position <= 0.0:
            return  # such a pedal sends no release
        if isinstance(control, KeySpec):
            self._plugged.take_key(control.device, control.key, closed=position > 0.0)
            return
        if isinstance(control, MidiSwitchSpec) and control.inverted:
            position = 1.0 - position
        for message in feedback_messages(control, position):
            self._plugged.take_midi("simulated" if control.port == "*" else control.port, message)

    @staticmethod
    def _factory_pin(gpio: int) -> Any:
        from gpiozero import Device

        pin = Device.pin_factory.pin(gpio)
        if pin.function != "input":
            raise UnknownControlError(f"GPIO{gpio} is an output on the simulated panel")
        return pin

    def _drive(self, name: str, *, pressed: bool) -> None:
        if name in self._plugged_in:
            self._move_plugged(name, float(pressed))
            return
        line = self._find(self._switches, name, "switch")
        line.pin.clear_states()
        if line.is_closed(True) == pressed:
            line.pin.drive_high()
        else:
            line.pin.drive_low()

    def _converter(self, name: str) -> tuple[KnobSpec | PedalSpec, MockConverter | MockADS1115]:
        spec = self._find(self._knobs, name, "knob").spec
        return spec, self._converters[spec.chip, spec.spi_device]

    @staticmethod
    def _find(lines: Mapping[str, Line], name: str, kind: str) -> Line:
        try:
            return lines[name]
        except KeyError:
            there = ", ".join(lines) or "none"
            raise UnknownControlError(f"no {kind} {name!r} on the panel: there is {there}") from None
