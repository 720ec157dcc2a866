"""Effects of the mix. Sounds are circular, (FRAMES, 2): the end of the loop runs into its beginning."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from training.demo_song.score import BEAT_FRAMES, FRAMES, RATE_HZ

Stereo = NDArray[np.float64]
Mono = NDArray[np.float64]
STEP = 48  # samples between two steps of a compressor: 1 ms


def place(into: Stereo, sound: NDArray[np.float64], beat: float, pan: float = 0.0) -> None:
    """Add mono or stereo sound from this beat on, around the loop. pan: -1 left to 1 right, of equal power."""
    if sound.ndim == 1:
        angle = (pan + 1) * np.pi / 4
        sound = sound[:, None] * np.array([np.cos(angle), np.sin(angle)]) * np.sqrt(2)
    at = (round(beat * BEAT_FRAMES) + np.arange(len(sound))) % FRAMES
    np.add.at(into, at, sound)


def filtered(sound: Stereo, low_hz: float = 0.0, high_hz: float = 0.0, order: int = 2) -> Stereo:
    """High-pass and low-pass, with the loop's end as what came before its beginning."""
    kinds: tuple[tuple[Literal["high", "low"], float], ...] = (("high", low_hz), ("low", high_hz))
    for kind, at_hz in kinds:
        if at_hz:
            sections = signal.butter(order, at_hz, kind, fs=RATE_HZ, output="sos")
            warm = np.concatenate((sound[-RATE_HZ:], sound))
            sound = np.asarray(signal.sosfilt(sections, warm, axis=0))[RATE_HZ:]
    return sound


def shelf(sound: Stereo, at_hz: float, gain_db: float) -> Stereo:
    """Raise or lower what is above at_hz."""
    return sound + (10 ** (gain_db / 20) - 1) * filtered(sound, low_hz=at_hz, order=1)


def circular(sound: Stereo, impulse: Stereo) -> Stereo:
    """Convolve around the loop, left with left and right with right."""
    spectrum = np.fft.rfft(sound, axis=0) * np.fft.rfft(impulse, FRAMES, axis=0)
    return np.asarray(np.fft.irfft(spectrum, FRAMES, axis=0))


def room(rng: np.random.Generator, seconds: float, before_s: float = 0.012) -> Stereo:
    """A reverberation's impulse response, (frames, 2): noise that dies away, the treble sooner; RT60 in seconds."""
    frames = round(seconds * 1.3 * RATE_HZ)
    t = np.arange(frames) / RATE_HZ
    tail = np.zeros((frames, 2))
    for low, high, share in ((180, 700, 1.0), (700, 2800, 0.85), (2800, 7000, 0.5), (7000, 14000, 0.28)):
        noise = rng.standard_normal((frames, 2))
        sections = signal.butter(2, (low, high), "band", fs=RATE_HZ, output="sos")
        tail += np.asarray(signal.sosfilt(sections, noise, axis=0)) * 10 ** (-3 * t / (seconds * share))[:, None]
    tail *= np.minimum(1, t / 0.01)[:, None]
    tail /= np.sqrt((tail**2).sum(0))
    return np.concatenate((np.zeros((round(before_s * RATE_HZ), 2)), tail))


def echo(sound: Stereo, beats: float, feedback: float, repeats: int = 5) -> Stereo:
    """Repeats that change sides, each darker than the one before."""
    mono = sound.mean(1, keepdims=True)
    total = np.zeros_like(sound)
    for n in range(1, repeats + 1):
        mono = filtered(mono, low_hz=250, high_hz=5500, order=1) * feedback
        side = np.array([1.0, 0.25]) if n % 2 else np.array([0.25, 1.0])
        total += np.roll(mono, round(n * beats * BEAT_FRAMES), axis=0) * side
    return total


def compression(sound: Stereo, threshold_db: float, ratio: float, attack_ms: float, release_ms: float) -> Mono:
    """The gain of a compressor for both sides, (FRAMES,). It has heard the loop once when it begins."""
    power = (sound**2).mean(1).reshape(-1, STEP).mean(1)
    level_db = 10 * np.log10(power + 1e-10)
    wanted = np.minimum(0.0, (threshold_db - level_db) * (1 - 1 / ratio))
    down, up = np.exp(-1 / attack_ms), np.exp(-1 / release_ms)
    gain_db, now = np.zeros(len(wanted)), 0.0
    for _ in range(2):
        for n, target in enumerate(wanted):
            now = target + (now - target) * (down if target < now else up)
            gain_db[n] = now
    around = np.append(gain_db, gain_db[0])
    smooth = np.interp(np.arange(FRAMES) / STEP, np.arange(len(around)), around)
    return np.asarray(10 ** (smooth / 20))


def limiting(sound: Stereo, ceiling: float) -> Mono:
    """The gain that keeps peaks under the ceiling, 3 ms ahead, (FRAMES,)."""
    needed = np.minimum(1.0, ceiling / np.maximum(np.abs(sound).max(1), 1e-9))
    reach = 144
    held = np.min([np.roll(needed, n) for n in range(-reach, reach + 1, 4)], axis=0)
    held = np.minimum(held, needed)
    window = np.hanning(2 * reach + 1)
    kernel = np.zeros(FRAMES)
    kernel[: len(window)] = window / window.sum()
    smooth = np.fft.irfft(np.fft.rfft(held) * np.fft.rfft(np.roll(kernel, -reach)), FRAMES)
    return np.asarray(np.minimum(smooth, needed))
