"""Tone: how far the response is from the analogue filter's, against the usual bilinear design (ffmpeg's equalizer)."""

from __future__ import annotations

import numpy as np

from bench.restore.levels import Sound, ffmpeg, harm, through, voices
from bench.restore.rows import Row
from dsp.block import RATE_HZ
from dsp.effects.eq import Eq
from dsp.parts.biquads import analogue

HEARD_HZ = np.geomspace(20.0, 20_000.0, 300)
GAIN_DB, Q = 9.0, 1.0


def rows(limit: int | None = None) -> list[Row]:
    found = []
    for hz in (100.0, 1_000.0, 5_000.0, 12_000.0)[:limit]:
        wanted = 20.0 * np.log10(np.abs(analogue("bell", hz, GAIN_DB, Q, HEARD_HZ)))
        values = {"eq.on": 1.0, "eq.mid.gain_db": GAIN_DB, "eq.mid.hz": hz, "eq.mid.q": Q}
        ours = _response_db(through(Eq(), _impulse(), values))
        other = ffmpeg(f"equalizer=f={hz}:t=q:w={Q}:g={GAIN_DB}", _impulse())
        found.append(
            Row(
                "eq", f"bell of {GAIN_DB:g} dB at {hz:g} Hz, up to 20 kHz", "most off the analogue one, dB",
                float(np.abs(wanted).max()), float(np.abs(ours - wanted).max()),
                float(np.abs(_response_db(other) - wanted).max()) if other is not None else None, "ffmpeg equalizer",
                more_is_better=False,
            )
        )  # fmt: skip
    sounds = voices(6.0, limit)
    worst = min(harm(sound, through(Eq(), sound, {"eq.on": 1.0}))[0] for sound in sounds)
    found.append(Row("eq", "clean voice, flat", "SI-SDR, dB", float("inf"), worst))
    return found


def _impulse() -> Sound:
    """Once the settings have glided in."""
    sound = np.zeros(3 * RATE_HZ, np.float32)
    sound[RATE_HZ] = 0.5
    return sound


def _response_db(sound: Sound) -> np.ndarray:
    at = np.fft.rfftfreq(2 * RATE_HZ, 1.0 / RATE_HZ)
    response = np.abs(np.fft.rfft(sound[RATE_HZ : 3 * RATE_HZ])) * 2.0
    answer: np.ndarray = 20.0 * np.log10(np.interp(HEARD_HZ, at, response) + 1e-9)
    return answer
