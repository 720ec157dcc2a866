"""tflite-runtime as a drop-in for LiteRT; runs in an environment of its own: `make test-tflite-runtime`."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tflite_runtime", reason="runs in an environment of its own: make test-tflite-runtime")

from dsp.inference import open_model
from dsp.inference.bundle import Bundle
from dsp.rack.build import build_chain
from tests.rigs.checkout import MODELS

SHIPPED = sorted(path.parent for path in MODELS.glob("*/*.tflite"))


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_bundle_says_what_it_says_in_onnx(folder: Path) -> None:
    bundle = Bundle.load(folder)
    rng = np.random.default_rng(2)
    models = [open_model(bundle, runtime) for runtime in ("tflite_runtime", "onnx")]
    answers: list[list[np.ndarray]] = [[], []]
    for _ in range(500):
        features = rng.normal(0, 1, (1, bundle.input_size)).astype(np.float32)
        for model, answer in zip(models, answers, strict=True):
            model.input[:] = features
            model.step()
            answer.append(model.output.copy())
    tflite, onnx = (np.concatenate(answer) for answer in answers)
    assert np.abs(tflite - onnx).mean() < 0.005  # the same integers, activations rounded in another way
    assert np.abs(tflite).max() > 0.1


def test_auto_takes_it_where_litert_is_not_and_the_chain_runs() -> None:
    chain = build_chain(MODELS / "denoise-live", real_time=False)
    assert "tflite_runtime" in chain.model_name
    chain.prepare(48_000, 128, 1)
    rng = np.random.default_rng(3)
    loudness_in = loudness_out = 0.0
    for at in range(2000):
        block = (0.05 * rng.standard_normal((128, 1))).astype(np.float32)
        before = float(np.square(block).sum())
        chain.process(block)
        if at > 1000:
            loudness_in, loudness_out = loudness_in + before, loudness_out + float(np.square(block).sum())
    assert 10 * np.log10(loudness_in / loudness_out) > 6.0  # it hears that this is noise
