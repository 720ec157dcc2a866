"""The transient shaper on drums: what it does to the stroke and to what rings on, against a compressor set for it."""

from __future__ import annotations

import numpy as np

from bench.restore.levels import DATA, Sound, ffmpeg, harm, peak, read, through, voices
from bench.restore.rows import Row
from dsp.block import RATE_HZ
from dsp.effects.transient import Transient

EVERY = RATE_HZ // 2
SLOW, QUICK = "threshold=0.05:ratio=4:attack=20:release=150", "threshold=0.1:ratio=4:attack=0.1:release=30"


def rows(limit: int | None = None) -> list[Row]:
    drums = strokes(limit)
    found = []
    for attack_db in (9.0, -9.0):
        out = through(Transient(), drums, {"transient.attack_db": attack_db})
        # A slow compressor lets strokes through; a quick one holds them down.
        words = SLOW if attack_db > 0.0 else QUICK
        other = ffmpeg(f"acompressor={words}", drums)
        found.append(
            Row(
                "transient", f"attack {attack_db:+g} dB on single drums", "stroke (10 ms) against ring, dB change", 0.0,
                _stroke_db(out) - _stroke_db(drums),
                _stroke_db(other) - _stroke_db(drums) if other is not None else None,
                "ffmpeg acompressor, 20 ms or 0.1 ms attack", attack_db > 0.0,
            )
        )  # fmt: skip
    for sustain_db in (9.0, -9.0):
        out = through(Transient(), drums, {"transient.sustain_db": sustain_db})
        found.append(
            Row(
                "transient", f"sustain {sustain_db:+g} dB on single drums", "ring to 0.4 s against stroke, dB change",
                0.0, -(_stroke_db(out, 100, 400) - _stroke_db(drums, 100, 400)), more_is_better=sustain_db > 0.0,
            )
        )  # fmt: skip
    worst = min(
        harm(sound, through(Transient(), sound, {"transient.attack_db": 3.0}))[0] for sound in voices(6.0, limit)
    )
    found.append(Row("transient", "clean voice, attack +3 dB", "SI-SDR, dB", float("inf"), worst))
    return found


def strokes(limit: int | None = None) -> Sound:
    """Single drums, one every half second."""
    files = sorted((DATA / "instruments" / "drums").glob("*_vl4_rr1.opus"))[: limit or 8]
    sound = np.zeros(EVERY * (len(files) + 1), np.float32)
    for at, path in enumerate(files, 1):
        drum = peak(read(path, 0.5), -3.0)
        first = int(np.argmax(np.abs(drum) > 0.05))
        drum = drum[first:EVERY]
        sound[at * EVERY : at * EVERY + len(drum)] += drum
    return sound


def _stroke_db(sound: Sound, from_ms: int = 60, to_ms: int = 300) -> float:
    """The first 10 ms of each stroke against what follows."""
    changes = []
    for start in range(EVERY, len(sound) - EVERY + 1, EVERY):
        stroke = np.square(sound[start : start + 480]).mean()
        ring = np.square(sound[start + 48 * from_ms : start + 48 * to_ms]).mean()
        changes.append(10.0 * np.log10((stroke + 1e-12) / (ring + 1e-12)))
    return float(np.mean(changes))
