"""Writes WAV and FLAC for the commands: every sample exact, every fault in plain words."""

import errno
import os
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

import numpy as np
import soundfile

from dsp.block import Block
from firmware_app.errors import UsageError
from firmware_app.offline import metadata_flac
from firmware_app.offline.metadata import NOTHING, Metadata
from firmware_app.offline.wav_file import SUBTYPES, Samples, WavFile, WavForm
from hw.audio.files.reader import SoundFileError

_FULL_SCALE_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
BITS = _FULL_SCALE_BITS | {"FLOAT": 32, "DOUBLE": 64}
"""Bits of a sample, for each kind that can be written."""


class FileFormat(Protocol):
    """What the output has in common with the input."""

    rate_hz: int
    channels: int
    subtype: str  # libsndfile's name: "PCM_16", "PCM_24", "FLOAT", …
    frames: int  # as far as is known; 0: not known


class SoundWriter:
    """A new file with the reader's rate and channels, and its kind of samples where the format has them."""

    def __init__(self, path: Path, container: str, like: FileFormat, metadata: Metadata = NOTHING) -> None:
        """container: of output_format(). metadata: fitted to it. Raises SoundFileError, OSError."""
        subtype = subtype_for(container, like.subtype)
        self._bits = _FULL_SCALE_BITS.get(subtype, 0)
        form = WavForm(like.rate_hz, like.channels, subtype)
        self._target: _Target
        if container == "WAV":
            self._target = _Wav(path, form, like.frames, metadata)
        else:
            self._target = _Flac(path, form, metadata)

    def write(self, sound: Block) -> int:
        """Append. Values beyond ±1.0 are clipped, unless the file holds floats. Returns the frames written."""
        self._target.write(_integers(sound, self._bits) if self._bits else sound)
        return len(sound)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._target.complete()
        else:
            self._target.abandon()


class _Target(Protocol):
    """One kind of file. Every method raises OSError; `abandon` never does."""

    def write(self, samples: Samples) -> None: ...

    def complete(self) -> None: ...

    def abandon(self) -> None: ...


class _Wav:
    def __init__(self, path: Path, form: WavForm, frames: int, metadata: Metadata) -> None:
        self._file: BinaryIO = open(path, "wb")  # noqa: SIM115
        self._wav = WavFile(self._file, form, frames, metadata.chunks_before, metadata.chunks_after)

    def write(self, samples: Samples) -> None:
        self._wav.write(samples)

    def complete(self) -> None:
        with self._file:
            self._wav.close()

    def abandon(self) -> None:
        try:
            self._file.close()
        except OSError:  # of flushing the rest; the first error is the one to report
            return


class _Flac:
    """libsndfile's encoder. Room for the metadata is left before the sound, and filled at the end."""

    def __init__(self, path: Path, form: WavForm, metadata: Metadata) -> None:
        self._path, self._form, self._metadata, self._frames = path, form, metadata, 0
        try:
            # libsndfile says only "System error"; the system says why.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666))
            name = os.fsencode(path)
            self._file: Any = soundfile.SoundFile(name, "w", form.rate_hz, form.channels, form.subtype, format="FLAC")
        except soundfile.LibsndfileError as error:
            why = str(error.error_string).removeprefix("Error : ")
            raise SoundFileError(f"no FLAC file with a rate of {form.rate_hz} Hz can be written: {why}") from None
        if metadata:
            self._file.comment = metadata_flac.room_for(metadata)

    def write(self, samples: Samples) -> None:
        try:
            self._file.write(samples)
        except (soundfile.LibsndfileError, AssertionError):  # soundfile asserts that all was written
            raise _disk_full() from None
        self._frames += len(samples)

    def complete(self) -> None:
        try:
            self._file.close()
        except soundfile.LibsndfileError:
            raise _disk_full() from None
        if self._metadata:
            # 8 bits are unsigned in the WAV whose chunks are kept.
            subtype = "PCM_U8" if self._form.subtype == "PCM_S8" else self._form.subtype
            form = WavForm(self._form.rate_hz, self._form.channels, subtype)
            metadata_flac.fill(self._path, self._metadata, form, self._frames)

    def abandon(self) -> None:
        try:
            self._file.close()
        except soundfile.LibsndfileError:  # the first error is the one to report
            return


def output_format(path: Path) -> str:
    """libsndfile's name for the format of this suffix. Raises UsageError."""
    container = {".wav": "WAV", ".wave": "WAV", ".flac": "FLAC"}.get(path.suffix.lower())
    if container is None:
        raise UsageError(f"{path}: OUT has to end in .wav or .flac")
    return container


def subtype_for(container: str, source: str) -> str:
    """The source's kind of samples, or the nearest one with no audible loss."""
    if container == "FLAC":
        return source if source in ("PCM_S8", "PCM_16", "PCM_24") else "PCM_16" if source == "PCM_U8" else "PCM_24"
    if source in SUBTYPES:
        return source
    return "PCM_U8" if source == "PCM_S8" else "PCM_24"


def _integers(sound: Block, bits: int) -> Samples:
    """Exactly the integers that were read, if nothing changed them. libsndfile scales up and down differently."""
    full = float(1 << (bits - 1))
    whole = np.clip(np.rint(sound.astype(np.float64) * full), -full, full - 1)
    if bits <= 16:
        return (whole.astype(np.int32) << (16 - bits)).astype(np.int16)
    return (whole.astype(np.int64) << (32 - bits)).astype(np.int32)


def _disk_full() -> OSError:
    """libsndfile says only that a write failed. Nearly always the disk is full."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
