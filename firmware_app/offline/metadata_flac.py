"""Metadata blocks of a FLAC: tags, pictures, and chunks of a WAV, as `flac --keep-foreign-metadata` stores them.

Source: RFC 9639; the layout of foreign metadata is libFLAC's.
"""

import io
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from firmware_app.offline.wav_file import RiffChunk, WavForm, packed
from hw.audio.files import flac
from hw.audio.files.reader import SoundFileError

if TYPE_CHECKING:
    from firmware_app.offline.metadata import Metadata

RIFF = b"riff"
_LARGEST = 0xFFFFFFFF
_SLACK_BYTES = 1024  # for the encoder's name and the heads of blocks
_NAMES = {flac.APPLICATION: "data of a program", flac.CUE_SHEET: "the cue sheet", flac.PICTURE: "the picture"}


def name(kind: int) -> str:
    """The name of a block, for people."""
    return _NAMES.get(kind, "the tags" if kind == flac.COMMENT else f"a block of kind {kind}")


def tags(content: bytes) -> list[tuple[str, str]]:
    """(name, value) of each tag in a comment block, as far as it is whole."""
    found: list[tuple[str, str]] = []
    try:
        at = 4 + int(struct.unpack_from("<I", content)[0])
        (count,) = struct.unpack_from("<I", content, at)
        at += 4
        for _ in range(min(count, len(content) // 4)):
            (size,) = struct.unpack_from("<I", content, at)
            text, at = content[at + 4 : at + 4 + size], at + 4 + size
            key, equals, value = text.decode("utf-8", "replace").partition("=")
            if equals:
                found.append((key, value))
    except struct.error:  # cut off
        return found
    return found


def is_sound(kind: int, content: bytes) -> bool:
    """Whether libFLAC accepts the block: it refuses the whole file when one is damaged."""
    file = io.BytesIO()
    soundfile.write(file, np.zeros(16, np.int16), 8000, format="FLAC")
    whole = file.getvalue()
    at = len(flac.SIGNATURE) + 4 + flac.STREAM_INFO_BYTES
    try:
        soundfile.SoundFile(io.BytesIO(whole[:at] + _block(kind, content) + whole[at:])).close()
    except soundfile.LibsndfileError:
        return False
    return True


def chunks(foreign: Sequence[bytes]) -> tuple[list[RiffChunk], list[RiffChunk]]:
    """The chunks of a WAV before and after its sound, from the contents of the blocks that hold them."""
    before, after = list[RiffChunk](), list[RiffChunk]()
    target = before
    for content in foreign:
        if content[:4] in (b"RIFF", b"RF64", b"BW64") and len(content) == 12:
            continue
        if content[:4] == b"data":
            target = after
        elif len(content) >= 8:
            size = int.from_bytes(content[4:8], "little")
            target.append((content[:4], content[8 : 8 + size]))
    return before, after


def room_for(metadata: "Metadata") -> str:
    """A comment that is long enough for the blocks of `metadata` to take its place."""
    needed = sum(map(len, _blocks(b"", metadata, WavForm(1, 1, "PCM_16"), 0)))
    return "." * (needed + _SLACK_BYTES)


def fill(path: Path, metadata: "Metadata", form: WavForm, frames: int) -> None:
    """Write the blocks into the room that room_for() made in the finished file. Raises OSError."""
    with open(path, "r+b") as file:
        found = flac.walk(file, path.stat().st_size)
        if found is None or not found.blocks or found.blocks[0].kind != flac.COMMENT:
            raise SoundFileError(f"{path}: no room was left for its metadata")
        file.seek(found.blocks[0].offset)
        vendor_bytes = int.from_bytes(file.read(4), "little")
        vendor = file.read(min(vendor_bytes, _SLACK_BYTES))
        begin = found.blocks[0].offset - 4
        blocks = b"".join(_blocks(vendor, metadata, form, frames))
        padding = found.sound_offset - begin - len(blocks) - 4
        if not 0 <= padding <= flac.LARGEST_BLOCK:
            raise SoundFileError(f"{path}: no room was left for its metadata")
        file.seek(begin)
        file.write(blocks + _block(0x80 | flac.PADDING, bytes(padding)))


def _blocks(vendor: bytes, metadata: "Metadata", form: WavForm, frames: int) -> list[bytes]:
    texts = [f"{key}={value}".encode() for key, value in metadata.tags]
    comment = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(texts))
    comment += b"".join(struct.pack("<I", len(text)) + text for text in texts)
    blocks = [_block(flac.COMMENT, comment)]
    if metadata.chunks_before or metadata.chunks_after:
        before = [packed(*chunk) for chunk in metadata.chunks_before]
        after = [packed(*chunk) for chunk in metadata.chunks_after]
        sound_bytes = frames * form.frame_bytes
        total = 4 + len(form.chunk()) + sum(map(len, before + after)) + 8 + sound_bytes + sound_bytes % 2
        parts = [struct.pack("<4sI4s", b"RIFF", min(total, _LARGEST), b"WAVE"), form.chunk(), *before]
        parts += [struct.pack("<4sI", b"data", min(sound_bytes, _LARGEST)), *after]
        blocks += [_block(flac.APPLICATION, RIFF + part) for part in parts]
    return blocks + [_block(kind, content) for kind, content in metadata.blocks]


def _block(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + len(content).to_bytes(3, "big") + content
