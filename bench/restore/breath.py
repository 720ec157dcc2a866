"""Breaths: a real breath of a singer, at known places between the phrases of other voices, at three levels.

Truth: where the breaths lie. Measured: how far they go down at 9 dB asked, and how much the phrases lose. The other is
ffmpeg's agate, whose threshold is set between phrase and breath and whose range is the same.
"""

from __future__ import annotations

import numpy as np

from bench.harm import si_sdr_db
from bench.restore.gate import phrases
from bench.restore.heard import SPOKEN, SUNG, Sound, ffmpeg, harm, level_db, peak, through, voice
from bench.restore.rows import Row
from dsp.block import RATE_HZ
from dsp.restore.breath import Breath

ASKED_DB = 9.0
BREATH = SUNG[0], 5.30, 5.72  # file, from, to: a breath in the pause of producerspace_etv_am_136_phrase_00
UNDER_DB = (20.0, 26.0, 32.0)  # under the phrases


def breath() -> Sound:
    name, first, last = BREATH
    sound = voice(name)[round(first * RATE_HZ) : round(last * RATE_HZ)].copy()
    fade = RATE_HZ // 50
    sound[:fade] *= np.linspace(0.0, 1.0, fade, dtype=np.float32)
    sound[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return sound


def rows(limit: int | None = None) -> list[Row]:
    air = breath()
    figures = []
    for name in (*SPOKEN, *SUNG[1:])[:limit]:
        clean, edges = phrases(name)
        loud_db = level_db(clean[clean != 0.0])
        for number, under_db in enumerate(UNDER_DB):
            mix, places = clean.copy(), []
            for at in (edges[:-1, 1] + RATE_HZ // 3)[number % 2 :]:
                mix[at : at + len(air)] += air * np.float32(10.0 ** ((loud_db - under_db - level_db(air)) / 20.0))
                places.append((at, at + len(air)))
            if not places:
                continue
            ours = through(Breath(), mix, breath__amount_db=ASKED_DB)
            threshold = 10.0 ** ((loud_db - 0.5 * under_db) / 20.0)
            other = ffmpeg(f"agate=threshold={threshold:.6f}:range={10 ** (-ASKED_DB / 20):.4f}:attack=2:release=100", mix)
            figures.append([_found(mix, way, places, edges) for way in (ours, other if other is not None else mix)])
    mean = np.nanmean(np.array(figures), axis=0)
    return [
        Row("breath", f"breaths, {ASKED_DB:.0f} dB asked", "down, dB", 0.0, float(mean[0, 0]), float(mean[1, 0]), "ffmpeg agate"),
        Row("breath", "phrases beside them", "SI-SDR, dB", 99.0, float(mean[0, 1]), float(mean[1, 1]), "ffmpeg agate"),
        *_harms(limit),
    ]


def _found(mix: Sound, out: Sound, places: list[tuple[int, int]], edges: np.ndarray) -> list[float]:
    down = [level_db(mix[first:last]) - level_db(out[first:last]) for first, last in places]
    phrase = [si_sdr_db(out[first:last], mix[first:last]) for first, last in edges]
    return [float(np.mean(down)), float(np.mean(np.minimum(phrase, 99.0)))]


def _harms(limit: int | None) -> list[Row]:
    harms = np.array([harm(peak(sound, -6.0), through(Breath(), sound, breath__amount_db=6.0))
                      for sound in (voice(name) for name in (*SPOKEN, *SUNG)[:limit])])  # fmt: skip
    return [Row("breath", "voices as they are, 6 dB", "worst SI-SDR, dB", 99.0, float(harms[:, 0].min())),
            Row("breath", "voices as they are, 6 dB", "loudness, LU", 0.0, float(harms[np.abs(harms[:, 1]).argmax(), 1]), more_is_better=False)]  # fmt: skip
