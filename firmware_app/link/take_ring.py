"""The take ring: everything a take may hold, a few seconds of it, in memory that the recorder process reads.

The audio process overwrites the oldest sound, waits for nobody and opens no file while it streams. A lane is one sound
of its own: the inputs as they came first of all, then the mix as it is heard, then each stem that has outputs. All
lanes move together. Those behind the first are `latency_frames` later than the inputs they were made from.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.native import bound

NAME = "takes"
SECONDS = 12
READ_SECONDS = 10
"""Less than SECONDS: the writer stays far from what a reader copies."""

_MAGIC = b"HUSHTAKE"
_TABLE_AT, _COUNTS_AT, _DATA_AT = 16, 3968, 4096
_WRITTEN, _AT_NS, _LATENCY, _GAPS = range(4)
_COUNTS = 4


@dataclass(frozen=True, slots=True)
class LaneForm:
    """name: "dry", "wet", or a stem's."""

    name: str
    channels: int


class TakeRing:
    """The writer's end. Audio thread; made outside streaming."""

    def __init__(self, path: Path, lanes: Sequence[LaneForm], latency_frames: int) -> None:
        """Make the ring at `path` anew; a reader that has the old one open keeps a whole one. Raises OSError."""
        self.lanes = tuple(lanes)
        frames = SECONDS * RATE_HZ
        size = _DATA_AT + frames * 4 * sum(lane.channels for lane in self.lanes)
        fresh = path.with_suffix(".new")
        with fresh.open("w+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)  # a full disk under a mapping would be a crash, not an error
            memory = mmap.mmap(file.fileno(), size)
        table = json.dumps({"frames": frames, "lanes": [[lane.name, lane.channels] for lane in self.lanes]}).encode()
        memory[: len(_MAGIC)] = _MAGIC
        memory[_TABLE_AT : _TABLE_AT + len(table)] = table
        self._rings = _views(memory, self.lanes, frames)
        for ring in self._rings:
            ring.fill(0.0)  # touch every page now, not while streaming
        self._counts = np.frombuffer(memory, np.uint64, _COUNTS, _COUNTS_AT)
        self._counts[_LATENCY] = latency_frames
        self._native = [bound.ring(ring) for ring in self._rings]
        self._behind = tuple(lane.channels for lane in self.lanes[1:])
        self._frames, self._count, self._gaps = frames, 0, 0
        fresh.replace(path)

    def set_latency(self, latency_frames: int) -> None:
        """Another chain is heard: from now on `wet` is this much later than `dry`."""
        self._counts[_LATENCY] = latency_frames

    def gap(self) -> None:
        """Sound was lost before the next block: an xrun."""
        self._gaps += 1
        self._counts[_GAPS] = self._gaps

    def before(self, block: Block) -> None:
        """Store a block of the inputs.  float32 (frames, channels of the first lane)."""
        self._write(0, self._count % self._frames, block)

    def after(self, out: Block) -> None:
        """Store what was made of it, all other lanes side by side, and move on.  float32 (frames, channels)."""
        first, at = 0, self._count % self._frames
        for lane, channels in enumerate(self._behind, 1):
            self._write(lane, at, out[:, first : first + channels])
            first += channels
        self._count += len(out)
        self._counts[_AT_NS] = time.monotonic_ns()
        self._counts[_WRITTEN] = self._count

    def _write(self, lane: int, at: int, block: Block) -> None:
        if (native := self._native[lane]) is not None:
            native.write(block, at)
            return
        ring = self._rings[lane]
        first = min(len(block), self._frames - at)
        ring[at : at + first] = block[:first]
        if first < len(block):
            ring[: len(block) - first] = block[first:]


@dataclass(frozen=True, slots=True)
class RingState:
    """What a look at the ring found.

    written: frames so far, and at_ns when (time.monotonic_ns). latency_frames, gaps: as the writer set them.
    """

    lanes: tuple[LaneForm, ...]
    written: int
    at_ns: int
    latency_frames: int
    gaps: int
    generation: tuple[int, int]  # another one: the device was opened anew, and positions begin at 0


class TakeReader:
    """A reader's end. Follows the writer to a new ring when there is one. One thread at a time."""

    def __init__(self, path: Path) -> None:
        """path: of the ring, which need not exist yet."""
        self._path = path
        self._map: mmap.mmap | None = None
        self._rings: list[NDArray[np.float32]] = []
        self._lanes: tuple[LaneForm, ...] = ()
        self._which = (0, 0)

    def look(self) -> RingState | None:
        """The present state; None without a ring."""
        try:
            found = os.stat(self._path)
            if self._map is None or (found.st_dev, found.st_ino) != self._which:
                self._open()
        except OSError:
            self.close()
            return None
        if self._map is None:
            return None
        written, at_ns, latency, gaps = struct.unpack_from("<4Q", self._map, _COUNTS_AT)
        return RingState(self._lanes, written, at_ns, latency, gaps, self._which)

    def read(self, position: int, frames: int, late_frames: int = 0) -> list[Block] | None:
        """Copies of every lane: the first from `position` on, the others `late_frames` later, so that all are the same
        sound. None when that is no longer there, or not yet. After look().
        """
        if self._map is None:
            return None
        first = self._written()
        if position < 0 or position + frames + late_frames > first or first - position > READ_SECONDS * RATE_HZ:
            return None
        at = np.arange(position, position + frames)
        copies = [np.take(self._rings[0], at, axis=0, mode="wrap")]
        at += late_frames
        copies += [np.take(ring, at, axis=0, mode="wrap") for ring in self._rings[1:]]
        return copies if self._written() - position < (SECONDS - 1) * RATE_HZ else None

    def _written(self) -> int:
        assert self._map is not None
        return int.from_bytes(self._map[_COUNTS_AT : _COUNTS_AT + 8], "little")

    def close(self) -> None:
        """Let go of the memory. May be called twice."""
        self._rings = []
        if self._map is not None:
            self._map.close()
            self._map = None

    def _open(self) -> None:
        """Raises OSError."""
        self.close()
        with self._path.open("rb") as file:
            found = os.fstat(file.fileno())
            memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if memory[: len(_MAGIC)] != _MAGIC:
            memory.close()
            return
        table = json.loads(memory[_TABLE_AT:_COUNTS_AT].rstrip(b"\0"))
        self._lanes = tuple(LaneForm(name, channels) for name, channels in table["lanes"])
        self._map, self._which = memory, (found.st_dev, found.st_ino)
        self._rings = _views(memory, self._lanes, table["frames"])


def _views(memory: mmap.mmap, lanes: Sequence[LaneForm], frames: int) -> list[NDArray[np.float32]]:
    """The lanes, each (frames, channels), one behind the other."""
    views, at = [], _DATA_AT
    for lane in lanes:
        count = frames * lane.channels
        views.append(np.frombuffer(memory, np.float32, count, at).reshape(frames, lane.channels))
        at += count * 4
    return views
