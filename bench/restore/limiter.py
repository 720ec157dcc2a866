"""The limiter: true peak of what is driven 10 dB over the ceiling, against ffmpeg's alimiter and against clipping."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from bench.harm import si_sdr_db
from bench.restore.levels import Sound, ffmpeg, peak, through, true_peak_db, voices
from bench.restore.rows import Row
from dsp.effects.limiter import MixLimiter

CEILING_DB, OVER_DB = -1.0, 10.0
NAME = "ffmpeg alimiter"


def rows(limit: int | None = None) -> list[Row]:
    loud = [peak(sound, OVER_DB) for sound in voices(8.0, limit)]
    true = [through(MixLimiter(), sound, {"limiter.true_peak": 1.0}) for sound in loud]
    plain = [through(MixLimiter(), sound, {}) for sound in loud]
    most = 10.0 ** (CEILING_DB / 20.0)
    clipped = [np.clip(sound, -most, most).astype(np.float32) for sound in loud]
    tool = [ffmpeg(f"alimiter=limit={most:.6f}:level=0", sound) for sound in loud]
    other = [sound for sound in tool if sound is not None]
    what, measure = f"voices {OVER_DB:.0f} dB over full scale, ceiling {CEILING_DB:g} dB", "worst true peak (8x), dBTP"
    found = [
        Row("limiter", what, measure, _most(loud), _most(true), _most(other), NAME, False),
        Row("limiter", f"{what}, samples only", measure, _most(loud), _most(plain), _most(clipped), "clipping", False),
        Row("limiter", what, "SI-SDR, dB", _left(loud, clipped), _left(loud, true), _left(loud, other), NAME),
    ]  # fmt: skip
    if not other:
        found = [replace(row, other=None) if row.other_name == NAME else row for row in found]
    under = [peak(sound, -3.0) for sound in loud]
    worst = min(float(np.mean(sound == through(MixLimiter(), sound, {"limiter.true_peak": 1.0}))) for sound in under)
    found.append(Row("limiter", "clean voice at -3 dBFS, true peak", "share of samples unchanged", 1.0, worst))
    return found


def _most(sounds: list[Sound]) -> float:
    return max((true_peak_db(sound) for sound in sounds), default=math.nan)


def _left(sounds: list[Sound], outs: list[Sound]) -> float:
    """SI-SDR against the input, mean; an output may be late by up to 20 ms."""
    ratios = []
    for sound, out in zip(sounds, outs, strict=False):
        part = sound[48_000:96_000]
        fits = [float(np.dot(part, out[48_000 + late : 96_000 + late])) for late in range(960)]
        late = int(np.argmax(fits))
        ratios.append(si_sdr_db(out[late:], sound[: len(sound) - late]))
    return float(np.mean(ratios)) if ratios else math.nan
