"""What training computes for many frames at once is what the box computes hop by hop."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

from dsp.denoise.features import DenoiseFrontEnd, identity_mask  # noqa: E402
from dsp.layouts.denoise import LAYOUTS, LIVE, Layout  # noqa: E402
from dsp.parts.stft import StreamingStft  # noqa: E402
from training.data import loader  # noqa: E402
from training.data.mixer import SEGMENT_FRAMES  # noqa: E402
from training.loss import (  # noqa: E402
    LossWeights,
    Terms,
    denoise_loss,
    filter_low,
    fused_terms,
    how_noisy,
    lopsided,
    lost_voice_cost,
)
from training.model import Heads  # noqa: E402
from training.muon import orthogonal  # noqa: E402
from training.scan import can_compile  # noqa: E402
from training.sound_loss import sound, tables  # noqa: E402
from training.validate import synthesise  # noqa: E402


@pytest.fixture(params=list(LAYOUTS))
def layout(request: pytest.FixtureRequest) -> Layout:
    return LAYOUTS[request.param]


def test_spectra_and_features_are_those_of_the_box(layout: Layout) -> None:
    window, step = layout.window_frames, layout.hop_frames
    heard = np.random.default_rng(1).normal(0, 0.1, 64 * step).astype(np.float32)
    heard[: window - step] = 0.0  # training's first window starts from nothing
    spectra = loader.short_time_spectra(heard, layout)
    features = np.empty((len(spectra), layout.input_size), np.float32)
    loader.compute_features(spectra, 0.5, -0.25, features, layout)
    stft, front = StreamingStft(1, window, layout.synthesis_frames, step), DenoiseFrontEnd(1, layout)
    earlier = window // step - 1
    for hop in range(64):
        spectrum = stft.analyse(heard[hop * step : (hop + 1) * step, None])
        if hop >= earlier:
            np.testing.assert_allclose(spectrum[0], spectra[hop - earlier], atol=5e-5)
            np.testing.assert_allclose(front.features(spectrum, 0.5, -0.25)[0], features[hop - earlier], atol=5e-4)


def test_masks_act_as_on_the_box(layout: Layout) -> None:
    rng, bins = np.random.default_rng(2), layout.low_bins
    spectra = (rng.normal(size=(40, layout.bins)) + 1j * rng.normal(size=(40, layout.bins))).astype(np.complex64)
    masks = rng.normal(size=(40, 1, layout.output_size)).astype(np.float32)
    low = spectra[:, None, :bins]
    planar = torch.from_numpy(np.concatenate((low.real, low.imag), axis=-1))
    real, imag = filter_low(torch.from_numpy(masks), planar, layout)
    front = DenoiseFrontEnd(1, layout)
    for hop, (mask, spectrum) in enumerate(zip(masks, spectra, strict=True)):
        mine = spectrum[None].copy()
        front.apply(mask, mine, 0.0)
        np.testing.assert_allclose(mine[0, :bins].real, real[hop, 0], atol=1e-4)
        np.testing.assert_allclose(mine[0, :bins].imag, imag[hop, 0], atol=1e-4)


def test_validation_synthesis_reconstructs(layout: Layout) -> None:
    given = np.random.default_rng(3).normal(0, 0.1, SEGMENT_FRAMES).astype(np.float32)
    back = synthesise(loader.short_time_spectra(given, layout), layout)
    whole = slice(layout.window_frames, -2 * layout.synthesis_frames)
    np.testing.assert_allclose(back[whole], given[whole], atol=1e-5)


def test_the_sound_of_the_loss_is_that_of_the_low_bins(layout: Layout) -> None:
    rng = np.random.default_rng(7)
    hz = np.fft.rfftfreq(SEGMENT_FRAMES, 1 / 48_000)
    low = np.where((hz > 100) & (hz < 5_000), 1.0, 0.0)
    given = np.fft.irfft(low * np.fft.rfft(rng.normal(0, 0.1, SEGMENT_FRAMES))).astype(np.float32)
    spectra = loader.short_time_spectra(given, layout)[:, None, : layout.low_bins]
    planar = torch.from_numpy(np.concatenate((spectra.real, spectra.imag), axis=-1))
    heard = sound(planar, tables(layout).synthesis)[0].numpy()
    first = layout.window_frames - layout.hop_frames
    np.testing.assert_allclose(heard, given[first : first + 4 * len(heard) : 4], atol=5e-3)


def _loss(mask: np.ndarray, target_share: float, share_of_sound: float = 0.0, terms: Terms | None = None) -> float:
    rng = np.random.default_rng(4)
    noisy_low = torch.from_numpy(rng.normal(size=(240, 2, 192)).astype(np.float32))
    noisy_high = torch.from_numpy(rng.uniform(0.5, 1, (240, 2, 40)).astype(np.float32))
    extras = (torch.full((2,), 10.0), torch.zeros(2), torch.zeros(2))
    masks = torch.from_numpy(np.broadcast_to(mask, (240, 2, LIVE.output_size)).copy())
    gains = torch.cat((torch.ones(240, 2, 96), masks[..., LIVE.gains_at : LIVE.fine_taps_at]), dim=-1)
    heads = Heads(gains, masks[..., : LIVE.gains_at], masks[..., LIVE.fine_taps_at :])
    share = target_share
    spectra = {"noisy_low": noisy_low, "noisy_high": noisy_high}
    spectra |= {"target_low": noisy_low * share, "target_high": noisy_high * share}
    loss, _ = denoise_loss(heads, spectra, extras, torch.ones(40), LossWeights(sound=share_of_sound), LIVE, terms)
    return float(loss)


def test_the_right_mask_scores_best() -> None:
    identity = identity_mask()
    assert _loss(identity, 1.0) < _loss(identity * 0.7, 1.0)
    assert _loss(identity, 1.0) < _loss(identity * 1.3, 1.0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:Torchinductor does not support:UserWarning")
def test_the_fused_loss_is_the_loss() -> None:
    if not can_compile():
        pytest.skip("no C++ compiler")
    identity = identity_mask()
    for share in (0.0, 0.6):
        assert _loss(identity, 0.7, share, fused_terms()) == pytest.approx(_loss(identity, 0.7, share), rel=1e-5)


def test_lost_voice_costs_more_than_left_noise() -> None:
    quiet, loud, spare = torch.tensor(1.0), torch.tensor(2.0), torch.tensor(1.6)
    assert float(lopsided(quiet, loud, spare)) > 1.5 * float(lopsided(loud, quiet, spare))


def test_orthogonal_brings_all_directions_to_about_one() -> None:
    torch.manual_seed(5)
    values = torch.linalg.svdvals(orthogonal(torch.randn(2, 48, 32)))
    assert float(values.min()) > 0.6
    assert float(values.max()) < 1.3


def test_lost_voice_is_dear_where_noise_is_soft_and_cheap_where_it_is_loud() -> None:
    voice = torch.randn(50, 4, 192, generator=torch.Generator().manual_seed(1)) * 20
    noise_gain = torch.tensor([0.0, 10 ** (-16 / 20), 1.0, 1.0])[:, None]
    sensitivity = torch.tensor([0.0, 0.0, 0.0, 1.0])
    weights = LossWeights(spare_voice=4.0, spare_in_noise=1.0)
    noisy = voice + voice.flip(0) * noise_gain
    found = lost_voice_cost(how_noisy(noisy, voice, torch.ones(4)), sensitivity, weights)
    torch.testing.assert_close(found, torch.tensor([4.0, 2.0, 1.0, 0.5]), atol=0.02, rtol=0)


def test_loudness_counts_where_noise_is_loud() -> None:
    voice = torch.randn(200, 2, 192, generator=torch.Generator().manual_seed(1)) * 20
    noisy = voice + voice.flip(0) * torch.tensor([0.0, 1.0])[:, None]
    parts = {}
    for example in (0, 1):
        one = slice(example, example + 1)
        high = torch.ones(200, 1, 40)
        spectra = {"noisy_low": noisy[:, one], "target_low": voice[:, one], "noisy_high": high, "target_high": high}
        halved = Heads(torch.full((200, 1, 136), 0.5), torch.zeros(200, 1, 576), torch.zeros(200, 1, 384))
        extras = torch.full((1,), 0.05), torch.zeros(1), torch.zeros(1)
        given = LossWeights(sound=0.6, loudness=1.0)
        parts[example] = denoise_loss(halved, spectra, extras, torch.ones(40), given, LIVE)[1]["loudness"]
    assert parts[0] == 0
    assert parts[1] > 0.5


def test_batches_come_again_from_a_pool_that_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "POOL", 4)

    def batch(number: int) -> loader.Batch:
        ones = np.ones(1, np.float32)
        return loader.Batch({"features": reused}, ones * number, ones, ones)

    reused = np.zeros((1, 1, 1), np.float32)  # the loader's memory: filled again for each batch

    def batches():
        for number in range(60):
            reused[:] = number
            yield batch(number)

    given = list(loader.several_times(batches(), 3, np.random.default_rng(5)))
    numbers = np.array([float(item.scale[0]) for item in given])
    assert len(given) == 180
    assert numbers[::3].tolist() == list(range(60))  # each as it comes
    assert all(item.parts["features"].item() == item.scale[0] for item in given)  # and whole when it comes again
    ages = np.repeat(np.arange(60), 2) - numbers.reshape(60, 3)[:, 1:].ravel()
    assert ages.min() >= 0
    assert 2 < ages.mean() < 6
    assert len(set(numbers.reshape(60, 3)[:, 1:].ravel())) > 40
