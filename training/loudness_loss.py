"""How disturbing a difference is to an ear, computed as in PESQ: loudness in critical bands; added sound costs more.

After J. Martín-Doñas et al., "A deep learning loss function based on the perceptual evaluation of the speech quality",
IEEE Signal Processing Letters 25 (2018), and ITU-T P.862: loudness after Zwicker, a dead zone where one sound masks
the other, and a second, asymmetric sum of what was added. Left out: the alignment of time and of each band's level,
which would forgive what a mask does wrong. Bands after Traunmüller, JASA 88 (1990); threshold of hearing after
Terhardt, Hearing Research 1 (1979).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

RATE_HZ = 12_000  # of training.sound_loss
WINDOW, HOP = 384, 192  # 32 ms, half overlapping
BANDS = 42
LOWEST_HZ, HIGHEST_HZ = 60.0, 6000.0
VOICE_DB_SPL = 79.0  # of a voice whose RMS is 1: the level PESQ listens at
GAMMA, LOUDNESS_SCALE = 0.23, 0.187
DEAD_ZONE = 0.25  # of the softer sound's loudness
ASYMMETRY, MOST_ASYMMETRY, AUDIBLE = 1.2, 12.0, 3.0
TOGETHER = 20  # frames, 0.33 s
MOST_DISTURBING = 45.0  # the limit for one frame
DISTURBED, ADDED = 0.1, 0.0309  # the cost of both sums, in points of PESQ's raw score


def bark(hz: NDArray[np.floating]) -> NDArray[np.float64]:
    """Traunmüller's scale."""
    scale: NDArray[np.float64] = 26.81 * hz / (1960.0 + hz) - 0.53
    return scale


_LOWEST_BARK, _HIGHEST_BARK = bark(np.array([LOWEST_HZ, HIGHEST_HZ])).tolist()
_EDGES_BARK: NDArray[np.float64] = np.linspace(_LOWEST_BARK, _HIGHEST_BARK, BANDS + 1)
_ALL_BARK = float(_EDGES_BARK[-1] - _EDGES_BARK[0])
_BAND_BARK = _ALL_BARK / BANDS


def critical_bands() -> Tensor:
    """Power of each bin to sound pressure in each band.  (WINDOW // 2 + 1, BANDS)"""
    edges = _EDGES_BARK
    hz = np.arange(WINDOW // 2 + 1, dtype=np.float64) * (RATE_HZ / WINDOW)
    half = RATE_HZ / WINDOW / 2
    low, high = bark(np.maximum(hz - half, 0.0))[:, None], bark(hz + half)[:, None]
    # A bin is shared by the bands that it touches: the lowest bands are narrower than one.
    share = np.clip(np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1]), 0, None) / (high - low)
    # A Hann window keeps 3/8 of the power, and each bin but the first and last stands for two.
    scale = 2.0 / (WINDOW * WINDOW * 0.375) * 10 ** (VOICE_DB_SPL / 10)
    return torch.from_numpy((share * scale).astype(np.float32))


def thresholds() -> Tensor:
    """Power of each band that is just heard, as sound pressure.  (BANDS,)"""
    centre = (_EDGES_BARK[1:] + _EDGES_BARK[:-1]) / 2 + 0.53
    khz = 1.960 * centre / (26.81 - centre)
    db = 3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4
    return torch.from_numpy((10 ** (np.minimum(db, 60.0) / 10)).astype(np.float32))


def loudness_loss(estimate: Tensor, target: Tensor, window: Tensor, bands: Tensor, heard_from: Tensor) -> Tensor:
    """Points of PESQ's raw score that each example loses.  (B,)

    estimate, target: (B, samples) at RATE_HZ and a common level, voice at RMS 1; window: Hann, WINDOW long; bands,
    heard_from: `critical_bands` and `thresholds`.
    """
    got, wanted = (_spectrum(sound, window).transpose(1, 2) @ bands for sound in (estimate, target))
    loud, wanted_loud = (_loudness(power, heard_from) for power in (got, wanted))
    apart = loud - wanted_loud
    masked = DEAD_ZONE * torch.minimum(loud, wanted_loud)
    apart = F.relu(apart - masked) - F.relu(-apart - masked)
    times = ((got + 50.0) / (wanted + 50.0)).pow(ASYMMETRY)
    times = torch.where(times < AUDIBLE, torch.zeros_like(times), times.clamp(max=MOST_ASYMMETRY)).detach()
    either = ((apart * _BAND_BARK).square().sum(-1) / _ALL_BARK + 1e-6).sqrt() * _ALL_BARK
    added = (apart.abs() * times).sum(-1) * _BAND_BARK
    quiet = ((wanted.sum(-1) + 1e5) / 1e7).pow(0.04)
    both = [_over_time((frames / quiet).clamp(max=MOST_DISTURBING)) for frames in (either, added)]
    return DISTURBED * both[0] + ADDED * both[1]


def _over_time(frames: Tensor) -> Tensor:
    """(B, frames) -> (B,): the worst of each third of a second counts most."""
    moments = frames.unfold(-1, TOGETHER, TOGETHER // 2) + 1e-2
    return (moments.pow(6).mean(-1).pow(1 / 6).square().mean(-1)).sqrt()


def _spectrum(sound: Tensor, window: Tensor) -> Tensor:
    spectra = torch.stft(sound, WINDOW, HOP, window=window, center=False, return_complex=True)
    return torch.view_as_real(spectra).square().sum(-1)


def _loudness(power: Tensor, heard_from: Tensor) -> Tensor:
    """Zwicker's law; nothing below the threshold."""
    above = (0.5 + 0.5 * power / heard_from).pow(GAMMA) - 1.0
    return LOUDNESS_SCALE * (2.0 * heard_from).pow(GAMMA) * F.relu(above)
