"""Metadata chunks of a WAV: the parts that change with the sound, and the tags.

Sources: EBU Tech 3285 (bext) and R 98 (coding history); Microsoft's RIFF (LIST INFO, cue); iXML 2.
"""

import io
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import soundfile

from firmware_app.offline.wav_file import RiffChunk, WavFile, WavForm, packed

TIMED = {b"bext", b"iXML", b"cue ", b"smpl", b"plst", b"SMED"}
"""Chunks that point at places in the sound, in samples."""

_TIME_REFERENCE, _VERSION, _LOUDNESS, _HISTORY = 338, 346, 412, 602  # offsets in bext
_LOUDNESS_VALUES = 5
_FEW = 16  # frames
_NOT_SET = 0x7FFF
_INFO = {
    "TITLE": b"INAM", "ARTIST": b"IART", "ALBUM": b"IPRD", "COMMENT": b"ICMT", "DATE": b"ICRD", "GENRE": b"IGNR",
    "COPYRIGHT": b"ICOP", "TRACKNUMBER": b"ITRK", "ENCODER": b"ISFT",
}  # fmt: skip
_NAMES = {id: name for name, id in _INFO.items()}


@dataclass(frozen=True, slots=True)
class Change:
    """How the output differs from the input in rate, channels and samples."""

    from_hz: int
    to_hz: int
    from_channels: int
    to_channels: int
    bits: int  # of a sample of the output
    by: str  # name and version, for the coding history

    @property
    def same_rate(self) -> bool:
        return self.from_hz == self.to_hz

    @property
    def history(self) -> bytes:
        """The line for the coding history (EBU R 98)."""
        mode = "mono" if self.to_channels == 1 else "stereo"
        return f"A=PCM,F={self.to_hz},W={self.bits},M={mode},T={self.by}\r\n".encode("ascii", "replace")


def fit(chunks: Sequence[RiffChunk], change: Change) -> tuple[list[RiffChunk], list[str]]:
    """The chunks for the new sound, and what is left out, in words."""
    kept, left_out = list[RiffChunk](), list[str]()
    same_shape = change.same_rate and change.from_channels == change.to_channels
    for name, content in chunks:
        if not _is_sound(name, content):
            left_out.append(f"{printable(name)} (damaged)")
            continue
        if name == b"bext" and len(content) >= _HISTORY:
            content, lost = _broadcast(content, change)
            left_out += lost
        elif name == b"iXML" and not same_shape:
            channels = "1 channel" if change.from_channels == 1 else f"{change.from_channels} channels"
            left_out.append(f"iXML (it tells of {channels} at {change.from_hz} Hz)")
            continue
        elif not change.same_rate and (name in TIMED or (name == b"LIST" and content[:4] == b"adtl")):
            left_out.append(f"{printable(name)} (it counts samples at {change.from_hz} Hz)")
            continue
        kept.append((name, content))
    return kept, left_out


def printable(name: bytes) -> str:
    """The name of a chunk, for people."""
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in name).strip()


def _is_sound(name: bytes, content: bytes) -> bool:
    """Whether libsndfile still finds the sound after this chunk, tried in a small WAV."""
    if not all(32 <= byte < 127 for byte in name):
        return False
    form = WavForm(8000, 1, "PCM_16")
    file = io.BytesIO()
    WavFile(file, form, _FEW, [(name, content)]).write(np.zeros((_FEW, 1), np.int16))
    try:
        with soundfile.SoundFile(io.BytesIO(file.getvalue())) as found:
            return bool(found.frames == _FEW)
    except soundfile.LibsndfileError:
        return False


def _broadcast(content: bytes, change: Change) -> tuple[bytes, list[str]]:
    """bext with the time reference at the new rate, one more line of history, and no loudness of the old sound."""
    fixed, left_out = bytearray(content[:_HISTORY]), list[str]()
    if not change.same_rate:
        time = struct.unpack_from("<Q", fixed, _TIME_REFERENCE)[0]
        moved = min((time * change.to_hz + change.from_hz // 2) // change.from_hz, 2**64 - 1)
        struct.pack_into("<Q", fixed, _TIME_REFERENCE, moved)
    version = struct.unpack_from("<H", fixed, _VERSION)[0]
    values = struct.unpack_from(f"<{_LOUDNESS_VALUES}h", fixed, _LOUDNESS)
    if version >= 2 and set(values) - {0, _NOT_SET}:
        struct.pack_into(f"<{_LOUDNESS_VALUES}h", fixed, _LOUDNESS, *[_NOT_SET] * _LOUDNESS_VALUES)
        left_out.append("loudness in bext (of the sound before)")
    history = content[_HISTORY:].rstrip(b"\0")
    if history and not history.endswith(b"\n"):
        history += b"\r\n"
    return bytes(fixed) + history + change.history, left_out


def tags_of(chunks: Iterable[RiffChunk]) -> list[tuple[str, str]]:
    """The texts of LIST INFO as tags of a FLAC."""
    tags = []
    for name, content in chunks:
        if name == b"LIST" and content[:4] == b"INFO":
            tags += [(_NAMES[id], text) for id, text in _info(content) if id in _NAMES and text]
    return tags


def with_tags(
    before: Sequence[RiffChunk], after: Sequence[RiffChunk], tags: Sequence[tuple[str, str]]
) -> tuple[list[RiffChunk], list[RiffChunk], list[str]]:
    """The chunks with the tags of a FLAC in LIST INFO, and the names of the tags that have no place there."""
    unknown = sorted({name for name, _ in tags if name.upper() not in _INFO})
    texts: dict[bytes, str] = {}
    for name, value in tags:
        if (id := _INFO.get(name.upper())) is not None:
            texts[id] = f"{texts[id]}; {value}" if id in texts else value
    lists = [list(before), list(after)]
    for chunks in lists:
        for at, (kind, content) in enumerate(chunks):
            if kind == b"LIST" and content[:4] == b"INFO":
                old = dict(_info(content))
                if any(old.get(id) != text for id, text in texts.items()):
                    chunks[at] = _list(old | texts)
                return lists[0], lists[1], unknown
    if texts:
        lists[0].append(_list(texts))
    return lists[0], lists[1], unknown


def _info(content: bytes) -> list[tuple[bytes, str]]:
    """(name, text) of each entry of a LIST INFO."""
    found, at = list[tuple[bytes, str]](), 4
    while at + 8 <= len(content):
        id, size = struct.unpack_from("<4sI", content, at)
        raw = content[at + 8 : at + 8 + size].partition(b"\0")[0]
        try:
            text = raw.decode()
        except UnicodeDecodeError:  # an older program wrote it
            text = raw.decode("cp1252", "replace")
        found.append((id, text))
        at += 8 + size + size % 2
    return found


def _list(texts: dict[bytes, str]) -> RiffChunk:
    entries = (packed(id, text.encode() + b"\0") for id, text in texts.items())
    return b"LIST", b"INFO" + b"".join(entries)
