"""The panel's lights: LEDs, RGB LEDs, level meters and the lamps of MIDI controllers, steady or blinking."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hw.controls.events import DARK, Light
from hw.controls.kinds import AnyLight, LedSpec, MeterSpec, RgbLedSpec
from hw.threads import PanelThread


class LedPin:
    """One LED: dimmed if its pin can, else on from half brightness."""

    def __init__(self, gpio: int, active_high: bool, factory: Any) -> None:
        from gpiozero import LED, PWMLED, PinPWMUnsupported

        self._level = 0.0
        try:
            self._device = PWMLED(gpio, active_high=active_high, pin_factory=factory)
            self._dims = True
        except PinPWMUnsupported:
            self._device = LED(gpio, active_high=active_high, pin_factory=factory)
            self._dims = False

    @property
    def level(self) -> float:
        """How bright it is, 0…1, as the pin says."""
        return float(self._device.value)

    def set(self, level: float) -> None:
        level = min(max(level, 0.0), 1.0)
        if level != self._level:  # callers repeat it 20 times a second, and each setting restarts the PWM
            self._level = level
            self._device.value = level if self._dims else float(level >= 0.5)

    def close(self) -> None:
        self._device.close()


class LightLine:
    """One light of the panel and all its pins. Under the light thread's lock."""

    def __init__(self, spec: AnyLight, factory: Any) -> None:
        self.spec = spec
        self.light = DARK
        self._pins: list[LedPin] = []
        try:
            for gpio in _gpios(spec):
                self._pins.append(LedPin(gpio, spec.active_high, factory))
        except Exception:
            self.close()
            raise

    @property
    def levels(self) -> tuple[float, ...]:
        """How bright each pin is now."""
        return tuple(pin.level for pin in self._pins)

    def apply(self, now_s: float) -> None:
        """Set the pins to what the light shows at this moment."""
        lit = blink_is_lit(self.light, now_s)
        for pin, level in zip(self._pins, self._pin_levels(), strict=True):
            pin.set(level if lit else 0.0)

    def close(self) -> None:
        for pin in self._pins:
            pin.close()

    def _pin_levels(self) -> Sequence[float]:
        level = min(max(self.light.level, 0.0), 1.0)
        if isinstance(self.spec, RgbLedSpec):
            return [level * part for part in self.light.colour]
        if isinstance(self.spec, MeterSpec):
            count = len(self.spec.gpios)
            return [min(max(level * count - index, 0.0), 1.0) for index in range(count)]
        return [level]


class LampLine:
    """The own lamp, ring or motor of a MIDI control. Under the light thread's lock.

    send(position, now): tells it 0…1; now: False keeps that for when it is plugged in again.
    """

    def __init__(self, send: Callable[[float, bool], None]) -> None:
        self.light = DARK
        self._send = send
        self._told = 0.0

    @property
    def levels(self) -> tuple[float, ...]:
        """What it was told last."""
        return (self._told,)

    def apply(self, now_s: float) -> None:
        """Tell it what it shows at this moment, if that is new."""
        if self._at(now_s) != self._told:
            self.tell(now_s, now=True)

    def tell(self, now_s: float, now: bool) -> None:
        """Tell it in any case: a pad darkens its lamp by itself."""
        self._told = self._at(now_s)
        self._send(self._told, now)

    def close(self) -> None:
        """Its port is closed elsewhere."""

    def _at(self, now_s: float) -> float:
        return self.light.level if blink_is_lit(self.light, now_s) else 0.0


class LightThread(PanelThread):
    """All lights. The thread is for blinking; steady lights are set at once in the caller's thread."""

    def __init__(self) -> None:
        super().__init__("panel lights")
        self._lights: dict[str, LightLine | LampLine] = {}

    def start_with(self, lights: Mapping[str, LightLine | LampLine]) -> None:
        self._lights = dict(lights)
        self.start()

    def show(self, name: str, light: Light) -> None:
        """Any thread. A light that could not be opened is skipped."""
        with self._condition:
            line = self._lights.get(name)
            if line is None or line.light == light:
                return
            line.light = light
            line.apply(time.monotonic())
            self.wake()

    def tell(self, name: str, light: Light, now: bool) -> None:
        """Show it on a MIDI control, even if that was told the same before. Any thread. Ignores other names."""
        with self._condition:
            line = self._lights.get(name)
            if isinstance(line, LampLine):
                line.light = light
                line.tell(time.monotonic(), now)
                self.wake()

    def levels(self, name: str) -> tuple[float, ...]:
        """How bright each pin of the light is; empty when it could not be opened."""
        with self._condition:
            line = self._lights.get(name)
            return line.levels if line else ()

    def take_all(self) -> list[LightLine | LampLine]:
        """Hand over the lights to be closed; later calls find none."""
        with self._condition:
            lines, self._lights = list(self._lights.values()), {}
            return lines

    def run(self) -> None:
        with self._condition:
            while not self._stopping:
                now_s = time.monotonic()
                blinking = [line for line in self._lights.values() if line.light.blink_s > 0.0]
                for line in blinking:
                    line.apply(now_s)
                self._condition.wait(min((next_change_s(line.light, now_s) for line in blinking), default=None))


def blink_is_lit(light: Light, now_s: float) -> bool:
    """Whether a light is in the lit part of its period."""
    if light.blink_s <= 0.0:
        return True
    return (now_s - light.blink_from_s) % light.blink_s < light.blink_lit * light.blink_s


def next_change_s(light: Light, now_s: float) -> float:
    """Seconds until a blinking light goes on or off."""
    into_s = (now_s - light.blink_from_s) % light.blink_s
    lit_s = light.blink_lit * light.blink_s
    return max((lit_s if into_s < lit_s else light.blink_s) - into_s, 0.001)


def _gpios(spec: AnyLight) -> tuple[int, ...]:
    if isinstance(spec, LedSpec):
        return (spec.gpio,)
    if isinstance(spec, RgbLedSpec):
        return (spec.gpio_red, spec.gpio_green, spec.gpio_blue)
    return spec.gpios
