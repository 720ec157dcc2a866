"""The length that AIFF, AU, Wave64 and CAF files claim: libsndfile silently shortens it to what is there.

Sources: Apple's AIFF 1.3 and Core Audio Format; Sun's audio(5); Sony's Wave64.
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

_WAVE_64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_WAVE_64_SOUND = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_MOST_CHUNKS = 10_000
_MOST_HEADER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Promise:
    """Sizes of the sound in bytes, as claimed and as found; or the claimed frames, where the file counts them."""

    told_bytes: int = 0
    there_bytes: int = 0
    frames: int = 0
    header: bytes = b""  # to read the sound by where libsndfile refuses the file's own; the sound follows at
    sound_offset: int = 0

    def of(self, frames: int) -> int:
        """Frames promised, where `frames` are there."""
        if self.told_bytes > self.there_bytes > 0:
            return round(frames * self.told_bytes / self.there_bytes)
        return self.frames


def look(file: BinaryIO, file_bytes: int) -> Promise:
    """What the header claims. An empty Promise where it does not know, or is of another kind. Raises OSError."""
    file.seek(0)
    head = file.read(24)
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Promise(frames=_aiff_frames(file, file_bytes))
    if head[:4] == b".snd" and len(head) == 24:
        offset, told = struct.unpack_from(">II", head, 4)
        return Promise(told if told != 0xFFFFFFFF else 0, max(0, file_bytes - offset))
    if head[:16] == _WAVE_64:
        return _wave_64(file, file_bytes)
    if head[:4] == b"caff":
        return _caf(file, file_bytes)
    return Promise()


def _aiff_frames(file: BinaryIO, file_bytes: int) -> int:
    at = 12
    for _ in range(_MOST_CHUNKS):
        if at >= file_bytes:
            break
        file.seek(at)
        head = file.read(18)
        if len(head) < 18:
            return 0
        name, size, frames = struct.unpack_from(">4sI2xI", head)
        if name == b"COMM":
            return int(frames)
        at += 8 + size + size % 2
    return 0


def _wave_64(file: BinaryIO, file_bytes: int) -> Promise:
    at = 40
    for _ in range(_MOST_CHUNKS):
        if at >= file_bytes:
            break
        file.seek(at)
        head = file.read(24)
        size = int.from_bytes(head[16:], "little")
        if len(head) < 24 or size < 24:
            break
        if head[:16] == _WAVE_64_SOUND:
            return Promise(size - 24 if size < 1 << 62 else 0, file_bytes - at - 24)
        at += -(-size // 8) * 8
    return Promise()


def _caf(file: BinaryIO, file_bytes: int) -> Promise:
    """A size of -1 means up to the end of the file. libsndfile refuses that, and a file that was cut."""
    at = 8
    for _ in range(_MOST_CHUNKS):
        if at >= file_bytes:
            break
        file.seek(at)
        head = file.read(12)
        if len(head) < 12:
            break
        name, size = struct.unpack(">4sq", head)
        body = at + 12
        if name == b"data":
            there = file_bytes - body
            if 0 <= size <= there or at > _MOST_HEADER_BYTES:
                break
            file.seek(0)
            header = file.read(at) + struct.pack(">4sq", b"data", there)
            return Promise(max(0, size), there, header=header, sound_offset=body)
        if size < 0:
            break
        at = body + size
    return Promise()
