"""Properties of a voice's own recording: its noise floor, and the top of the spectrum that a 16 kHz recording lost.

Both are added to the voice and to the target, so the network learns to keep them. A real recording is never as clean as
a gated one, and a voice without noise must come out as it went in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.data.noise_synth import Audio, Rng, octaves_above_1khz, unit
from training.data.sources import RATE_HZ

BAND_HZ = 3400.0  # below the top, copied again and again
FADE_HZ = 300.0
INAUDIBLE_HZ = 45.0  # below it a building's rumble may be nearly as loud as the voice, and is still inaudible


def with_floor(rng: Rng, voice_rms: float, frames: int) -> Audio | None:
    """Inaudible rumble and room tone of a recording, below a voice of `voice_rms`; None where there is none."""
    floor = None
    if rng.random() < 0.5:
        # Rumble higher up is audible and cannot be told from noise, so it is to be removed.
        corner_hz, steep = 2 ** rng.uniform(3.3, np.log2(INAUDIBLE_HZ)), rng.uniform(2.5, 5.0)
        below = octaves_above_1khz(frames) - np.float32(np.log2(corner_hz / 1000.0))
        floor = _noise(rng, 1 / np.sqrt(1 + np.exp2(2 * steep * below)))
        floor *= np.float32(10 ** (rng.uniform(-42, -10) / 20))
    if rng.random() < 0.5:
        slope_db = rng.uniform(-5, 0.5)
        tone = _noise(rng, 10 ** (slope_db * octaves_above_1khz(frames) / 20)) * np.float32(
            10 ** (rng.uniform(-75, -38) / 20)
        )
        floor = tone if floor is None else floor + tone
    return None if floor is None else floor * np.float32(voice_rms)


def _noise(rng: Rng, gain: NDArray[np.floating]) -> Audio:
    bins = len(gain)
    phase = rng.standard_normal((bins, 2), np.float32).view(np.complex64)[:, 0]
    return unit(np.fft.irfft(phase * gain.astype(np.float32)).astype(np.float32))


def with_top(rng: Rng, voice: Audio, top_hz: float) -> Audio:
    """A voice that ends at `top_hz`, carried on from there: its upper band shifted up again and again, mostly softer.

    The hiss of an s is as loud from 8 to 12 kHz as below, often louder than what is copied: so may the first copy be.

    This is spectral band replication in its plainest form (Dietz et al., AES 112, 2002). The copy always has the
    envelope of its source, and that is what the network's band gains are to learn.
    """
    spectrum = np.fft.rfft(voice).astype(np.complex64)
    per_hz = len(voice) / RATE_HZ
    top, band, fade = int(top_hz * per_hz), int(BAND_HZ * per_hz), int(FADE_HZ * per_hz)
    source = spectrum[top - band - fade : top].copy()
    ramp = (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, fade, dtype=np.float32))).astype(np.float32)
    source[:fade] *= ramp
    source[-fade:] *= ramp[::-1]
    spectrum[top - fade : top] *= ramp[::-1]
    spectrum[top:] = 0
    drop_db, level_db, start = rng.uniform(-1, 7), rng.uniform(-4, 9), top - fade
    while start + len(source) < len(spectrum):
        turn = np.exp(2j * np.pi * rng.random()).astype(np.complex64)
        level_db -= drop_db
        spectrum[start : start + len(source)] += source * (turn * np.float32(10 ** (level_db / 20)))
        start += band
    return np.fft.irfft(spectrum, len(voice)).astype(np.float32)
