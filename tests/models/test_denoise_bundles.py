"""The shipped denoisers themselves: the same in both runtimes, and better than nothing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.models.steps import layout_of, load
from tests.rigs.checkout import MODELS
from training.stream import agreement_db, denoise, made_up_voice

pytestmark = pytest.mark.bundle


@pytest.fixture(params=["denoise-live", "denoise-light", "denoise-studio"])
def bundle(request: pytest.FixtureRequest) -> Path:
    return MODELS / request.param


def test_both_runtimes_agree(bundle: Path) -> None:
    # It is -54 dB over 60 s (denoise-live); the float network is some 20 dB farther from either.
    assert agreement_db(load(bundle, "tflite"), load(bundle, "onnx"), 10.0, layout_of(bundle)) < -50.0


def test_it_streams_for_a_minute_without_running_away(bundle: Path, runtime: str) -> None:
    step = load(bundle, runtime)
    rng = np.random.default_rng(1)
    quiet = (0.001 * rng.standard_normal((60 * 48_000 // 8, 1))).astype(np.float32)
    out = denoise(step, quiet, layout_of(bundle))
    assert np.isfinite(out).all()
    assert np.square(out).mean() < np.square(quiet).mean()


@pytest.mark.parametrize(
    "make", [np.zeros, lambda shape: np.ones(shape) * np.sign(np.sin(np.arange(shape[0])))[:, None]]
)
def test_silence_and_full_scale_stay_finite(bundle: Path, runtime: str, make: Callable) -> None:
    out = denoise(load(bundle, runtime), make((24_000, 1)).astype(np.float32), layout_of(bundle))
    assert np.isfinite(out).all()
    assert np.abs(out).max() < 2.0


def test_noise_is_reduced_and_the_voice_is_kept(bundle: Path) -> None:
    step = load(bundle, "tflite")
    rng = np.random.default_rng(2)
    noise = (0.02 * rng.standard_normal((96_000, 1))).astype(np.float32)
    layout = layout_of(bundle)
    left = denoise(step, noise, layout)[24_000:]
    assert 10 * np.log10(np.square(noise[24_000:]).mean() / np.square(left).mean()) > 10.0
    voice = made_up_voice(2.0) * np.float32(0.5)
    kept = denoise(step, voice, layout)[24_000:]
    assert np.square(kept).mean() > 0.2 * np.square(voice[24_000:]).mean()
