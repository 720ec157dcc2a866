"""A stem file for DJ software: one mix and four stems as five tracks of an MP4, written from front to back.

The tracks are ALAC whose packets hold the samples as they are: a kind of packet that every ALAC decoder has to know, so
no encoder is needed, nothing is lost, and the size of all is known before the first byte. Players that know nothing of
stems play the first track.
Sources: ISO/IEC 14496-12 (boxes), Apple's ALAC reference (Apache-2.0: magic cookie, the escaped element), and the
`stem` box as published stem files have it (moov/udta/stem, JSON).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.audio.audio_io import Block
from hw.audio.files.growing_bwf import RATE_HZ, SAMPLE_BYTES, Mark, encoded

CHANNELS, BITS = 2, 24
PACKET_FRAMES = 4096
TRACKS = 5
_LARGEST = 0xFFFFFFFF
_MOST_MARKS = 255
_PAIR, _SOME, _ESCAPED, _END = 1, 1, 1, 0b111

_NO_MASTERING = {
    "compressor": {
        "enabled": False, "input_gain": 0.5, "output_gain": 0.5, "threshold": 0, "dry_wet": 50, "attack": 0.003,
        "release": 0.3, "ratio": 3, "hp_cutoff": 300,
    },
    "limiter": {"enabled": False, "release": 0.05, "threshold": 0, "ceiling": -0.35},
}  # fmt: skip
"""DJ software would work on the mix of the stems; the box has done so already."""


@dataclass(frozen=True, slots=True)
class Stem:
    """name: for people. colour: such as "#FF0000"."""

    name: str
    colour: str


def stem_mp4(
    frames: int, stems: Sequence[Stem], packets: Iterator[Sequence[Block]], marks: Sequence[Mark] = ()
) -> Iterator[bytes]:
    """The file, in pieces.

    packets: of each PACKET_FRAMES the mix and the stems, float32 (PACKET_FRAMES, 2), the last one shorter; `frames`
    in all. marks: become chapters.
    """
    sizes = [_packet_bytes(min(PACKET_FRAMES, frames - at)) for at in range(0, frames, PACKET_FRAMES)]
    total = TRACKS * sum(sizes)
    head = _box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isommp42M4A ")
    mdat = (
        struct.pack(">I4s", total + 8, b"mdat")
        if total + 8 <= _LARGEST
        else struct.pack(">I4sQ", 1, b"mdat", total + 16)
    )
    moov = _moov(frames, sizes, stems, marks, 0)
    sound_at = len(head) + len(moov) + len(mdat)
    yield head + _moov(frames, sizes, stems, marks, sound_at) + mdat
    for parts in packets:
        yield b"".join(packet(part) for part in parts)


def packet(sound: Block) -> bytes:
    """One ALAC packet with the samples as they are.  float32 (up to PACKET_FRAMES, 2)."""
    partial = len(sound) < PACKET_FRAMES
    # 3 bits: a pair of channels; 4: its number; 12: unused; 1: a length follows; 2: no low bits apart; 1: as they are.
    bits, head = 23, _PAIR << 20 | (_SOME if partial else 0) << 3 | _ESCAPED
    if partial:
        bits, head = bits + 32, head << 32 | len(sound)
    # The head ends one bit before a byte does, so that all samples lie one bit early.
    little = np.frombuffer(encoded(sound), np.uint8).reshape(-1, SAMPLE_BYTES)
    samples: NDArray[np.uint8] = little[:, ::-1].reshape(-1)
    joined = np.concatenate((samples, np.array([_END << 5], np.uint8)))
    first = (head << 1 | int(joined[0]) >> 7).to_bytes((bits + 1) // 8, "big")
    following = np.append(joined[1:], np.uint8(0))
    return first + ((joined << 1) | (following >> 7)).astype(np.uint8).tobytes()


def _packet_bytes(frames: int) -> int:
    return (7 if frames < PACKET_FRAMES else 3) + frames * CHANNELS * SAMPLE_BYTES + 1


def _moov(frames: int, sizes: Sequence[int], stems: Sequence[Stem], marks: Sequence[Mark], sound_at: int) -> bytes:
    offsets, at = [], sound_at
    for size in sizes:
        offsets.append(at)
        at += TRACKS * size
    names = ["Mix", *(stem.name for stem in stems)]
    tracks = [
        _track(number, name, frames, sizes, [at + (number - 1) * size for at, size in zip(offsets, sizes, strict=True)])
        for number, name in enumerate(names, 1)
    ]
    told = {
        "mastering_dsp": _NO_MASTERING,
        "stems": [{"name": stem.name, "color": stem.colour} for stem in stems],
        "version": 1,
    }
    udta = _box(b"udta", _box(b"stem", json.dumps(told).encode()), _chapters(marks))
    mvhd = struct.pack(">IQQIQIH10x9I24xI", 0x01000000, 0, 0, RATE_HZ, frames, 0x10000, 0x100, *_MATRIX, TRACKS + 1)
    return _box(b"moov", _box(b"mvhd", mvhd), *tracks, udta)


_MATRIX = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def _track(number: int, name: str, frames: int, sizes: Sequence[int], offsets: Sequence[int]) -> bytes:
    shown = 7 if number == 1 else 2  # only the mix is played by whoever knows nothing of stems
    tkhd = struct.pack(">IQQIIQ8xHHHH9III", 0x01000000 | shown, 0, 0, number, 0, frames, 0, 1, 0x100, 0, *_MATRIX, 0, 0)
    mdhd = struct.pack(">IQQIQHH", 0x01000000, 0, 0, RATE_HZ, frames, 0x55C4, 0)  # "und"
    hdlr = struct.pack(">II4s12x", 0, 0, b"soun") + name.encode() + b"\0"
    cookie = struct.pack(
        ">IBBBBBBHIII", PACKET_FRAMES, 0, BITS, 40, 10, 14, CHANNELS, 255, max(sizes, default=0),
        RATE_HZ * CHANNELS * BITS, RATE_HZ,
    )  # fmt: skip
    entry = struct.pack(">6xH8xHHHHI", 1, CHANNELS, BITS, 0, 0, RATE_HZ << 16) + _box(b"alac", b"\0\0\0\0", cookie)
    last = frames - PACKET_FRAMES * (len(sizes) - 1)
    runs = [(len(sizes), PACKET_FRAMES)] if last == PACKET_FRAMES else [(len(sizes) - 1, PACKET_FRAMES), (1, last)]
    runs = [run for run in runs if run[0]] if sizes else []
    wide = bool(offsets) and offsets[-1] > _LARGEST
    table = _box(
        b"stbl",
        _box(b"stsd", struct.pack(">II", 0, 1), _box(b"alac", entry)),
        _box(b"stts", struct.pack(">II", 0, len(runs)), *(struct.pack(">II", *run) for run in runs)),
        _box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        _box(b"stsz", struct.pack(">III", 0, 0, len(sizes)), np.array(sizes, ">u4").tobytes()),
        _box(b"co64" if wide else b"stco", struct.pack(">II", 0, len(offsets)),
             np.array(offsets, ">u8" if wide else ">u4").tobytes()),
    )  # fmt: skip
    here = _box(b"dinf", _box(b"dref", struct.pack(">II", 0, 1), _box(b"url ", b"\0\0\0\1")))
    media = _box(b"minf", _box(b"smhd", b"\0" * 8), here, table)
    return _box(b"trak", _box(b"tkhd", tkhd), _box(b"mdia", _box(b"mdhd", mdhd), _box(b"hdlr", hdlr), media))


def _chapters(marks: Sequence[Mark]) -> bytes:
    """Nero's `chpl`: in units of 100 ns."""
    if not marks:
        return b""
    entries = b""
    for mark in marks[:_MOST_MARKS]:
        name = mark.name.encode()[:255].decode(errors="ignore").encode()
        entries += struct.pack(">QB", round(mark.frame * 10_000_000 / RATE_HZ), len(name)) + name
    return _box(b"chpl", struct.pack(">IIB", 0x01000000, 0, len(marks[:_MOST_MARKS])), entries)


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", len(content) + 8, kind) + content
