"""Sound files as frames at 48 kHz. A small file is held in memory, a large one is read as it plays."""

from pathlib import Path
from typing import Any

import numpy as np
import soxr

from hw.audio.audio_io import Block
from hw.audio.files.reader import NotAudioError, SoundReader

BOX_RATE_HZ = 48000
SMALL_BYTES = 20 * 1024 * 1024  # decoded; a slow board does that well before its watchdog acts
_CHUNK_FRAMES = 2048  # decoded at once between two blocks


class WavInput:
    """A WAV or FLAC file as float32 frames at 48 kHz. One thread.

    frames: how many there are, at 48 kHz. bad_samples: NaN or infinite samples so far; they are made silent.
    Raises SoundFileMissingError or NotAudioError.
    """

    def __init__(self, path: Path, *, loop: bool = False) -> None:
        self.path = path
        self.bad_samples = 0
        self._loop = loop
        self._file = SoundReader(path)
        self.rate_hz = self._file.rate_hz
        self.channels = self._file.channels
        self.frames: int = round(self._file.frames * BOX_RATE_HZ / self.rate_hz)
        self._waiting = np.zeros((0, self.channels), np.float32)
        self._position = 0
        self._ended = False
        self._memory: Block | None = None
        self._begin()
        if self.frames * self.channels * 4 <= SMALL_BYTES:
            chunks, most = [], SMALL_BYTES // (4 * self.channels)
            while (chunk := self._next_chunk()) is not None:
                chunks.append(chunk)
                most -= len(chunk)
                if most < 0 and not self._file.frames:
                    self._file.close()
                    raise NotAudioError(f"{path}: damaged: how long it is cannot be told")
            self._memory = np.concatenate(chunks) if chunks else np.zeros((0, self.channels), np.float32)
            self.frames = len(self._memory)
            self._file.close()
        if self.frames == 0:
            self._file.close()
            raise NotAudioError(f"{path}: too short a sound file, not one frame at {BOX_RATE_HZ} Hz")

    @property
    def warning(self) -> str:
        """What is missing or damaged, for people; empty if nothing. Of a large file, as far as it has been read."""
        return "; ".join(self._file.notes)

    def read_into(self, block: Block) -> int:
        """Fill `block`, float32 (frames, channels); silence after the end. Returns how many frames are real.

        Raises OSError when a large file cannot be read on.
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
        """Get more frames. False at the end."""
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
        self._file.rewind()
        self._ended = False
        self._resampler: Any = None
        if self.rate_hz != BOX_RATE_HZ:
            self._resampler = soxr.ResampleStream(self.rate_hz, BOX_RATE_HZ, self.channels, dtype="float32")

    def _next_chunk(self) -> Block | None:
        """The next frames at 48 kHz, at least one; None at the end."""
        while not self._ended:
            chunk = self._file.read(_CHUNK_FRAMES)
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
