"""The built-in demo vocal is what its script makes, and fit to be looped."""

import numpy as np
import pytest
import soundfile

from firmware_app.config import places
from training.demo_vocal.make_demo_vocal import SNR_DB, demo_vocal

pytestmark = pytest.mark.bundle

SECOND = slice(2 * 48_000, 3 * 48_000)


@pytest.fixture(scope="module")
def made():
    return demo_vocal()


@pytest.fixture(scope="module")
def shipped():
    sound, rate_hz = soundfile.read(places.find().demo_vocal)
    assert rate_hz == 48_000
    return sound


def test_it_is_small_mono_and_a_loop_long(shipped):
    assert shipped.ndim == 1
    assert 12 * 48_000 <= len(shipped) <= 15 * 48_000
    assert places.find().demo_vocal.stat().st_size < 900_000
    assert 0.4 < np.abs(shipped).max() < 0.7


def test_the_script_makes_what_is_shipped(made, shipped):
    noisy, _ = made
    assert len(noisy) == len(shipped)
    assert np.abs(noisy[SECOND] - shipped[SECOND]).max() < 2 / 32768


def test_the_noise_is_as_loud_as_it_says(made):
    noisy, clean = made
    power = (clean**2).reshape(-1, 480).mean(1)
    sounding = power[power > 0.01 * power.max()].mean()
    assert 10 * np.log10(sounding / np.mean((noisy - clean) ** 2)) == pytest.approx(SNR_DB, abs=0.1)


def test_the_loop_has_no_seam(shipped):
    """The step over the seam is like any other between two samples."""
    steps = np.abs(np.diff(shipped))
    assert abs(shipped[0] - shipped[-1]) < np.quantile(steps, 0.999)


def test_the_voice_reaches_high(made):
    _, clean = made
    power = np.abs(np.fft.rfft(clean)) ** 2
    f_hz = np.fft.rfftfreq(len(clean), 1 / 48_000)
    assert 10 * np.log10(power[(f_hz > 8000) & (f_hz < 16_000)].sum() / power.sum()) > -50
