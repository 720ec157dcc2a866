"""The transform in C against NumPy's, and against the sum that defines it."""

import numpy as np
import pytest

from dsp.native import bound, tables

pytestmark = pytest.mark.usefixtures("native_part")

OF_THE_LAYOUTS = (768, 1920, 2048, 4096)
SMALL = (4, 6, 8, 10, 12, 16, 18, 20, 24, 30, 50, 64, 90, 96, 120, 256, 384, 480, 512, 750, 960, 1024)


@pytest.mark.parametrize("frames", OF_THE_LAYOUTS + SMALL)
@pytest.mark.parametrize("count", [1, 3])
def test_both_ways_as_numpy_does(frames: int, count: int) -> None:
    waves = np.random.default_rng(frames).standard_normal((count, frames)).astype(np.float32)
    spectrum, back = np.zeros((count, frames // 2 + 1), np.complex64), np.zeros_like(waves)
    transform = bound.transform(frames)
    assert transform is not None
    transform.forward(waves, spectrum)
    exact = np.fft.rfft(waves.astype(np.float64))
    assert np.abs(spectrum - exact).max() < 3e-7 * np.abs(exact).max()
    transform.inverse(spectrum, back)
    assert np.abs(back - waves).max() < 5e-7 * np.abs(waves).max()


def test_imaginary_parts_of_the_first_and_last_bin_count_for_nothing() -> None:
    spectrum = np.random.default_rng(1).standard_normal((385, 2)).astype(np.float32).view(np.complex64)[:, 0]
    transform, out = bound.transform(768), np.zeros(768, np.float32)
    assert transform is not None
    assert spectrum[0].imag != 0.0
    assert spectrum[-1].imag != 0.0
    transform.inverse(spectrum, out)
    assert np.abs(out - np.fft.irfft(spectrum, 768)).max() < 1e-6


def test_a_single_tone_is_where_it_should_be() -> None:
    transform, spectrum = bound.transform(1920), np.zeros(961, np.complex64)
    assert transform is not None
    transform.forward(np.cos(2 * np.pi * 7 * np.arange(1920) / 1920).astype(np.float32), spectrum)
    assert spectrum[7] == pytest.approx(960.0, rel=1e-6)
    spectrum[7] = 0.0
    assert np.abs(spectrum).max() < 1e-3


@pytest.mark.parametrize("frames", [2, 7, 14, 22, 770, 2047])
def test_a_length_with_other_factors_is_left_to_numpy(frames: int) -> None:
    assert tables.radices(frames) is None
    assert bound.transform(frames) is None
