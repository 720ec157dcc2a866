"""The panel's inputs on pins and converters: one object per switch, encoder and knob, over gpiozero devices."""

import gc
import warnings
from collections.abc import Callable
from typing import Any

from hw.board.ads1115 import ADDRESSES, ADS1115, KernelI2c
from hw.controls.kinds import CHIPS, ON_I2C, EncoderSpec, KnobSpec, PedalSpec
from hw.panel.debounce import Debounce
from hw.panel.encoder import Acceleration, QuadratureDecoder
from hw.panel.knob_filter import KnobFilter


class SwitchLine:
    """A switch's pin and its debounce. `poll` and `due` belong to the switch thread, under its lock.

    name: "" for a pin that is only read while learning. on_edge(line, level, stamp_s) is called from the pin
    library's own thread; stamp_s is the kernel's time of the edge, on whatever clock.
    """

    def __init__(
        self,
        name: str,
        gpio: int,
        pull_up: bool,
        factory: Any,
        stable_s: float,
        lockout_s: float,
        on_edge: Callable[["SwitchLine", bool, float], None],
    ) -> None:
        from gpiozero import InputDevice

        self.name = name
        self.gpio = gpio
        self._pull_up = pull_up
        self._on_edge = on_edge
        self._times_s = (stable_s, lockout_s)
        self._device = InputDevice(gpio, pull_up=pull_up, pin_factory=factory)
        self.pin = self._device.pin
        self.settle()

    def listen(self) -> None:
        """Ask for raw edges. From now on `on_edge` may be called at any moment."""
        self.pin.bounce = None
        self.pin.edges = "both"
        self.pin.when_changed = self._changed

    def settle(self) -> None:
        """Start from the level that the pin has now."""
        self.debounce = Debounce(self.read(), *self._times_s)

    def read(self) -> bool:
        """The level of the pin now."""
        return bool(self.pin.state)

    def is_closed(self, level: bool) -> bool:
        """Whether `level` means that the contact is closed."""
        return level != self._pull_up

    def close(self) -> None:
        self.pin.when_changed = None
        self._device.close()

    def _changed(self, ticks: Any, state: Any) -> None:
        if state in (0, 1):  # lgpio says 2 for a watchdog timeout
            self._on_edge(self, bool(state), float(ticks))


class EncoderLine:
    """An encoder's pins. on_edge(line, a, b, stamp_s) is called from the pin library's thread; `turn` in the switch
    thread, `look` and `settle` under its lock."""

    def __init__(
        self, spec: EncoderSpec, factory: Any, on_edge: Callable[["EncoderLine", bool, bool, float], None]
    ) -> None:
        from gpiozero import InputDevice

        self.spec = spec
        self._on_edge = on_edge
        self._a = InputDevice(spec.gpio_a, pull_up=True, pin_factory=factory)
        try:
            self._b = InputDevice(spec.gpio_b, pull_up=True, pin_factory=factory)
        except Exception:
            self._a.close()
            raise
        self.pins = (self._a.pin, self._b.pin)
        self._acceleration = Acceleration(spec.acceleration)
        self.settle()

    def listen(self) -> None:
        """Ask for raw edges of both contacts."""
        for pin, changed in zip(self.pins, (self._a_changed, self._b_changed), strict=True):
            pin.bounce = None
            pin.edges = "both"
            pin.when_changed = changed

    def settle(self) -> None:
        """Start from the present levels."""
        self._levels = [bool(pin.state) for pin in self.pins]
        self._decoder = QuadratureDecoder(self._levels[0], self._levels[1], self.spec.detent_edges)

    def look(self) -> list[tuple[bool, bool]]:
        """The present levels, if they differ from those of the last edges; else nothing."""
        levels = [bool(pin.state) for pin in self.pins]
        if levels == self._levels:
            return []
        self._levels = levels
        return [(levels[0], levels[1])]

    def turn(self, a: bool, b: bool, at_s: float) -> tuple[int, int]:
        """The (clicks, steps) that this pair of levels completes."""
        clicks = self._decoder.feed(a, b)
        return clicks, self._acceleration.steps(clicks, at_s) if clicks else 0

    def close(self) -> None:
        for pin in self.pins:
            pin.when_changed = None
        self._a.close()
        self._b.close()

    def _a_changed(self, ticks: Any, state: Any) -> None:
        self._changed(0, ticks, state)

    def _b_changed(self, ticks: Any, state: Any) -> None:
        self._changed(1, ticks, state)

    def _changed(self, which: int, ticks: Any, state: Any) -> None:
        if state in (0, 1):
            self._levels[which] = bool(state)
            self._on_edge(self, self._levels[0], self._levels[1], float(ticks))


class KnobLine:
    """A knob's or pedal's converter channel and its filter. Knob thread."""

    def __init__(self, spec: KnobSpec | PedalSpec, factory: Any) -> None:
        self.spec = spec
        self.retry_at = 0.0  # monotonic; after a failed reading
        self.problem = ""
        self._device = open_converter(spec.chip, spec.channel, spec.spi_device, factory)
        self.restart()

    def restart(self) -> None:
        """Forget the position: the next reading counts as the first."""
        heel, toe = (self.spec.heel, self.spec.toe) if isinstance(self.spec, PedalSpec) else (0.0, 1.0)
        self.first = True
        self._filter = KnobFilter(CHIPS[self.spec.chip][1], heel, toe)

    @property
    def raw(self) -> float:
        """The last reading 0…1, as the converter gave it."""
        return self._filter.raw

    def read(self) -> float | None:
        """The new position 0…1 if the knob moved. Raises the SPI library's errors."""
        return self._filter.feed(int(self._device.raw_value))

    def close(self) -> None:
        self._device.close()


def forget_closed_buses() -> None:
    """Run the garbage collector before converters are opened.

    A closed SPI bus of gpiozero 2.0 removes itself from the list of buses once more when it is collected. If a new bus
    is in the list by then, that one goes: the next converter opens another bus, and is refused its own pins.
    """
    gc.collect()


def open_converter(chip: str, channel: int, spi_device: int, factory: Any) -> Any:
    """gpiozero's device for one channel, or our own like it. Raises SPISoftwareFallback where the SPI bus is off,
    FileNotFoundError where I2C is, GPIOPinInUse, …"""
    if chip in ON_I2C:
        address = ADDRESSES[spi_device]
        simulated = getattr(factory, "i2c", None)
        return ADS1115(channel, simulated[address] if simulated is not None else KernelI2c(address))
    import gpiozero

    with warnings.catch_warnings():
        # Without an SPI bus gpiozero would bit-bang each reading over plain pins, which slows the page.
        warnings.simplefilter("error", gpiozero.SPISoftwareFallback)
        return getattr(gpiozero, chip.upper())(channel=channel, port=0, device=spi_device, pin_factory=factory)
