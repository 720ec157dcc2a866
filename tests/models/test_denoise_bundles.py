"""The shipped denoisers themselves: complete, really int8, the same in both runtimes, and better than nothing."""

import hashlib
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dsp import features as layout
from training.runtimes import OnnxStep, TfliteStep, stored_int8, stored_weight_types
from training.stream import agreement_db, denoise, made_up_voice

MODELS = Path(__file__).parents[2] / "models_quantized"
RUNTIMES = {"tflite": TfliteStep, "onnx": OnnxStep}


@pytest.fixture(params=["denoise-live", "denoise-light"])
def bundle(request: pytest.FixtureRequest) -> Path:
    return MODELS / request.param


@pytest.fixture
def description(bundle: Path) -> dict:
    return tomllib.loads((bundle / "bundle.toml").read_text())


@pytest.fixture(params=list(RUNTIMES))
def runtime(request: pytest.FixtureRequest) -> str:
    return request.param


def _load(bundle: Path, runtime: str):
    pytest.importorskip("ai_edge_litert" if runtime == "tflite" else "onnxruntime")
    return RUNTIMES[runtime](bundle / f"{bundle.name}.{runtime}")


def test_the_description_matches_the_layout_and_the_files(bundle: Path, description: dict, runtime: str) -> None:
    assert description["schema"] == 1
    assert description["features"] == layout.LAYOUT
    assert (description["input_size"], description["output_size"]) == (layout.INPUT_SIZE, layout.OUTPUT_SIZE)
    entry = description["files"][runtime]
    assert hashlib.sha256((bundle / entry["path"]).read_bytes()).hexdigest() == entry["sha256"]
    names = _load(bundle, runtime).names
    assert {key: entry[key] for key in names} == names
    assert all(source["licence"] and source["what"] for source in description["trained_on"])
    assert (bundle / "CARD.md").exists()


def test_the_weights_are_stored_as_int8(bundle: Path, description: dict, runtime: str) -> None:
    types = stored_weight_types(bundle / f"{bundle.name}.{runtime}")
    floats = types.get("FLOAT32", 0) + types.get("FLOAT", 0)
    assert types["INT8"] > 0.99 * description["parameters"] - floats
    assert floats < 0.02 * description["parameters"]  # biases, scales and the short convolutions
    assert (bundle / f"{bundle.name}.{runtime}").stat().st_size < 1.3 * description["parameters"]


def test_both_files_hold_the_same_integers(bundle: Path) -> None:
    pytest.importorskip("onnx")
    tflite = stored_int8(bundle / f"{bundle.name}.tflite")
    onnx = [values.T for values in stored_int8(bundle / f"{bundle.name}.onnx")]
    assert len(tflite) == len(onnx) > 5
    for values in tflite:
        assert any(values.shape == other.shape and np.array_equal(values, other) for other in onnx)


def test_both_runtimes_agree(bundle: Path) -> None:
    # It is -75 dB over 60 s; the float network is 36 dB farther from either.
    assert agreement_db(_load(bundle, "tflite"), _load(bundle, "onnx"), seconds=10.0) < -50.0


def test_it_streams_for_a_minute_without_running_away(bundle: Path, runtime: str) -> None:
    step = _load(bundle, runtime)
    rng = np.random.default_rng(1)
    quiet = (0.001 * rng.standard_normal((60 * 48_000 // 8, 1))).astype(np.float32)
    out = denoise(step, quiet)
    assert np.isfinite(out).all()
    assert np.square(out).mean() < np.square(quiet).mean()


@pytest.mark.parametrize(
    "make", [np.zeros, lambda shape: np.ones(shape) * np.sign(np.sin(np.arange(shape[0])))[:, None]]
)
def test_silence_and_full_scale_stay_finite(bundle: Path, runtime: str, make: Callable) -> None:
    out = denoise(_load(bundle, runtime), make((24_000, 1)).astype(np.float32))
    assert np.isfinite(out).all()
    assert np.abs(out).max() < 2.0


def test_noise_is_reduced_and_the_voice_is_kept(bundle: Path) -> None:
    step = _load(bundle, "tflite")
    rng = np.random.default_rng(2)
    noise = (0.02 * rng.standard_normal((96_000, 1))).astype(np.float32)
    left = denoise(step, noise)[24_000:]
    assert 10 * np.log10(np.square(noise[24_000:]).mean() / np.square(left).mean()) > 10.0
    voice = made_up_voice(2.0) * np.float32(0.5)
    kept = denoise(step, voice)[24_000:]
    assert np.square(kept).mean() > 0.2 * np.square(voice[24_000:]).mean()
