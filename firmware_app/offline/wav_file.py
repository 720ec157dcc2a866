"""Writes a WAV with chunks before and after the sound. RF64 (EBU Tech 3306) only where 32 bits are too few."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

Samples = np.ndarray[Any, Any]
RiffChunk = tuple[bytes, bytes]
"""Name and content."""

_LARGEST = 0xFFFFFFFF
_SIZES_BYTES = 28  # content of a ds64 chunk
_SURELY_SMALL = 3 << 30
_BYTES = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
SUBTYPES = tuple(_BYTES)
"""What can be written, by libsndfile's names."""


@dataclass(frozen=True, slots=True)
class WavForm:
    """The format of the samples."""

    rate_hz: int
    channels: int
    subtype: str  # one of SUBTYPES

    @property
    def frame_bytes(self) -> int:
        return self.channels * _BYTES[self.subtype]

    def chunk(self) -> bytes:
        """The whole fmt chunk."""
        is_float = self.subtype in ("FLOAT", "DOUBLE")
        align = self.frame_bytes
        content = struct.pack(
            "<HHIIHH", 3 if is_float else 1, self.channels, self.rate_hz, self.rate_hz * align, align,
            8 * _BYTES[self.subtype],
        )  # fmt: skip
        return packed(b"fmt ", content + bytes(2) if is_float else content)


def packed(name: bytes, content: bytes) -> bytes:
    """A chunk as bytes, with its padding."""
    return struct.pack("<4sI", name, len(content)) + content + bytes(len(content) % 2)


class WavFile:
    """Writes into an open file from its beginning. One thread. Every method raises OSError."""

    def __init__(
        self,
        file: BinaryIO,
        form: WavForm,
        frames: int,
        before: Sequence[RiffChunk] = (),
        after: Sequence[RiffChunk] = (),
    ) -> None:
        """frames: how many will come, as far as is known; 0: not known. before, after: chunks around the sound."""
        self._file, self._form = file, form
        self._before = b"".join(packed(*chunk) for chunk in before)
        self._after = b"".join(packed(*chunk) for chunk in after)
        self._frames = 0
        self._expected = frames
        most = frames * form.frame_bytes + len(self._before) + len(self._after)
        self._with_room = not frames or most > _SURELY_SMALL  # for the sizes of an RF64
        file.write(self._header(frames))

    def write(self, samples: Samples) -> None:
        """Append (frames, channels). For a PCM subtype left-aligned int16 or int32, else floats."""
        self._file.write(_encoded(samples, self._form.subtype))
        self._frames += len(samples)

    def close(self) -> None:
        """Complete the header. The file stays open."""
        if self._frames * self._form.frame_bytes % 2:
            self._file.write(b"\0")
        self._file.write(self._after)
        self._file.seek(0)
        self._file.write(self._header(self._frames or self._expected))

    def _header(self, frames: int) -> bytes:
        sound_bytes = frames * self._form.frame_bytes
        middle = self._form.chunk()
        if self._form.subtype in ("FLOAT", "DOUBLE"):
            middle += packed(b"fact", struct.pack("<I", min(frames, _LARGEST)))
        middle += self._before
        sizes_bytes = 8 + _SIZES_BYTES if self._with_room else 0
        riff_bytes = 4 + sizes_bytes + len(middle) + 8 + sound_bytes + sound_bytes % 2 + len(self._after)
        if riff_bytes <= _LARGEST:
            head = struct.pack("<4sI4s", b"RIFF", riff_bytes, b"WAVE")
            if self._with_room:
                head += packed(b"JUNK", bytes(_SIZES_BYTES))
            return head + middle + struct.pack("<4sI", b"data", sound_bytes)
        assert self._with_room, "more frames than were announced"
        head = struct.pack("<4sI4s", b"RF64", _LARGEST, b"WAVE")
        head += packed(b"ds64", struct.pack("<QQQI", riff_bytes, sound_bytes, frames, 0))
        return head + middle + struct.pack("<4sI", b"data", _LARGEST)


def _encoded(samples: Samples, subtype: str) -> bytes:
    if subtype == "PCM_U8":
        return ((samples >> 8) + 128).astype(np.uint8).tobytes()
    if subtype == "PCM_24":
        wide = np.ascontiguousarray(samples, "<i4")
        return wide.view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
    kind = {"PCM_16": "<i2", "PCM_32": "<i4", "FLOAT": "<f4", "DOUBLE": "<f8"}[subtype]
    return np.ascontiguousarray(samples, kind).tobytes()
