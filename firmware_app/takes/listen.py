"""Pieces of a take's sound for a browser: short, 16 bit, one or two channels, whatever the take itself lies in."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block

MOST_FRAMES = 10 * RATE_HZ
_FULL = 32767.0


def piece(path: Path, first: int, frames: int) -> bytes:
    """A whole WAV file with up to `frames` frames from `first` on; behind the end of the sound it has none.

    More than two channels, which are inputs of their own, become one. Raises OSError.
    """
    try:
        with soundfile.SoundFile(path) as file:
            file.seek(min(first, file.frames))
            sound = file.read(min(frames, MOST_FRAMES, file.frames - file.tell()), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise OSError(f"{path}: cannot be read: {error}") from None
    if sound.shape[1] > 2:
        sound = sound.mean(axis=1, keepdims=True)
    return wav(sound)


def wav(sound: Block) -> bytes:
    """float32 (frames, channels) as a WAV of 16 bit with the plain header of 44 bytes."""
    samples: NDArray[np.int16] = np.rint(np.clip(sound, -1.0, 1.0) * _FULL).astype("<i2")
    channels, size = sound.shape[1], samples.nbytes
    form = struct.pack("<HHIIHH", 1, channels, RATE_HZ, RATE_HZ * channels * 2, channels * 2, 16)
    head = struct.pack("<4sI4s4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16) + form
    return head + struct.pack("<4sI", b"data", size) + samples.tobytes()


def narrowed(outline: NDArray[np.int8], points: int) -> NDArray[np.int8]:
    """int8 (lanes, pairs, 2), low and high, in at most `points` pairs that reach as far."""
    pairs = outline.shape[1]
    if not 0 < points < pairs:
        return outline
    starts = np.arange(points) * pairs // points
    low = np.minimum.reduceat(outline[..., 0], starts, axis=1)
    high = np.maximum.reduceat(outline[..., 1], starts, axis=1)
    return np.stack([low, high], axis=-1)


def narrowed_bytes(outline: bytes, points: int) -> bytes:
    """The same of one lane, as bytes."""
    return narrowed(np.frombuffer(outline, np.int8).reshape(1, -1, 2), points).tobytes()
