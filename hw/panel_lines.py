"""The wires behind the panel's controls: one object per switch, knob and LED, each over one gpiozero device."""

import warnings
from collections.abc import Callable
from typing import Any

from hw.debounce import Debounce
from hw.knob_filter import KnobFilter
from hw.panel_spec import CHIPS, KnobSpec, LedSpec, SwitchSpec


class SwitchLine:
    """A switch's pin and its debounce. `poll` and `due` belong to the switch thread, under its lock.

    on_edge(line, level) is called from the pin library's own thread. It must be a bound method: gpiozero keeps only
    weak references to handlers, and so does this.
    """

    def __init__(
        self,
        spec: SwitchSpec,
        factory: Any,
        stable_s: float,
        lockout_s: float,
        on_edge: Callable[["SwitchLine", bool], None],
    ) -> None:
        from gpiozero import InputDevice

        self.spec = spec
        self._on_edge = on_edge
        self._device = InputDevice(spec.gpio, pull_up=spec.pull_up, pin_factory=factory)
        self.pin = self._device.pin
        self.debounce = Debounce(self.read(), stable_s, lockout_s)

    def listen(self) -> None:
        """Ask for raw edges. After this `on_edge` may be called at any moment."""
        self.pin.bounce = None
        self.pin.edges = "both"
        self.pin.when_changed = self._changed

    def read(self) -> bool:
        """The level of the pin now."""
        return bool(self.pin.state)

    def is_pressed(self, level: bool) -> bool:
        """Whether `level` means that the contact is closed."""
        return level != self.spec.pull_up

    def close(self) -> None:
        self.pin.when_changed = None
        self._device.close()

    def _changed(self, ticks: Any, state: Any) -> None:
        if state in (0, 1):  # lgpio says 2 for a watchdog timeout
            self._on_edge(self, bool(state))


class KnobLine:
    """A knob's converter channel and its filter. Knob thread."""

    def __init__(self, spec: KnobSpec, factory: Any) -> None:
        import gpiozero

        self.spec = spec
        self._filter = KnobFilter(CHIPS[spec.chip][1])
        self.retry_at = 0.0  # monotonic; after a failed reading
        self.problem = ""
        with warnings.catch_warnings():
            # Without its SPI bus gpiozero would bit-bang each reading over plain pins, at a cost that the page feels.
            warnings.simplefilter("error", gpiozero.SPISoftwareFallback)
            self._device = getattr(gpiozero, spec.chip.upper())(
                channel=spec.channel, port=0, device=spec.spi_device, pin_factory=factory
            )

    def read(self) -> float | None:
        """The new position 0…1 when the knob moved. Raises whatever the SPI library does."""
        return self._filter.feed(int(self._device.raw_value))

    def close(self) -> None:
        self._device.close()


class LedLine:
    """An LED: dimmed where the pins can, else on from half brightness."""

    def __init__(self, spec: LedSpec, factory: Any) -> None:
        from gpiozero import LED, PWMLED, PinPWMUnsupported

        self.spec = spec
        self._level = 0.0
        try:
            self._device = PWMLED(spec.gpio, pin_factory=factory)
            self._dims = True
        except PinPWMUnsupported:
            self._device = LED(spec.gpio, pin_factory=factory)
            self._dims = False
        self.pin = self._device.pin

    def set(self, level: float) -> None:
        level = min(max(level, 0.0), 1.0)
        if level != self._level:  # control repeats itself 20 times a second, and each setting restarts the PWM
            self._level = level
            self._device.value = level if self._dims else float(level >= 0.5)

    def close(self) -> None:
        self._device.close()


def explain(kind: str, spec: SwitchSpec | KnobSpec | LedSpec, error: BaseException) -> str:
    """What is wrong with a control, and how to mend it, in one plain sentence."""
    from gpiozero import GPIOPinInUse, PinInvalidPin, SPISoftwareFallback

    where = f"{kind} {spec.name!r} ({_place(spec)})"
    text = str(error) or type(error).__name__
    if isinstance(error, SPISoftwareFallback):
        return (
            f"{where} is off: the SPI bus does not open. Run `sudo raspi-config nonint do_spi 0` and restart ({text})"
        )
    if isinstance(error, PinInvalidPin):
        return f"{where} is off: this board has no such pin. Choose another one under [panel] ({text})"
    if isinstance(error, GPIOPinInUse) or "busy" in text.lower():
        return f"{where} is off: the pin is taken. Free it, or choose another one under [panel] ({text})"
    if isinstance(error, PermissionError) or "permission" in text.lower():
        return f"{where} is off: no permission. Add the user to the groups gpio and spi ({text})"
    return f"{where} is off: {text}"


def _place(spec: SwitchSpec | KnobSpec | LedSpec) -> str:
    if isinstance(spec, KnobSpec):
        return f"{spec.chip.upper()} channel {spec.channel}, SPI device {spec.spi_device}"
    return f"GPIO{spec.gpio}"
