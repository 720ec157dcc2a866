"""What training computes for many frames at once is what the box computes hop by hop."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

from dsp import features as layout  # noqa: E402
from dsp.features import DenoiseFrontEnd  # noqa: E402
from dsp.stft import StreamingStft  # noqa: E402
from training.data import loader  # noqa: E402
from training.data.mixer import SEGMENT_FRAMES  # noqa: E402
from training.loss import LossWeights, Terms, denoise_loss, filter_low, fused_terms, how_dear, how_noisy, lopsided  # noqa: E402
from training.model import Heads  # noqa: E402
from training.muon import orthogonal  # noqa: E402
from training.scan import can_compile  # noqa: E402
from training.validate import synthesise  # noqa: E402


def test_spectra_and_features_are_those_of_the_box() -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, 8192).astype(np.float32)
    sound[: 768 - 128] = 0.0  # training's first window starts from nothing
    spectra = loader.short_time_spectra(sound)
    features = np.empty((len(spectra), layout.INPUT_SIZE), np.float32)
    loader.compute_features(spectra, 0.5, -0.25, features)
    stft, front = StreamingStft(1), DenoiseFrontEnd(1)
    for hop in range(8192 // 128):
        spectrum = stft.analyse(sound[hop * 128 : hop * 128 + 128, None])
        if hop >= 5:
            np.testing.assert_allclose(spectrum[0], spectra[hop - 5], atol=2e-5)
            np.testing.assert_allclose(front.features(spectrum, 0.5, -0.25)[0], features[hop - 5], atol=5e-4)


def test_masks_act_as_on_the_box() -> None:
    rng = np.random.default_rng(2)
    spectra = (rng.normal(size=(40, layout.BINS)) + 1j * rng.normal(size=(40, layout.BINS))).astype(np.complex64)
    masks = rng.normal(size=(40, 1, layout.OUTPUT_SIZE)).astype(np.float32)
    low = spectra[:, None, : layout.LOW_BINS]
    real, imag = filter_low(torch.from_numpy(masks), torch.from_numpy(np.concatenate((low.real, low.imag), axis=-1)))
    front = DenoiseFrontEnd(1)
    for hop, (mask, spectrum) in enumerate(zip(masks, spectra, strict=True)):
        mine = spectrum[None].copy()
        front.apply(mask, mine, 0.0)
        np.testing.assert_allclose(mine[0, : layout.LOW_BINS].real, real[hop, 0], atol=1e-4)
        np.testing.assert_allclose(mine[0, : layout.LOW_BINS].imag, imag[hop, 0], atol=1e-4)


def test_validation_synthesis_reconstructs() -> None:
    sound = np.random.default_rng(3).normal(0, 0.1, SEGMENT_FRAMES).astype(np.float32)
    back = synthesise(loader.short_time_spectra(sound))
    np.testing.assert_allclose(back[768:-256], sound[768:-256], atol=1e-5)


def _loss(mask: np.ndarray, target_share: float, sound: float = 0.0, terms: Terms | None = None) -> float:
    rng = np.random.default_rng(4)
    noisy_low = torch.from_numpy(rng.normal(size=(240, 2, 192)).astype(np.float32))
    noisy_high = torch.from_numpy(rng.uniform(0.5, 1, (240, 2, 40)).astype(np.float32))
    extras = (torch.full((2,), 10.0), torch.zeros(2), torch.zeros(2))
    masks = torch.from_numpy(np.broadcast_to(mask, (240, 2, layout.OUTPUT_SIZE)).copy())
    gains = torch.cat((torch.ones(240, 2, 96), masks[..., layout.GAINS_AT : layout.FINE_TAPS_AT]), dim=-1)
    heads = Heads(gains, masks[..., : layout.GAINS_AT], masks[..., layout.FINE_TAPS_AT :])
    share = target_share
    spectra = {"noisy_low": noisy_low, "noisy_high": noisy_high}
    spectra |= {"target_low": noisy_low * share, "target_high": noisy_high * share}
    loss, _ = denoise_loss(heads, spectra, extras, torch.ones(40), LossWeights(sound=sound), terms)
    return float(loss)


def test_the_right_mask_scores_best() -> None:
    identity = layout.identity_mask()
    assert _loss(identity, 1.0) < _loss(identity * 0.7, 1.0)
    assert _loss(identity, 1.0) < _loss(identity * 1.3, 1.0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:Torchinductor does not support:UserWarning")
def test_the_fused_loss_is_the_loss() -> None:
    if not can_compile():
        pytest.skip("no C++ compiler")
    identity = layout.identity_mask()
    for sound in (0.0, 0.6):
        assert _loss(identity, 0.7, sound, fused_terms()) == pytest.approx(_loss(identity, 0.7, sound), rel=1e-5)


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
    found = how_dear(how_noisy(noisy, voice, torch.ones(4)), sensitivity, weights)
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
        parts[example] = denoise_loss(halved, spectra, extras, torch.ones(40), given)[1]["loudness"]
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
