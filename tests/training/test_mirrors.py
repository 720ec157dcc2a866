"""What training computes for many frames at once is what the box computes hop by hop."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

from dsp import features as layout  # noqa: E402
from dsp.features import DenoiseFrontEnd  # noqa: E402
from dsp.stft import StreamingStft  # noqa: E402
from training.data import loader  # noqa: E402
from training.data.mixer import SEGMENT_FRAMES  # noqa: E402
from training.loss import LossWeights, denoise_loss, filter_low, lopsided  # noqa: E402
from training.model import Heads  # noqa: E402
from training.muon import orthogonal  # noqa: E402
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


def _loss(mask: np.ndarray, target_share: float) -> float:
    rng = np.random.default_rng(4)
    noisy_low = torch.from_numpy(rng.normal(size=(30, 2, 192)).astype(np.float32))
    noisy_high = torch.from_numpy(rng.uniform(0.5, 1, (30, 2, 40)).astype(np.float32))
    tensors = (torch.full((2,), 10.0), torch.zeros(2), torch.zeros(2), torch.ones(40))
    masks = torch.from_numpy(np.broadcast_to(mask, (30, 2, layout.OUTPUT_SIZE)).copy())
    gains = torch.cat((torch.ones(30, 2, 96), masks[..., layout.GAINS_AT : layout.FINE_TAPS_AT]), dim=-1)
    heads = Heads(gains, masks[..., : layout.GAINS_AT], masks[..., layout.FINE_TAPS_AT :])
    share = target_share
    loss, _ = denoise_loss(heads, noisy_low, noisy_low * share, noisy_high, noisy_high * share, *tensors, LossWeights())
    return float(loss)


def test_the_right_mask_scores_best() -> None:
    identity = layout.identity_mask()
    assert _loss(identity, 1.0) < _loss(identity * 0.7, 1.0)
    assert _loss(identity, 1.0) < _loss(identity * 1.3, 1.0)


def test_lost_voice_costs_more_than_left_noise() -> None:
    quiet, loud, spare = torch.tensor(1.0), torch.tensor(2.0), torch.tensor(1.6)
    assert float(lopsided(quiet, loud, spare)) > 1.5 * float(lopsided(loud, quiet, spare))


def test_orthogonal_brings_all_directions_to_about_one() -> None:
    torch.manual_seed(5)
    values = torch.linalg.svdvals(orthogonal(torch.randn(2, 48, 32)))
    assert float(values.min()) > 0.6
    assert float(values.max()) < 1.3
