"""The parts of a WAV, RF64 or BW64 file, found by walking its chunks. Its sizes may be wrong.

Recorders that lost power and programs that write into a pipe leave sizes of 0, 0x7ffff000 (SoX), 0x80000000
(arecord) or 0xffffffff (ffmpeg). These mean "not known". Sources: Microsoft's RIFF, EBU Tech 3306, ITU-R BS.2088.
"""

import struct
from dataclasses import dataclass, field
from typing import BinaryIO

PCM, FLOAT, ALAW, ULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
LARGEST = 0xFFFFFFFF
_MOST_CHUNKS = 10_000
_MOST_FORM_BYTES = 4096
_WRAP = 1 << 32


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk beside the sound. offset: where its content begins in the file."""

    name: bytes
    offset: int
    size: int
    before_sound: bool


@dataclass(slots=True)
class Riff:
    """What was found. Sizes in bytes."""

    form: bytes = b""  # content of the fmt chunk
    sound_offset: int = 0
    sound_bytes: int = 0  # as found
    promised_bytes: int = 0  # as the header claims; 0: it does not know
    chunks: list[Chunk] = field(default_factory=list)
    cut_chunks: list[bytes] = field(default_factory=list)  # names of chunks that are longer than the file
    remark: str = ""  # what is odd but lost no sound

    @property
    def tag(self) -> int:
        """The coding: PCM, FLOAT, … In an extensible form it is in the extension."""
        tag: int = struct.unpack_from("<H", self.form)[0]
        return struct.unpack_from("<H", self.form, 24)[0] if tag == EXTENSIBLE and len(self.form) >= 26 else tag

    @property
    def frame_bytes(self) -> int:
        """The size of one frame; 0 where frames differ in size (ADPCM, GSM, …)."""
        channels, align, bits = struct.unpack_from("<2xH8xHH", self.form)
        if self.tag not in (PCM, FLOAT, ALAW, ULAW) or not channels:
            return 0
        whole: int = align if align and align % channels == 0 else channels * -(-bits // 8)
        return whole

    def header(self) -> bytes:
        """A true header for this sound, to use when the file's own is wrong."""
        form = struct.pack("<4sI", b"fmt ", len(self.form)) + self.form + bytes(len(self.form) % 2)
        size = 4 + len(form) + 8 + self.sound_bytes
        if size <= LARGEST:
            head = struct.pack("<4sI4s", b"RIFF", size, b"WAVE")
            return head + form + struct.pack("<4sI", b"data", self.sound_bytes)
        frames = self.sound_bytes // (self.frame_bytes or 1)
        head = struct.pack("<4sI4s4sI", b"RF64", LARGEST, b"WAVE", b"ds64", 28)
        head += struct.pack("<QQQI", size + 36, self.sound_bytes, frames, 0)
        return head + form + struct.pack("<4sI", b"data", LARGEST)


def walk(file: BinaryIO, file_bytes: int) -> Riff | None:
    """Walk the chunks. None when this is no WAV, or has no fmt or data chunk. Raises OSError."""
    file.seek(0)
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:] != b"WAVE":
        return None
    found, at, sizes_64 = Riff(), 12, {}
    for _ in range(_MOST_CHUNKS):
        name, size = _chunk_at(file, at)
        if not name:
            break
        body = at + 8
        if name == b"ds64":
            sizes_64 = _sizes_64(file.read(min(size, _MOST_FORM_BYTES)))
        elif size == LARGEST and name in sizes_64:
            size = sizes_64[name]
        if name == b"data" and not found.sound_offset:
            size = _take_sound(file, found, body, size, file_bytes)
        elif name == b"fmt " and not found.form:
            found.form = file.read(min(size, _MOST_FORM_BYTES))
        elif body + size > file_bytes:
            found.cut_chunks.append(name)
        elif name != b"ds64":
            found.chunks.append(Chunk(name, body, size, not found.sound_offset))
        at = _after(file, body + size, file_bytes)
        if at + 8 > file_bytes:
            break
    return found if len(found.form) >= 16 and found.sound_offset else None


def _take_sound(file: BinaryIO, found: Riff, body: int, size: int, file_bytes: int) -> int:
    """Decide how much sound there is. Returns the size of the data chunk, by which the walk goes on."""
    room = file_bytes - body
    found.sound_offset = body
    if _means_unknown(size, room) and not (size == 0 and _is_chunk(file, body, file_bytes)):
        found.sound_bytes = room
        return room
    found.promised_bytes = size
    found.sound_bytes = min(size, room)
    ends = {body + size + size % 2, body + size}
    if room - size < 8 or any(_is_chunk(file, end, file_bytes) for end in ends):
        return size
    if size < _WRAP and (wraps := (room - size) // _WRAP):
        # The writer knew only 32 bits: the size began at 0 again after every 4 GB.
        size += wraps * _WRAP
        found.promised_bytes = found.sound_bytes = size
        found.remark = "longer than the 32 bits of its header can tell; all of it is read"
    elif not any(_is_name(_chunk_at(file, end)[0]) for end in ends):
        found.remark = f"{room - size} bytes after its sound are no part of a WAV file: left out"
        return room
    return size


def _means_unknown(size: int, room: int) -> bool:
    """Whether a size, 0 or larger than what is there, means "not known": see the top of this file."""
    if size == 0:
        return room > 0
    near = 0x7FFFF000 - 64 <= size <= 0x80000000 or 0xFFFFF000 <= size <= LARGEST or size >= 1 << 62
    return near and size > room


def _chunk_at(file: BinaryIO, at: int) -> tuple[bytes, int]:
    """(name, size); an empty name at the end."""
    if at >= 1 << 62:  # farther than a file can be read
        return b"", 0
    file.seek(at)
    head = file.read(8)
    return (head[:4], int.from_bytes(head[4:], "little")) if len(head) == 8 else (b"", 0)


def _is_chunk(file: BinaryIO, at: int, file_bytes: int) -> bool:
    """Whether a chunk seems to begin here: a printable name, and a size that the file has room for."""
    name, size = _chunk_at(file, at)
    return _is_name(name) and at + 8 + size <= file_bytes


def _is_name(name: bytes) -> bool:
    return bool(name) and all(32 <= byte < 127 for byte in name)


def _after(file: BinaryIO, end: int, file_bytes: int) -> int:
    """Where the next chunk begins: at an even offset, unless the writer did not pad."""
    if end % 2 and not _is_chunk(file, end + 1, file_bytes) and _is_chunk(file, end, file_bytes):
        return end
    return end + end % 2


def _sizes_64(content: bytes) -> dict[bytes, int]:
    """The sizes in a ds64 chunk: of the sound, and of the chunks in its table."""
    if len(content) < 24:
        return {}
    sizes = {b"data": int.from_bytes(content[8:16], "little")}
    count = int.from_bytes(content[24:28], "little") if len(content) >= 28 else 0
    for at in range(28, min(28 + 12 * count, len(content) - 11), 12):
        sizes[content[at : at + 4]] = int.from_bytes(content[at + 4 : at + 12], "little")
    return sizes
