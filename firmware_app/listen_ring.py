"""The last seconds of sound, before and after, in an overwriting memory-mapped ring that the page reads.

The audio process writes and never waits; a reader copies, then checks that the writer has not lapped it.
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

SECONDS = 12
READ_SECONDS = 10  # less than SECONDS, so that the writer is far from what a reader copies
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
        # A new file, then replaced: a reader that holds the old one keeps a whole one.
        fresh = path.with_suffix(".new")
        with fresh.open("w+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)  # a full disk under a mapping would be a crash, not an error
            self._map = mmap.mmap(file.fileno(), size)
        _HEADER.pack_into(self._map, 0, _MAGIC, channels, self._frames, latency_frames, 0, 0)
        self._rings = np.frombuffer(self._map, np.float32, offset=_DATA_AT).reshape(2, self._frames, channels)
        self._rings[:] = 0.0  # touch every page now, not while streaming
        self._written = np.frombuffer(self._map, np.uint64, 1, _WRITTEN_AT)
        self._latency = np.frombuffer(self._map, np.uint32, 1, _LATENCY_AT)
        self.channels = channels
        fresh.replace(path)

    def set_latency(self, latency_frames: int) -> None:
        """Another chain plays: how much later `after` is than `before` from now on."""
        self._latency[0] = latency_frames

    def write(self, which: int, block: Block) -> None:
        """Store a block: which = 0 before, 1 after (after is written last and moves the ring on)."""
        at = int(self._written[0]) % self._frames
        first = min(len(block), self._frames - at)
        self._rings[which, at : at + first] = block[:first]
        if first < len(block):
            self._rings[which, : len(block) - first] = block[first:]
        if which == 1:
            self._written[0] += np.uint64(len(block))


def read_wavs(path: Path) -> tuple[bytes, bytes]:
    """The last seconds before and after, as 16-bit WAVs of one moment, aligned with each other.

    Raises FileNotFoundError while there is no ring, or nothing in it yet.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as ring:
        before, after = _copy(ring)
    if len(before) == 0:
        raise FileNotFoundError(f"{path}: no sound yet")
    return _wav(before), _wav(after)


def _wav(sound: NDArray[np.float32]) -> bytes:
    with io.BytesIO() as out:
        with wave.open(out, "wb") as wav:
            wav.setnchannels(sound.shape[1])
            wav.setsampwidth(2)
            wav.setframerate(RATE_HZ)
            wav.writeframes(np.rint(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
        return out.getvalue()


def _copy(ring: mmap.mmap) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    magic, channels, frames, latency, _, written = _HEADER.unpack_from(ring)
    if magic != _MAGIC:
        raise FileNotFoundError("not a listen ring")
    count = min(READ_SECONDS * RATE_HZ, max(0, written - latency))
    whole = np.frombuffer(ring, np.float32, 2 * frames * channels, _DATA_AT).reshape(2, frames, channels)
    # Before is read `latency` frames earlier than after, so that both show the same sound.
    before, after = (
        np.take(whole[which], np.arange(end - count, end), axis=0, mode="wrap")
        for which, end in ((0, written - latency), (1, written))
    )
    del whole  # or the map could not be closed
    return before, after
