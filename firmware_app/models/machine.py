"""What machine this is: the board, its processor and the versions of what computes on it."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from dsp import native


def machine() -> dict[str, str]:
    """What this was measured on, for people."""
    return {
        "board": board_name() or platform.node(),
        "cpu": cpu_name(),
        "cores": str(os.cpu_count()),
        "governor": _text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or "none shown",
        "load": f"{os.getloadavg()[0]:.2f}",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "hop": native.description(),
        **{name: package_version(name) for name in ("numpy", "ai-edge-litert", "onnxruntime")},
    }


def board_name() -> str:
    """As the device tree has it, "" on a PC."""
    return _text("/proc/device-tree/model")


def cpu_name() -> str:
    """The processor's name, from /proc/cpuinfo."""
    wanted = ("model name", "Hardware", "Model")
    lines = _text("/proc/cpuinfo").splitlines()
    names = (line.partition(":")[2].strip() for want in wanted for line in lines if line.startswith(want))
    return next(names, platform.processor() or "unknown")


def _text(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace").strip("\0\n ")
    except OSError:
        return ""


def package_version(package: str) -> str:
    """As it is installed, or "not installed"."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
