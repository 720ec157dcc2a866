"""The box's own signal path, hop by hop, around an exported graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.features import DenoiseFrontEnd
from dsp.stft import StreamingStft
from training.runtimes import Step

HOP = 128


def denoise(
    step: Step, sound: NDArray[np.float32], limit: float = 0.0, keep_room: float = 1.0, sensitivity: float = 0.0
) -> NDArray[np.float32]:
    """Denoise (frames, channels) at 48 kHz; the result is as long as the input and aligned with it."""
    frames, channels = sound.shape
    stft, front = StreamingStft(channels), DenoiseFrontEnd(channels)
    step.reset()
    hops = -(-frames // HOP) + 1
    padded = np.zeros((hops * HOP, channels), np.float32)
    padded[:frames] = sound
    out = np.empty_like(padded)
    for at in range(0, len(padded), HOP):
        spectrum = stft.analyse(padded[at : at + HOP])
        mask = step(front.features(spectrum, keep_room, sensitivity))
        front.apply(mask, spectrum, limit)
        out[at : at + HOP] = stft.synthesise(spectrum)
    return out[HOP : HOP + frames]


def made_up_voice(seconds: float, seed: int = 5) -> NDArray[np.float32]:
    """Buzzing syllables in noise: enough to move every unit, no recording needed. (frames, 1) float32."""
    rng = np.random.default_rng(seed)
    frames = int(seconds * 48_000) // 128 * 128
    time = np.arange(frames) / 48_000
    pitch = 2 * np.pi * np.cumsum(140 + 30 * np.sin(2 * np.pi * 0.7 * time)) / 48_000
    buzz = sum(np.sin(k * pitch) / k for k in range(1, 30))
    syllables = np.clip(np.sin(2 * np.pi * 2.3 * time), 0, 1) ** 0.5
    sound = 0.15 * buzz * syllables + 0.02 * rng.standard_normal(frames)
    return sound[:, None].astype(np.float32)


def agreement_db(first: Step, second: Step, seconds: float = 60.0) -> float:
    """Level of the difference between two runtimes' output, against the first's output."""
    sound = made_up_voice(seconds)
    one, other = denoise(first, sound), denoise(second, sound)
    return float(10 * np.log10(np.sum(np.square(one - other)) / np.sum(np.square(one)) + 1e-20))
