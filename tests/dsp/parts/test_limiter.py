import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsp.parts.limiter import Limiter

RATE = 48_000


def limiter(period: int = 128, channels: int = 1) -> Limiter:
    made = Limiter()
    made.prepare(RATE, period, channels)
    return made


def through(made: Limiter, signal: np.ndarray, period: int) -> np.ndarray:
    out = signal.copy()
    for start in range(0, len(out), period):
        made.process(out[start : start + period])
    return out


@given(loudness=st.floats(0.0, 60.0), seed=st.integers(0, 99), channels=st.integers(1, 2))
def test_nothing_leaves_above_the_ceiling(loudness: float, seed: int, channels: int) -> None:
    made = limiter(channels=channels)
    noise = np.random.default_rng(seed).normal(0, 10 ** (loudness / 20), (1280, channels)).astype(np.float32)
    assert np.abs(through(made, noise, 128)).max() <= 10 ** (-1 / 20)


def test_under_the_ceiling_no_bit_changes() -> None:
    made = limiter()
    signal = np.random.default_rng(0).uniform(-0.89, 0.89, (48_000, 1)).astype(np.float32)
    assert np.array_equal(through(made, signal, 128), signal)


def test_after_a_peak_it_comes_back_to_the_very_bits_at_the_release_s_pace() -> None:
    made = limiter()
    signal = np.full((RATE, 1), 0.25, np.float32)
    signal[100] = 4.0
    out = through(made, signal, 128)
    needed_db = 20 * np.log10(4.0) + 1.0
    back = 100 + round(needed_db / 60.0 * RATE)
    assert np.array_equal(out[back + 128 :], signal[back + 128 :])
    assert out[back - 200] < 0.25
    gain_db = 20 * np.log10(out[101:back, 0] / 0.25)
    assert np.diff(gain_db).min() > 0  # steadily upwards
    assert np.diff(gain_db).max() == pytest.approx(60.0 / RATE, rel=0.05)


@pytest.mark.parametrize("period", [32, 48, 64, 256, 441, 1024])
def test_blocks_of_any_length_give_the_same_sound(period: int) -> None:
    noise = np.random.default_rng(4).normal(0, 0.5, (period * 30, 2)).astype(np.float32)
    whole = through(limiter(len(noise), 2), noise, len(noise))
    assert np.abs(through(limiter(period, 2), noise, period) - whole).max() < 1e-6


def test_channels_share_one_gain_so_that_the_image_stays() -> None:
    made = limiter(channels=2)
    signal = np.full((128, 2), (2.0, 0.5), np.float32)
    out = through(made, signal, 128)
    assert np.allclose(out[:, 0] / out[:, 1], 4.0, rtol=1e-5)


def test_reduction_is_told_in_db_and_reset_takes_it_away() -> None:
    made = limiter()
    made.process(np.full((128, 1), 2.0, np.float32))
    assert made.reduction_db == pytest.approx(20 * np.log10(2.0) + 1.0, abs=0.01)
    made.reset()
    assert made.reduction_db == 0.0
