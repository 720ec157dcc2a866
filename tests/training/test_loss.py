"""What the loss counts: up to each clip's top, noise left in pauses, voice lost at the top."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

from dsp.layouts.denoise import LIVE  # noqa: E402
from training.loss import USUAL_POWER, LossWeights, denoise_loss, noise_in_pauses, voice_lost  # noqa: E402
from training.model import Heads  # noqa: E402
from training.train_denoise import bands_hz  # noqa: E402

FRAMES, BATCH, LOW, HIGH = 12, 2, LIVE.low_bins, LIVE.high_bands


def batch(seed: int = 1):
    """Spectra of a voice with noise, and the extras of two examples that are known up to 7 and up to 24 kHz."""
    torch.manual_seed(seed)
    target_low, target_high = torch.randn(FRAMES, BATCH, 2 * LOW), torch.rand(FRAMES, BATCH, HIGH)
    spectra = {
        "noisy_low": target_low + 0.3 * torch.randn_like(target_low),
        "target_low": target_low,
        "noisy_high": target_high + 0.3 * torch.rand_like(target_high),
        "target_high": target_high,
    }
    return spectra, [torch.full((BATCH,), 10.0), torch.tensor([7000.0, 24_000.0]), torch.zeros(BATCH)]


def loss_and_gradient(spectra, extras, weights):
    gains = torch.full((FRAMES, BATCH, LOW + HIGH), 0.8, requires_grad=True)
    filters = torch.zeros(FRAMES, BATCH, LIVE.gains_at)
    filters[..., :LOW] = 1.0
    heads = Heads(gains, filters, torch.zeros(FRAMES, BATCH, LIVE.fine.mask_size))
    total, parts = denoise_loss(heads, spectra, extras, bands_hz(LIVE), weights, LIVE)
    total.backward()
    return total.detach(), parts, gains.grad


@pytest.mark.parametrize("weights", [LossWeights(), LossWeights(pauses=1.0, top_lost=1.0)])
def test_nothing_above_a_clips_top_is_learnt_from(weights) -> None:
    spectra, extras = batch()
    beyond = bands_hz(LIVE) >= 7000.0
    assert 0 < beyond.sum() < HIGH
    total, _, gradient = loss_and_gradient(spectra, extras, weights)
    assert not gradient[:, 0, LOW:][:, beyond].any()
    assert gradient[:, 0, LOW:][:, ~beyond].any()
    assert gradient[:, 1, LOW:][:, beyond].any()
    louder = {name: value.clone() for name, value in spectra.items()}
    louder["noisy_high"][:, 0, beyond] *= 50
    torch.testing.assert_close(loss_and_gradient(louder, extras, weights)[0], total)


def test_new_terms_are_asked_for() -> None:
    spectra, extras = batch()
    plain, parts, _ = loss_and_gradient(spectra, extras, LossWeights())
    assert not {"pauses", "top_lost"} & set(parts)
    both, parts, _ = loss_and_gradient(spectra, extras, replace(LossWeights(), pauses=0.5, top_lost=2.0))
    assert float(both - plain) == pytest.approx(0.5 * parts["pauses"] + 2 * parts["top_lost"], rel=1e-3)


def powers(level_db: float, frames: int = FRAMES):
    """Low bins and high bands at `level_db` from a voice's usual power."""
    power = USUAL_POWER * 10 ** (level_db / 10)
    return torch.full((frames, 1, LOW), power), torch.full((frames, 1, HIGH), power)


def test_noise_counts_where_nothing_is_said_by_how_far_it_is_heard() -> None:
    scored = torch.ones(1, HIGH)
    pause, pause_high = powers(-90)
    left = [
        float(noise_in_pauses(low, pause, high, pause_high, scored)) for low, high in map(powers, (-80, -50, -40, -30))
    ]
    assert left[0] < 0.01  # nobody hears it
    assert left[2] - left[1] == pytest.approx(1.0, abs=0.05)  # 10 dB
    assert left[3] - left[2] == pytest.approx(1.0, abs=0.05)
    said, said_high = powers(0)
    assert float(noise_in_pauses(*(said * 2, said), *(said_high * 2, said_high), scored)) < 1e-3
    assert float(noise_in_pauses(*(pause, said), *(pause_high, said_high), scored)) == 0.0  # lost voice is not noise


def test_lost_voice_counts_by_how_far_it_was_heard_and_noise_does_not() -> None:
    loud, soft, silent, louder = (powers(level_db)[0] for level_db in (0, -20, -80, 10))
    assert float(voice_lost(soft, loud).mean()) == pytest.approx(2.0, abs=0.05)
    assert float(voice_lost(louder, loud).mean()) == 0.0
    assert float(voice_lost(silent * 0.01, silent).mean()) < 0.001
