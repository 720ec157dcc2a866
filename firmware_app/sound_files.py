"""WAV and FLAC as the box's commands read and write them: every sample kept exactly, every fault in plain words."""

import errno
import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
import soundfile

from dsp.block import Block
from firmware_app.errors import AppError, UsageError

_FULL_SCALE_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_PIECE = 1024  # frames read at once: where a FLAC breaks off, a whole read is lost
_WAV_BYTES = 4_000_000_000  # beyond this the 32-bit sizes of a WAV are too small, and RF64 takes over


class SoundFileError(AppError, OSError):
    """A sound file cannot be read or written; the message names it and says why."""


class FileFormat(Protocol):
    """What a writer takes over from a reader."""

    rate_hz: int
    channels: int
    subtype: str  # libsndfile's name: "PCM_16", "PCM_24", "FLOAT", …
    frames: int  # as the header promises


class SoundReader:
    """One file, read from the beginning. What is wrong but can be lived with is in `notes` afterwards."""

    def __init__(self, path: Path) -> None:
        """Raises SoundFileError."""
        self.path = path
        self.notes: list[str] = []
        self.frames_read = 0
        if path.is_dir():
            raise SoundFileError(f"{path}: a folder, not a sound file")
        try:
            with open(path, "rb") as file:
                start = file.read(1)
        except OSError as error:
            raise SoundFileError(f"{path}: {_words(error)}") from None
        if not start:
            raise SoundFileError(f"{path}: empty, 0 bytes")
        try:
            self._file: Any = soundfile.SoundFile(path)
        except (soundfile.LibsndfileError, TypeError):  # TypeError: a .raw file, which says nothing about itself
            raise SoundFileError(f"{path}: not a sound file that can be read (WAV or FLAC)") from None
        self.rate_hz: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.subtype: str = self._file.subtype
        self.frames: int = self._file.frames
        if self.frames == 0:
            self._file.close()
            raise SoundFileError(f"{path}: no sound in it (0 frames)")

    def read(self, frames: int) -> Block:
        """Up to `frames` more, (frames, channels); none at the end. Raises SoundFileError if there never was any."""
        pieces: list[Block] = []
        wanted = frames
        while wanted > 0:
            try:
                piece: Block = self._file.read(min(wanted, _PIECE), dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:  # a damaged FLAC; what came before is good
                piece = np.zeros((0, self.channels), np.float32)
            if not len(piece):
                break
            pieces.append(piece)
            wanted -= len(piece)
        self.frames_read += frames - wanted
        if wanted:
            self._stop_early(max(self.frames, _promised_frames(self.path)))
        return np.concatenate(pieces) if pieces else np.zeros((0, self.channels), np.float32)

    def _stop_early(self, promised: int) -> None:
        if self.frames_read == 0:
            raise SoundFileError(f"{self.path}: damaged: nothing of its {promised / self.rate_hz:.2f} s could be read")
        if self.frames_read < promised and not self.notes:
            read_s, promised_s = self.frames_read / self.rate_hz, promised / self.rate_hz
            self.notes.append(f"{self.path}: damaged or cut short: {read_s:.2f} of {promised_s:.2f} s could be read")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


class SoundWriter:
    """A new file with the reader's rate and channels, and its kind of samples where the format knows them."""

    def __init__(self, path: Path, container: str, like: FileFormat) -> None:
        """container: of output_format(). Raises SoundFileError."""
        self._path = path
        self._bits = 0
        subtype = _subtype(container, like.subtype)
        if container == "WAV" and like.frames * like.channels * 8 > _WAV_BYTES:
            container = "RF64"
        self._bits = _FULL_SCALE_BITS.get(subtype, 0)
        try:
            # libsndfile says no more than "System error"; the system itself says why.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666))
            self._file: Any = soundfile.SoundFile(path, "w", like.rate_hz, like.channels, subtype, format=container)
        except soundfile.LibsndfileError as error:
            why = str(error.error_string).removeprefix("Error : ")
            raise SoundFileError(
                f"no {container} file with a rate of {like.rate_hz} Hz can be written: {why}"
            ) from None

    def write(self, sound: Block) -> int:
        """Append; values beyond ±1.0 are clipped unless the file holds floats. Returns the frames written."""
        try:
            self._file.write(_integers(sound, self._bits) if self._bits else sound)
        except (soundfile.LibsndfileError, AssertionError):  # soundfile asserts that all was written
            raise _disk_full() from None
        return len(sound)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except soundfile.LibsndfileError:
            if error is None:
                raise _disk_full() from None


def output_format(path: Path) -> str:
    """libsndfile's name for what the suffix asks for. Raises UsageError."""
    container = {".wav": "WAV", ".wave": "WAV", ".flac": "FLAC"}.get(path.suffix.lower())
    if container is None:
        raise UsageError(f"{path}: OUT has to end in .wav or .flac")
    return container


def _subtype(container: str, source: str) -> str:
    """The source's kind of samples, or the nearest that loses nothing which can be heard."""
    if container == "FLAC":
        return source if source in ("PCM_S8", "PCM_16", "PCM_24") else "PCM_16" if source == "PCM_U8" else "PCM_24"
    if source in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"):
        return source
    return "PCM_U8" if source == "PCM_S8" else "PCM_24"


def _integers(sound: Block, bits: int) -> np.ndarray[Any, Any]:
    """The very integers that were read, where nothing changed them: libsndfile itself scales up by less than down."""
    full = float(1 << (bits - 1))
    whole = np.clip(np.rint(sound.astype(np.float64) * full), -full, full - 1)
    if bits <= 16:
        return (whole.astype(np.int32) << (16 - bits)).astype(np.int16)
    return (whole.astype(np.int64) << (32 - bits)).astype(np.int32)


def _promised_frames(path: Path) -> int:
    """Frames that a WAV's header promises, which libsndfile silently cuts down to what is there; 0 when unsaid."""
    with open(path, "rb") as file:
        if (head := file.read(12))[:4] != b"RIFF" or head[8:] != b"WAVE":
            return 0
        frame_bytes = 0
        while len(chunk := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", chunk)
            if name == b"fmt ":
                form = file.read(16)
                frame_bytes = struct.unpack_from("<H", form, 12)[0] if len(form) == 16 else 0
                size -= len(form)
            if name == b"data":
                # 0 and 0xFFFFFFFF: written to a pipe, the length was not known.
                return size // frame_bytes if frame_bytes and size < 0xFFFFF000 else 0
            file.seek(size + size % 2, os.SEEK_CUR)
    return 0


def _disk_full() -> OSError:
    """libsndfile says no more than that a write failed, and that is nearly always why."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _words(error: OSError) -> str:
    return {errno.ENOENT: "no such file", errno.EACCES: "may not be read (permission denied)"}.get(
        error.errno or 0, error.strerror or str(error)
    )
