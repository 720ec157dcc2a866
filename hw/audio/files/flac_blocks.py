"""Finds blocks of sound in a FLAC by their headers. Each has its place in the sound, and two checksums.

Source: RFC 9639, section 9.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_WINDOW_BYTES = 1 << 18
_HEADER_BYTES = 16
_LARGEST_BYTES = 1 << 20  # of a block, as encoders make them
_MOST_WAITING = 64


@dataclass(frozen=True, slots=True)
class Span:
    """One block: where it begins in the file, its first frame, and the frame after its last."""

    offset: int
    start: int
    end: int


def next_block(file: BinaryIO, sound_offset: int, info: bytes, after_frame: int) -> Span | None:
    """The first whole block that begins after `after_frame`. info: the stream info. Raises OSError."""
    low, high = sound_offset, file.seek(0, 2)
    while high - low > _WINDOW_BYTES:
        middle = (low + high) // 2
        found = next(_whole(file, middle, info, middle + _LARGEST_BYTES), None)
        if found is not None and found.start <= after_frame:
            low = found.offset
        else:
            high = middle
    return next((span for span in _whole(file, low, info) if span.start > after_frame), None)


def _whole(file: BinaryIO, begin: int, info: bytes, end: int | None = None) -> Iterator[Span]:
    """Whole blocks: those whose end is the beginning of another, or the end of the file."""
    waiting: dict[int, Span] = {}  # by the frame after their last
    for span in _headers(file, begin, info, end):
        if (before := waiting.pop(span.start, None)) is not None:
            yield before
        waiting[span.end] = span
        if len(waiting) > _MOST_WAITING:
            del waiting[next(iter(waiting))]
    if end is None:
        for span in waiting.values():
            file.seek(span.offset)
            data = file.read(_LARGEST_BYTES)
            if not file.read(1) and crc16(data[:-2]) == int.from_bytes(data[-2:], "big"):
                yield span


def _headers(file: BinaryIO, begin: int, info: bytes, end: int | None) -> Iterator[Span]:
    """Everything that looks like the header of a block."""
    while end is None or begin < end:
        file.seek(begin)
        data = file.read(_WINDOW_BYTES + _HEADER_BYTES)
        at = -1
        while (at := data.find(b"\xff", at + 1)) >= 0 and at < _WINDOW_BYTES:
            start, after = span_at(data, at, info)
            if after:
                yield Span(begin + at, start, after)
        if len(data) < _WINDOW_BYTES + _HEADER_BYTES:
            return
        begin += _WINDOW_BYTES


def span_at(data: bytes, at: int, info: bytes) -> tuple[int, int]:
    """(first frame, frame after the last) of the block whose header is at `at`; (0, 0) when there is no header."""
    head = data[at : at + 16]
    if len(head) < 6 or head[1] & 0xFC != 0xF8 or head[3] & 1 or head[2] >> 4 == 0 or head[2] & 15 == 15:
        return 0, 0
    if head[3] >> 4 > 10:
        return 0, 0
    length = 1 if head[4] < 0x80 else 8 - (head[4] ^ 0xFF).bit_length()
    if length == 0 or length > 7 or 0x80 <= head[4] < 0xC0:
        return 0, 0
    number = head[4] if length == 1 else head[4] & (0x7F >> length)
    for byte in head[5 : 4 + length]:
        number = number << 6 | byte & 0x3F
    size_at = 4 + length
    size_code, rate_code = head[2] >> 4, head[2] & 15
    size_bytes = {6: 1, 7: 2}.get(size_code, 0)
    crc_at = size_at + size_bytes + {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if crc_at >= len(head) or _crc8(head[:crc_at]) != head[crc_at]:
        return 0, 0
    frames = _block_frames(size_code, head[size_at : size_at + size_bytes])
    start = number if head[1] & 1 else number * int.from_bytes(info[:2], "big")
    return start, start + frames


def _block_frames(code: int, more: bytes) -> int:
    if code in (6, 7):
        return int.from_bytes(more, "big") + 1
    return 192 if code == 1 else 576 << code - 2 if code < 6 else 256 << code - 8


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc


def crc16(data: bytes) -> int:
    """The checksum of a whole block, as its last two bytes have it."""
    crc = 0
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ _CRC16[crc >> 8 ^ byte]
    return crc


def _table() -> list[int]:
    table = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x8005 if crc & 0x8000 else crc << 1) & 0xFFFF
        table.append(crc)
    return table


_CRC16 = _table()
