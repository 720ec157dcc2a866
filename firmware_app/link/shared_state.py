"""A small memory-mapped file of the audio process: its heartbeat, and the parameter values in force.

The values outlive a crash of either process. So an output that was muted comes back muted, even without a control
process. Writing is a store to memory: no system call, no lock. kept/start_from.py says how a start uses the values.
"""

import contextlib
import math
import mmap
import os
import struct
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np

_HEADER = struct.Struct("<8sIIq")  # magic, params hash, count, heartbeat (monotonic ns)
_MAGIC = b"HUSHBOX1"
_VALUES_AT = 64


class SharedState:
    """The writer's end, of the audio process. Open it outside streaming."""

    def __init__(self, path: Path, params_hash: int, otherwise: Sequence[float]) -> None:
        """Map `path` for writing, and keep the values of an earlier run with the same parameters. Raises OSError.

        otherwise: the values to begin with when there are none.
        """
        count = len(otherwise)
        size = _VALUES_AT + 8 * count
        self.restored = values_in_force(path, params_hash, count)
        if self.restored is None:
            # The file must be whole at every moment: control may start now, and would take zeros for values.
            fresh = path.with_suffix(".new")
            header = _HEADER.pack(_MAGIC, params_hash, count, time.monotonic_ns())
            fresh.write_bytes(header.ljust(_VALUES_AT, b"\0") + struct.pack(f"<{count}d", *otherwise))
            fresh.replace(path)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)
        _HEADER.pack_into(self._map, 0, _MAGIC, params_hash, count, time.monotonic_ns())
        self._values = np.frombuffer(self._map, np.float64, count, _VALUES_AT)
        self._beat = np.frombuffer(self._map, np.int64, 1, 16)

    def beat(self) -> None:
        """Record that sound made progress. Audio thread."""
        self._beat[0] = time.monotonic_ns()

    def set(self, index: int, value: float) -> None:
        """Record one parameter's value. Audio thread."""
        self._values[index] = value


def values_in_force(path: Path, params_hash: int, count: int) -> tuple[float, ...] | None:
    """The values the audio process last had. None when there is no file for this exact parameter table."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if len(data) != _VALUES_AT + 8 * count or _HEADER.unpack_from(data)[:3] != (_MAGIC, params_hash, count):
        return None
    return struct.unpack_from(f"<{count}d", data, _VALUES_AT)


def forget_all_but(path: Path, params_hash: int, ids: Sequence[str], keep: Mapping[str, float]) -> None:
    """Keep only the values in `keep`, with NaN for all others. Delete the file when `keep` is empty.

    ids: all parameters, in the order of the table. Raises OSError.
    """
    if not keep:
        path.unlink(missing_ok=True)
        return
    fresh = path.with_suffix(".new")
    header = _HEADER.pack(_MAGIC, params_hash, len(ids), 0)
    values = (keep.get(id, math.nan) for id in ids)
    fresh.write_bytes(header.ljust(_VALUES_AT, b"\0") + struct.pack(f"<{len(ids)}d", *values))
    fresh.replace(path)


class Heartbeat:
    """Reads the heartbeat of the audio process. Supervisor.

    The file stays open: when the runtime folder is deleted (a log-out does that), the sound goes on, and so does this.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def age_s(self, running_s: float) -> float | None:
        """Seconds since the audio process last made progress; None if never in the `running_s` since its start."""
        age_s = self._age_s()
        if age_s is None or age_s > running_s:  # of an earlier process, or no heartbeat at all
            self.close()
            with contextlib.suppress(OSError):
                self._file = self._path.open("rb", buffering=0)
            age_s = self._age_s()
        return age_s if age_s is not None and age_s <= running_s else None

    def _age_s(self) -> float | None:
        if self._file is None:
            return None
        try:
            magic, _, _, beat_ns = _HEADER.unpack(os.pread(self._file.fileno(), _HEADER.size, 0))
        except (OSError, struct.error):
            return None
        return (time.monotonic_ns() - beat_ns) / 1e9 if magic == _MAGIC else None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
