"""Synthetic continuous noise: hiss, hum, fans, buzz, textures. float32, `frames` long, unit RMS."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.data.sources import RATE_HZ

Audio = NDArray[np.float32]
Rng = np.random.Generator


def random_curve_db(rng: Rng, frames: int, depth_db: float, nodes: int = 7) -> Audio:
    """A smooth random response over log frequency, as linear gain for each rfft bin. Shape (frames // 2 + 1,)."""
    bins = _log_bins(frames)
    where = np.linspace(np.log2(40.0), np.log2(20_000.0), nodes)
    return (10 ** (np.interp(bins, where, rng.normal(0, depth_db, nodes)) / 20)).astype(np.float32)


def microphone(rng: Rng, frames: int) -> Audio:
    """The colour that microphone, distance and singer give a voice: a tilt, a curve, often a strong presence peak; now
    and then a bright top as from a close condenser microphone, or no top as in a soft "oo".
    """
    octaves = _log_bins(frames) - 10.0
    tilt_db = np.clip(rng.normal(0.8, 2.2) * octaves, -18, 18)
    if rng.random() < 0.5:
        # A trained singer's formants at 3 kHz are as loud as his vowels (Sundberg, JASA 55, 1974).
        where, width = rng.uniform(0.8, 2.6), rng.uniform(0.25, 0.8)
        tilt_db = tilt_db + rng.uniform(3, 17) * np.exp(-np.square((octaves - where) / width))
    draw = rng.random()
    if draw < 0.12:
        tilt_db = tilt_db - rng.uniform(9, 30) * np.maximum(octaves - rng.uniform(-0.5, 2.2), 0)
    elif draw < 0.45:
        tilt_db = tilt_db + rng.uniform(2, 9) / (1 + np.exp2(-(octaves - rng.uniform(2.2, 2.8)) * 8))
    return (10 ** (tilt_db / 20) * random_curve_db(rng, frames, 3.5)).astype(np.float32)


_LOG_BINS: dict[int, Audio] = {}


def _log_bins(frames: int) -> Audio:
    if frames not in _LOG_BINS:
        hz = np.fft.rfftfreq(frames, 1 / RATE_HZ)
        _LOG_BINS[frames] = np.log2(np.maximum(hz, 20.0)).astype(np.float32)
    return _LOG_BINS[frames]


def octaves_above_1khz(frames: int) -> Audio:
    """Of each rfft bin. Shape (frames // 2 + 1,)."""
    return _log_bins(frames) - np.float32(np.log2(1000.0))


def unit(audio: Audio) -> Audio:
    """Scale to RMS 1; silence stays silence."""
    rms = float(np.sqrt(np.mean(np.square(audio)) + 1e-12))
    return audio / np.float32(rms) if rms > 1e-5 else audio


def coloured(rng: Rng, frames: int, slope_db_per_octave: float, curve_db: float = 0.0) -> Audio:
    """Gaussian noise with a spectral slope and, if asked for, a random curve on top."""
    spectrum = np.fft.rfft(rng.standard_normal(frames, np.float32))
    gain = 10 ** (slope_db_per_octave * (_log_bins(frames) - 10) / 20)
    if curve_db:
        gain = gain * random_curve_db(rng, frames, curve_db)
    return unit(np.fft.irfft(spectrum * gain.astype(np.float32), frames).astype(np.float32))


def slow_modulation(rng: Rng, frames: int, depth_db: float, per_second: float) -> Audio:
    """A wandering gain."""
    nodes = max(3, int(frames / RATE_HZ * per_second) + 2)
    curve = np.interp(np.linspace(0, nodes - 1, frames), np.arange(nodes), rng.normal(0, depth_db, nodes))
    return (10 ** (curve / 20)).astype(np.float32)


def hiss(rng: Rng, frames: int) -> Audio:
    """White to brown noise, sometimes with a curve or breathing slowly."""
    slope = rng.choice([0.0, 0.0, -1.5, -3.0, -3.0, -6.0, 2.0]) + rng.normal(0, 0.5)
    noise = coloured(rng, frames, slope, rng.choice([0.0, 3.0, 6.0]))
    if rng.random() < 0.2:
        noise = noise * slow_modulation(rng, frames, 3.0, 1.5)
    return unit(noise)


def hum(rng: Rng, frames: int) -> Audio:
    """Mains hum or buzz: 50 or 60 Hz and harmonics up to several kHz, drifting slightly."""
    base = rng.choice([50.0, 60.0]) * (1 + rng.normal(0, 0.002))
    if rng.random() < 0.1:
        base = rng.uniform(90, 420)  # whine of supplies and motors
    seconds = np.arange(frames) / RATE_HZ
    wobble = rng.normal(0, 0.15) * np.sin(2 * np.pi * rng.uniform(0.05, 0.4) * seconds + rng.uniform(0, 6))
    phase = np.exp(2j * np.pi * (base * seconds + wobble)).astype(np.complex64)
    count = int(rng.choice([3, 8, 20, 40, 80]))
    roll_off = rng.uniform(0.3, 1.6)
    only_odd = rng.random() < 0.3
    out = np.zeros(frames, np.float32)
    turning = np.ones(frames, np.complex64)
    for harmonic in range(1, count + 1):
        turning *= phase
        if (only_odd and harmonic % 2 == 0) or base * harmonic > 12_000:
            continue
        level = harmonic**-roll_off * 10 ** (rng.normal(0, 6) / 20)
        out += (np.complex64(level * np.exp(1j * rng.uniform(0, 6.283))) * turning).real
    if rng.random() < 0.4:
        out = unit(out) + coloured(rng, frames, -3.0) * np.float32(10 ** (rng.uniform(-30, -8) / 20))
    return unit(out)


def fan(rng: Rng, frames: int) -> Audio:
    """Fans, air conditioners, computers: shaped noise, blade tones, slow swell."""
    noise = coloured(rng, frames, rng.uniform(-7, -2), 6.0)
    for _ in range(int(rng.choice([0, 1, 2], p=[0.35, 0.45, 0.2]))):  # two beat
        noise = noise + blades(rng, frames)
    if rng.random() < 0.5:
        noise = noise * slow_modulation(rng, frames, rng.uniform(0.5, 2.5), rng.uniform(0.5, 8))
    return unit(noise)


def blades(rng: Rng, frames: int) -> Audio:
    """Tones of a fan: how often a blade passes and its multiples, each with neighbours a turn of the shaft away."""
    count = int(rng.integers(3, 12))
    base = rng.uniform(25, 400)
    seconds = np.arange(frames, dtype=np.float32) / RATE_HZ
    turning = (
        base * np.cumsum(slow_modulation(rng, frames, rng.choice([0.0, 0.01, 0.05]), 1.0), dtype=np.float64) / RATE_HZ
    )
    uneven = 1 + rng.uniform(0, 0.5) * np.cos(2 * np.pi * np.float32(base / count) * seconds)
    out = np.zeros(frames, np.float32)
    for harmonic in range(1, int(rng.integers(2, 10))):
        level = 10 ** (rng.uniform(-24, 0) / 20) / harmonic**0.5
        out += (level * np.sin(2 * np.pi * harmonic * turning + rng.uniform(0, 6))).astype(np.float32)
    return (out * uneven).astype(np.float32)


def traffic(rng: Rng, frames: int) -> Audio:
    """A low rumble with vehicles passing by."""
    out = coloured(rng, frames, -6.0, 4.0)
    seconds = np.arange(frames, dtype=np.float32) / RATE_HZ
    for _ in range(int(rng.integers(1, 4))):
        centre, width = rng.uniform(-0.5, frames / RATE_HZ + 0.5), rng.uniform(0.3, 2.0)
        swell = np.exp(-np.square((seconds - np.float32(centre)) / np.float32(width)))
        out = out + coloured(rng, frames, rng.uniform(-5, -2), 5.0) * swell * np.float32(rng.uniform(0.5, 2.5))
    return unit(out)


def buzz(rng: Rng, frames: int) -> Audio:
    """Dimmers and switching supplies: a spike twice a mains period that rings on, a whine that follows the mains."""
    mains_hz = float(rng.choice([50.0, 60.0])) * (1 + rng.normal(0, 0.001))
    seconds = np.arange(frames, dtype=np.float64) / RATE_HZ
    phase = 2 * mains_hz * seconds + rng.random()
    out = np.zeros(frames, np.float32)
    if rng.random() < 0.75:
        # A triac switches on at one angle of each half wave; what hangs on it rings.
        since = (phase % 1.0) / (2 * mains_hz)
        for _ in range(int(rng.integers(1, 4))):
            ring_hz, fall = 2 ** rng.uniform(np.log2(250), np.log2(9000)), rng.uniform(300, 4000)
            spike = np.exp(-since * fall) * np.cos(2 * np.pi * ring_hz * since)
            out += (spike * np.where(np.floor(phase) % 2 == 0, 1.0, rng.uniform(-1, 1))).astype(np.float32)
        out = unit(out)
    if rng.random() < 0.6 or not out.any():
        base = 2 ** rng.uniform(np.log2(900), np.log2(16_000))
        swing = 1 + rng.uniform(0, 1) * np.cos(2 * np.pi * phase)
        wobble = rng.uniform(0, 4) * np.cumsum(slow_modulation(rng, frames, 0.05, 2.0) - 1) / RATE_HZ
        whine = np.zeros(frames)
        for harmonic in range(1, int(rng.integers(2, 6))):
            if base * harmonic < 20_000:
                whine += np.sin(2 * np.pi * base * harmonic * (seconds + wobble / 100)) * harmonic ** -rng.uniform(
                    0.3, 2
                )
        out = out + unit((whine * swing).astype(np.float32)) * np.float32(10 ** (rng.uniform(-15, 6) / 20))
    return unit(out)


def amplifier(rng: Rng, frames: int) -> Audio:
    """An instrument amplifier with nothing played: hiss with a tilt, cut off by its loudspeaker, and some hum."""
    octaves = octaves_above_1khz(frames)
    gain_db = rng.uniform(-3, 4) * octaves
    if rng.random() < 0.7:
        top, steep = np.log2(rng.uniform(3.0, 7.0)), rng.uniform(12, 30)
        gain_db = (
            gain_db
            - steep * np.maximum(octaves - top, 0)
            + rng.uniform(0, 9) * np.exp(-np.square((octaves - 1.3) / 0.5))
        )
    gain_db = gain_db - rng.uniform(6, 18) * np.maximum(-octaves - rng.uniform(2, 3.5), 0)
    noise = np.fft.rfft(rng.standard_normal(frames, np.float32)) * (10 ** (gain_db / 20)).astype(np.float32)
    out = unit(np.fft.irfft(noise, frames).astype(np.float32))
    if rng.random() < 0.6:
        out = out + hum(rng, frames) * np.float32(10 ** (rng.uniform(-25, 0) / 20))
    return unit(out)


def drift(rng: Rng, frames: int) -> Audio:
    """Wind in a capsule, a rumbling floor, a wandering offset: all of it under 20 Hz."""
    hz = np.fft.rfftfreq(frames, 1 / RATE_HZ)
    top_hz = 2 ** rng.uniform(0, np.log2(20.0))
    slope = rng.uniform(0, 1.5)
    gain = (hz > 0) * np.maximum(hz, 0.2) ** -slope / (1 + (hz / top_hz) ** 8)
    phase = rng.standard_normal((len(hz), 2), np.float32).view(np.complex64)[:, 0]
    return unit(np.fft.irfft(phase * gain, frames).astype(np.float32))


def texture(rng: Rng, frames: int) -> Audio:
    """Rain, applause, crackling, machines: bands of noise, each with a loudness of its own that comes and goes.

    After J. McDermott and E. Simoncelli, "Sound texture perception via statistics of the auditory periphery", 2011: a
    texture is known by the spread and the speed of its bands' envelopes and by how far these go together.
    """
    count = int(rng.integers(3, 9))
    edges = np.sort(rng.uniform(np.log2(60.0), np.log2(20_000.0), count - 1))
    band = np.searchsorted(edges, _log_bins(frames))
    spectrum = np.fft.rfft(rng.standard_normal(frames, np.float32)) * random_curve_db(rng, frames, 7.0)
    spectrum *= (10 ** (rng.uniform(-4.5, 0) * (_log_bins(frames) - 10) / 20)).astype(np.float32)
    depth_db, per_second, together = rng.uniform(1, 9), float(2 ** rng.uniform(0, 6)), rng.uniform(0, 1)
    shared = rng.normal(0, 1, int(frames / RATE_HZ * per_second) + 3)
    out = np.zeros(frames, np.float32)
    where = np.linspace(0, len(shared) - 1, frames)
    for index in range(count):
        own = rng.normal(0, 1, len(shared))
        curve_db = depth_db * (together * shared + (1 - together) * own)
        envelope = np.interp(where, np.arange(len(shared)), 10 ** (curve_db / 20)).astype(np.float32)
        out += np.fft.irfft(np.where(band == index, spectrum, 0), frames).astype(np.float32) * envelope
    return unit(out)
