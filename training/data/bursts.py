"""Short noises: clicks, keys, clatter, thumps, rubbing, plosives. float32, any level."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.data.noise_synth import Audio, Rng, coloured, slow_modulation
from training.data.sources import RATE_HZ


def moments(rng: Rng, frames: int) -> list[int]:
    """The moments of clicks: regular as a clock, at random, or in groups; 0.4 to 80 times a second."""
    per_second = float(2 ** rng.uniform(-1.3, 6.3))
    count = max(1, round(frames / RATE_HZ * per_second))
    way = rng.choice(["clock", "odd", "clumps"])
    if way == "clock":
        gap = RATE_HZ / per_second
        at = rng.uniform(0, gap) + np.arange(count) * gap + rng.normal(0, gap * rng.choice([0.0, 0.003, 0.05]), count)
    elif way == "odd":
        at = rng.uniform(0, frames, count)
    else:
        middles = rng.uniform(0, frames, max(1, count // 8))
        at = rng.choice(middles, count) + rng.exponential(0.08 * RATE_HZ, count)
    return [int(start) for start in np.clip(at, 0, frames - 1)]


def _put(out: Audio, at: int, sound: NDArray[np.floating]) -> None:
    """Add `sound` from frame `at` on; cut it at the end of `out`."""
    if 0 <= at < len(out):
        found = sound[: len(out) - at]
        out[at : at + len(found)] += found


def click(rng: Rng, seconds: float) -> Audio:
    """One click that is over after about `seconds`: rough, ringing, or a bare step."""
    length = max(1, int(seconds * RATE_HZ))
    time = np.arange(length, dtype=np.float32) / RATE_HZ
    fall = np.exp(-time * np.float32(4.0 / max(seconds, 1 / RATE_HZ)))
    way = rng.random()
    if way < 0.15:
        return fall * np.float32(rng.choice([-1.0, 1.0]))
    sound = rng.standard_normal(length, np.float32) * fall * np.float32(rng.uniform(0.1, 1))
    if way < 0.7:
        for _ in range(int(rng.integers(1, 4))):
            hz = 2 ** rng.uniform(np.log2(300), np.log2(14_000))
            sound += np.sin(np.float32(2 * np.pi * hz) * time + np.float32(rng.uniform(0, 6))) * fall
    if rng.random() < 0.4 and length > 8:
        width = int(rng.integers(2, 8))
        sound = np.convolve(sound, np.full(width, 1 / width, np.float32), "same")
    return sound.astype(np.float32)


def clicks(rng: Rng, frames: int) -> Audio:
    """Vinyl and cable crackle, relays, clocks, mice, data glitches: one sample to 25 ms long, alike or different."""
    out = np.zeros(frames, np.float32)
    seconds = float(2 ** rng.uniform(np.log2(1 / RATE_HZ), np.log2(0.025)))
    alike = [click(rng, seconds)] if rng.random() < 0.4 else []
    spread_db = rng.uniform(0, 9)
    for at in moments(rng, frames):
        sound = alike[0] if alike else click(rng, seconds * float(2 ** rng.normal(0, 0.5)))
        _put(out, at, sound * np.float32(10 ** (rng.normal(0, spread_db) / 20)))
    return out


def keys(rng: Rng, frames: int) -> Audio:
    """Typing: the key goes down, strikes the bottom, comes up again; in runs, with pauses."""
    out = np.zeros(frames, np.float32)
    bottom_hz, snap_hz = rng.uniform(120, 600), rng.uniform(1200, 6000)
    gap = rng.uniform(0.08, 0.3)
    at = rng.uniform(0, 0.3)
    while at < frames / RATE_HZ:
        level = np.float32(10 ** (rng.normal(0, 3) / 20))
        time = np.arange(int(0.05 * RATE_HZ), dtype=np.float32) / RATE_HZ
        thud = np.sin(np.float32(2 * np.pi * bottom_hz * rng.uniform(0.9, 1.1)) * time) * np.exp(
            -time * np.float32(120)
        )
        snap = rng.standard_normal(len(time), np.float32) * np.exp(-time * np.float32(rng.uniform(300, 900)))
        ring = np.sin(np.float32(2 * np.pi * snap_hz * rng.uniform(0.85, 1.2)) * time) * np.exp(-time * np.float32(250))
        start = int(at * RATE_HZ)
        _put(out, start, click(rng, 0.002) * level * np.float32(rng.uniform(0.1, 0.6)))
        _put(out, start + int(rng.uniform(0.004, 0.015) * RATE_HZ), (thud + snap + ring * rng.uniform(0, 1)) * level)
        up = start + int(rng.uniform(0.05, 0.14) * RATE_HZ)
        _put(out, up, click(rng, 0.004) * level * np.float32(rng.uniform(0.1, 0.7)))
        at += gap * rng.uniform(0.6, 1.5) if rng.random() < 0.9 else rng.uniform(0.4, 1.2)
    return out


def clatter(rng: Rng, frames: int, count: int) -> Audio:
    """Dishes, keys and taps: short ringing bursts."""
    out = np.zeros(frames, np.float32)
    for _ in range(count):
        length = int(rng.uniform(0.01, 0.12) * RATE_HZ)
        seconds = np.arange(length, dtype=np.float32) / RATE_HZ
        ring = rng.standard_normal(length, np.float32) * np.exp(-seconds * np.float32(rng.uniform(200, 900)))
        for _ in range(int(rng.integers(1, 4))):
            tone = np.sin(np.float32(2 * np.pi * rng.uniform(800, 9000)) * seconds)
            ring = ring + tone * np.exp(-seconds * np.float32(rng.uniform(30, 200)))
        at = int(rng.integers(0, frames - length))
        out[at : at + length] += ring * np.float32(10 ** (rng.uniform(-20, 0) / 20))
    return out


def thumps(rng: Rng, frames: int) -> Audio:
    """A hand on the microphone stand, a foot on the floor, a plosive."""
    out = np.zeros(frames, np.float32)
    for _ in range(int(rng.integers(1, 5))):
        length = int(rng.uniform(0.05, 0.25) * RATE_HZ)
        seconds = np.arange(length, dtype=np.float32) / RATE_HZ
        swing = np.sin(np.float32(2 * np.pi * rng.uniform(25, 130)) * seconds + np.float32(rng.uniform(0, 6)))
        body = swing + np.cumsum(rng.standard_normal(length, np.float32)) * np.float32(0.01)
        at = int(rng.integers(0, frames - length))
        out[at : at + length] += (
            body * np.exp(-seconds * np.float32(rng.uniform(15, 60))) * np.float32(rng.uniform(0.3, 1))
        )
    return out


def handling(rng: Rng, frames: int) -> Audio:
    """A microphone in the hand: thumps, fingers that rub the body, a cable that is moved."""
    out = thumps(rng, frames)
    for _ in range(int(rng.integers(1, 5))):
        length = int(rng.uniform(0.08, 0.8) * RATE_HZ)
        rub = coloured(rng, length, rng.uniform(-12, -4), 6.0) * slow_modulation(rng, length, 7.0, rng.uniform(15, 60))
        swell = np.sin(np.linspace(0, np.pi, length, dtype=np.float32))
        _put(out, int(rng.integers(0, frames - length)), rub * swell * np.float32(10 ** (rng.uniform(-25, -5) / 20)))
    return out


def breath(rng: Rng, frames: int) -> Audio:
    """Air that hits the capsule: a breath too close, a gust outside. Low and rough, without a voice."""
    out = np.zeros(frames, np.float32)
    for _ in range(int(rng.integers(1, 6))):
        length = int(rng.uniform(0.04, 0.9) * RATE_HZ)
        gust = coloured(rng, length, rng.uniform(-10, -5), 4.0)
        swell = np.sin(np.linspace(0, 3.14, length, dtype=np.float32)) ** np.float32(rng.uniform(0.5, 3))
        at = int(rng.integers(0, frames - length))
        out[at : at + length] += gust * swell * np.float32(10 ** (rng.uniform(-12, 0) / 20))
    return out


def plosives(rng: Rng, frames: int) -> Audio:
    """P and b into a bare capsule: a step of air within 3 ms that swings back for a tenth of a second, and its rush."""
    out = np.zeros(frames, np.float32)
    for _ in range(int(rng.integers(1, 6))):
        length = int(rng.uniform(0.06, 0.25) * RATE_HZ)
        time = np.arange(length, dtype=np.float32) / RATE_HZ
        rise = 1 - np.exp(-time * np.float32(rng.uniform(400, 2000)))
        swing = np.cos(np.float32(2 * np.pi * rng.uniform(8, 70)) * time) * np.exp(
            -time * np.float32(rng.uniform(15, 50))
        )
        rush = coloured(rng, length, rng.uniform(-12, -6)) * np.exp(-time * np.float32(rng.uniform(20, 60)))
        puff = rise * (swing + rush * np.float32(rng.uniform(0.1, 0.6))) * np.float32(rng.choice([-1.0, 1.0]))
        _put(out, int(rng.integers(0, frames - length)), puff * np.float32(10 ** (rng.uniform(-12, 0) / 20)))
    return out


BURSTS: tuple[Callable[[Rng, int], Audio], ...] = (clicks, keys, thumps, handling, breath, plosives)
