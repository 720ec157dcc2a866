import numpy as np
import pytest

from dsp import features as layout
from dsp import fine
from dsp.features import DenoiseFrontEnd, identity_mask
from dsp.fine import FineBins
from dsp.stft import StreamingStft

RATE_HZ, HOP = 48_000, 128


def _places(tone_hz: float, hops: int = 60) -> np.ndarray:
    """Power at each place, in bins' order of rising frequency, after `hops` of a tone."""
    stft, bins = StreamingStft(1), FineBins(1)
    sound = np.sin(2 * np.pi * tone_hz * np.arange(hops * HOP) / RATE_HZ).astype(np.float32)
    power = np.zeros((fine.PLACES, fine.FINE_BINS), np.float32)
    for hop in range(hops):
        bins.look(stft.analyse(sound[hop * HOP : (hop + 1) * HOP, None])[0, : fine.FINE_BINS], power)
    return power.T.reshape(-1)


def _place_hz() -> np.ndarray:
    return (62.5 * np.arange(fine.FINE_BINS)[:, None] + 12.5 * (np.arange(fine.PLACES) - 2)).reshape(-1)


def test_the_weights_add_up_to_one_and_are_newest_first() -> None:
    shape = fine.weights()
    assert shape.sum() == pytest.approx(1.0, abs=1e-6)
    assert 4 < int(np.argmax(shape)) < 12


@pytest.mark.parametrize("tone_hz", [137.5, 150.0, 440.0, 1000.0, 1325.0])
def test_a_tone_is_found_at_its_place(tone_hz: float) -> None:
    power, places = _places(tone_hz), _place_hz()
    assert abs(places[int(np.argmax(power))] - tone_hz) <= 6.3


def test_two_tones_of_one_bin_are_told_apart_from_one_between_them() -> None:
    places = _place_hz()
    between = int(np.argmin(np.abs(places - 500.0)))
    apart = 10 * np.log10(_places(500.0)[between] / _places(537.5)[between])
    assert apart > 20.0  # three places off: the next bin's tone is hardly seen


@pytest.mark.parametrize("channels", [1, 2])
def test_taps_reach_back_as_far_as_they_say(channels: int) -> None:
    rng = np.random.default_rng(5)
    shape = (70, channels, layout.BINS)
    spectra = (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)
    front, mask = DenoiseFrontEnd(channels), identity_mask()
    taps = rng.normal(size=(fine.TAPS, 2, fine.FINE_BINS)).astype(np.float32)
    mask[0, layout.FINE_TAPS_AT :] = taps.reshape(-1)
    for hop, original in enumerate(spectra):
        spectrum = original.copy()
        front.features(spectrum)
        front.apply(mask, spectrum, 0.0)
        expected = original[:, : fine.FINE_BINS].copy()
        for tap, delay in enumerate(fine.DELAYS_HOPS):
            if hop >= delay:
                expected += (taps[tap, 0] + 1j * taps[tap, 1]) * spectra[hop - delay][:, : fine.FINE_BINS]
        np.testing.assert_allclose(spectrum[:, : fine.FINE_BINS], expected, atol=1e-4)
        np.testing.assert_allclose(spectrum[:, fine.FINE_BINS :], original[:, fine.FINE_BINS :], atol=1e-6)


def test_reset_forgets_the_past() -> None:
    rng = np.random.default_rng(6)
    spectrum = (rng.normal(size=(1, layout.BINS)) + 1j * rng.normal(size=(1, layout.BINS))).astype(np.complex64)
    used, fresh = DenoiseFrontEnd(1), DenoiseFrontEnd(1)
    for _ in range(7):
        used.features(spectrum)
        used.apply(identity_mask(), spectrum.copy(), 0.0)
    used.reset()
    np.testing.assert_array_equal(used.features(spectrum), fresh.features(spectrum))
    mask = identity_mask()
    mask[0, layout.FINE_TAPS_AT :] = 1.0
    first, second = spectrum.copy(), spectrum.copy()
    used.apply(mask, first, 0.0)
    fresh.apply(mask, second, 0.0)
    np.testing.assert_array_equal(first, second)
