"""Copies a sound file's metadata from input to output: timecode, markers, tags, pictures.

The output is aligned with the input and as long, so time references stay true. WAV to WAV and FLAC to FLAC keep all but
what describes the old sound. From WAV to FLAC, chunks go into the FLAC as `flac --keep-foreign-metadata` puts them
there, and back again. Tags that both formats know are translated. The user is told what is left out.
"""

import contextlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import soundfile

from firmware_app.offline import metadata_flac, metadata_riff
from firmware_app.offline.metadata_riff import Change
from firmware_app.offline.wav_file import RiffChunk
from hw.audio.files import flac, riff

MOST_BYTES = 15 << 20
"""For the metadata of one file. It must fit into one block of a FLAC (16 MB), and is held in memory."""

_NOT_METADATA = (b"fmt ", b"fact", b"PEAK", b"JUNK", b"junk", b"PAD ", b"FLLR", b"filr", b"Fake", b"ds64")
_OF_THE_OLD_SOUND = {b"levl": "levels", b"MD5 ": "checksum", b"data": "a second sound"}
_LOUDNESS_TAGS = ("REPLAYGAIN_", "R128_")


@dataclass(frozen=True, slots=True)
class Metadata:
    """All metadata of one file, as found or as fitted to an output."""

    chunks_before: tuple[RiffChunk, ...] = ()  # ahead of the sound of a WAV
    chunks_after: tuple[RiffChunk, ...] = ()
    blocks: tuple[tuple[int, bytes], ...] = ()  # of a FLAC: kind and content, without tags and chunks
    tags: tuple[tuple[str, str], ...] = ()  # name and value, as in a FLAC
    left_out: tuple[str, ...] = ()  # in words

    def __bool__(self) -> bool:
        return bool(self.chunks_before or self.chunks_after or self.blocks or self.tags)

    @property
    def has_time(self) -> bool:
        """Whether any of it points at a place in the sound."""
        names = {name for name, _ in (*self.chunks_before, *self.chunks_after)}
        return bool(names & metadata_riff.TIMED) or any(kind == flac.CUE_SHEET for kind, _ in self.blocks)


NOTHING = Metadata()


def read(path: Path) -> Metadata:
    """The metadata of a sound file that can be read. Raises OSError."""
    with open(path, "rb") as file:
        size = path.stat().st_size
        if (wave := riff.walk(file, size)) is not None:
            return _of_wav(file, wave)
        if (stream := flac.walk(file, size)) is not None:
            return _of_flac(file, stream)
    return _of_another(path)


def fit(found: Metadata, container: str, change: Change) -> Metadata:
    """The metadata that an output of this container can hold. container: "WAV" or "FLAC"."""
    left_out = list(found.left_out)
    before, left_before = metadata_riff.fit(found.chunks_before, change)
    after, left_after = metadata_riff.fit(found.chunks_after, change)
    left_out += left_before + left_after
    dropped = [name for name, _ in found.tags if name.upper().startswith(_LOUDNESS_TAGS)]
    tags = [(name, value) for name, value in found.tags if name not in dropped]
    if dropped:
        left_out.append(f"{', '.join(sorted(set(dropped)))} (of the sound before)")
    if container == "FLAC":
        known = {name.upper() for name, _ in tags}
        tags += [tag for tag in metadata_riff.tags_of((*before, *after)) if tag[0] not in known]
        blocks = []
        for kind, content in found.blocks:
            if kind == flac.CUE_SHEET and not change.same_rate:
                left_out.append(f"{metadata_flac.name(kind)} (it counts frames at {change.from_hz} Hz)")
            elif not metadata_flac.is_sound(kind, content):
                left_out.append(f"{metadata_flac.name(kind)} (damaged)")
            else:
                blocks.append((kind, content))
        return Metadata(tuple(before), tuple(after), tuple(blocks), tuple(tags), tuple(left_out))
    left_out += _in_words(found.blocks)
    before, after, unknown = metadata_riff.with_tags(before, after, tags)
    if unknown:
        left_out.append("the tags " + ", ".join(map(ascii, unknown)) + " (a WAV has no place for them)")
    return Metadata(tuple(before), tuple(after), left_out=tuple(left_out))


def _of_wav(file: BinaryIO, wave: riff.Riff) -> Metadata:
    budget, left_out = _Budget(), [f"{metadata_riff.printable(name)} (cut off)" for name in wave.cut_chunks]
    kept: dict[bool, list[RiffChunk]] = {True: [], False: []}
    for chunk in wave.chunks:
        if chunk.name in _NOT_METADATA:
            continue
        if chunk.name in _OF_THE_OLD_SOUND:
            left_out.append(f"{metadata_riff.printable(chunk.name)} ({_OF_THE_OLD_SOUND[chunk.name]})")
        elif not budget.has_room(chunk.size):
            left_out.append(f"{metadata_riff.printable(chunk.name)} ({chunk.size} bytes; allowed {MOST_BYTES} in all)")
        else:
            file.seek(chunk.offset)
            kept[chunk.before_sound].append((chunk.name, file.read(chunk.size)))
    return Metadata(tuple(kept[True]), tuple(kept[False]), left_out=tuple(left_out))


def _of_flac(file: BinaryIO, stream: flac.Flac) -> Metadata:
    budget, left_out = _Budget(), list[str]()
    blocks, tags, foreign = list[tuple[int, bytes]](), list[tuple[str, str]](), list[bytes]()
    for block in stream.blocks:
        if block.kind in (flac.PADDING, flac.SEEK_TABLE, flac.STREAM_INFO):
            continue
        if not budget.has_room(block.size):
            left_out.append(f"{metadata_flac.name(block.kind)} ({block.size} bytes; allowed {MOST_BYTES} in all)")
            continue
        file.seek(block.offset)
        content = file.read(block.size)
        if block.kind == flac.COMMENT:
            tags += metadata_flac.tags(content)
        elif block.kind == flac.APPLICATION and content[:4] == metadata_flac.RIFF:
            foreign.append(content[4:])
        else:
            blocks.append((block.kind, content))
    before, after = metadata_flac.chunks(foreign)
    ours = Metadata(_metadata_only(before), _metadata_only(after), tuple(blocks), tuple(tags))
    return replace(ours, left_out=tuple(left_out))


def _of_another(path: Path) -> Metadata:
    """Only the texts that libsndfile knows."""
    with contextlib.suppress(soundfile.LibsndfileError, TypeError), soundfile.SoundFile(os.fsencode(path)) as file:
        texts, kind = file.copy_metadata(), file.format
        tags = [(name.upper(), value) for name, value in texts.items() if value and name != "software"]
        return Metadata(tags=tuple(tags), left_out=(f"what a file of kind {kind} says beside plain text, if anything",))
    return NOTHING


def _metadata_only(chunks: Iterable[RiffChunk]) -> tuple[RiffChunk, ...]:
    return tuple(chunk for chunk in chunks if chunk[0] not in _NOT_METADATA and chunk[0] not in _OF_THE_OLD_SOUND)


def _in_words(blocks: Sequence[tuple[int, bytes]]) -> list[str]:
    """The blocks that a WAV cannot hold, in words."""
    names = [metadata_flac.name(kind) for kind, _ in blocks]
    return [f"{name}{f' ({names.count(name)} times)' * (names.count(name) > 1)}" for name in dict.fromkeys(names)]


class _Budget:
    """How much metadata may still be held in memory."""

    def __init__(self) -> None:
        self._left = MOST_BYTES

    def has_room(self, size: int) -> bool:
        """Take this much, if there is room."""
        fits = size + 64 <= self._left
        self._left -= (size + 64) * fits
        return fits
