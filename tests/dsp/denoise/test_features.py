import numpy as np
import pytest

from dsp.denoise.features import DenoiseFrontEnd, band_averages, band_triangles, identity_mask
from dsp.layouts.denoise import LAYOUTS, LIVE, STUDIO, Layout


@pytest.fixture(params=list(LAYOUTS))
def layout(request: pytest.FixtureRequest) -> Layout:
    return LAYOUTS[request.param]


def _spectra(layout: Layout, hops: int, channels: int = 1) -> np.ndarray:
    rng = np.random.default_rng(3)
    shape = (hops, channels, layout.bins)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


@pytest.mark.parametrize(("layout", "size_in", "size_out"), [(LIVE, 450, 1000), (STUDIO, 922, 1672)])
def test_sizes(layout: Layout, size_in: int, size_out: int) -> None:
    assert (layout.input_size, layout.output_size) == (size_in, size_out)
    assert DenoiseFrontEnd(1, layout).features(_spectra(layout, 1)[0]).shape == (1, size_in)
    assert identity_mask(layout).shape == (1, size_out)


def test_single_bins_reach_to_6_khz(layout: Layout) -> None:
    assert layout.low_bins * layout.bin_hz == 6000.0


def test_bands_share_every_bin_and_average_power(layout: Layout) -> None:
    np.testing.assert_allclose(band_triangles(layout).sum(axis=0), 1.0, atol=1e-6)
    np.testing.assert_allclose(band_averages(layout).sum(axis=1), 1.0, atol=1e-6)
    assert (np.diff(band_triangles(layout).sum(axis=1)[1:-1]) > 0).all()


@pytest.mark.parametrize("limit", [1.0, 0.3, 0.0])
def test_the_identity_mask_changes_nothing(layout: Layout, limit: float) -> None:
    front = DenoiseFrontEnd(2, layout)
    for spectrum in _spectra(layout, 8, 2):
        before = spectrum.copy()
        front.apply(identity_mask(layout), spectrum, limit)
        np.testing.assert_allclose(spectrum, before, atol=1e-6)
        assert abs(front.reduction_db) < 1e-3


def test_amount_zero_is_bit_exact_whatever_the_mask(layout: Layout) -> None:
    front = DenoiseFrontEnd(1, layout)
    spectrum = _spectra(layout, 1)[0]
    before = spectrum.copy()
    front.apply(np.zeros((1, layout.output_size), np.float32), spectrum, 1.0)
    assert np.array_equal(spectrum, before)
    assert front.reduction_db == 0.0


def test_a_closed_mask_stops_at_the_limit(layout: Layout) -> None:
    front = DenoiseFrontEnd(1, layout)
    spectrum = _spectra(layout, 1)[0]
    before = spectrum.copy()
    front.apply(np.zeros((1, layout.output_size), np.float32), spectrum, 0.1)
    np.testing.assert_allclose(spectrum, 0.1 * before, atol=1e-6)
    assert abs(front.reduction_db - 20.0) < 1e-3


def test_taps_reach_as_far_back_as_they_say(layout: Layout) -> None:
    front, low = DenoiseFrontEnd(2, layout), layout.low_bins
    spectra = _spectra(layout, 9, 2)
    rng = np.random.default_rng(5)
    mask = rng.normal(size=(1, layout.output_size)).astype(np.float32)
    mask[0, layout.fine_taps_at :] = 0.0
    taps = mask[0, : layout.gains_at].reshape(layout.taps, 2, low)
    taps = taps[:, 0] + 1j * taps[:, 1]
    for hop, original in enumerate(spectra):
        spectrum = original.copy()
        front.apply(mask, spectrum, 0.0)
        expected = np.zeros_like(original[:, :low])
        for tap, delay in enumerate(layout.tap_delays_hops):
            if hop >= delay:
                expected = expected + taps[tap] * spectra[hop - delay][:, :low]
        np.testing.assert_allclose(spectrum[:, :low], expected, atol=1e-4)


def test_history_is_kept_while_the_amount_is_zero(layout: Layout) -> None:
    spectra, low = _spectra(layout, 6), layout.low_bins
    mask = np.zeros((1, layout.output_size), np.float32)
    mask[0, 2 * low : 3 * low] = 1.0  # only the second tap
    front = DenoiseFrontEnd(1, layout)
    for original in spectra[:5]:
        front.apply(mask, original.copy(), 1.0)
    last = spectra[5].copy()
    front.apply(mask, last, 0.0)
    np.testing.assert_allclose(last[:, :low], spectra[5 - layout.tap_delays_hops[1]][:, :low], atol=1e-6)


def test_features_follow_the_documented_formula(layout: Layout) -> None:
    spectrum = _spectra(layout, 1)[0]
    got = DenoiseFrontEnd(1, layout).features(spectrum, keep_room=0.25, sensitivity=-0.5)[0]
    low, bands = layout.low_bins, layout.bands
    power = np.abs(spectrum[0]) ** 2
    banded = np.concatenate((power[:low], band_averages(layout) @ power[low:]))
    np.testing.assert_allclose(got[:bands], (np.log10(banded + 1e-9) + 3) / 3, atol=1e-5)
    squeezed = spectrum[0, :low] * (power[:low] + 1e-9) ** -0.35
    real, imag = got[bands : bands + low], got[bands + low : bands + 2 * low]
    np.testing.assert_allclose(real + 1j * imag, squeezed, atol=1e-5)
    assert tuple(got[bands + 2 * low : bands + 2 * low + 2]) == (0.25, -0.5)


def test_two_equal_channels_look_like_one(layout: Layout) -> None:
    spectrum = _spectra(layout, 1)[0]
    mono = DenoiseFrontEnd(1, layout).features(spectrum).copy()
    stereo = DenoiseFrontEnd(2, layout).features(np.repeat(spectrum, 2, axis=0))
    np.testing.assert_allclose(stereo, mono, atol=1e-6)


def test_silence_and_reset(layout: Layout) -> None:
    front, low = DenoiseFrontEnd(1, layout), layout.low_bins
    silence = np.zeros((1, layout.bins), np.complex64)
    assert np.isfinite(front.features(silence)).all()
    front.apply(identity_mask(layout), silence, 0.0)
    assert front.reduction_db == 0.0
    front.apply(identity_mask(layout), _spectra(layout, 1)[0], 0.0)
    front.reset()
    mask = np.zeros((1, layout.output_size), np.float32)
    mask[0, 2 * low : 3 * low] = 1.0
    front.apply(mask, silence, 0.0)
    assert not silence.any()
