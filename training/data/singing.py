"""Makes sung voices from spoken ones: pitch is moved to held notes with vibrato, vowels are stretched.

    nice python -m training.data.singing --minutes 60

There is little freely licensed singing, but much speech. WORLD (Morise et al. 2016) splits a voice into pitch, spectral
envelope and breath. Put together again with a melody and a slower clock, that is roughly singing. This runs once; the
result is `sung.i16` in the cache, and the mixer finds it there among the voices.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyworld
from numpy.typing import NDArray

from training.data import decode
from training.data.decode import CACHE, Stretch
from training.data.sources import RATE_HZ

FRAME_MS = 5.0
PIECE_SECONDS = 8.0
SHARES = {"kerstin": 0.2, "nathalie": 0.2, "philipp": 0.2, "ocean": 0.2, "libri": 0.2}
HELD_OUT_SHARES = {"kathleen": 0.3, "flemishguy": 0.3, "ocean": 0.2, "libri": 0.2}
HELD_SHARE, HOLD_EVERY_SECONDS, HELD_SECONDS = 0.4, 1.5, (0.5, 3.0)  # of pieces; of the speech; of a vowel
SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9))

Array = NDArray[np.float64]
Rng = np.random.Generator


def melody_hz(rng: Rng, frames: int, centre_hz: float) -> Array:
    """Held notes of a scale around a centre, with glides, at times late vibrato, and slight drift, in Hz.  (frames,)"""
    scale = np.array(SCALES[int(rng.integers(len(SCALES)))])
    notes = np.concatenate([scale - 12, scale, scale + 12])
    semitones = np.zeros(frames)
    position, at = int(len(notes) // 2), 0
    while at < frames:
        length = int(rng.choice([30, 60, 90, 160, 300, 500]) * rng.uniform(0.7, 1.3))
        position = int(np.clip(position + rng.integers(-3, 4), 4, len(notes) - 5))
        stop = min(at + length, frames)
        seconds = np.arange(stop - at) * FRAME_MS / 1000
        depth = max(0.0, rng.uniform(-0.3, 0.7)) * np.clip((seconds - 0.15) / 0.3, 0, 1)
        semitones[at:stop] = notes[position] + depth * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * seconds)
        at = stop
    glide = np.hanning(int(rng.integers(7, 25)))
    semitones = np.convolve(np.pad(semitones, len(glide), "edge"), glide / glide.sum(), "same")[
        len(glide) : -len(glide)
    ]
    drift = np.interp(
        np.arange(frames), np.arange(0, frames + 40, 40), rng.normal(0, 0.12, len(range(0, frames + 40, 40)))
    )
    return np.asarray(centre_hz * 2 ** ((semitones + drift) / 12))


def hold(rng: Rng, power: Array) -> Array:
    """Further frames for some of the loudest moments of vowels, where a singer stays on a note.  (frames,) twice."""
    window = round(HOLD_EVERY_SECONDS * 1000 / FRAME_MS)
    extra = np.zeros(len(power))
    for start in range(0, len(power), window):
        peak = start + int(np.argmax(power[start : start + window]))
        if power[peak] > 0.02 * power.max():
            extra[peak] = rng.uniform(*HELD_SECONDS) * 1000 / FRAME_MS
    return extra


def sing(rng: Rng, speech: NDArray[np.float32]) -> NDArray[np.float32]:
    """Resynthesise speech as song."""
    sound = speech.astype(np.float64)
    f0, at = pyworld.dio(sound, RATE_HZ, f0_floor=65.0, f0_ceil=500.0, frame_period=FRAME_MS)
    f0 = pyworld.stonemask(sound, f0, at, RATE_HZ)
    envelope = pyworld.cheaptrick(sound, f0, at, RATE_HZ)
    breath = pyworld.d4c(sound, f0, at, RATE_HZ)
    voiced = f0 > 0
    if voiced.mean() < 0.15:
        return speech
    # Stretch voiced frames most; consonants keep their pace.
    stretch = rng.uniform(1.5, 3.0)
    pace = np.where(voiced, stretch, 1.1)
    if rng.random() < HELD_SHARE:
        pace += hold(rng, np.where(voiced, envelope.sum(-1), 0.0))
    clock = np.concatenate(([0.0], np.cumsum(np.convolve(pace, np.hanning(9) / np.hanning(9).sum(), "same"))))
    frames = int(clock[-1])
    source = np.interp(np.arange(frames), clock, np.arange(len(clock)))
    index = np.clip(np.round(source).astype(int), 0, len(f0) - 1)
    centre = float(np.median(f0[voiced]) * 2 ** rng.uniform(-0.1, 0.75))
    pitch = np.where(voiced[index], melody_hz(rng, frames, centre), 0.0)
    below = np.clip(source.astype(int), 0, len(f0) - 2)
    part = (source - below)[:, None]
    smooth = np.exp((1 - part) * np.log(envelope[below] + 1e-12) + part * np.log(envelope[below + 1] + 1e-12))
    out = pyworld.synthesize(pitch, smooth, np.ascontiguousarray(breath[index]), RATE_HZ, FRAME_MS)
    return (out * (0.6 / (np.abs(out).max() + 1e-9))).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    audio, stretches = decode.load(args.cache, "voices")
    found: list[Stretch] = []
    at = 0
    temporary = args.cache / "sung.tmp"
    with temporary.open("wb") as out:
        while at < args.minutes * 60 * RATE_HZ:
            # Every tenth piece comes from, and goes to, the held-out voices.
            split = "val" if len(found) % 10 == 9 else "train"
            shares = HELD_OUT_SHARES if split == "val" else SHARES
            group = str(rng.choice(list(shares), p=list(shares.values())))
            choice = [s for s in stretches if s.group == group and s.split == split and s.frames > 3 * RATE_HZ]
            stretch = choice[int(rng.integers(len(choice)))]
            frames = min(int(PIECE_SECONDS * RATE_HZ), stretch.frames)
            start = stretch.start + int(rng.integers(stretch.frames - frames + 1))
            sung = sing(rng, audio[start : start + frames].astype(np.float32) / np.float32(32768))
            np.round(sung * 32767).astype(np.int16).tofile(out)
            found.append(Stretch(at, len(sung), "sung", stretch.name, stretch.top_hz, split))
            at += len(sung)
            if len(found) % 20 == 0:
                print(f"{at / RATE_HZ / 60:.1f} minutes", flush=True)
    temporary.replace(args.cache / "sung.i16")
    (args.cache / "sung.json").write_text(json.dumps([asdict(stretch) for stretch in found]))


if __name__ == "__main__":
    main()
