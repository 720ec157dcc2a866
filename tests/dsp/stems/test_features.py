"""The stems' front end: layout, features, and gains that add up to one."""

import numpy as np
import pytest

from dsp.layouts import stems as layout
from dsp.parts.stft import StreamingStft
from dsp.stems import features
from dsp.stems.features import StemsFrontEnd


def stft(channels):
    return StreamingStft(channels, layout.WINDOW_FRAMES, layout.SYNTHESIS_FRAMES, layout.HOP_FRAMES)


def random_spectrum(channels, seed=3):
    rng = np.random.default_rng(seed)
    parts = rng.standard_normal((2, channels, layout.BINS)).astype(np.float32)
    return (parts[0] + 1j * parts[1]).astype(np.complex64)


def random_mask(seed=4):
    """Shares as a softmax over four gives them."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(4), size=(layout.CHANNELS, layout.BANDS))[..., :3]
    return np.ascontiguousarray(shares.transpose(2, 0, 1), np.float32).reshape(1, -1)


def test_the_sizes_fit_the_transform():
    assert stft(2).bins == layout.BINS
    assert layout.INPUT_SIZE == 624
    assert layout.OUTPUT_SIZE == 1248
    np.testing.assert_allclose(features.band_triangles().sum(axis=0), 1.0, atol=1e-6)
    np.testing.assert_allclose(features.band_averages().sum(axis=1), 1.0, atol=1e-5)


def test_the_lowest_band_joins_the_single_bins():
    centres = features.band_averages() @ np.arange(layout.HIGH_BINS)
    assert 0.7 < centres[2] - centres[1] < 1.5


def test_band_powers_balance_and_coherence_are_what_the_definition_says():
    spectrum = random_spectrum(2)
    seen = StemsFrontEnd(2).features(spectrum).reshape(3, layout.BANDS)
    left, right = np.abs(spectrum[0]).astype(float) ** 2, np.abs(spectrum[1]).astype(float) ** 2
    cross = (spectrum[0] * np.conj(spectrum[1])).real

    def bands(power):
        return np.concatenate((power[: layout.LOW_BINS], features.band_averages() @ power[layout.LOW_BINS :]))

    level = np.mean(left + right) / 2
    np.testing.assert_allclose(
        seen[0], (np.log10(bands(left + right) / 2 / level + 1e-6) + 2.0) * 0.5, rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(seen[1], bands(left - right) / bands(left + right), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(seen[2], 2 * bands(cross) / bands(left + right), rtol=1e-3, atol=1e-4)


def test_one_channel_looks_like_two_that_are_alike():
    mono = random_spectrum(1)
    alone = StemsFrontEnd(1).features(mono)
    both = StemsFrontEnd(2).features(np.repeat(mono, 2, axis=0))
    np.testing.assert_allclose(alone, both, atol=1e-6)


def test_a_softer_take_of_the_same_music_looks_the_same():
    loud, soft = StemsFrontEnd(2), StemsFrontEnd(2)
    for seed in range(20):
        spectrum = 100 * random_spectrum(2, seed)
        first, second = loud.features(spectrum).copy(), soft.features(np.float32(0.03) * spectrum)
        np.testing.assert_allclose(first, second, atol=2e-3)


def test_silence_gives_finite_features():
    front = StemsFrontEnd(2)
    for scale in (0.0, 1.0, 0.0):
        assert np.isfinite(front.features(np.float32(scale) * random_spectrum(2))).all()


def test_reset_makes_the_front_end_as_new():
    front = StemsFrontEnd(2)
    first = front.features(random_spectrum(2)).copy()
    front.features(100 * random_spectrum(2, 9))
    front.reset()
    np.testing.assert_array_equal(front.features(random_spectrum(2)), first)


@pytest.mark.parametrize("channels", [1, 2])
def test_gains_add_up_to_one_in_every_bin(channels):
    gains = StemsFrontEnd(channels).bin_masks(random_mask())
    assert gains.shape == (4, channels, layout.BINS)
    np.testing.assert_allclose(gains.sum(axis=0), 1.0, atol=3e-7)
    assert gains.min() > -1e-6


def test_each_share_reaches_its_stem_channel_and_bins():
    mask = np.zeros((layout.CLAIMED, layout.CHANNELS, layout.BANDS), np.float32)
    mask[1, 0, 5] = 1.0  # drums, left, bin 5
    mask[0, 1, -1] = 1.0  # vocals, right, the highest band
    gains = StemsFrontEnd(2).bin_masks(mask.reshape(1, -1))
    assert gains[1, 0, 5] == 1.0
    assert gains[3, 0, 5] == 0.0
    assert gains[1, 0].sum() == 1.0
    assert gains[0, 1, -1] == 1.0
    assert gains[3, 1, -1] == 0.0
    assert gains[2].sum() == 0.0


def test_one_channel_gets_the_mean_of_both_gains():
    mask = random_mask()
    both, alone = StemsFrontEnd(2).bin_masks(mask), StemsFrontEnd(1).bin_masks(mask)
    np.testing.assert_allclose(alone[:, 0], both.mean(axis=1), atol=1e-6)


def test_the_stems_of_a_stream_add_up_to_it():
    rng = np.random.default_rng(1)
    sound = rng.standard_normal((30 * layout.HOP_FRAMES, 2)).astype(np.float32) * np.float32(0.2)
    front, transform, back = StemsFrontEnd(2), stft(2), [stft(2) for _ in layout.STEMS]
    out = np.zeros_like(sound)
    for at in range(0, len(sound), layout.HOP_FRAMES):
        spectrum = transform.analyse(sound[at : at + layout.HOP_FRAMES])
        front.features(spectrum)
        gains = front.bin_masks(random_mask(at))
        for stem, synthesis in enumerate(back):
            out[at : at + layout.HOP_FRAMES] += synthesis.synthesise(spectrum * gains[stem])
    difference = out[layout.HOP_FRAMES :] - sound[: -layout.HOP_FRAMES]
    assert 20 * np.log10(np.abs(difference).max()) < -110


def test_three_channels_are_refused():
    with pytest.raises(ValueError, match="channels = 3"):
        StemsFrontEnd(3)
