"""Packs a finished take's WAV files into FLAC: bit for bit, and the WAV goes when the FLAC was read back and compared.

A take is recorded as WAV all the same: FLAC that is cut off by a power cut opens nowhere without being mended.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from firmware_app.takes import take as takes
from firmware_app.takes.take import Take, TakeError
from hw.audio.files.growing_bwf import RATE_HZ

MOST_CHANNELS = 8
"""FLAC holds no more; a wider lane stays WAV."""

_PIECE = 1 << 16  # frames
_PART = ".part"


def waits(folder: Path, take: Take) -> bool:
    """Whether it has a file that is to be packed, and may be now."""
    return take.format == "flac" and take.state in (takes.WHOLE, takes.MENDED) and bool(_files(folder, take))


def pack(folder: Path, take: Take, go_on: Callable[[], bool]) -> int:
    """Pack every file of the take; the bytes that this freed.

    go_on: asked all the time; where it says no, what is half done is thrown away, and is done at the next call. Raises
    OSError, and TakeError where a file cannot be read or does not come back the same; the WAV stays then.
    """
    freed = 0
    for wav, channels in _files(folder, take):
        part, flac = wav.with_suffix(_PART), wav.with_suffix(".flac")
        try:
            if not (_write(wav, part, channels, take, go_on) and _same(wav, part, go_on)):
                return freed
            with part.open("rb") as file:
                os.fsync(file.fileno())
            freed += wav.stat().st_size - part.stat().st_size
            part.rename(flac)
            takes.sync_folder(folder)
            wav.unlink()
            takes.sync_folder(folder)
        except soundfile.LibsndfileError as error:
            raise TakeError(f"take {folder.name}: {wav.name} cannot be packed: {error}") from None
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
    return freed


def _files(folder: Path, take: Take) -> list[tuple[Path, int]]:
    """(WAV file, channels) of what is not packed yet."""
    named = [(folder / f"{lane.name}.wav", lane.channels) for lane in take.lanes if lane.channels <= MOST_CHANNELS]
    return [(path, channels) for path, channels in named if path.is_file() and not path.is_symlink()]


def _write(wav: Path, part: Path, channels: int, take: Take, go_on: Callable[[], bool]) -> bool:
    """Whether it was written to the end. Raises OSError, LibsndfileError."""
    tags = take.tags(wav.stem)
    with (
        soundfile.SoundFile(wav) as source,
        soundfile.SoundFile(part, "w", RATE_HZ, channels, "PCM_24", format="FLAC") as out,
    ):
        out.title = take.name or take.begun
        out.album, out.tracknumber, out.date = take.begun, wav.stem, take.begun[:10]
        out.software = "Hushbox"
        out.comment = f"{tags.description} TimeReference={tags.reference}".strip()
        while len(block := source.read(_PIECE, dtype="int32", always_2d=True)):
            if not go_on():
                return False
            out.write(block)
    return True


def _same(wav: Path, part: Path, go_on: Callable[[], bool]) -> bool:
    """Whether it was compared to the end. Raises TakeError where they differ."""
    with soundfile.SoundFile(wav) as source, soundfile.SoundFile(part) as made:
        while len(block := source.read(_PIECE, dtype="int32", always_2d=True)):
            if not go_on():
                return False
            if not np.array_equal(block, made.read(len(block), dtype="int32", always_2d=True)):
                raise TakeError(f"take {wav.parent.name}: {wav.name} does not come back the same from FLAC: it stays")
        if source.frames != made.frames:
            raise TakeError(f"take {wav.parent.name}: {wav.name} does not come back the same from FLAC: it stays")
    return True
