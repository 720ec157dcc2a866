"""Points that are lost by loudness: real PESQ agrees, added sound costs more than missing sound."""

import functools

import numpy as np
import pytest
import soxr

torch = pytest.importorskip("torch")

from training import loudness_loss  # noqa: E402
from training.demo_vocal.make_demo_vocal import demo_vocal  # noqa: E402

RATE_HZ = 48_000


@functools.cache
def voice():
    """Four seconds of the demo's voice at RMS 1.  (frames,)"""
    found = demo_vocal()[1][: 4 * RATE_HZ].astype(np.float32)
    return found / np.sqrt(np.mean(found**2))


def lost(estimate, target):
    at_12k = [torch.from_numpy(soxr.resample(x, RATE_HZ, 12_000)).float()[None] for x in (estimate, target)]
    window = torch.hann_window(loudness_loss.WINDOW)
    return loudness_loss.loudness_loss(*at_12k, window, loudness_loss.critical_bands(), loudness_loss.thresholds())


def noise(seed, brown=False):
    white = np.random.default_rng(seed).standard_normal(len(voice()))
    shaped = np.cumsum(white - white.mean()) if brown else white
    return (shaped / np.sqrt(np.mean(shaped**2))).astype(np.float32)


def test_equal_sounds_lose_nothing():
    assert float(lost(voice(), voice())) < 0.02


def test_real_pesq_ranks_noises_the_same():
    pesq = pytest.importorskip("pesq").pesq
    reference = soxr.resample(voice(), RATE_HZ, 16_000)
    points, opinions = [], []
    for seed, snr_db in enumerate((-5, 0, 5, 10, 15, 20, 25)):
        for brown in (False, True):
            noisy = voice() + noise(seed, brown) * np.float32(10 ** (-snr_db / 20))
            points.append(float(lost(noisy, voice())))
            opinions.append(pesq(16_000, reference, soxr.resample(noisy, RATE_HZ, 16_000), "wb"))
    rank = [np.argsort(np.argsort(x)) for x in (points, opinions)]
    assert np.corrcoef(*rank)[0, 1] < -0.9


def test_added_sound_is_dearer_than_missing_sound():
    tone = np.sin(2 * np.pi * 1500 * np.arange(len(voice())) / RATE_HZ).astype(np.float32) * 0.3
    assert float(lost(voice() + tone, voice())) > 1.5 * float(lost(voice(), voice() + tone))


def test_silence_has_a_gradient():
    estimate = torch.zeros(2, 12_000, requires_grad=True)
    window = torch.hann_window(loudness_loss.WINDOW)
    tables = loudness_loss.critical_bands(), loudness_loss.thresholds()
    loudness_loss.loudness_loss(estimate, torch.zeros(2, 12_000), window, *tables).sum().backward()
    assert torch.isfinite(estimate.grad).all()
