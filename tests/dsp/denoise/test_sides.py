"""Two sides become one spectrum of one polarity; no side is turned without reason."""

import numpy as np
import pytest

from dsp.denoise.features import DenoiseFrontEnd
from dsp.denoise.sides import MEMORY_MS, Sides
from dsp.layouts.denoise import LAYOUTS, LIVE, Layout

SETTLED_MS = 3 * MEMORY_MS


@pytest.fixture(params=list(LAYOUTS))
def layout(request: pytest.FixtureRequest) -> Layout:
    return LAYOUTS[request.param]


def hops(ms: float, layout: Layout = LIVE) -> int:
    return round(ms * 48 / layout.hop_frames)


def spectra(count: int, layout: Layout = LIVE, seed: int = 1) -> np.ndarray:
    """(count, bins)."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, layout.bins)) + 1j * rng.normal(size=(count, layout.bins))).astype(np.complex64)


def pair(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.stack((left, right)).astype(np.complex64)


def test_sides_that_agree_give_their_mean_bit_by_bit(layout: Layout) -> None:
    sides, low = Sides(2, layout), layout.low_bins
    for one, own in zip(spectra(20, layout), spectra(20, layout, 2), strict=True):
        both = pair(one + 0.5 * own, one - 0.5 * own)
        assert np.array_equal(sides.mean(both), np.mean(both[:, :low], axis=0))


@pytest.mark.parametrize("share", [-1.0, -0.2])
def test_an_inverted_side_is_turned_within_a_second(layout: Layout, share: float) -> None:
    sides, low = Sides(2, layout), layout.low_bins
    for one in spectra(hops(SETTLED_MS, layout), layout):
        mid = sides.mean(pair(one, share * one))
    np.testing.assert_allclose(mid, one[:low] * (1.0 - share) / 2.0, atol=1e-6)


def test_it_goes_back_when_the_sides_agree_again(layout: Layout) -> None:
    sides, low = Sides(2, layout), layout.low_bins
    for share in (-1.0, 1.0):
        for one in spectra(hops(SETTLED_MS, layout), layout):
            mid = sides.mean(pair(one, share * one))
    assert np.array_equal(mid, one[:low])


def test_sides_that_have_nothing_in_common_stay_as_they_are() -> None:
    sides = Sides(2)
    for one, other in zip(spectra(2_000), spectra(2_000, seed=2), strict=True):
        both = pair(one, other)
        assert np.array_equal(sides.mean(both), np.mean(both[:, : LIVE.low_bins], axis=0))


def test_inverted_rumble_turns_no_voice() -> None:
    sides = Sides(2)
    for one, rumble in zip(spectra(hops(SETTLED_MS)), spectra(hops(SETTLED_MS), seed=2), strict=True):
        rumble[2:] = 0.0
        both = pair(one + 100.0 * rumble, one - 100.0 * rumble)
        assert np.array_equal(sides.mean(both), np.mean(both[:, : LIVE.low_bins], axis=0))


def test_each_of_three_channels_is_turned_by_itself() -> None:
    sides = Sides(3)
    for one in spectra(hops(SETTLED_MS)):
        mid = sides.mean(np.stack((one, -one, one)))
    np.testing.assert_allclose(mid, one[: LIVE.low_bins], atol=1e-6)


def test_silence_and_one_silent_side_turn_nothing() -> None:
    sides = Sides(2)
    for one in spectra(hops(SETTLED_MS)):
        mid = sides.mean(pair(one, 0.0 * one))
        assert np.array_equal(mid, one[: LIVE.low_bins] / np.complex64(2.0))
    for _ in range(100):
        assert not sides.mean(np.zeros((2, LIVE.bins), np.complex64)).any()


def test_reset_is_as_new() -> None:
    sides = Sides(2)
    for one in spectra(hops(SETTLED_MS)):
        sides.mean(pair(one, -one))
    sides.reset()
    assert np.array_equal(sides.mean(pair(one, one)), one[: LIVE.low_bins])


@pytest.mark.parametrize("turned", [1.0, -1.0])
def test_the_network_sees_one_channel_whatever_the_polarity(layout: Layout, turned: float) -> None:
    alone, both = DenoiseFrontEnd(1, layout), DenoiseFrontEnd(2, layout)
    for one in spectra(hops(SETTLED_MS, layout), layout):
        mono, stereo = alone.features(one[None]), both.features(pair(one, turned * one))
    np.testing.assert_allclose(stereo, mono, atol=2e-6)


def test_no_side_is_lost_to_the_fine_places_when_the_other_is_late(layout: Layout) -> None:
    """Each low bin is turned by another angle, as by a delay: the mean spectrum loses half, the places lose nothing."""
    angles = np.exp(1j * np.linspace(0, 40, layout.bins)).astype(np.complex64)
    alone, both = DenoiseFrontEnd(1, layout), DenoiseFrontEnd(2, layout)
    for one in spectra(60, layout):
        mono, stereo = alone.features(one[None]), both.features(pair(one, angles * one))
    np.testing.assert_allclose(stereo[0, layout.fine_at :], mono[0, layout.fine_at :], atol=1e-4)
    np.testing.assert_allclose(stereo[0, : layout.bands], mono[0, : layout.bands], atol=1e-5)
