"""Singing made of speech holds some of its vowels."""

import numpy as np
import pytest

pytest.importorskip("pyworld", reason="training runs in its own environment, see training/requirements.txt")

from training.data import singing

RATE_HZ = 48_000


def vowel(seconds: float) -> np.ndarray:
    """Pulses of 120 Hz through two resonances, with a pause in the middle.  (frames,)"""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * 120 * n * at) / (1 + ((120 * n - 700) / 200) ** 2 + n / 8) for n in range(1, 60)) * (
        np.abs(at - seconds / 2) > 0.3
    )
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


def test_only_loud_moments_are_held_one_in_each_stretch() -> None:
    power = np.zeros(900)
    power[100], power[350], power[700] = 1.0, 0.001, 0.5  # a vowel, a rest of one, another vowel
    extra = singing.hold(np.random.default_rng(1), power)
    assert np.flatnonzero(extra).tolist() == [100, 700]
    least, most = (seconds * 1000 / singing.FRAME_MS for seconds in singing.HELD_SECONDS)
    assert (extra[[100, 700]] >= least).all()
    assert (extra[[100, 700]] <= most).all()


def test_a_held_vowel_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []
    for share in (0.0, 1.0):
        monkeypatch.setattr(singing, "HELD_SHARE", share)
        sung = singing.sing(np.random.default_rng(2), vowel(3.0))
        assert np.isfinite(sung).all()
        assert np.abs(sung).max() == pytest.approx(0.6, rel=0.01)
        lengths.append(len(sung) / RATE_HZ)
    assert lengths[1] > lengths[0] + 2 * singing.HELD_SECONDS[0] - 0.1
