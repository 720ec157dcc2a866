"""What is on the front panel: which switches, knobs and LEDs, on which pins. By configuration, any number of each."""

from dataclasses import dataclass

from hw.errors import HwError
from hw.pins import CHOICES

CHIPS = {"mcp3004": (4, 10), "mcp3008": (8, 10), "mcp3204": (4, 12), "mcp3208": (8, 12)}  # name: (channels, bits)


class PanelSpecError(HwError, ValueError):
    """The panel as described cannot exist: two controls of one name, a channel the chip does not have, …"""


class UnknownControlError(HwError, LookupError):
    """No control of that name and kind is on the panel."""


@dataclass(frozen=True, slots=True)
class SwitchSpec:
    """A footswitch between `gpio` (BCM number) and ground, or with pull_up=False between it and 3.3 V."""

    name: str
    gpio: int
    pull_up: bool = True
    label: str = ""


@dataclass(frozen=True, slots=True)
class KnobSpec:
    """A potentiometer on `channel` of an analogue converter at SPI bus 0, chip select `spi_device` (0 or 1)."""

    name: str
    channel: int
    chip: str = "mcp3008"
    spi_device: int = 0
    label: str = ""

    def __post_init__(self) -> None:
        if self.chip not in CHIPS:
            raise PanelSpecError(f"knob {self.name}: chip = {self.chip!r}: allowed {', '.join(CHIPS)}")
        channels = CHIPS[self.chip][0]
        if not 0 <= self.channel < channels:
            raise PanelSpecError(f"knob {self.name}: channel = {self.channel}: a {self.chip} has 0 to {channels - 1}")
        if self.spi_device not in (0, 1):
            raise PanelSpecError(f"knob {self.name}: spi_device = {self.spi_device}: allowed 0 or 1")


@dataclass(frozen=True, slots=True)
class LedSpec:
    """An LED with its resistor from `gpio` (BCM number) to ground."""

    name: str
    gpio: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """The whole panel. pins: see `hw.pins.choose_pins`. Raises PanelSpecError."""

    switches: tuple[SwitchSpec, ...] = ()
    knobs: tuple[KnobSpec, ...] = ()
    leds: tuple[LedSpec, ...] = ()
    pins: str = "auto"
    debounce_ms: float = 1.0
    lockout_ms: float = 5.0

    def __post_init__(self) -> None:
        if self.pins not in CHOICES:
            raise PanelSpecError(f"pins = {self.pins!r}: allowed {', '.join(CHOICES)}")
        for field, value, high in (("debounce_ms", self.debounce_ms, 200.0), ("lockout_ms", self.lockout_ms, 2000.0)):
            if not 0.0 <= value <= high:
                raise PanelSpecError(f"{field} = {value:g} ms: allowed 0 to {high:g}")
        names = [switch.name for switch in self.switches]
        names += [knob.name for knob in self.knobs]
        names += [led.name for led in self.leds]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise PanelSpecError(f"two controls on the panel are called {' and '.join(map(repr, twice))}")
