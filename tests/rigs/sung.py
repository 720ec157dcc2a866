"""A made voice: words of vowels, sibilants and breaths at known places, for the stages that follow a voice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.stage import Stage

Sound = NDArray[np.float32]


def vowel(seconds: float, hz: float = 180.0, level: float = 0.2, vibrato: float = 0.0) -> Sound:
    """vibrato: in semitones, 5.5 times a second. It begins and ends within 10 ms."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    turns = np.cumsum(hz * 2.0 ** (vibrato / 12.0 * np.sin(2 * np.pi * 5.5 * time_s))) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * n * turns) / n**1.5 for n in range(1, 20))
    return _edges(level * sound, 0.01)


def hiss(seconds: float, low_hz: float, high_hz: float, rms: float, seed: int = 0) -> Sound:
    """Noise of a band, as of an "s" (5 to 9 kHz) or a breath (0.8 to 4 kHz)."""
    frames = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(frames))
    hz = np.fft.rfftfreq(frames, 1.0 / RATE_HZ)
    sound = np.fft.irfft(spectrum * ((hz > low_hz) & (hz < high_hz)), frames)
    return _edges(sound * (rms / sound.std()), 0.01)


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def words(*parts: Sound) -> Block:
    return np.concatenate(parts)[:, None]


def through(stage: Stage, sound: Block, period: int = 128, **values: float) -> Block:
    """What leaves the stage, aligned. values: its parameters, the dot written __."""
    for param_id, value in values.items():
        stage.set_param(param_id.replace("__", "."), value)
    stage.prepare(RATE_HZ, period, sound.shape[1])
    stage.reset()
    late = stage.latency_frames
    out = np.zeros((-(-(len(sound) + late) // period) * period, sound.shape[1]), np.float32)
    out[: len(sound)] = sound
    for start in range(0, len(out), period):
        stage.process(out[start : start + period])
    return out[late : late + len(sound)]


def change_db(out: Block, sound: Block, first_s: float, last_s: float) -> float:
    first, last = round(first_s * RATE_HZ), round(last_s * RATE_HZ)
    return float(10 * np.log10(np.square(out[first:last]).sum() / np.square(sound[first:last]).sum()))


def _edges(sound: NDArray[np.float64], seconds: float) -> Sound:
    fade = round(seconds * RATE_HZ)
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(fade) / fade)
    sound[:fade] *= rise
    sound[-fade:] *= rise[::-1]
    return sound.astype(np.float32)
