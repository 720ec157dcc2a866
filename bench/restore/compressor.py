"""The compressor: its static curve against the formula and ffmpeg's acompressor, and what it does to a clean voice."""

from __future__ import annotations

import numpy as np

from bench.restore.levels import Sound, ffmpeg, harm, lufs, through, voices
from bench.restore.rows import Row
from dsp.block import RATE_HZ
from dsp.effects.compressor import Compressor, static_reduction

THRESHOLD_DB, RATIO, KNEE_DB = -24.0, 4.0, 6.0
LEVELS_DB = np.arange(-40.0, 0.0, 2.0)
CURVE = {
    "compressor.on": 1.0,
    "compressor.threshold_db": THRESHOLD_DB,
    "compressor.ratio": RATIO,
    "compressor.knee_db": KNEE_DB,
    "compressor.release_ms": 1000.0,
    "compressor.auto_makeup": 0.0,
}
OTHER = (
    f"acompressor=threshold={10 ** (THRESHOLD_DB / 20):.6f}:ratio={RATIO}:knee={10 ** (KNEE_DB / 20):.4f}"
    ":attack=8:release=1000:detection=peak"
)


def rows(limit: int | None = None) -> list[Row]:
    levels = LEVELS_DB[:limit]
    ours, other, nothing = [], [], []
    for level_db in levels:
        tone = _tone(level_db)
        over = np.array([level_db - THRESHOLD_DB])
        static_reduction(over, 1.0 - 1.0 / RATIO, KNEE_DB, np.zeros(1))
        wanted_db = level_db - over[0]
        nothing.append(abs(level_db - wanted_db))
        ours.append(abs(_peak_db(through(Compressor(), tone, CURVE)) - wanted_db))
        theirs = ffmpeg(OTHER, tone)
        if theirs is not None:
            other.append(abs(_peak_db(theirs) - wanted_db))
    found = [
        Row(
            "compressor",
            "1 kHz at -40 to -2 dBFS, 4:1 over -24 dB, knee 6 dB",
            "largest distance from the curve, dB",
            max(nothing),
            max(ours),
            max(other) if other else None,
            "ffmpeg acompressor",
            more_is_better=False,
        )
    ]
    on = {"compressor.on": 1.0}
    spread, outs = [], [(sound, through(Compressor(), sound, on)) for sound in voices(10.0, limit)]
    for sound, out in outs:
        spread.append((_spread_db(sound), _spread_db(out)))
    found.append(
        Row(
            "compressor", "voices, default settings", "loud against soft 20 ms (p95 - p30), dB",
            float(np.mean([pair[0] for pair in spread])), float(np.mean([pair[1] for pair in spread])),
            more_is_better=False,
        )
    )  # fmt: skip
    change = max((lufs(out) - lufs(sound) for sound, out in outs), key=abs)
    found.append(Row("compressor", "clean voice, default settings", "loudness, LU", 0.0, change, more_is_better=False))
    soft = [(sound * np.float32(0.03), through(Compressor(), sound * np.float32(0.03), on)) for sound, _ in outs]
    worst = min(harm(sound, out)[0] for sound, out in soft)
    found.append(Row("compressor", "clean voice under the threshold", "SI-SDR, dB", float("inf"), worst))
    return found


def _tone(dbfs: float) -> Sound:
    time_s = np.arange(RATE_HZ * 3 // 2) / RATE_HZ
    sound: Sound = (10.0 ** (dbfs / 20.0) * np.sin(2 * np.pi * 1000.0 * time_s)).astype(np.float32)
    return sound


def _peak_db(sound: Sound) -> float:
    return float(20.0 * np.log10(np.abs(sound[-RATE_HZ // 4 :]).max()))


def _spread_db(sound: Sound) -> float:
    """Between the loud and the soft parts of what is not a pause."""
    frames = np.square(sound[: len(sound) // 960 * 960].reshape(-1, 960)).mean(axis=1)
    level = 10.0 * np.log10(frames[frames > 1e-3 * frames.max()])
    return float(np.percentile(level, 95) - np.percentile(level, 30))
