"""A broadcast WAV that can lose power at any moment: its header is true, or a little short, all the time.

24 bit, 48 kHz. `bext`, `iXML` and the room for RF64's sizes lie before the sound; `cue ` comes behind it at the end.
Sources: EBU Tech 3285 v2 (bext) and 3306 (RF64), iXML 2, Microsoft's RIFF (cue, LIST adtl).
"""

from __future__ import annotations

import html
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hw.audio.audio_io import Block

RATE_HZ = 48_000
BITS, SAMPLE_BYTES = 24, 3
XML_BYTES = 4096
"""Reserved for iXML, so that what is learnt later (key, tempo, name) has room."""

_LARGEST = 0xFFFFFFFF
_BEXT_BYTES = 602
_PLAIN, _EXTENSIBLE = 1, 0xFFFE
_PCM_GUID = bytes.fromhex("0100000000001000800000aa00389b71")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the sound that somebody has named."""

    frame: int
    name: str


@dataclass(frozen=True, slots=True)
class Tags:
    """What a file says of itself. Text may be anything; what a field cannot hold is left out.

    begun: local time of the first frame. reference: its number since midnight. facts: further pairs for iXML's USER
    part (tempo, key, preset).
    """

    begun: datetime
    reference: int
    originator: str = "Hushbox"
    description: str = ""
    project: str = ""
    take: str = ""
    track: str = ""
    facts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, begun: datetime, description: str = "", **more: Any) -> Self:
        """With the number of the frame worked out from the time."""
        seconds = begun.hour * 3600 + begun.minute * 60 + begun.second + begun.microsecond / 1e6
        return cls(begun, round(seconds * RATE_HZ), description=description, **more)


class GrowingBwf:
    """One file, written as it comes. One thread.

    append() writes, keep() makes sure: behind keep() everything up to the one before is on the disk and in the header,
    and everything appended is on the disk. So a power cut costs at most what came within two calls; mend() gives back
    what the header did not yet know.
    """

    def __init__(self, path: Path, channels: int, tags: Tags) -> None:
        """Raises OSError, FileExistsError where there is one already."""
        self.path, self.channels, self.tags = path, channels, tags
        self.frames = 0
        self._known_frames = 0  # in the header
        self._file = open(path, "xb", buffering=0)  # noqa: SIM115
        try:
            self._write(header(channels, tags, 0))
        except OSError:
            self._file.close()
            raise

    def append(self, sound: Block) -> None:
        """Write (frames, channels) behind what there is; beyond full scale it is cut off. Raises OSError.

        After an error as many whole frames are kept as were written; `frames` says how many.
        """
        try:
            self._write(encoded(sound))
        except OSError:
            frame_bytes = self.channels * SAMPLE_BYTES
            there = os.fstat(self._file.fileno()).st_size - self._sound_at
            self.frames = max(self.frames, there // frame_bytes)
            os.ftruncate(self._file.fileno(), self._sound_at + self.frames * frame_bytes)
            self._file.seek(0, os.SEEK_END)
            raise
        self.frames += len(sound)

    def keep(self) -> None:
        """Make sure of all that was appended. Raises OSError."""
        os.fdatasync(self._file.fileno())
        if self._known_frames != self.frames:
            os.pwrite(self._file.fileno(), header(self.channels, self.tags, self.frames), 0)
            self._known_frames = self.frames

    def close(self, marks: Sequence[Mark] = ()) -> None:
        """Complete the file. May be called twice. Raises OSError; the file is whole up to its last keep() even then."""
        if self._file.closed:
            return
        with self._file:
            tail = b"\0" * (self.frames * self.channels * SAMPLE_BYTES % 2) + cue_chunks(marks)
            if tail:
                self._write(tail)
            os.fdatasync(self._file.fileno())
            os.pwrite(self._file.fileno(), header(self.channels, self.tags, self.frames, len(tail)), 0)
            os.fsync(self._file.fileno())

    def leave(self) -> None:
        """Close it as it is. What is not in its header yet, mend() finds."""
        self._file.close()

    @property
    def _sound_at(self) -> int:
        return header_bytes(self.channels)

    def _write(self, data: bytes) -> None:
        """All of it: a nearly full disk takes a part, and says so only at the next call. Raises OSError."""
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) or 0 :]


def mend(path: Path) -> int:
    """Make the header of an unfinished file true; return its frames. Raises OSError, ValueError for another file."""
    with path.open("r+b") as file:
        head = file.read(12 + 36 + 8 + _BEXT_BYTES + 8 + 40)
        form_at = 12 + 36 + 8 + _BEXT_BYTES
        if head[:4] not in (b"RIFF", b"RF64") or head[form_at : form_at + 4] != b"fmt ":
            raise ValueError(f"{path}: not a take's file")
        channels = int.from_bytes(head[form_at + 10 : form_at + 12], "little")
        sound_at, frame_bytes = header_bytes(channels), channels * SAMPLE_BYTES
        frames = max(0, os.fstat(file.fileno()).st_size - sound_at) // frame_bytes
        file.truncate(sound_at + frames * frame_bytes)
        if frames * frame_bytes % 2:
            file.seek(0, os.SEEK_END)
            file.write(b"\0")
        file.flush()
        os.fdatasync(file.fileno())
        os.pwrite(file.fileno(), _sizes(channels, frames, frames * frame_bytes % 2), 0)
        os.pwrite(file.fileno(), _data_head(frames * frame_bytes), sound_at - 8)
        os.fsync(file.fileno())
    return frames


def retag(path: Path, channels: int, tags: Tags) -> None:
    """Write other tags into a finished file. Raises OSError."""
    with path.open("r+b") as file:
        os.pwrite(file.fileno(), _bext(tags), 12 + 36)
        os.pwrite(file.fileno(), _xml(tags), header_bytes(channels) - 8 - XML_BYTES - 8)
        os.fsync(file.fileno())


def encoded(sound: Block) -> bytes:
    """float32 (frames, channels) as 24 bit, little end first."""
    scaled = np.rint(np.clip(np.nan_to_num(sound), -1.0, 1.0) * np.float64(2**23))
    whole: NDArray[np.int32] = np.minimum(scaled, 2**23 - 1).astype("<i4")
    return whole.reshape(-1, 1).view(np.uint8)[:, :SAMPLE_BYTES].tobytes()


def header_bytes(channels: int) -> int:
    """Where the sound begins."""
    return 12 + 36 + 8 + _BEXT_BYTES + 8 + len(_form(channels)) + 8 + XML_BYTES + 8


def header(channels: int, tags: Tags, frames: int, tail_bytes: int = 0) -> bytes:
    """Everything before the sound. tail_bytes: length of what follows it."""
    size = frames * channels * SAMPLE_BYTES
    form = _form(channels)
    return b"".join((
        _sizes(channels, frames, tail_bytes), _bext(tags), struct.pack("<4sI", b"fmt ", len(form)), form, _xml(tags),
        _data_head(size),
    ))  # fmt: skip


def cue_chunks(marks: Sequence[Mark]) -> bytes:
    """`cue ` and `LIST adtl` for the marks; nothing without any."""
    if not marks:
        return b""
    points = b"".join(
        struct.pack("<II4sIII", at, mark.frame, b"data", 0, 0, mark.frame) for at, mark in enumerate(marks, 1)
    )
    cue = struct.pack("<4sII", b"cue ", 4 + len(points), len(marks)) + points
    labels = b"adtl"
    for at, mark in enumerate(marks, 1):
        text = mark.name.encode() + b"\0"
        labels += struct.pack("<4sII", b"labl", 4 + len(text), at) + text + b"\0" * (len(text) % 2)
    return cue + struct.pack("<4sI", b"LIST", len(labels)) + labels


def _sizes(channels: int, frames: int, tail_bytes: int) -> bytes:
    """The first chunk's head, and RF64's sizes or room for them. 48 bytes."""
    sound_bytes = frames * channels * SAMPLE_BYTES
    riff_bytes = header_bytes(channels) - 8 + sound_bytes + tail_bytes
    if riff_bytes <= _LARGEST:
        return struct.pack("<4sI4s4sI28x", b"RIFF", riff_bytes, b"WAVE", b"JUNK", 28)
    head = struct.pack("<4sI4s4sI", b"RF64", _LARGEST, b"WAVE", b"ds64", 28)
    return head + struct.pack("<QQQI", riff_bytes, sound_bytes, frames, 0)


def _data_head(size: int) -> bytes:
    return struct.pack("<4sI", b"data", min(size, _LARGEST))


def _form(channels: int) -> bytes:
    """The content of `fmt `: plain up to two channels, extensible for more, as the format asks."""
    frame_bytes = channels * SAMPLE_BYTES
    tag = _PLAIN if channels <= 2 else _EXTENSIBLE
    form = struct.pack("<HHIIHH", tag, channels, RATE_HZ, RATE_HZ * frame_bytes, frame_bytes, BITS)
    return form if tag == _PLAIN else form + struct.pack("<HHI", 22, BITS, 0) + _PCM_GUID


def _bext(tags: Tags) -> bytes:
    """Version 1: no loudness. All of it ASCII, as the standard wants."""
    begun = tags.begun
    content = struct.pack(
        "<256s32s32s10s8sQH64s190x",
        _ascii(tags.description, 256), _ascii(tags.originator, 32), _ascii(tags.take, 32),
        begun.strftime("%Y-%m-%d").encode(), begun.strftime("%H:%M:%S").encode(), tags.reference, 1, b"",
    )  # fmt: skip
    assert len(content) == _BEXT_BYTES
    return struct.pack("<4sI", b"bext", len(content)) + content


def _ascii(text: str, most: int) -> bytes:
    return text.encode("ascii", "replace")[:most]


def _xml(tags: Tags) -> bytes:
    """The iXML chunk, filled up with spaces. What does not fit is left out, the last facts first."""
    facts = list(tags.facts.items())
    while True:
        text = _xml_text(tags, facts).encode()
        if len(text) <= XML_BYTES:
            return struct.pack("<4sI", b"iXML", XML_BYTES) + text.ljust(XML_BYTES)
        if not facts:
            tags, facts = Tags(tags.begun, tags.reference), []
            continue
        facts.pop()


def _xml_text(tags: Tags, facts: Sequence[tuple[str, str]]) -> str:
    user = "".join(f"<{name}>{_clean(value)}</{name}>" for name, value in facts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><BWFXML><IXML_VERSION>2.10</IXML_VERSION>'
        f"<PROJECT>{_clean(tags.project)}</PROJECT><TAKE>{_clean(tags.take)}</TAKE><NOTE>{_clean(tags.description)}</NOTE>"
        f"<SPEED><FILE_SAMPLE_RATE>{RATE_HZ}</FILE_SAMPLE_RATE><AUDIO_BIT_DEPTH>{BITS}</AUDIO_BIT_DEPTH>"
        f"<TIMESTAMP_SAMPLE_RATE>{RATE_HZ}</TIMESTAMP_SAMPLE_RATE>"
        f"<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>{tags.reference >> 32}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>"
        f"<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>{tags.reference & _LARGEST}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>"
        "</SPEED>"
        f"<TRACK_LIST><TRACK_COUNT>1</TRACK_COUNT><TRACK><NAME>{_clean(tags.track)}</NAME></TRACK></TRACK_LIST>"
        f"<USER>{user}</USER></BWFXML>"
    )


def _clean(text: str) -> str:
    """Text that XML can hold: no control characters, and nothing that is no character."""
    return html.escape(
        "".join(letter for letter in text if (letter >= " " and letter.isprintable()) or letter == "\n"), quote=False
    )
