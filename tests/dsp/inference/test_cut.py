"""A network in pieces answers the very bits of the whole one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from dsp.inference import PiecewiseModel, StepModel, cut, open_model, piecewise, tflite
from dsp.inference.bundle import Bundle
from dsp.inference.interpreter import TfliteStepModel
from tests.rigs.checkout import MODELS


def answers(model: StepModel, steps: int = 60) -> np.ndarray:
    rng, out = np.random.default_rng(2), []
    for _ in range(steps):
        model.input[:] = rng.standard_normal(model.input.shape, np.float32)
        model.step()
        out.append(model.output.copy())
    return np.concatenate(out)


def in_pieces(bundle: Bundle, count: int, file: bytes | None = None) -> Any:
    return piecewise.PiecewiseTflite(bundle, file or bundle.weights("tflite"), "tflite", Interpreter, count)


@pytest.mark.bundle
@pytest.mark.parametrize(("name", "pieces"), [("denoise-studio", 3), ("stems-light", 2), ("stems-live", 6)])
def test_the_shipped_networks_answer_the_very_bits(name: str, pieces: int) -> None:
    bundle = Bundle.load(MODELS / name)
    model, whole = open_model(bundle, "tflite", pieces=True), open_model(bundle, "tflite")
    assert isinstance(model, PiecewiseModel)
    assert not isinstance(whole, PiecewiseModel)
    assert len(model.pieces) == pieces
    first = answers(model)
    assert np.array_equal(first, answers(whole))
    assert not np.array_equal(answers(model), first)  # the state went on
    model.reset()
    assert np.array_equal(answers(model), first)


@pytest.mark.bundle
def test_the_pieces_share_the_weights_out() -> None:
    whole = Bundle.load(MODELS / "stems-live").weights("tflite")
    sizes = [len(piece.file) for piece in cut.cut(whole, 6)]
    assert sum(sizes) < 1.2 * len(whole)  # none holds the weights of another
    assert max(sizes) < 0.25 * sum(sizes)


@pytest.mark.parametrize("count", [2, 3, 50])
def test_it_may_be_cut_anywhere(tiny_bundle: Bundle, count: int) -> None:
    model = in_pieces(tiny_bundle, count)
    assert 2 <= len(model.pieces) <= count
    assert np.array_equal(answers(model), answers(open_model(tiny_bundle, "tflite")))


def test_one_piece_after_another_is_a_step(tiny_bundle: Bundle) -> None:
    model = in_pieces(tiny_bundle, 3)
    expected = answers(model)
    model.reset()
    rng = np.random.default_rng(2)
    for row in expected:
        model.input[:] = rng.standard_normal(model.input.shape, np.float32)
        for piece in model.pieces:
            piece()
        assert np.array_equal(model.output[0], row)


def test_input_and_output_outlive_the_model(tiny_bundle: Bundle) -> None:
    model = in_pieces(tiny_bundle, 3)
    expected = answers(model, 1)
    held = model.output
    del model
    in_pieces(tiny_bundle, 3)
    assert np.array_equal(held, expected)


@pytest.mark.parametrize("runtime", ["tflite", "onnx"])
def test_a_small_network_and_one_that_cannot_be_cut_stay_whole(tiny_bundle: Bundle, runtime: str) -> None:
    assert not isinstance(open_model(tiny_bundle, runtime, pieces=True), PiecewiseModel)


def changed(file: bytes, change: Callable[[Any], None]) -> bytes:
    """The file, with a change to what it holds."""
    model = schema.ModelT.InitFromPackedBuf(file, 0)
    change(model)
    builder = cut.flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_what_cannot_be_cut_says_why(tiny_bundle: Bundle) -> None:
    file = tiny_bundle.weights("tflite")

    def two_graphs(model: Any) -> None:
        model.subgraphs.append(model.subgraphs[0])

    def whole_numbers(model: Any) -> None:
        model.subgraphs[0].tensors[2].type = schema.TensorType.INT8

    for change, words in ((two_graphs, "2 graphs: allowed 1"), (whole_numbers, "fa is not float32")):
        with pytest.raises(cut.UncuttableError, match=words):
            cut.cut(changed(file, change), 5)


def state_last(model: Any) -> None:
    """Let the mask follow from the old state, which is read after the new one is made."""
    last = model.subgraphs[0].operators[-1]
    last.inputs = [model.subgraphs[0].inputs[1], *last.inputs[1:]]


def test_a_graph_that_reads_its_state_last_stays_whole(tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    file = changed(tiny_bundle.weights("tflite"), state_last)
    with pytest.raises(cut.UncuttableError, match="next state is made before"):
        in_pieces(tiny_bundle, 50, file)
    monkeypatch.setattr(cut, "PIECE_BYTES", len(file) // 50)
    assert tflite.open_in_pieces(tiny_bundle, file) is None
    assert isinstance(open_model(tiny_bundle, "tflite", pieces=True), PiecewiseModel)  # the one that was not changed
    assert isinstance(open_model(tiny_bundle, "tflite"), TfliteStepModel)
