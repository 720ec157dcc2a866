"""Which keyboards are plugged in, as the kernel lists them: told without opening one, so without permission."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_LISTED = Path("sys/class/input")
_USB, _BLUETOOTH = "0003", "0005"


@dataclass(frozen=True, slots=True)
class Keyboard:
    """A device with keys; a pedal is one. id: USB or Bluetooth vendor and product, "1a86-e026"."""

    path: Path
    id: str
    name: str
    readable: bool  # by this user
    plugged_in: bool  # by USB or Bluetooth; a power button or a screen's remote control is not


def keyboards(root: Path = Path("/")) -> list[Keyboard]:
    """Every device with keys, in the kernel's order; none where the kernel lists none."""
    found = sorted((root / _LISTED).glob("event*"), key=lambda folder: int(folder.name[5:] or 0))
    return [described(root / "dev/input" / folder.name, root) for folder in found if _has_keys(folder)]


def described(path: Path, root: Path = Path("/")) -> Keyboard:
    """The device at `path` (/dev/input/event3)."""
    device = root / _LISTED / path.name / "device"
    id = f"{_text(device / 'id/vendor') or '0000'}-{_text(device / 'id/product') or '0000'}"
    plugged_in = _text(device / "id/bustype") in (_USB, _BLUETOOTH)
    return Keyboard(path, id, _text(device / "name") or "unnamed", os.access(path, os.R_OK), plugged_in)


def _has_keys(folder: Path) -> bool:
    return any(word.strip("0") for word in _text(folder / "device/capabilities/key").split())


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
