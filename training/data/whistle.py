"""Whistling, as a voice that is kept: held notes with vibrato and glides, a soft second harmonic, the breath around."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.data.noise_synth import Audio, Rng, slow_modulation
from training.data.sources import RATE_HZ

LOWEST_HZ, HIGHEST_HZ = 500.0, 4200.0  # what lips can do
STEPS = (-5, -4, -3, -2, -2, -1, 0, 1, 2, 2, 3, 4, 5, 7)  # from one note to the next, in semitones
SOUNDS_DB = -30.0  # the softest note below the loudest


def whistle(rng: Rng, frames: int) -> Audio:
    """A tune. Peak 0.5. Shape (frames,)."""
    pitch, level = np.empty(frames, np.float32), np.zeros(frames, np.float32)
    hz, at = float(rng.uniform(700, 2600)), 0
    vibrato_hz, deepest = rng.uniform(4, 7.5), rng.choice([0.0, 0.2, 0.5, 1.0])
    while at < frames:
        length = min(int(2 ** rng.uniform(-3.3, 1.0) * RATE_HZ), frames - at)
        seconds = np.arange(length, dtype=np.float32) / RATE_HZ
        late = np.clip((seconds - np.float32(0.12)) / 0.25, 0, 1)
        bend = np.float32(deepest) * late * np.sin(np.float32(2 * np.pi * vibrato_hz) * seconds)
        bend += np.float32(rng.normal(0, 0.7)) * np.exp(-seconds * np.float32(rng.uniform(15, 60)))  # slid into
        pitch[at : at + length] = hz * np.exp2(bend / 12)
        if rng.random() < 0.82:  # or a pause
            edge = min(int(rng.uniform(0.008, 0.06) * RATE_HZ), length // 2)
            shape = np.full(length, 10 ** (rng.uniform(SOUNDS_DB / 2, 0) / 20), np.float32)
            if edge:
                rise = np.sin(np.linspace(0, np.pi / 2, edge, dtype=np.float32))
                shape[:edge] *= rise
                shape[length - edge :] *= rise[::-1]
            level[at : at + length] = shape
        hz = float(np.clip(hz * 2 ** (float(rng.choice(STEPS)) / 12), LOWEST_HZ, HIGHEST_HZ))
        at += length
    turn = 2 * np.pi * np.cumsum(pitch, dtype=np.float64) / RATE_HZ
    tone = np.sin(turn) + 10 ** (rng.uniform(-45, -22) / 20) * np.sin(2 * turn + rng.uniform(0, 6))
    level = level * slow_modulation(rng, frames, 0.8, 12.0)
    return _scaled(level * (tone + _breath(rng, turn) * np.float32(10 ** (rng.uniform(-45, -18) / 20))))


def _breath(rng: Rng, turn: NDArray[np.float64]) -> Audio:
    """Air through the lips: rough around the pitch, a little everywhere. About unit RMS.  turn: the pitch's phase."""
    noise = rng.standard_normal(len(turn), np.float32)
    nodes = np.arange(0, len(turn) + 128, 128)
    slow = np.interp(np.arange(len(turn)), nodes, rng.standard_normal(len(nodes)))
    around = slow * np.sin(turn)
    return (0.4 * noise / noise.std() + 0.9 * around / (around.std() + 1e-9)).astype(np.float32)


def _scaled(sound: Audio) -> Audio:
    return (sound * (0.5 / (np.abs(sound).max() + 1e-9))).astype(np.float32)
