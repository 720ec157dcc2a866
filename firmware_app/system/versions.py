"""Versions of the box, Python, the system and the important libraries."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = (
    "numpy", "ai-edge-litert", "onnxruntime", "pyalsaaudio", "gpiozero", "lgpio", "flask", "waitress", "soxr",
    "soundfile",
)  # fmt: skip


def versions(box_version: str, root: Path = Path("/")) -> dict[str, str]:
    """Versions by name, for people. root: where /etc and /proc are."""
    found = {
        "Hushbox": box_version,
        "Board": _text(root / "proc/device-tree/model").rstrip("\0") or platform.machine(),
        "System": _os_name(root),
        "Kernel": platform.release(),
        "Python": sys.version.split()[0],
    }
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _os_name(root: Path) -> str:
    for line in _text(root / "etc/os-release").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return platform.system()


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def box_version() -> str:
    """The installed version of Hushbox, or "unknown" when it runs from loose files."""
    try:
        return version("hushbox")
    except PackageNotFoundError:
        return "unknown"
