"""Sound files as frames at 48 kHz: whole in memory when small, read as it goes when large."""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from hw.audio_io import Block
from hw.errors import HwError

BOX_RATE_HZ = 48000
SMALL_BYTES = 64 * 1024 * 1024  # decoded
_CHUNK_FRAMES = 8192


class NotAudioError(HwError, ValueError):
    """The file is no sound file that Hushbox reads, or has nothing in it."""


class SoundFileMissingError(HwError, FileNotFoundError):
    """There is no such file, or it may not be read."""


class WavInput:
    """A WAV or FLAC file as float32 frames at 48 kHz. One thread.

    frames: how many there are, at 48 kHz. warning: what is wrong with the file, in plain words, or empty.
    bad_samples: how many NaN or infinite samples were replaced by silence so far.
    Raises SoundFileMissingError or NotAudioError.
    """

    def __init__(self, path: Path, *, loop: bool = False) -> None:
        self.path = path
        self.warning = ""
        self.bad_samples = 0
        self._loop = loop
        self._file = _open(path)
        self.rate_hz = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self.subtype = str(self._file.subtype)
        if self._file.frames <= 0:
            raise NotAudioError(f"{path.name}: an empty sound file, 0 frames")
        self.frames: int = round(self._file.frames * BOX_RATE_HZ / self.rate_hz)
        promised = promised_frames(path)
        if promised > self._file.frames:
            self.warning = f"{path.name}: cut off: {self._file.frames} of {promised} frames are there"
        self._waiting = np.zeros((0, self.channels), np.float32)
        self._position = 0
        self._ended = False
        self._memory: Block | None = None
        self._begin()
        if self.frames * self.channels * 4 <= SMALL_BYTES:
            chunks = []
            while (chunk := self._next_chunk()) is not None:
                chunks.append(chunk)
            self._memory = np.concatenate(chunks) if chunks else np.zeros((0, self.channels), np.float32)
            self.frames = len(self._memory)
            self._file.close()
        if self.frames == 0:
            self._file.close()
            raise NotAudioError(f"{path.name}: too short a sound file, not one frame at {BOX_RATE_HZ} Hz")

    def read_into(self, block: Block) -> int:
        """Fill `block`, float32 (frames, channels); silence after the end. Returns how many frames are real.

        Raises OSError or soundfile.LibsndfileError when a large file cannot be read on.
        """
        filled = 0
        while filled < len(block):
            if self._position >= len(self._waiting) and not self._refill():
                break
            piece = self._waiting[self._position : self._position + len(block) - filled]
            block[filled : filled + len(piece)] = piece
            self._position += len(piece)
            filled += len(piece)
        block[filled:] = 0.0
        return filled

    def close(self) -> None:
        """May be called twice."""
        self._file.close()

    def _refill(self) -> bool:
        """Make more frames wait. False at the end, and ever after."""
        if self._memory is not None:
            if self._waiting is self._memory and not self._loop:
                return False
            self._waiting = self._memory
        else:
            chunk = self._next_chunk()
            if chunk is None and self._loop:
                self._begin()
                chunk = self._next_chunk()
            self._waiting = chunk if chunk is not None else self._waiting[:0]
        self._position = 0
        return len(self._waiting) > 0

    def _begin(self) -> None:
        self._file.seek(0)
        self._ended = False
        self._resampler: Any = None
        if self.rate_hz != BOX_RATE_HZ:
            self._resampler = soxr.ResampleStream(self.rate_hz, BOX_RATE_HZ, self.channels, dtype="float32")

    def _next_chunk(self) -> Block | None:
        """The next frames at 48 kHz, at least one; None at the end."""
        while not self._ended:
            chunk: Block = self._file.read(_CHUNK_FRAMES, dtype="float32", always_2d=True)
            self._ended = len(chunk) == 0
            bad = ~np.isfinite(chunk)
            if bad.any():
                self.bad_samples += int(bad.sum())
                chunk[bad] = 0.0
            if self._resampler is not None:
                chunk = self._resampler.resample_chunk(chunk, last=self._ended)
            if len(chunk):
                return chunk
        return None


def promised_frames(path: Path) -> int:
    """How many frames a WAV's header promises; 0 where it is not a plain RIFF WAV."""
    with path.open("rb") as file:
        header = file.read(12)
        if header[:4] != b"RIFF" or header[8:] != b"WAVE":
            return 0
        frame_bytes = 0
        while len(chunk := file.read(8)) == 8:
            size = int.from_bytes(chunk[4:], "little")
            if chunk[:4] == b"fmt ":
                frame_bytes = int.from_bytes(file.read(size)[12:14], "little")
                continue
            if chunk[:4] == b"data":
                streamed = size >= 0xFFFFFF00  # "unknown length", from a program that wrote into a pipe
                return 0 if streamed or not frame_bytes else size // frame_bytes
            file.seek(size + size % 2, 1)
    return 0


def _open(path: Path) -> Any:
    if not path.is_file():
        raise SoundFileMissingError(f"{path}: there is no such file")
    try:
        return soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        try:
            path.open("rb").close()
        except OSError as cannot:
            raise SoundFileMissingError(f"{path}: cannot be read: {cannot.strerror}") from error
        reason = "an empty file" if path.stat().st_size == 0 else str(error.error_string).strip().rstrip(".")
        raise NotAudioError(f"{path.name}: not a WAV or FLAC file: {reason}") from error
