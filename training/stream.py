"""The box's own signal path, hop by hop, around an exported graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.denoise.features import DenoiseFrontEnd
from dsp.layouts.denoise import LIVE, Layout
from dsp.parts.stft import StreamingStft
from training.runtimes import Step


def denoise(
    step: Step,
    sound: NDArray[np.float32],
    layout: Layout = LIVE,
    limit: float = 0.0,
    keep_room: float = 1.0,
    sensitivity: float = 0.0,
) -> NDArray[np.float32]:
    """Denoise (frames, channels) at 48 kHz; the result is as long as the input and aligned with it."""
    frames, channels = sound.shape
    hop = layout.hop_frames
    stft = StreamingStft(channels, layout.window_frames, layout.synthesis_frames, hop)
    front = DenoiseFrontEnd(channels, layout)
    step.reset()
    hops = -(-frames // hop) + 1
    padded = np.zeros((hops * hop, channels), np.float32)
    padded[:frames] = sound
    out = np.empty_like(padded)
    for at in range(0, len(padded), hop):
        spectrum = stft.analyse(padded[at : at + hop])
        mask = step(front.features(spectrum, keep_room, sensitivity))
        front.apply(mask, spectrum, limit)
        out[at : at + hop] = stft.synthesise(spectrum)
    return out[hop : hop + frames]


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


def agreement_db(first: Step, second: Step, seconds: float = 60.0, layout: Layout = LIVE) -> float:
    """Level of the difference between two runtimes' output, against the first's output."""
    sound = made_up_voice(seconds)
    one, other = (denoise(step, sound, layout) for step in (first, second))
    return float(10 * np.log10(np.sum(np.square(one - other)) / np.sum(np.square(one)) + 1e-20))
