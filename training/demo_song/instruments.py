"""The band's instruments: recorded notes and strokes (CC0, public domain); a synthesised bass, strings, lead.

The recordings lie in ../shared/data/instruments: Karoryfer's Emilyguitar and Gogodze Phu II (CC0), and the Splendid
Grand piano (public domain). Every sound is mono float64 at RATE_HZ, about 1 at its peak.
"""

import re
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy import signal

from training.demo_song.score import RATE_HZ

Mono = NDArray[np.float64]
RECORDINGS = Path("../shared/data/instruments")
_STEPS = {
    "c": 0,
    "db": 1,
    "cs": 1,
    "d": 2,
    "eb": 3,
    "ds": 3,
    "e": 4,
    "f": 5,
    "gb": 6,
    "fs": 6,
    "g": 7,
    "ab": 8,
    "gs": 8,
}
_STEPS |= {"a": 9, "bb": 10, "as": 10, "b": 11}
_PITCHED = {  # what a file's name looks like, and how far its octave is from what sounds
    "guitar": ("guitar", r"emily_([a-g]b?)(\d)_mf_rr([12])", 0),
    "piano": ("keys", r"grand_M[Ff] ([A-G]s?)(\d)", 1),
}
_STRUCK = {"kick": "ks", "snare": "sc", "hat": "hc", "open": "ho", "tom": "tm"}
_TABLE = 4096


def note(name: str, key: int, seconds: float, fall_s: float = 0.06) -> Mono:
    """A recorded note of the guitar or piano at this MIDI key, damped after `seconds`."""
    there = _notes(name)
    nearest = min(there, key=lambda each: (abs(each - key), each))
    sound = soxr.resample(_read(there[nearest]), RATE_HZ * 2 ** ((key - nearest) / 12), RATE_HZ)
    held = round(seconds * RATE_HZ)
    return _damped(sound[: held + round(4 * fall_s * RATE_HZ)], held, fall_s)


def stroke(name: str, level: float, turn: int) -> Mono:
    """A recorded drum, as hard as level says (0 to 1). turn: strokes of a kind differ, two by two."""
    stem = f"gogodze_{_STRUCK[name]}_vl"
    hardest = max(int(path.stem.split("_vl")[1][0]) for path in (RECORDINGS / "drums").glob(f"{stem}*"))
    sound = _read(RECORDINGS / "drums" / f"{stem}{max(1, round(level * hardest))}_rr{turn % 2 + 1}.opus")
    return np.asarray(sound / np.abs(sound).max() * level)


@cache
def _notes(name: str) -> dict[int, Path]:
    """The recordings of an instrument by MIDI key."""
    folder, pattern, octaves = _PITCHED[name]
    found = {}
    for path in sorted((RECORDINGS / folder).iterdir()):
        match = re.fullmatch(pattern, path.stem)
        if match:
            found[12 * (int(match[2]) + 1 + octaves) + _STEPS[match[1].lower()]] = path
    if not found:
        raise FileNotFoundError(f"{RECORDINGS / folder}: no {pattern}")
    return found


@cache
def _read(path: Path) -> Mono:
    sound, rate_hz = soundfile.read(path, dtype="float64", always_2d=True)
    if rate_hz != RATE_HZ:
        raise ValueError(f"{path}: {rate_hz} Hz, {RATE_HZ} are expected")
    return np.asarray(sound.mean(1))


def bass_note(key: int, seconds: float) -> Mono:
    """A saw-tooth over a sine, through a filter that closes."""
    held = round(seconds * RATE_HZ)
    t = np.arange(held + round(0.12 * RATE_HZ)) / RATE_HZ
    rough = _saw(_hz(key) * t % 1, _hz(key))
    dark, bright = band(rough, 0, 260), band(rough, 0, 900)
    tone = dark + (bright - dark) * np.exp(-t / 0.12)
    low = np.sin(2 * np.pi * _hz(key) * t)
    return _damped(np.tanh(1.2 * (0.75 * tone + 0.7 * low)) * np.minimum(1, t / 0.004), held, 0.03)


def crash(rng: np.random.Generator) -> Mono:
    t = np.arange(round(2.6 * RATE_HZ)) / RATE_HZ
    wash = band(rng.standard_normal(len(t)), 3800, 15000) * np.exp(-t / 0.62)
    ring = np.sum([np.sin(2 * np.pi * f * t + f) for f in rng.uniform(3500, 9500, 24)], axis=0) * np.exp(-t / 0.45) / 12
    return np.asarray(0.5 * (wash + ring) * np.minimum(1, t / 0.004))


def shaker(rng: np.random.Generator) -> Mono:
    t = np.arange(round(0.1 * RATE_HZ)) / RATE_HZ
    return np.asarray(band(rng.standard_normal(len(t)), 5500, 14000) * np.exp(-t / 0.02) * np.minimum(1, t / 0.008))


def string_note(key: int, seconds: float, rng: np.random.Generator) -> Mono:
    """Seven saw-tooths a few cents apart, spread over left and right: a string section.  (frames, 2)"""
    held = round(seconds * RATE_HZ)
    frames = held + round(0.5 * RATE_HZ)
    sides = np.zeros((frames, 2))
    for where, cents in zip(np.linspace(-1, 1, 7), (-13, 9, -5, 0, 6, -9, 12), strict=True):
        angle = (where * 0.9 + 1) * np.pi / 4
        at = (float(rng.random()) + _hz(key + cents / 100) * np.arange(frames) / RATE_HZ) % 1.0
        sides += _saw(at, _hz(key))[:, None] / 7 * np.array([np.cos(angle), np.sin(angle)])
    rise = np.minimum(1, np.arange(frames) / (0.15 * RATE_HZ))
    return _damped(sides * rise[:, None], held, 0.15)


def lead_note(key: int, seconds: float) -> Mono:
    """A soft saw-tooth with a vibrato that comes late."""
    held = round(seconds * RATE_HZ)
    t = np.arange(held + round(0.2 * RATE_HZ)) / RATE_HZ
    cents = 9 * np.sin(2 * np.pi * 5.5 * t) * np.clip((t - 0.2) / 0.3, 0, 1)
    wave = _saw(np.cumsum(_hz(key) * 2 ** (cents / 1200)) / RATE_HZ % 1, 1400.0)
    shape = np.minimum(1, t / 0.006) * (0.5 + 0.5 * np.exp(-t / 0.25))
    return _damped(band(wave, 0, 3600) * shape, held, 0.06)


def band(sound: Mono, low_hz: float, high_hz: float) -> Mono:
    """Band-pass; low_hz = 0 leaves that side open."""
    edges = (low_hz, high_hz) if low_hz else high_hz
    return np.asarray(
        signal.sosfilt(signal.butter(2, edges, "band" if low_hz else "low", fs=RATE_HZ, output="sos"), sound)
    )


def _damped(sound: Mono, held: int, fall_s: float) -> Mono:
    """Let it die away from frame `held` on, to nothing at its end."""
    at = np.arange(len(sound))
    fall = np.exp(-((at - held) / RATE_HZ).clip(0) / fall_s) * np.minimum(1, (len(sound) - at) / 480)
    return sound * (fall if sound.ndim == 1 else fall[:, None])


def _hz(key: float) -> float:
    return float(440.0 * 2 ** ((key - 69) / 12))


def _saw(at: Mono, at_hz: float) -> Mono:
    """A saw-tooth at these phases (0 to 1), of the harmonics that a note of at_hz has below half the rate."""
    table = _saw_table(max(1, min(60, int(17000 / at_hz))))
    return np.interp(at * _TABLE, np.arange(_TABLE + 1), np.append(table, table[0]))


@cache
def _saw_table(harmonics: int) -> Mono:
    phase = 2 * np.pi * np.arange(_TABLE) / _TABLE
    orders = np.arange(1, harmonics + 1)
    return np.asarray((np.sin(np.outer(phase, orders)) * np.sinc(orders / (harmonics + 1)) / orders).sum(1)) * 2 / np.pi
