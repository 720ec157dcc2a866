"""What a recording brings along: its floor lies under the voice, and a made-up top follows the voice."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

from numpy.typing import NDArray

from training.data import recording
from training.data.sources import RATE_HZ

FRAMES = 131_072


def band_db(sound: NDArray[np.float32], low_hz: float, high_hz: float) -> float:
    power = np.square(np.abs(np.fft.rfft(sound)))
    hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    return float(10 * np.log10(power[(hz >= low_hz) & (hz < high_hz)].sum() + 1e-9))


@pytest.fixture
def bursts() -> NDArray[np.float32]:
    """Noise up to 7.5 kHz that sounds in the first half of every half second."""
    rng = np.random.default_rng(3)
    spectrum = np.fft.rfft(rng.standard_normal(FRAMES, np.float32))
    spectrum[int(7500 * FRAMES / RATE_HZ) :] = 0
    gate = (np.arange(FRAMES) // 12_000 % 2 == 0).astype(np.float32)
    return (np.fft.irfft(spectrum) * gate).astype(np.float32)


def test_a_made_top_follows_the_voice_and_leaves_what_lies_below(bursts: NDArray[np.float32]) -> None:
    whole = recording.with_top(np.random.default_rng(4), bursts, 7000.0)
    low = int(6600 * FRAMES / RATE_HZ)
    assert np.allclose(np.fft.rfft(whole)[:low], np.fft.rfft(bursts)[:low], atol=0.5)
    assert band_db(whole, 9000, 18_000) > band_db(bursts, 9000, 18_000) + 20
    sounding, silent = whole[1000:11_000], whole[13_000:23_000]
    assert band_db(sounding, 9000, 18_000) > band_db(silent, 9000, 18_000) + 25


def test_a_floor_lies_under_the_voice_and_is_not_always_there() -> None:
    rng = np.random.default_rng(5)
    floors = [recording.with_floor(rng, 0.2, 32_768) for _ in range(80)]
    there = [floor for floor in floors if floor is not None]
    assert 20 < len(there) < 75
    for floor in there:
        assert np.isfinite(floor).all()
        level_db = 20 * np.log10(np.sqrt(np.mean(np.square(floor))) / 0.2)
        assert -76 < level_db < -5
