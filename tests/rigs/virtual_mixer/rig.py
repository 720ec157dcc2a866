"""VirtualMixer: the mixer that a virtual USB interface has, real to libasound and everything over it."""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.virtual_usb.rig import VirtualUsb

HERE = Path(__file__).parent
SWITCH, LEVEL, CHOICE = 1, 2, 3


class _Element(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char * 44),
        *[(name, ctypes.c_int32) for name in ("type", "count", "low", "high", "db_low", "db_step")],
        ("values", ctypes.c_int32 * 2),
        ("items", (ctypes.c_char * 16) * 4),
    ]


@dataclass(frozen=True)
class Element:
    """One control element, by its kernel name ("Mic Capture Volume"). db_step: hundredths of a dB; 0: no dB."""

    name: str
    value: int
    low: int = 0
    high: int = 1
    db_low: int = 0
    db_step: int = 0
    items: tuple[str, ...] = ()
    count: int = 1

    @property
    def type(self) -> int:
        return CHOICE if self.items else SWITCH if self.name.endswith("Switch") else LEVEL


def build_plugin() -> Path:
    """Compile plugin.c unless this very source was compiled before. Returns the library."""
    digest = hashlib.sha256((HERE / "plugin.c").read_bytes()).hexdigest()[:16]
    library = HERE / "build" / f"libasound_module_ctl_hushbox_mixer-{digest}.so"
    if not library.exists():
        library.parent.mkdir(exist_ok=True)
        unfinished = library.with_suffix(f".{os.getpid()}")
        flags = ["-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-DPIC"]
        subprocess.run(["gcc", *flags, "-o", str(unfinished), str(HERE / "plugin.c"), "-lasound"], check=True)
        unfinished.replace(library)
    return library


class VirtualMixer:
    """Gives `usb` a mixer with these elements, under the interface's own name."""

    def __init__(self, usb: VirtualUsb, elements: Sequence[Element]) -> None:
        self._names = [element.name for element in elements]
        path = usb.folder / "mixer"
        path.write_bytes(bytes(ctypes.sizeof(_Element) * len(elements)))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        self._elements = (_Element * len(elements)).from_buffer(self._memory)
        for into, element in zip(self._elements, elements, strict=True):
            into.name = element.name.encode()
            into.type, into.count = element.type, element.count
            into.low, into.high = element.low, len(element.items) - 1 if element.items else element.high
            into.db_low, into.db_step = element.db_low, element.db_step
            into.values[:] = [element.value, element.value]
            for slot, item in enumerate(element.items):
                into.items[slot].value = item.encode()
        with usb.config.open("a") as config:
            config.write(f'ctl_type.hushbox_mixer {{ lib "{build_plugin()}" }}\n')
            config.write(f'ctl.{usb.device} {{\n  type hushbox_mixer\n  file "{path}"\n}}\n')

    def value(self, name: str) -> int:
        """What the element is at (its first channel)."""
        return int(self._elements[self._names.index(name)].values[0])

    def set(self, name: str, value: int) -> None:
        """Change it as another program would (alsamixer), or a hand on the interface."""
        self._elements[self._names.index(name)].values[:] = [value, value]


USUAL = (
    Element("Mic Capture Volume", 20, 0, 60, db_low=0, db_step=100, count=2),
    Element("Mic Capture Switch", 1),
    Element("Mic Playback Volume", 0, 0, 40, db_low=-4000, db_step=100),
    Element("Mic Playback Switch", 0),
    Element("PCM Playback Volume", 127, 0, 127, db_low=-6350, db_step=50, count=2),
    Element("PCM Playback Switch", 1),
    Element("Direct Monitor Playback Enum", 0, items=("Off", "Mono", "Stereo")),
)
