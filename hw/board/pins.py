"""Chooses the pin factory that drives the header, and tells why. For the panel and `hushbox doctor`."""

import glob
import importlib
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hw.board.board import detect
from hw.board.libraries import CHOICES, FACTORIES
from hw.errors import HwError


class UnknownPinsError(HwError, ValueError):
    """`pins` is none of the known choices."""


@dataclass(frozen=True, slots=True)
class PinChoice:
    """What was chosen. `factory` is None when no pins can be used; `tried` holds (name, why not) in order."""

    name: str  # one of CHOICES but "auto"
    why: str  # one plain sentence
    factory: Any = None  # gpiozero.pins.Factory; gpiozero has no types
    tried: tuple[tuple[str, str], ...] = ()

    @property
    def simulated(self) -> bool:
        return self.name == "mock"


def choose_pins(wanted: str = "auto", root: Path = Path("/")) -> PinChoice:
    """Open the pin factory `wanted`, or with "auto" the first that works. A machine without pins is no error.

    Pins are simulated with "mock", and with "auto" on a machine that has no header at all: a broken header must not
    look like a working one. root: where /proc and /dev are. Raises UnknownPinsError.
    """
    if wanted not in CHOICES:
        raise UnknownPinsError(f"pins = {wanted!r}: allowed {', '.join(CHOICES)}")
    if wanted == "off":
        return PinChoice("off", "the front panel is switched off in the settings")
    if wanted == "mock":
        return PinChoice("mock", "simulated pins were asked for", _mock_factory())
    if wanted == "auto" and not has_header(root):
        return PinChoice("mock", "this machine has no GPIO header, so the pins are simulated", _mock_factory())
    tried: list[tuple[str, str]] = []
    for name in _names(root) if wanted == "auto" else (wanted,):
        try:
            factory = _open(name, root)
        except Exception as error:  # each library fails in its own way: ImportError, RuntimeError, lgpio.error, …
            tried.append((name, _reason(name, error, root)))
        else:
            why = f"{name} works" if not tried else f"{name} works; not {', not '.join(n for n, _ in tried)}"
            return PinChoice(name, why, factory, tuple(tried))
    reasons = "; ".join(f"{name}: {reason}" for name, reason in tried)
    return PinChoice("off", f"no pin library could open the GPIO header ({reasons})", None, tuple(tried))


def has_header(root: Path = Path("/")) -> bool:
    """Whether this machine has a GPIO header: a Raspberry Pi, or another device-tree board with a GPIO chip.

    A PC's chipset may have /dev/gpiochip0 too, but no header.
    """
    tree = root / "proc/device-tree"
    if (tree / "system/linux,revision").exists():
        return True
    try:
        if any(
            line.startswith("Revision") for line in (root / "proc/cpuinfo").read_text(errors="replace").splitlines()
        ):
            return True
    except OSError:
        pass
    return (tree / "compatible").exists() and bool(glob.glob(str(root / "dev/gpiochip*")))


def _names(root: Path) -> tuple[str, ...]:
    """The factories that can work here. On a Jetson those for the Raspberry Pi would use the wrong pins."""
    if detect(root).family == "jetson":
        return ("jetson",)
    return tuple(name for name in FACTORIES if name != "jetson")


def _open(name: str, root: Path) -> Any:
    if name in ("lgpio", "jetson"):
        # lgpio leaves a pipe in the working directory, which a hardened unit cannot write to.
        os.environ.setdefault("LG_WD", os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0] or tempfile.gettempdir())
    module, cls = FACTORIES[name]
    factory = getattr(importlib.import_module(module), cls)
    return factory(root) if name == "jetson" else factory()


def _mock_factory() -> Any:
    from hw.board.pins_mock import PanelMockFactory

    return PanelMockFactory()


def _reason(name: str, error: Exception, root: Path) -> str:
    """Why a factory did not open, and how to mend it."""
    if isinstance(error, ModuleNotFoundError):
        if error.name == "lgpio" and sys.version_info >= (3, 13):
            return "lgpio has no wheel for Python 3.13: use Python 3.11 or 3.12, or the system's python3-lgpio"
        return f"the Python package {error.name} is not installed"
    if name in ("lgpio", "jetson") and isinstance(
        error, AttributeError
    ):  # lgpio 0.0.0.2, which pip takes when it finds no wheel
        return "the lgpio package is an empty placeholder: install lgpio 0.2.2 or the system's python3-lgpio"
    chips = glob.glob(str(root / "dev/gpiochip*"))
    # lgpio says "can not open gpiochip" for every cause.
    locked = "gpiochip" in str(error) and chips and not any(os.access(chip, os.R_OK | os.W_OK) for chip in chips)
    if locked or isinstance(error, PermissionError) or "permission" in str(error).lower():
        return "no permission: add the user to the group gpio"
    return str(error) or type(error).__name__
