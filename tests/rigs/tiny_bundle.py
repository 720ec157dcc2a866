"""Tiny bundles with weights for both runtimes, made on the spot: a network of 16 units for each kind of model.

"studio" stands for a denoiser of the layout for recording.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dsp.denoise import features
from dsp.layouts import stems as stems_layout
from dsp.layouts.denoise import LIVE, STUDIO

STATE_SIZE = 16
SIZES = {
    "denoise": (LIVE.input_size, LIVE.output_size),
    "studio": (STUDIO.input_size, STUDIO.output_size),
    "stems": (stems_layout.INPUT_SIZE, stems_layout.OUTPUT_SIZE),
}
"""Of the network's input and output, by kind."""

Weights = dict[str, np.ndarray]


def tiny_weights(kind: str = "denoise") -> Weights:
    """state' = tanh(features a + state b); mask = state' c + a bias which is half the sound, or a quarter a stem."""
    rng = np.random.default_rng(5)
    size_in, size_out = SIZES[kind]
    layout = {"denoise": LIVE, "studio": STUDIO}.get(kind)
    bias = 0.5 * features.identity_mask(layout) if layout else np.full((1, size_out), 0.25, np.float32)
    return {
        "a": rng.normal(0, 0.05, (size_in, STATE_SIZE)).astype(np.float32),
        "b": rng.normal(0, 0.2, (STATE_SIZE, STATE_SIZE)).astype(np.float32),
        "c": rng.normal(0, 0.02, (STATE_SIZE, size_out)).astype(np.float32),
        "bias": bias,
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
    size_in, size_out = len(weights["a"]), weights["c"].shape[1]
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
    graph += _field(11, _onnx_value("features", size_in)) + _field(11, _onnx_value("state", STATE_SIZE))
    graph += _field(12, _onnx_value("mask", size_out)) + _field(12, _onnx_value("state_next", STATE_SIZE))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 17))


# --- TFLite, through the schema that comes with the runtime ---


def tflite_model(weights: Weights) -> bytes:
    flatbuffers = pytest.importorskip("flatbuffers")
    schema: Any = pytest.importorskip("ai_edge_litert.schema_py_generated")
    buffers: list[Any] = [schema.BufferT()]
    tensors: list[Any] = []
    at: dict[str, int] = {}
    size_in, size_out = len(weights["a"]), weights["c"].shape[1]

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

    sizes = {"features": size_in, "state": STATE_SIZE, "mask": size_out}
    for name in ("features", "state", "fa", "sb", "sum", "state_next", "mask"):
        tensor(name, (1, sizes.get(name, STATE_SIZE)))
    for name in ("a", "b", "c"):
        tensor(name, weights[name].T.shape, np.ascontiguousarray(weights[name].T))
    tensor("bias", (size_out,), weights["bias"])
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
name = "{name}"
version = "0.0.1"
kind = "{kind}"
summary = "A toy for tests"
rate_hz = 48000
{geometry}
lookahead_frames = 0
state_size = 16
parameters = 15392
default_runtime = "tflite"
licence = "Apache-2.0"
trained_on = [ {{ name = "dice", licence = "CC0-1.0", what = "random numbers" }} ]
"""
GEOMETRY = {
    "denoise": """\
channels = 1
hop_frames = 128
window_frames = 768
synthesis_frames = 256
algorithmic_latency_frames = 256
features = "denoise-v2"
input_size = 450
output_size = 1000""",
    "studio": """\
channels = 1
hop_frames = 480
window_frames = 1920
synthesis_frames = 960
algorithmic_latency_frames = 960
features = "denoise-studio-v1"
input_size = 922
output_size = 1672""",
    "stems": """\
channels = 2
hop_frames = 512
window_frames = 2048
synthesis_frames = 1024
algorithmic_latency_frames = 1024
features = "stems-v1"
input_size = 624
output_size = 1248""",
}
FILE_TOML = """
[files.{runtime}]
path = "{name}.{runtime}"
sha256 = "{sha256}"
input = "features"
state_in = "state"
output = "mask"
state_out = "state_next"
"""


def tiny_models(kind: str) -> dict[str, bytes]:
    """The weights by runtime."""
    weights = tiny_weights(kind)
    return {"tflite": tflite_model(weights), "onnx": onnx_model(weights)}


def write_bundle(folder: Path, models: dict[str, bytes], kind: str) -> Path:
    """A whole bundle in `folder`, which is created; its name is the folder's."""
    folder.mkdir(parents=True)
    text = BUNDLE_TOML.format(name=folder.name, kind=kind.replace("studio", "denoise"), geometry=GEOMETRY[kind])
    for runtime, data in models.items():
        (folder / f"{folder.name}.{runtime}").write_bytes(data)
        text += FILE_TOML.format(name=folder.name, runtime=runtime, sha256=hashlib.sha256(data).hexdigest())
    (folder / "bundle.toml").write_text(text)
    return folder
