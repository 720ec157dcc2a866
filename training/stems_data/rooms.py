"""Rooms for voices and dry instruments: left and right hear different impulse responses of the same room."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data import decode
from training.data.sources import RATE_HZ
from training.stems_data.store import Stereo


class Rooms:
    """Impulse responses of the training split. Convolution is circular over a segment: what wraps round is the past."""

    def __init__(self, cache: Path, rng: np.random.Generator) -> None:
        self._rng = rng
        self._audio, stretches = decode.load(cache, "rooms")
        self._responses = [s for s in stretches if s.split == "train"]

    def _response(self, frames: int, group: str | None) -> tuple[NDArray[np.float32], str]:
        fitting = [s for s in self._responses if group in (None, s.group)]
        chosen = fitting[int(self._rng.integers(len(fitting)))]
        response = self._audio[chosen.start : chosen.start + chosen.frames].astype(np.float32) / 32768
        response = response[int(np.argmax(np.abs(response))) :][:frames]
        return response / np.sqrt(np.sum(np.square(response)) + 1e-9), chosen.group

    def place(self, dry: Stereo) -> Stereo:
        """Add reverberation at a random share, after a random pre-delay."""
        frames = len(dry)
        left, group = self._response(frames, None)
        right, _ = self._response(frames, group)
        gain = 10 ** (self._rng.uniform(-22, -3) / 20)
        delay = int(self._rng.uniform(0, 0.06) * RATE_HZ)
        out = np.empty_like(dry)
        for side, response in enumerate((left, right)):
            wet = np.fft.irfft(np.fft.rfft(dry.mean(axis=1)) * np.fft.rfft(response, frames), frames)
            out[:, side] = dry[:, side] + np.float32(gain) * np.roll(wet, delay)
        return out
