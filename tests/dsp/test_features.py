import numpy as np
import pytest

from dsp import features as layout
from dsp.features import DenoiseFrontEnd, band_averages, band_triangles, identity_mask


def _spectra(hops: int, channels: int = 1) -> np.ndarray:
    rng = np.random.default_rng(3)
    shape = (hops, channels, layout.BINS)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


def test_sizes() -> None:
    assert (layout.INPUT_SIZE, layout.OUTPUT_SIZE) == (450, 1000)
    assert DenoiseFrontEnd(1).features(_spectra(1)[0]).shape == (1, 450)
    assert identity_mask().shape == (1, 1000)


def test_bands_share_every_bin_and_average_power() -> None:
    np.testing.assert_allclose(band_triangles().sum(axis=0), 1.0, atol=1e-6)
    np.testing.assert_allclose(band_averages().sum(axis=1), 1.0, atol=1e-6)
    assert (np.diff(band_triangles().sum(axis=1)[1:-1]) > 0).all()


@pytest.mark.parametrize("limit", [1.0, 0.3, 0.0])
def test_the_identity_mask_changes_nothing(limit: float) -> None:
    front = DenoiseFrontEnd(2)
    for spectrum in _spectra(8, 2):
        before = spectrum.copy()
        front.apply(identity_mask(), spectrum, limit)
        np.testing.assert_allclose(spectrum, before, atol=1e-6)
        assert abs(front.reduction_db) < 1e-3


def test_amount_zero_is_bit_exact_whatever_the_mask() -> None:
    front = DenoiseFrontEnd(1)
    spectrum = _spectra(1)[0]
    before = spectrum.copy()
    front.apply(np.zeros((1, layout.OUTPUT_SIZE), np.float32), spectrum, 1.0)
    assert np.array_equal(spectrum, before)
    assert front.reduction_db == 0.0


def test_a_closed_mask_stops_at_the_limit() -> None:
    front = DenoiseFrontEnd(1)
    spectrum = _spectra(1)[0]
    before = spectrum.copy()
    front.apply(np.zeros((1, layout.OUTPUT_SIZE), np.float32), spectrum, 0.1)
    np.testing.assert_allclose(spectrum, 0.1 * before, atol=1e-6)
    assert abs(front.reduction_db - 20.0) < 1e-3


def test_taps_reach_two_and_four_hops_back() -> None:
    front = DenoiseFrontEnd(2)
    spectra = _spectra(9, 2)
    rng = np.random.default_rng(5)
    mask = rng.normal(size=(1, layout.OUTPUT_SIZE)).astype(np.float32)
    mask[0, layout.FINE_TAPS_AT :] = 0.0
    taps = mask[0, :576].reshape(3, 2, 96)
    taps = taps[:, 0] + 1j * taps[:, 1]
    for hop, original in enumerate(spectra):
        spectrum = original.copy()
        front.apply(mask, spectrum, 0.0)
        expected = taps[0] * original[:, :96]
        for tap, delay in ((1, 2), (2, 4)):
            if hop >= delay:
                expected = expected + taps[tap] * spectra[hop - delay][:, :96]
        np.testing.assert_allclose(spectrum[:, :96], expected, atol=1e-4)


def test_history_is_kept_while_the_amount_is_zero() -> None:
    spectra = _spectra(6)
    mask = np.zeros((1, layout.OUTPUT_SIZE), np.float32)
    mask[0, 192:288] = 1.0  # only the tap of two hops ago
    front = DenoiseFrontEnd(1)
    for original in spectra[:5]:
        front.apply(mask, original.copy(), 1.0)
    last = spectra[5].copy()
    front.apply(mask, last, 0.0)
    np.testing.assert_allclose(last[:, :96], spectra[3][:, :96], atol=1e-6)


def test_features_follow_the_documented_formula() -> None:
    spectrum = _spectra(1)[0]
    got = DenoiseFrontEnd(1).features(spectrum, keep_room=0.25, sensitivity=-0.5)[0]
    power = np.abs(spectrum[0]) ** 2
    bands = np.concatenate((power[:96], band_averages() @ power[96:]))
    np.testing.assert_allclose(got[:136], (np.log10(bands + 1e-9) + 3) / 3, atol=1e-5)
    squeezed = spectrum[0, :96] * (power[:96] + 1e-9) ** -0.35
    np.testing.assert_allclose(got[136:232] + 1j * got[232:328], squeezed, atol=1e-5)
    assert tuple(got[328:330]) == (0.25, -0.5)


def test_two_equal_channels_look_like_one() -> None:
    spectrum = _spectra(1)[0]
    mono = DenoiseFrontEnd(1).features(spectrum).copy()
    stereo = DenoiseFrontEnd(2).features(np.repeat(spectrum, 2, axis=0))
    np.testing.assert_allclose(stereo, mono, atol=1e-6)


def test_silence_and_reset() -> None:
    front = DenoiseFrontEnd(1)
    silence = np.zeros((1, layout.BINS), np.complex64)
    assert np.isfinite(front.features(silence)).all()
    front.apply(identity_mask(), silence, 0.0)
    assert front.reduction_db == 0.0
    front.apply(identity_mask(), _spectra(1)[0], 0.0)
    front.reset()
    mask = np.zeros((1, layout.OUTPUT_SIZE), np.float32)
    mask[0, 192:288] = 1.0
    front.apply(mask, silence, 0.0)
    assert not silence.any()
