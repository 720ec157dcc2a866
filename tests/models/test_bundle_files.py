"""Every shipped network's files: as its description says, really int8, and the same integers in TFLite and ONNX."""

import hashlib
import tomllib
from pathlib import Path

import numpy as np
import pytest

from dsp.layouts.catalogue import CATALOGUE
from tests.models.steps import load
from tests.rigs.checkout import MODELS
from training.runtimes import matrix_scale_counts, stored_int8, stored_weight_types

SHIPPED = ["denoise-live", "denoise-light", "denoise-studio", "stems-live", "stems-light"]
MOST_BYTES = {"denoise": 4e6, "stems": 7.2e6}
"""The largest size of the file that a box loads, by kind."""


@pytest.fixture(params=SHIPPED)
def bundle(request: pytest.FixtureRequest) -> Path:
    return MODELS / request.param


@pytest.fixture
def description(bundle: Path) -> dict:
    return tomllib.loads((bundle / "bundle.toml").read_text())


def test_no_shipped_network_is_left_out() -> None:
    here = {path.parent.name for path in MODELS.glob("*/*.onnx")}
    assert here == set(SHIPPED)


def test_the_description_matches_the_layout_and_the_files(bundle: Path, description: dict, runtime: str) -> None:
    step = load(bundle, runtime)
    sizes = CATALOGUE.layouts[description["features"]]
    assert (description["schema"], description["kind"]) == (1, sizes.kind)
    assert (description["input_size"], description["output_size"]) == (sizes.input_size, sizes.output_size)
    assert description["algorithmic_latency_frames"] == description["synthesis_frames"]
    entry = description["files"][runtime]
    assert hashlib.sha256((bundle / entry["path"]).read_bytes()).hexdigest() == entry["sha256"]
    assert entry["path"] == f"{bundle.name}.{runtime}"
    assert {key: entry[key] for key in step.names} == step.names
    assert all(source["licence"] and source["what"] for source in description["trained_on"])
    assert (bundle / "CARD.md").exists()


def test_two_files_serve_three_runtimes(bundle: Path, description: dict) -> None:
    named = {runtime: entry["path"] for runtime, entry in description["files"].items()}
    assert named["tflite"] == named["tflite_runtime"]
    assert {path.name for path in bundle.iterdir()} == {*named.values(), "bundle.toml", "CARD.md"}


def test_tflite_has_one_scale_a_matrix_which_the_old_runtime_needs(bundle: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    counts = matrix_scale_counts(bundle / f"{bundle.name}.tflite")
    assert len(counts) > 5
    assert set(counts) == {1}


def test_the_weights_are_stored_as_int8(bundle: Path, description: dict, runtime: str) -> None:
    path = bundle / f"{bundle.name}.{runtime}"
    types = stored_weight_types(path)
    floats = types.get("FLOAT32", 0) + types.get("FLOAT", 0)
    assert types["INT8"] > 0.99 * description["parameters"] - floats
    assert floats < 0.025 * description["parameters"]  # biases, scales and the short convolutions
    assert path.stat().st_size < min(1.3 * description["parameters"], MOST_BYTES[description["kind"]])


def test_both_files_hold_the_same_integers(bundle: Path) -> None:
    pytest.importorskip("onnx")
    tflite = stored_int8(bundle / f"{bundle.name}.tflite")
    onnx = [values.T for values in stored_int8(bundle / f"{bundle.name}.onnx")]
    assert len(tflite) == len(onnx) > 5
    for values in tflite:
        assert any(values.shape == other.shape and np.array_equal(values, other) for other in onnx)
