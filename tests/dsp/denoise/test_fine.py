import numpy as np
import pytest

from dsp.denoise import fine
from dsp.denoise.features import DenoiseFrontEnd, identity_mask
from dsp.denoise.fine import FineBins
from dsp.layouts.denoise import LAYOUTS, LIVE, STUDIO, Layout
from dsp.parts.stft import StreamingStft

RATE_HZ = 48_000


@pytest.fixture(params=list(LAYOUTS))
def layout(request: pytest.FixtureRequest) -> Layout:
    return LAYOUTS[request.param]


def _places(layout: Layout, tone_hz: float) -> np.ndarray:
    """Power at each place, in order of frequency, after a quarter of a second of a tone."""
    hop, shape = layout.hop_frames, layout.fine
    stft = StreamingStft(1, layout.window_frames, layout.synthesis_frames, hop)
    bins, hops = FineBins(1, layout), RATE_HZ // 4 // hop
    sound = np.sin(2 * np.pi * tone_hz * np.arange(hops * hop) / RATE_HZ).astype(np.float32)
    power = np.zeros((shape.places, shape.bins), np.float32)
    for at in range(hops):
        bins.look(stft.analyse(sound[at * hop : (at + 1) * hop, None]), power)
    return power.T.reshape(-1)


def _place_hz(layout: Layout) -> np.ndarray:
    shape = layout.fine
    offsets = (np.arange(shape.places) - shape.places // 2) * layout.bin_hz / shape.places
    return (layout.bin_hz * np.arange(shape.bins)[:, None] + offsets).reshape(-1)


def test_the_weights_add_up_to_one_and_are_newest_first(layout: Layout) -> None:
    shape = fine.weights(layout)
    assert shape.sum() == pytest.approx(1.0, abs=1e-6)
    newest = layout.fine.newest_hops
    assert newest / 2 <= int(np.argmax(shape)) < newest * 1.5


@pytest.mark.parametrize("tone_hz", [137.5, 150.0, 440.0, 700.0])
def test_a_tone_is_found_at_its_place(layout: Layout, tone_hz: float) -> None:
    power, places = _places(layout, tone_hz), _place_hz(layout)
    assert abs(places[int(np.argmax(power))] - tone_hz) <= 6.3


def test_high_tones_too_where_the_bins_are_wide() -> None:
    for tone_hz in (1000.0, 1325.0):
        assert abs(_place_hz(LIVE)[int(np.argmax(_places(LIVE, tone_hz)))] - tone_hz) <= 6.3


@pytest.mark.parametrize(("layout", "apart_hz"), [(LIVE, 37.5), (STUDIO, 30.0)])
def test_two_tones_of_one_bin_are_told_apart_from_one_between_them(layout: Layout, apart_hz: float) -> None:
    between = int(np.argmin(np.abs(_place_hz(layout) - 500.0)))
    apart = 10 * np.log10(_places(layout, 500.0)[between] / _places(layout, 500.0 + apart_hz)[between])
    assert apart > 20.0  # the next bin's tone is hardly seen


@pytest.mark.parametrize("channels", [1, 2])
def test_taps_reach_back_as_far_as_they_say(layout: Layout, channels: int) -> None:
    rng = np.random.default_rng(5)
    shape = (70, channels, layout.bins)
    spectra = (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)
    front, mask, bins = DenoiseFrontEnd(channels, layout), identity_mask(layout), layout.fine.bins
    taps = rng.normal(size=(layout.fine.taps, 2, bins)).astype(np.float32)
    mask[0, layout.fine_taps_at :] = taps.reshape(-1)
    for hop, original in enumerate(spectra):
        spectrum = original.copy()
        front.features(spectrum)
        front.apply(mask, spectrum, 0.0)
        expected = original[:, :bins].copy()
        for tap, delay in enumerate(layout.fine.delays_hops):
            if hop >= delay:
                expected += (taps[tap, 0] + 1j * taps[tap, 1]) * spectra[hop - delay][:, :bins]
        np.testing.assert_allclose(spectrum[:, :bins], expected, atol=1e-4)
        np.testing.assert_allclose(spectrum[:, bins:], original[:, bins:], atol=1e-6)


def test_the_past_is_as_long_as_the_taps_need(layout: Layout) -> None:
    assert max(layout.fine.delays_hops) < layout.fine.past_hops


def test_reset_forgets_the_past(layout: Layout) -> None:
    rng = np.random.default_rng(6)
    spectrum = (rng.normal(size=(1, layout.bins)) + 1j * rng.normal(size=(1, layout.bins))).astype(np.complex64)
    used, fresh = DenoiseFrontEnd(1, layout), DenoiseFrontEnd(1, layout)
    for _ in range(7):
        used.features(spectrum)
        used.apply(identity_mask(layout), spectrum.copy(), 0.0)
    used.reset()
    np.testing.assert_array_equal(used.features(spectrum), fresh.features(spectrum))
    mask = identity_mask(layout)
    mask[0, layout.fine_taps_at :] = 1.0
    first, second = spectrum.copy(), spectrum.copy()
    used.apply(mask, first, 0.0)
    fresh.apply(mask, second, 0.0)
    np.testing.assert_array_equal(first, second)
