"""A tiny bundle with weights for both runtimes, made on the spot, and a way to run sound through a chain."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dsp.bundle import Bundle
from dsp.chain import Chain
from dsp.features import INPUT_SIZE, OUTPUT_SIZE, identity_mask

STATE_SIZE = 16

Weights = dict[str, np.ndarray]


def tiny_weights() -> Weights:
    """state' = tanh(features a + state b); mask = state' c + half the mask that changes nothing."""
    rng = np.random.default_rng(5)
    return {
        "a": rng.normal(0, 0.05, (INPUT_SIZE, STATE_SIZE)).astype(np.float32),
        "b": rng.normal(0, 0.2, (STATE_SIZE, STATE_SIZE)).astype(np.float32),
        "c": rng.normal(0, 0.02, (STATE_SIZE, OUTPUT_SIZE)).astype(np.float32),
        "bias": 0.5 * identity_mask(),
    }


# --- ONNX, by hand: protobuf is tag, length, bytes ---


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _onnx_value(name: str, size: int) -> bytes:
    shape = b"".join(_field(1, _field(1, count)) for count in (1, size))
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, shape)))


def _onnx_node(kind: str, inputs: tuple[str, ...], output: str) -> bytes:
    return b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(4, kind)


def onnx_model(weights: Weights) -> bytes:
    nodes = [
        _onnx_node("MatMul", ("features", "a"), "fa"),
        _onnx_node("MatMul", ("state", "b"), "sb"),
        _onnx_node("Add", ("fa", "sb"), "sum"),
        _onnx_node("Tanh", ("sum",), "state_next"),
        _onnx_node("MatMul", ("state_next", "c"), "sc"),
        _onnx_node("Add", ("sc", "bias"), "mask"),
    ]
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, "tiny")
    for name, array in weights.items():
        dims = b"".join(_field(1, size) for size in array.shape)
        graph += _field(5, dims + _field(2, 1) + _field(8, name) + _field(9, array.tobytes()))
    graph += _field(11, _onnx_value("features", INPUT_SIZE)) + _field(11, _onnx_value("state", STATE_SIZE))
    graph += _field(12, _onnx_value("mask", OUTPUT_SIZE)) + _field(12, _onnx_value("state_next", STATE_SIZE))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 17))


# --- TFLite, through the schema that comes with the runtime ---


def tflite_model(weights: Weights) -> bytes:
    flatbuffers = pytest.importorskip("flatbuffers")
    schema: Any = pytest.importorskip("ai_edge_litert.schema_py_generated")
    buffers, tensors, at = [schema.BufferT()], [], {}

    def tensor(name: str, shape: tuple[int, ...], data: np.ndarray | None = None) -> None:
        entry = schema.TensorT()
        entry.name, entry.shape, entry.type = name, list(shape), schema.TensorType.FLOAT32
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            entry.buffer = len(buffers)
            buffers.append(buffer)
        at[name] = len(tensors)
        tensors.append(entry)

    sizes = {"features": INPUT_SIZE, "state": STATE_SIZE, "mask": OUTPUT_SIZE}
    for name in ("features", "state", "fa", "sb", "sum", "state_next", "mask"):
        tensor(name, (1, sizes.get(name, STATE_SIZE)))
    for name in ("a", "b", "c"):
        tensor(name, weights[name].T.shape, np.ascontiguousarray(weights[name].T))
    tensor("bias", (OUTPUT_SIZE,), weights["bias"])
    kinds = [schema.BuiltinOperator.FULLY_CONNECTED, schema.BuiltinOperator.ADD, schema.BuiltinOperator.TANH]
    dense, add, tanh = range(3)

    def operator(kind: int, inputs: list[str], output: str) -> Any:
        entry = schema.OperatorT()
        entry.opcodeIndex = kind
        entry.inputs = [at[name] if name else -1 for name in inputs]
        entry.outputs = [at[output]]
        if kind == dense:
            entry.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
            entry.builtinOptions = schema.FullyConnectedOptionsT()
        elif kind == add:
            entry.builtinOptionsType = schema.BuiltinOptions.AddOptions
            entry.builtinOptions = schema.AddOptionsT()
        return entry

    graph = schema.SubGraphT()
    graph.tensors = tensors
    graph.inputs = [at["features"], at["state"]]
    graph.outputs = [at["mask"], at["state_next"]]
    graph.operators = [
        operator(dense, ["features", "a", ""], "fa"),
        operator(dense, ["state", "b", ""], "sb"),
        operator(add, ["fa", "sb"], "sum"),
        operator(tanh, ["sum"], "state_next"),
        operator(dense, ["state_next", "c", "bias"], "mask"),
    ]
    model = schema.ModelT()
    model.version, model.subgraphs, model.buffers = 3, [graph], buffers
    model.operatorCodes = []
    for kind in kinds:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = kind
        code.version = 1
        model.operatorCodes.append(code)
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


# --- the bundle ---

BUNDLE_TOML = """\
schema = 1
name = "tiny"
version = "0.0.1"
kind = "denoise"
summary = "A toy for tests"
rate_hz = 48000
channels = 1
hop_frames = 128
window_frames = 768
synthesis_frames = 256
lookahead_frames = 0
algorithmic_latency_frames = 256
features = "denoise-v1"
input_size = 330
output_size = 616
state_size = 16
parameters = 15392
default_runtime = "{runtime}"
licence = "Apache-2.0"
trained_on = [ {{ name = "dice", licence = "CC0-1.0", what = "random numbers" }} ]
"""
FILE_TOML = """
[files.{runtime}]
path = "tiny.{runtime}"
sha256 = "{sha256}"
input = "features"
state_in = "state"
output = "mask"
state_out = "state_next"
"""


@pytest.fixture(scope="session")
def tiny_models() -> dict[str, bytes]:
    weights = tiny_weights()
    return {"tflite": tflite_model(weights), "onnx": onnx_model(weights)}


@pytest.fixture
def tiny_folder(tmp_path: Path, tiny_models: dict[str, bytes]) -> Path:
    """A folder with a whole bundle, to load or to spoil."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    text = BUNDLE_TOML.format(runtime="tflite")
    for runtime, data in tiny_models.items():
        (folder / f"tiny.{runtime}").write_bytes(data)
        text += FILE_TOML.format(runtime=runtime, sha256=hashlib.sha256(data).hexdigest())
    (folder / "bundle.toml").write_text(text)
    return folder


@pytest.fixture
def tiny_bundle(tiny_folder: Path) -> Bundle:
    return Bundle.load(tiny_folder)


# --- sound ---

Run = Callable[..., np.ndarray]


def run_chain(
    chain: Chain, signal: np.ndarray, period: int = 128, *, at: dict[int, Callable[[Chain], None]] | None = None
) -> np.ndarray:
    """What a prepared chain makes of `signal` (frames, channels), cut or padded to whole periods.

    at: what to do to the chain before the block of that number.
    """
    blocks = -(-len(signal) // period)
    out = np.zeros((blocks * period, signal.shape[1]), np.float32)
    out[: len(signal)] = signal
    for number in range(blocks):
        if at and number in at:
            at[number](chain)
        chain.process(out[number * period : (number + 1) * period])
    return out


@pytest.fixture
def run() -> Run:
    return run_chain


@pytest.fixture
def voice() -> np.ndarray:
    """A second of something like a sung vowel in noise. Shape (48000, 1), below full scale."""
    rng = np.random.default_rng(11)
    t = np.arange(48000) / 48000
    sound = sum(np.sin(2 * np.pi * 160 * n * t) / n for n in range(1, 20)) * (0.1 + 0.1 * np.sin(2 * np.pi * 3 * t))
    sound += rng.normal(0, 0.01, len(t))
    return sound.astype(np.float32)[:, None]
