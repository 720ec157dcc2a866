"""Which board this is, and which pins of its 40-pin header can be used; for each other pin, the reason.

GPIO numbers are the Raspberry Pi's BCM numbers. On a Jetson they mean the same place on the header; `hw.board.jetson`
knows the GPIO chip and line there.
"""

import glob
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hw.board.jetson import JETSONS

GND, V3_3, V5 = "GND", "3.3 V", "5 V"
HEADER: tuple[int | str, ...] = (  # pins 1 to 40, GPIO numbers (BCM) and supplies
    V3_3, V5, 2, V5, 3, GND, 4, 14, GND, 15, 17, 18, 27, GND, 22, 23, V3_3, 24, 10, GND,
    9, 25, 11, 8, GND, 7, 0, 1, 5, GND, 6, 12, 13, GND, 19, 16, 26, 20, GND, 21,
)  # fmt: skip
FUNCTIONS: Mapping[int, tuple[str, ...]] = {
    0: ("ID_SD",), 1: ("ID_SC",), 2: ("I2C1 SDA",), 3: ("I2C1 SCL",), 4: ("GPCLK0",), 7: ("SPI0 CE1",),
    8: ("SPI0 CE0",), 9: ("SPI0 MISO",), 10: ("SPI0 MOSI",), 11: ("SPI0 SCLK",), 12: ("PWM0",), 13: ("PWM1",),
    14: ("UART TXD",), 15: ("UART RXD",), 16: ("SPI1 CE2",), 17: ("SPI1 CE1",), 18: ("I2S CLK", "PWM0"),
    19: ("I2S FS", "PWM1"), 20: ("I2S DIN",), 21: ("I2S DOUT",),
}  # fmt: skip
I2C_PINS = (2, 3)
SPI_MISO, SPI_MOSI, SPI_CLOCK = SPI_PINS = (9, 10, 11)
SPI_SELECT_PINS = (8, 7)  # by chip select


@dataclass(frozen=True, slots=True)
class HeaderPin:
    """One pin of the header. gpio None: a supply or ground. in_use: why it cannot be used, "" when it is free."""

    number: int  # 1 to 40
    name: str  # "GPIO17", "GND", "3.3 V"
    gpio: int | None = None
    functions: tuple[str, ...] = ()
    in_use: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """model: for people; family: "raspberry-pi", "jetson", "simulated" or "none" (no header: no pins)."""

    model: str
    family: str
    pins: tuple[HeaderPin, ...] = ()

    def pin(self, gpio: int) -> HeaderPin | None:
        return next((pin for pin in self.pins if pin.gpio == gpio), None)

    def why_not(self, gpio: int) -> str:
        """Why nothing can be connected to `gpio`, and how to change that; "" when it is free."""
        pin = self.pin(gpio)
        if pin is not None:
            return pin.in_use
        free = ", ".join(str(pin.gpio) for pin in self.pins if pin.gpio is not None and not pin.in_use)
        return f"this board has no such pin (GPIO numbers that are free: {free or 'none'})"

    def where(self, gpio: int) -> str:
        """ "GPIO17 (pin 11)"."""
        pin = self.pin(gpio)
        return f"GPIO{gpio}" if pin is None else f"GPIO{gpio} (pin {pin.number})"

    def free_gpios(self) -> list[int]:
        """Every free GPIO, in the order of the header."""
        return [pin.gpio for pin in self.pins if pin.gpio is not None and not pin.in_use]


def detect(root: Path = Path("/")) -> Board:
    """This board, from the device tree. root: where /proc and /dev are. Never raises."""
    model = _text(root / "proc/device-tree/model")
    compatible = _text(root / "proc/device-tree/compatible").split("\0")
    if model.startswith("Raspberry Pi"):
        return Board(model, "raspberry-pi", _header(_reserved_on_a_pi(root)))
    for jetson in JETSONS:
        if set(jetson.compatible) & set(compatible):
            missing = {
                gpio: f"on {jetson.name} this pin is no GPIO: it belongs to {FUNCTIONS[gpio][0].split()[0]}"
                for gpio in FUNCTIONS
                if gpio not in jetson.lines
            }
            return Board(model or jetson.name, "jetson", _header({**_reserved_spi(root), **missing}))
    return Board(model or "no board with a 40-pin header that is known", "none")


def simulated() -> Board:
    """The board of the simulated panel."""
    return Board("simulated Raspberry Pi 4", "simulated", _header(_ID_PINS))


_ID_PINS = {gpio: "it is reserved for the identity chip of add-on boards (HATs)" for gpio in (0, 1)}


def _header(reserved: Mapping[int, str]) -> tuple[HeaderPin, ...]:
    pins = []
    for number, what in enumerate(HEADER, start=1):
        if isinstance(what, str):
            pins.append(HeaderPin(number, what))
        else:
            pins.append(HeaderPin(number, f"GPIO{what}", what, FUNCTIONS.get(what, ()), reserved.get(what, "")))
    return tuple(pins)


def _reserved_on_a_pi(root: Path) -> dict[int, str]:
    reserved = {**_ID_PINS, **_reserved_spi(root)}
    if (root / "dev/i2c-1").exists():
        reserved |= dict.fromkeys((2, 3), "the I2C bus has it: `sudo raspi-config nonint do_i2c 1` frees it")
    if _header_uart_is_on(root):
        mend = "`sudo raspi-config nonint do_serial_hw 1` frees it"
        reserved |= dict.fromkeys((14, 15), f"the serial port (MIDI, console) has it: {mend}")
    if _i2s_is_on(root):
        reserved |= dict.fromkeys((18, 19, 20, 21), "an I2S sound card on the header has it")
    return reserved


def _reserved_spi(root: Path) -> dict[int, str]:
    words = "the SPI bus has it, for knobs: `sudo raspi-config nonint do_spi 1` frees it if there are none"
    reserved: dict[int, str] = {}
    for select, gpio in enumerate(SPI_SELECT_PINS):
        if (root / f"dev/spidev0.{select}").exists():
            reserved |= dict.fromkeys((*SPI_PINS, gpio), words)
    return reserved


def _header_uart_is_on(root: Path) -> bool:
    """/dev/serial0 is the header's UART, except on a Pi 5, where it may be the debug connector's ttyAMA10."""
    serial0 = root / "dev/serial0"
    if serial0.exists() or serial0.is_symlink():
        return serial0.resolve().name != "ttyAMA10" or (root / "dev/ttyAMA0").exists()
    return False


def _i2s_is_on(root: Path) -> bool:
    folders = glob.glob(str(root / "proc/device-tree/soc/i2s@*")) + glob.glob(
        str(root / "proc/device-tree/axi/pcie@*/rp1/i2s@*")
    )
    return any(_text(Path(folder) / "status") == "okay" for folder in folders)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace").rstrip("\0\n")
    except OSError:
        return ""
