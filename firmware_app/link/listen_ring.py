"""The listen ring: the last seconds of sound before and after the chain, in a memory-mapped file that the page reads.

The audio process overwrites the oldest sound and never waits. Readers stay at least two seconds away from where it
writes.
"""

import io
import mmap
import os
import struct
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.native import bound

SECONDS = 12
READ_SECONDS = 10  # less than SECONDS: the writer stays far from what a reader copies
_HEADER = struct.Struct("<8sIIIIQ")  # magic, channels, frames, latency_frames, reserved, written
_MAGIC = b"HUSHRING"
_DATA_AT = 64
_LATENCY_AT = 16
_WRITTEN_AT = 24


class ListenRing:
    """The writer's end. Audio thread; opened outside streaming."""

    def __init__(self, path: Path, channels: int, latency_frames: int) -> None:
        """Create (or overwrite) the ring at `path` for `channels` channels before and as many after. Raises OSError."""
        self._frames = SECONDS * RATE_HZ
        size = _DATA_AT + 2 * self._frames * channels * 4
        # A new file that replaces the old one: a reader that has the old one open keeps a whole ring.
        fresh = path.with_suffix(".new")
        with fresh.open("w+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)  # a full disk under a mapping would be a crash, not an error
            self._map = mmap.mmap(file.fileno(), size)
        _HEADER.pack_into(self._map, 0, _MAGIC, channels, self._frames, latency_frames, 0, 0)
        self._rings = np.frombuffer(self._map, np.float32, offset=_DATA_AT).reshape(2, self._frames, channels)
        self._rings[:] = 0.0  # touch every page now, not while streaming
        self._written = np.frombuffer(self._map, np.uint64, 1, _WRITTEN_AT)
        self._count = 0  # the same
        self._native = [bound.ring(ring) for ring in self._rings]
        self._latency = np.frombuffer(self._map, np.uint32, 1, _LATENCY_AT)
        self.channels = channels
        fresh.replace(path)

    def set_latency(self, latency_frames: int) -> None:
        """Another chain is heard: from now on `after` is this much later than `before`."""
        self._latency[0] = latency_frames

    def write(self, which: int, block: Block) -> None:
        """Store a block. which: 0 for before, 1 for after. Write after last: it moves the ring on."""
        at = self._count % self._frames
        if (native := self._native[which]) is not None:
            native.write(block, at)
        else:
            first = min(len(block), self._frames - at)
            self._rings[which, at : at + first] = block[:first]
            if first < len(block):
                self._rings[which, : len(block) - first] = block[first:]
        if which == 1:
            self._count += len(block)
            self._written[0] = self._count


class RingReader:
    """A reader's end. Follows the writer to a new ring when there is one. One thread at a time.

    Before is read `latency` frames earlier than after, so that both are the same sound.
    """

    def __init__(self, path: Path) -> None:
        """path: of the ring, which need not exist yet."""
        self._path = path
        self._map: mmap.mmap | None = None
        self._rings: NDArray[np.float32] | None = None
        self._which = (0, 0)

    def latest(self, frames: int) -> tuple[Block, Block] | None:
        """The newest `frames` frames, before and after. None without a ring, or while it has fewer frames."""
        written = self._look()
        if written is None or written < frames:
            return None
        return self._take(written, frames)

    def since(self, position: int, most: int) -> tuple[int, Block, Block]:
        """(new position, before, after) from `position` on, at most `most` frames.

        A position that was overwritten, or never existed, gives no frames and goes on at the newest.
        """
        written = self._look()
        if written is None:
            return 0, *_nothing(1)
        assert self._rings is not None
        channels = self._rings.shape[2]
        if not 0 <= written - position <= READ_SECONDS * RATE_HZ:
            return written, *_nothing(channels)
        frames = min(most, written - position)
        return position + frames, *self._take(position + frames, frames)

    def newest(self) -> int:
        """The position behind the newest frame; 0 without a ring."""
        return self._look() or 0

    def close(self) -> None:
        self._rings = None
        if self._map is not None:
            self._map.close()
            self._map = None

    def _look(self) -> int | None:
        """How many frames of both before and after the present ring has had; None without a ring."""
        try:
            found = os.stat(self._path)
            if self._map is None or (found.st_dev, found.st_ino) != self._which:
                self._open()
        except OSError:
            self.close()
            return None
        if self._map is None:
            return None
        _, _, _, latency, _, written = _HEADER.unpack_from(self._map)
        return max(0, int(written) - int(latency))

    def _open(self) -> None:
        """Raises OSError."""
        self.close()
        with self._path.open("rb") as file:
            found = os.fstat(file.fileno())
            ring = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        magic, channels, frames, *_ = _HEADER.unpack_from(ring)
        if magic != _MAGIC:
            ring.close()
            return
        self._map, self._which = ring, (found.st_dev, found.st_ino)
        self._rings = np.frombuffer(ring, np.float32, 2 * frames * channels, _DATA_AT).reshape(2, frames, channels)

    def _take(self, end: int, frames: int) -> tuple[Block, Block]:
        """Copies of `frames` frames up to `end`, a position in before."""
        assert self._map is not None
        assert self._rings is not None
        latency = _HEADER.unpack_from(self._map)[3]
        before, after = (
            np.take(self._rings[which], np.arange(at - frames, at), axis=0, mode="wrap")
            for which, at in ((0, end), (1, end + latency))
        )
        return before, after


def _nothing(channels: int) -> tuple[Block, Block]:
    return np.zeros((0, channels), np.float32), np.zeros((0, channels), np.float32)


def read_wavs(path: Path) -> tuple[bytes, bytes]:
    """The last seconds before and after, as 16-bit WAVs that are aligned with each other.

    Raises FileNotFoundError while there is no ring, or nothing in it.
    """
    reader = RingReader(path)
    try:
        found = reader.latest(min(READ_SECONDS * RATE_HZ, reader.newest()))
    finally:
        reader.close()
    if found is None or len(found[0]) == 0:
        raise FileNotFoundError(f"{path}: no sound yet")
    return _wav(found[0]), _wav(found[1])


def _wav(sound: NDArray[np.float32]) -> bytes:
    with io.BytesIO() as out:
        with wave.open(out, "wb") as wav:
            wav.setnchannels(sound.shape[1])
            wav.setsampwidth(2)
            wav.setframerate(RATE_HZ)
            wav.writeframes(np.rint(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
        return out.getvalue()
