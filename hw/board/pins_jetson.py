"""gpiozero on a Jetson: lgpio's pins, found by chip and line instead of the Raspberry Pi's numbers.

gpiozero's own lgpio factory needs a Raspberry Pi's revision and knows one GPIO chip. A Jetson's header may use two, so
each pin has its own chip's handle.
"""

from pathlib import Path
from typing import Any

import lgpio
from gpiozero import PinInvalidPin
from gpiozero.pins.lgpio import LGPIOFactory, LGPIOPin
from gpiozero.pins.local import LocalPiFactory, LocalPiPin

from hw.board.jetson import JETSONS, Jetson
from hw.errors import HwError

HEADER_LIKE_A_PI_4 = 0xC03114  # a Pi 4's revision: gpiozero takes the numbers of the header's places from it


class NotAJetsonError(HwError, RuntimeError):
    """The device tree names no known Jetson, or its GPIO chips are different."""


class JetsonFactory(LGPIOFactory):  # type: ignore[misc]  # gpiozero has no types
    """Pins of a Jetson's 40-pin header. Raises NotAJetsonError, and what lgpio raises (no permission, …)."""

    def __init__(self, root: Path = Path("/"), jetson: Jetson | None = None) -> None:
        LocalPiFactory.__init__(self)  # not LGPIOFactory's, which opens a Raspberry Pi's chip
        self._jetson = jetson or _this_jetson(root)
        self._chips: dict[str, _Chip] = {}
        self._handle = None  # of the base class: SPI needs none
        self._open_chips(root)

    def close(self) -> None:
        LocalPiFactory.close(self)
        for chip in self._chips.values():
            chip.close()
        self._chips = {}

    def pin(self, name: Any) -> Any:
        for _, info in self.board_info.find_pin(name):
            gpio = int(info.name[4:]) if info.name.startswith("GPIO") else -1
            if gpio not in self._jetson.lines:
                raise PinInvalidPin(f"{name} is no GPIO on a {self._jetson.name}")
            if info not in self.pins:
                label, line = self._jetson.lines[gpio]
                self.pins[info] = JetsonPin(self._chips[label], info, line)
            return self.pins[info]
        raise PinInvalidPin(f"{name} is not a valid pin name")

    def _get_revision(self) -> int:
        return HEADER_LIKE_A_PI_4

    def _open_chips(self, root: Path) -> None:
        wanted = {label for label, _ in self._jetson.lines.values()}
        for path in sorted((root / "dev").glob("gpiochip*")):
            chip = _Chip(int(path.name.removeprefix("gpiochip")))
            if chip.label in wanted and chip.label not in self._chips:
                self._chips[chip.label] = chip
            else:
                chip.close()
        missing = wanted - set(self._chips)
        if missing:
            self.close()
            raise NotAJetsonError(f"a {self._jetson.name} has the GPIO chips {', '.join(sorted(missing))}: not found")


class JetsonPin(LGPIOPin):  # type: ignore[misc]
    """One line of one chip. The chip takes the place of LGPIOPin's factory."""

    def __init__(self, chip: "_Chip", info: Any, line: int) -> None:
        LocalPiPin.__init__(self, chip, info)
        self._number = line
        self._pwm = None
        self._bounce = None
        self._callback = None
        self._edges = lgpio.BOTH_EDGES
        lgpio.gpio_claim_input(chip._handle, line, lgpio.SET_PULL_NONE)


class _Chip:
    """An open GPIO chip, with everything that LGPIOPin needs from its factory."""

    ticks = staticmethod(LocalPiFactory.ticks)
    ticks_diff = staticmethod(LocalPiFactory.ticks_diff)

    def __init__(self, number: int) -> None:
        self._handle: int | None = lgpio.gpiochip_open(number)
        self.label = str(lgpio.gpio_get_chip_info(self._handle)[3])

    def close(self) -> None:
        if self._handle is not None:
            lgpio.gpiochip_close(self._handle)
            self._handle = None


def _this_jetson(root: Path) -> Jetson:
    try:
        compatible = (root / "proc/device-tree/compatible").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        compatible = []
    for jetson in JETSONS:
        if set(jetson.compatible) & set(compatible):
            return jetson
    known = ", ".join(jetson.name for jetson in JETSONS)
    raise NotAJetsonError(f"this board is none of these: {known}")
