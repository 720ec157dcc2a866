"""The de-esser: sibilants that were raised by a known amount, brought back.

Truth: the voice as it was. Where 4 to 12 kHz holds most of the power of a voice, that band is raised by 9 dB. Measured:
how far the sibilants' level is from the truth, and SI-SDR. The other is ffmpeg's deesser (i=0.5, m=0.5, f=0.5).
"""

from __future__ import annotations

import numpy as np

from bench.harm import si_sdr_db, sibilants_db
from bench.restore.heard import SPOKEN, SUNG, Sound, ffmpeg, harm, harm_rows, through, voice
from bench.restore.rows import Row
from dsp.block import RATE_HZ
from dsp.restore.deess import Deess

RAISED_DB = 9.0
HISSES = (SUNG[0], SUNG[2], *SPOKEN)
FRAME = RATE_HZ // 100


def raised(clean: Sound) -> Sound:
    """The sibilants of `clean`, 4 to 12 kHz, RAISED_DB louder; faded over 10 ms."""
    spectrum = np.fft.rfft(clean)
    hz = np.fft.rfftfreq(len(clean), 1.0 / RATE_HZ)
    edge = 1.0 / (1.0 + (4000.0 / np.maximum(hz, 1.0)) ** 8) / (1.0 + (hz / 12_000.0) ** 8)
    band = np.fft.irfft(spectrum * edge, len(clean)).astype(np.float32)
    frames = len(clean) // FRAME
    power, whole = (np.square(x[: frames * FRAME].reshape(frames, FRAME)).sum(axis=1) for x in (band, clean))
    hisses = (power > 0.5 * whole) & (power > 1e-3 * whole.max())
    soft = np.hanning(FRAME) / np.hanning(FRAME).sum()
    share = np.convolve(np.repeat(hisses.astype(np.float32), FRAME), soft, "same")
    share = np.pad(share, (0, len(clean) - len(share)))
    sharp: Sound = (clean + band * share * (10.0 ** (RAISED_DB / 20.0) - 1.0)).astype(np.float32)
    return sharp


def rows(limit: int | None = None) -> list[Row]:
    figures, harms, strong, others = [], [], [], []
    for name in HISSES[:limit]:
        clean = voice(name)
        sharp = raised(clean)
        ours = through(Deess(), sharp, deess__on=1.0, deess__amount_db=12.0)
        other = ffmpeg("deesser=i=0.5:m=0.5:f=0.5", sharp)
        ways = [sharp, ours] + ([other] if other is not None else [])
        figures.append([[sibilants_db(clean, way), si_sdr_db(way, clean)] for way in ways])
        harms.append(harm(clean, through(Deess(), clean, deess__on=1.0)))
        strong.append(harm(clean, through(Deess(), clean, deess__on=1.0, deess__amount_db=12.0)))
        untouched = ffmpeg("deesser=i=0.5:m=0.5:f=0.5", clean)
        others += [] if untouched is None else [harm(clean, untouched)]
    mean = np.nanmean(np.array(figures), axis=0)
    there = len(mean) > 2
    found = [
        Row("deess", f"sibilants {RAISED_DB:.0f} dB up", measure, float(mean[0, at]), float(mean[1, at]),
            float(mean[2, at]) if there else None, "ffmpeg deesser", better)
        for at, (measure, better) in enumerate((("sibilants beside the truth, dB", False), ("SI-SDR, dB", True)))
    ]  # fmt: skip
    found += harm_rows("deess", "clean voices, default amount", harms, others, "ffmpeg deesser")
    return found + harm_rows("deess", "clean voices, 12 dB asked", strong, others, "ffmpeg deesser")
