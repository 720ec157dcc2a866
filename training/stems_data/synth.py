"""Synthesised notes for bass lines and everything else: wavetables whose brightness follows an envelope.

A patch is drawn once a part and then plays all of its notes, as a synthesiser's sound does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.sources import RATE_HZ
from training.stems_data.store import Stereo

Rng = np.random.Generator
TABLE = 1024
DARK = (1.5, 4.0, 12.0, 60.0)  # harmonics at which each of a patch's tables has fallen by 3 dB


@dataclass(frozen=True)
class Patch:
    """One sound. Times in seconds; tables: (4, TABLE + 1) from dark to bright."""

    tables: NDArray[np.float32]
    attack: float
    decay: float
    sustain: float
    release: float
    bright: float  # 0 to 3: which table when the note begins
    dark: float  # and later
    sweep: float  # seconds from one to the other
    unison: int
    detune_cents: float
    width: float
    vibrato_cents: float
    sub: float  # level of a sine an octave below
    fm: float
    noise: float


def draw_patch(rng: Rng, low: bool) -> Patch:
    """A random sound; low: for a bass line."""
    number = np.arange(1, 160)
    shape = str(rng.choice(["saw", "square", "triangle", "pulse", "sine", "any"]))
    amplitude = {
        "saw": 1 / number,
        "square": (number % 2) / number,
        "triangle": (number % 2) / number**2.0,
        "pulse": np.abs(np.sin(np.pi * number * rng.uniform(0.1, 0.4))) / number,
        "sine": (number == 1) + 0.1 * (number == 2),
        "any": rng.random(len(number)) ** 2 / number ** rng.uniform(0.5, 1.5),
    }[shape]
    phase = rng.uniform(0, 2 * np.pi, len(number)) if rng.random() < 0.3 else np.zeros(len(number))
    tables = []
    for cut in DARK:
        spectrum = np.zeros(TABLE // 2 + 1, complex)
        spectrum[1 : 1 + len(number)] = amplitude / np.sqrt(1 + (number / cut) ** 4) * np.exp(1j * phase) * -1j
        table = np.fft.irfft(spectrum, TABLE)
        table /= np.sqrt(np.mean(table**2)) + 1e-9
        tables.append(np.append(table, table[0]))
    plucked, pad = rng.random() < 0.45, not low and rng.random() < 0.3
    unison = 1 if low and rng.random() < 0.7 else int(rng.choice([1, 2, 3, 5]))
    bright = float(rng.uniform(0.5, 3.0))
    return Patch(
        tables=np.array(tables, np.float32),
        attack=float(rng.uniform(0.1, 0.8)) if pad else float(rng.uniform(0.002, 0.03)),
        decay=float(2 ** rng.uniform(-4, 0.5)),
        sustain=0.0 if plucked and not pad else float(rng.uniform(0.3, 1.0)),
        release=float(rng.uniform(0.3, 1.5)) if pad else float(rng.uniform(0.01, 0.3)),
        bright=bright,
        dark=float(rng.uniform(0, bright)),
        sweep=float(2 ** rng.uniform(-5, 0)),
        unison=unison,
        detune_cents=float(rng.uniform(2, 25)),
        width=float(rng.uniform(0, 0.3 if low else 1.0)),
        vibrato_cents=float(rng.uniform(5, 40)) if rng.random() < 0.25 else 0.0,
        sub=float(rng.uniform(0.3, 1.0)) if low and rng.random() < 0.4 else 0.0,
        fm=float(rng.uniform(0.2, 2.5)) if rng.random() < 0.2 else 0.0,
        noise=float(rng.uniform(0.01, 0.08)) if rng.random() < 0.15 else 0.0,
    )


def tone(patch: Patch, pitch: float, seconds: float, strength: float, rng: Rng) -> Stereo:
    """One note.  pitch: MIDI number; seconds: until it is let go."""
    frames = int((seconds + patch.release) * RATE_HZ)
    time = np.arange(frames, dtype=np.float32) / RATE_HZ
    envelope = np.minimum(time / patch.attack, 1.0) * (
        patch.sustain + (1 - patch.sustain) * np.exp(-np.maximum(time - patch.attack, 0) / patch.decay)
    )
    envelope *= np.clip((seconds + patch.release - time) / patch.release, 0, 1) ** 2
    where = patch.dark + (patch.bright * strength**0.5 - patch.dark) * np.exp(-time / patch.sweep)
    where = np.clip(where, 0, len(DARK) - 1.001)
    hz = 440 * 2 ** ((pitch - 69) / 12)
    wobble = np.float32(patch.vibrato_cents / 1200 * np.log(2) * hz / (2 * np.pi * 5.5)) * np.sin(
        2 * np.pi * 5.5 * time
    )
    if patch.fm:
        wobble = wobble + np.float32(patch.fm / (2 * np.pi)) * np.sin(2 * np.pi * hz * 2 * time) * np.exp(-time * 4)
    out = np.zeros((frames, 2), np.float32)
    for voice in range(patch.unison):
        spread = 0.0 if patch.unison == 1 else 2 * voice / (patch.unison - 1) - 1
        own_hz = hz * 2 ** (spread * patch.detune_cents / 1200)
        at = ((time.astype(np.float64) * own_hz + wobble + rng.random()) % 1.0 * TABLE).astype(np.float32)
        sound = _read(patch.tables, at, where) * envelope
        out[:, 0] += sound * np.float32(1 - patch.width * max(spread, 0))
        out[:, 1] += sound * np.float32(1 + patch.width * min(spread, 0))
    if patch.sub:
        out += (np.float32(patch.sub) * np.sin(np.float32(np.pi * hz) * time) * envelope)[:, None]
    if patch.noise:
        out += (np.float32(patch.noise) * rng.standard_normal(frames, np.float32) * envelope)[:, None]
    return out * np.float32(strength / np.sqrt(patch.unison))


def _read(tables: NDArray[np.float32], at: NDArray[np.float32], where: NDArray[np.float32]) -> NDArray[np.float32]:
    """Between the two tables that lie nearest in brightness, and between the samples of each."""
    lower = where.astype(np.int64)
    cell = np.minimum(at.astype(np.int64), TABLE - 1)  # rounding may reach the end
    flat, row = tables.reshape(-1), tables.shape[1]
    share, inside = where - lower, at - cell
    first = lower * row + cell
    dark = flat[first] + inside * (flat[first + 1] - flat[first])
    bright = flat[first + row] + inside * (flat[first + row + 1] - flat[first + row])
    result: NDArray[np.float32] = (dark + share * (bright - dark)).astype(np.float32)
    return result
