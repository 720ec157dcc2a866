"""The board's health: temperature, supply voltage, and whether the firmware slows the processor down.

Read from /sys where the kernel has it (a few microseconds), else from `vcgencmd`, a program of Raspberry Pi OS (5 ms).
Never on the audio thread.
"""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HOT_C = 80.0  # a Raspberry Pi slows down from here on

# Bits of `vcgencmd get_throttled`, from Raspberry Pi's documentation.
_NOW_LOW_VOLTAGE, _NOW_CAPPED, _NOW_THROTTLED, _NOW_HOT = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_WAS_LOW_VOLTAGE, _WAS_CAPPED, _WAS_THROTTLED, _WAS_HOT = 1 << 16, 1 << 17, 1 << 18, 1 << 19


@dataclass(frozen=True, slots=True)
class BoardHealth:
    """The health at one moment. None: this board does not tell."""

    temperature_c: float | None = None  # of the hottest zone
    low_voltage: bool | None = None  # at this moment
    throttled: bool | None = None  # slowed down at this moment, by heat or low voltage
    low_voltage_since_start: bool | None = None
    throttled_since_start: bool | None = None

    def words(self) -> str:
        """The most serious problem in one sentence; empty when all is well."""
        if self.low_voltage:
            return "The board gets too little power: use its own supply and a short cable."
        if self.throttled:
            return "The board is slowed down by heat or weak power: cool it, and use its own supply."
        if self.temperature_c is not None and self.temperature_c >= HOT_C:
            return f"The board is hot ({self.temperature_c:.0f} °C) and slows down: give it air."
        if self.low_voltage_since_start:
            return "The board got too little power at some time since it started: use its own supply."
        if self.throttled_since_start:
            return "The board was slowed down at some time since it started: cool it, and use its own supply."
        return ""


def read(root: Path = Path("/"), ask_firmware: Callable[[], int | None] | None = None) -> BoardHealth:
    """Read the health now. root: where /sys is. ask_firmware: gets the flags if /sys has none. Raises nothing."""
    flags = throttled_flags(root)
    if flags is None:
        flags = (ask_firmware or vcgencmd)()
    low = None if flags is None else bool(flags & _NOW_LOW_VOLTAGE)
    alarm = _voltage_alarm(root)
    if alarm is not None:
        low = bool(low) or alarm
    was = None if flags is None else bool(flags & _WAS_LOW_VOLTAGE)
    return BoardHealth(
        temperature_c=temperature_c(root),
        low_voltage=low,
        throttled=None if flags is None else bool(flags & (_NOW_CAPPED | _NOW_THROTTLED | _NOW_HOT)),
        low_voltage_since_start=was,
        throttled_since_start=None if flags is None else bool(flags & (_WAS_CAPPED | _WAS_THROTTLED | _WAS_HOT)),
    )


def temperature_c(root: Path = Path("/")) -> float | None:
    """The hottest of the board's thermal zones."""
    zones = [_number(path) for path in (root / "sys/class/thermal").glob("thermal_zone*/temp")]
    # A sensor that is missing reads as zero or far below.
    return max((zone / 1000 for zone in zones if zone is not None and -40_000 < zone < 150_000), default=None)


def throttled_flags(root: Path = Path("/")) -> int | None:
    """The firmware's flags as the kernel of a Raspberry Pi shows them; None elsewhere."""
    for path in sorted((root / "sys/devices/platform/soc").glob("*firmware/get_throttled")):
        try:
            return int(_text(path), 16)
        except ValueError:
            continue
    return None


def vcgencmd() -> int | None:
    """The same flags from Raspberry Pi's own program; None where there is none."""
    tool = shutil.which("vcgencmd")
    if tool is None:
        return None
    try:
        answer = subprocess.run([tool, "get_throttled"], capture_output=True, text=True, timeout=5).stdout
        return int(answer.partition("=")[2], 16)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _voltage_alarm(root: Path) -> bool | None:
    """The kernel's own watch over the supply (hwmon rpi_volt)."""
    for folder in (root / "sys/class/hwmon").glob("hwmon*"):
        if _text(folder / "name") == "rpi_volt":
            alarm = _number(folder / "in0_lcrit_alarm")
            return None if alarm is None else alarm != 0
    return None


def _number(path: Path) -> int | None:
    try:
        return int(_text(path))
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
