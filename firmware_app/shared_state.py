"""A small memory-mapped file of the audio process: its heartbeat, and the parameter values it last had.

The values outlive a crash of either process, so that an output that was muted comes back muted even when nobody is
there to say so. Writing is a store to memory: no system call, no lock.
"""

import mmap
import struct
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dsp.dry_path import MUTE

_HEADER = struct.Struct("<8sIIqQ")  # magic, params hash, count, heartbeat (monotonic ns), beats
_MAGIC = b"HUSHBOX1"
_VALUES_AT = 64


class SharedState:
    """Written by the audio process, read by whoever watches it. Open outside streaming."""

    def __init__(self, path: Path, params_hash: int, otherwise: Sequence[float]) -> None:
        """Map `path` for writing, keeping the values of an earlier run with the same parameters. Raises OSError.

        otherwise: the values to begin with where there are none.
        """
        count = len(otherwise)
        size = _VALUES_AT + 8 * count
        self.restored = values_in_force(path, params_hash, count)
        if self.restored is None:
            # Whole at every moment: control, starting beside us, would take zeros for what is in force.
            fresh = path.with_suffix(".new")
            header = _HEADER.pack(_MAGIC, params_hash, count, time.monotonic_ns(), 0)
            fresh.write_bytes(header.ljust(_VALUES_AT, b"\0") + struct.pack(f"<{count}d", *otherwise))
            fresh.replace(path)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)
        _HEADER.pack_into(self._map, 0, _MAGIC, params_hash, count, time.monotonic_ns(), 0)
        self._values = np.frombuffer(self._map, np.float64, count, _VALUES_AT)
        self._beat = np.frombuffer(self._map, np.int64, 2, 16)

    def beat(self) -> None:
        """Say that sound made progress. Audio thread."""
        self._beat[0] = time.monotonic_ns()
        self._beat[1] += 1

    def set(self, index: int, value: float) -> None:
        """Remember one parameter's value. Audio thread."""
        self._values[index] = value


def values_in_force(path: Path, params_hash: int, count: int) -> tuple[float, ...] | None:
    """The values the audio process last had, or None when there is no file of this very parameter table."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if len(data) != _VALUES_AT + 8 * count or _HEADER.unpack_from(data)[:3] != (_MAGIC, params_hash, count):
        return None
    return struct.unpack_from(f"<{count}d", data, _VALUES_AT)


def to_start_from(saved: Mapping[str, float], live: Mapping[str, float]) -> dict[str, float]:
    """Values by id: what the audio process last had wins over what was saved, for it is newer as long as both run.

    But a mute set while the audio process was down is on the disk only, so a mute in either place holds.
    """
    known = {**saved, **live}
    if saved.get(MUTE.id):
        known[MUTE.id] = saved[MUTE.id]
    return known


def heartbeat_age_s(path: Path) -> float | None:
    """Seconds since the audio process last made progress, or None when there is no such file."""
    try:
        with path.open("rb") as file:
            magic, _, _, beat_ns, _ = _HEADER.unpack(file.read(_HEADER.size))
    except (OSError, struct.error):
        return None
    return (time.monotonic_ns() - beat_ns) / 1e9 if magic == _MAGIC else None
