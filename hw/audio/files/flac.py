"""The parts of a FLAC file: its metadata blocks, and how many frames there are up to its last block of sound.

The header's count may be 0 (written to a pipe), too large (the file was cut) or too small. The blocks of sound are
numbered, and tell the truth. Source: RFC 9639.
"""

from dataclasses import dataclass, field
from typing import BinaryIO

from hw.audio.files.flac_blocks import crc16, span_at

STREAM_INFO, PADDING, APPLICATION, SEEK_TABLE, COMMENT, CUE_SHEET, PICTURE = range(7)
SIGNATURE = b"fLaC"
LARGEST_BLOCK = (1 << 24) - 1
STREAM_INFO_BYTES = 34
_UNKNOWN = (0, (1 << 36) - 1)
_MOST_BLOCKS = 10_000
_TAIL_BYTES = (1 << 16, 1 << 20)  # searched for the last block of sound: at first, and at most
_MOST_TRIES = 64  # of blocks that might be the last whole one


@dataclass(frozen=True, slots=True)
class Block:
    """One metadata block. offset: where its content begins in the file."""

    kind: int
    offset: int
    size: int


@dataclass(slots=True)
class Flac:
    """What was found."""

    start: int  # where the signature is: at 0, or after an ID3 tag
    stream_info: bytes
    sound_offset: int
    blocks: list[Block] = field(default_factory=list)
    promised_frames: int = 0  # 0: the header does not know
    frames: int = 0  # up to the end of the last whole block of sound; 0: none was found
    cut: bool = False  # another block begins after that one, and is cut off

    def header(self, frames: int) -> bytes:
        """A header with this count of frames (0: not known)."""
        info = bytearray(self.stream_info)
        count = int.from_bytes(info[13:18], "big") >> 36 << 36 | frames
        info[13:18] = count.to_bytes(5, "big")
        return SIGNATURE + bytes([0x80 | STREAM_INFO, 0, 0, STREAM_INFO_BYTES]) + bytes(info)


def walk(file: BinaryIO, file_bytes: int) -> Flac | None:
    """Find the blocks and the end of the sound. None when this is no FLAC, or has no sound. Raises OSError."""
    start = _after_id3(file)
    file.seek(start)
    if file.read(4) != SIGNATURE:
        return None
    at, blocks, info = start + 4, [], b""
    for _ in range(_MOST_BLOCKS):
        file.seek(at)
        head = file.read(4)
        if len(head) < 4:
            return None
        block = Block(head[0] & 0x7F, at + 4, int.from_bytes(head[1:], "big"))
        at = block.offset + block.size
        if block.kind == STREAM_INFO and not info:
            info = file.read(STREAM_INFO_BYTES)
        else:
            blocks.append(block)
        if head[0] & 0x80:
            break
    if len(info) < STREAM_INFO_BYTES or at >= file_bytes:
        return None
    promised = int.from_bytes(info[13:18], "big") & ((1 << 36) - 1)
    found = Flac(start, info, at, blocks, 0 if promised in _UNKNOWN else promised)
    _look_at_end(file, found, file_bytes)
    return found


def _after_id3(file: BinaryIO) -> int:
    """Where the FLAC begins: some programs put an ID3v2 tag before it, which the format does not allow."""
    file.seek(0)
    head = file.read(10)
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _look_at_end(file: BinaryIO, flac: Flac, file_bytes: int) -> None:
    """Count the frames up to the end of the last whole block of sound."""
    window = _TAIL_BYTES[0]
    while not flac.frames:
        begin = max(flac.sound_offset, file_bytes - window)
        file.seek(begin)
        flac.frames, flac.cut = _frames_by(file.read(file_bytes - begin), flac)
        if begin == flac.sound_offset or window >= _TAIL_BYTES[1]:
            break
        window *= 4


def _frames_by(tail: bytes, flac: Flac) -> tuple[int, bool]:
    """The count by the last whole block in `tail`, and whether another one was begun after it."""
    if tail[-128:-125] == b"TAG":  # ID3v1
        tail = tail[:-128]
    at, starts = len(tail), set[int]()
    while len(starts) < _MOST_TRIES and (at := tail.rfind(b"\xff", 0, at)) >= 0:
        start, count = span_at(tail, at, flac.stream_info)
        if not count:
            continue
        # Where tags follow the sound, the header is believed; libFLAC then finds out whether the block is whole.
        if count == flac.promised_frames or crc16(tail[at:-2]) == int.from_bytes(tail[-2:], "big"):
            return count, False
        if count in starts:  # the next block begins with the frame after this one's last
            return count, True
        starts.add(start)
    return 0, False
