"""Runs an exported step graph and reads its file. (The box has its own adapters in dsp/inference.)"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


ONNX_TYPES = {1: "FLOAT", 2: "UINT8", 3: "INT8", 6: "INT32", 7: "INT64"}


class Step(Protocol):
    """One frame: features (1, F) -> mask (1, O); the state lives inside."""

    names: dict[str, str]  # input, state_in, output, state_out as the runtime reports them

    def __call__(self, features: Array) -> Array: ...

    def reset(self) -> None: ...


class TfliteStep:
    """LiteRT, one thread."""

    def __init__(self, path: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        states = {_size(detail) for detail in inputs} & {_size(detail) for detail in outputs}
        self._input, self._state_in = sorted(inputs, key=lambda detail: _size(detail) in states)
        self._output, self._state_out = sorted(outputs, key=lambda detail: _size(detail) in states)
        self.names = {
            "input": self._input["name"],
            "state_in": self._state_in["name"],
            "output": self._output["name"],
            "state_out": self._state_out["name"],
        }
        self.reset()

    def reset(self) -> None:
        self._state = np.zeros(self._state_in["shape"], np.float32)

    def __call__(self, features: Array) -> Array:
        self._interpreter.set_tensor(self._input["index"], features)
        self._interpreter.set_tensor(self._state_in["index"], self._state)
        self._interpreter.invoke()
        self._state = self._interpreter.get_tensor(self._state_out["index"])
        mask: Array = self._interpreter.get_tensor(self._output["index"])
        return mask


def _size(detail: dict[str, Any]) -> int:
    return int(detail["shape"][-1])


class OnnxStep:
    """ONNX Runtime, one thread."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.names = {"input": "features", "state_in": "state", "output": "mask", "state_out": "next_state"}
        self._size = next(i.shape[1] for i in self._session.get_inputs() if i.name == "state")
        self.reset()

    def reset(self) -> None:
        self._state = np.zeros((1, self._size), np.float32)

    def __call__(self, features: Array) -> Array:
        fed = {"features": features, "state": self._state}
        mask, self._state = self._session.run(["mask", "next_state"], fed)
        return mask


def stored_weight_types(path: Path) -> dict[str, int]:
    """How many constant elements a model file stores in each type."""
    count: Counter[str] = Counter()
    if path.suffix == ".onnx":
        for kind, dims in onnx_initialisers(path.read_bytes()):
            count[ONNX_TYPES.get(kind, str(kind))] += math.prod(dims)
        return dict(count)
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    names = {value: name for name, value in vars(schema.TensorType).items() if not name.startswith("_")}
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            buffer = model.buffers[tensor.buffer]
            if buffer.data is not None or buffer.offset:
                count[names[tensor.type]] += int(np.prod(tensor.shape))
    return dict(count)


def stored_int8(path: Path) -> list[NDArray[np.int8]]:
    """The int8 matrices of a model file: (outputs, inputs) in TFLite, (inputs, outputs) in ONNX, which needs `onnx`."""
    data = path.read_bytes()
    if path.suffix == ".onnx":
        import onnx

        stored = [onnx.numpy_helper.to_array(tensor) for tensor in onnx.load_from_string(data).graph.initializer]
        return [values for values in stored if values.dtype == np.int8 and values.ndim == 2]
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(data, 0)
    found = []
    for tensor in (tensor for graph in model.subgraphs for tensor in graph.tensors):
        buffer = model.buffers[tensor.buffer]
        if tensor.type == schema.TensorType.INT8 and (buffer.offset or buffer.data is not None):
            # Large files keep their constants behind the flatbuffer itself.
            raw = data[buffer.offset : buffer.offset + buffer.size] if buffer.offset else bytes(buffer.data)
            found.append(np.frombuffer(raw, np.int8).reshape(tensor.shape))
    return found


def matrix_scale_counts(path: Path) -> list[int]:
    """How many scales each int8 matrix of a TFLite file has."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    return [len(tensor.quantization.scale) for tensor in tensors if tensor.type == schema.TensorType.INT8]


def onnx_initialisers(model: bytes) -> Iterator[tuple[int, list[int]]]:
    """Type number and shape of each stored tensor, read from the protobuf itself: the box has no `onnx` package."""
    for graph in _fields(model, 7):
        for tensor in _fields(graph, 5):
            dims: list[int] = []
            for field, value in _walk(tensor):
                if field == 1:
                    dims += [value] if isinstance(value, int) else _varints(value)
            yield int(next(value for field, value in _walk(tensor) if field == 2)), dims


def _fields(message: bytes, wanted: int) -> Iterator[bytes]:
    for field, value in _walk(message):
        if field == wanted and isinstance(value, bytes):
            yield value


def _walk(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field number and value of each entry of a protobuf message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        if key & 7 == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        size, at = (8, at) if key & 7 == 1 else (4, at) if key & 7 == 5 else _varint(message, at)
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _varints(packed: bytes) -> list[int]:
    values, at = [], 0
    while at < len(packed):
        value, at = _varint(packed, at)
        values.append(value)
    return values
