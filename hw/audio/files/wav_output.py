"""WAV files that are written while streaming: one that grows and appears when it is whole, one of fixed length."""

import mmap
import os
import struct
from pathlib import Path
from typing import Protocol

from hw.audio.samples import SAMPLE_BYTES
from hw.errors import HwError
from hw.replacing import Replacement

RATE_HZ = 48000
_HEADER_BYTES = 80
_LARGEST_RIFF = 0xFFFFFFFF


class OutputFileError(HwError, OSError):
    """The recording cannot be written where it is wanted."""


class Output(Protocol):
    """Where encoded frames go."""

    def write(self, data: memoryview) -> None:
        """Take whole frames. Raises OSError."""
        ...

    def close(self) -> None: ...


def header(channels: int, sample_format: str, data_bytes: int) -> bytes:
    """A WAV header of `_HEADER_BYTES`. Over 4 GB it is an RF64 header (EBU Tech 3306) of the same length."""
    sample_bytes = SAMPLE_BYTES[sample_format]
    frame_bytes = channels * sample_bytes
    riff_bytes = _HEADER_BYTES - 8 + data_bytes
    if riff_bytes <= _LARGEST_RIFF:
        head = struct.pack("<4sI4s4sI28x", b"RIFF", riff_bytes, b"WAVE", b"JUNK", 28)
        data = struct.pack("<4sI", b"data", data_bytes)
    else:
        head = struct.pack("<4sI4s4sI", b"RF64", _LARGEST_RIFF, b"WAVE", b"ds64", 28)
        head += struct.pack("<QQQI", riff_bytes, data_bytes, data_bytes // frame_bytes, 0)
        data = struct.pack("<4sI", b"data", _LARGEST_RIFF)
    rate_bytes = RATE_HZ * frame_bytes
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, RATE_HZ, rate_bytes, frame_bytes, sample_bytes * 8)
    return head + form + data


class GrowingWav:
    """Written to a temporary file beside `path`, which it replaces on close. One thread."""

    def __init__(self, path: Path, channels: int, sample_format: str) -> None:
        """Raises OutputFileError."""
        self._path, self._channels, self._sample_format = path, channels, sample_format
        self._bytes = 0
        with _explained(path):
            self._replacement = Replacement(path)
            self._file = self._replacement.unfinished.open("wb")
            self._file.write(header(channels, sample_format, 0))

    def write(self, data: memoryview) -> None:
        self._file.write(data)
        self._bytes += len(data)

    def close(self) -> None:
        """Complete the header and put the file in place. Raises OutputFileError; the temporary file is then removed."""
        if self._file.closed:
            return
        try:
            with _explained(self._path), self._file:
                if self._bytes % 2:
                    self._file.write(b"\0")
                self._file.seek(0)
                self._file.write(header(self._channels, self._sample_format, self._bytes))
            with _explained(self._path):
                self._replacement.put_in_place()
        finally:
            self._replacement.remove()


class LoopingWav:
    """A WAV of a fixed number of frames, silent at first, overwritten from the beginning on each pass. One thread.

    It is memory-mapped, so streaming opens no file and waits for none. Its blocks are reserved beforehand, because a
    full disk under a mapping would be a crash, not an error.
    """

    def __init__(self, path: Path, channels: int, sample_format: str, frames: int) -> None:
        """Raises OutputFileError."""
        size = frames * channels * SAMPLE_BYTES[sample_format]
        with _explained(path):
            replacement = Replacement(path)
            try:
                with replacement.unfinished.open("w+b") as file:
                    file.write(header(channels, sample_format, size))
                    file.flush()
                    os.posix_fallocate(file.fileno(), 0, _HEADER_BYTES + size + size % 2)
                    self._map = mmap.mmap(file.fileno(), 0)
                replacement.put_in_place()
            finally:
                replacement.remove()
        self._end = _HEADER_BYTES + size
        self._position = _HEADER_BYTES

    def write(self, data: memoryview) -> None:
        while len(data):
            piece = data[: self._end - self._position]
            self._map[self._position : self._position + len(piece)] = piece
            self._position += len(piece)
            if self._position == self._end:
                self._position = _HEADER_BYTES
            data = data[len(piece) :]

    def close(self) -> None:
        if not self._map.closed:
            self._map.flush()
            self._map.close()


class _explained:
    """Turn an OSError around `path` into an OutputFileError that says what to do."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, OSError) or isinstance(error, OutputFileError):
            return
        folder = self._path.parent
        if not folder.is_dir():
            raise OutputFileError(f"{self._path}: there is no folder {folder}") from error
        raise OutputFileError(f"{self._path}: cannot be written: {error.strerror}") from error
