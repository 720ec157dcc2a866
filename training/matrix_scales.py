"""One int8 scale a matrix in a TFLite file that has one an output row, with the same integers.

tflite-runtime 2.14 computes an int8 layer with a scale per row as if its weights were zero; LiteRT computes both kinds.
Rounding a matrix by one scale of its own costs: clean voices came out 4.5 dB worse (TRIES.md, "One TFLite file"). So
the rows' scales move out of the matrix instead, into a multiplication behind the layer:

    y = (scale_row * values) @ x + bias   ->   y = scale_row * (values @ x + bias / scale_row)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

Values = NDArray[np.float32]

FULL_SCALE = 127.0
_FILE_IDENTIFIER = b"TFL3"
_OUTSIDE_BYTES = 1024  # as the quantiser does it: constants from this size on lie behind the flatbuffer, aligned
_ALIGNED_BYTES = 16


def move_row_scales_out(path: Path) -> None:
    """Rewrite a quantised TFLite file in place. Matrices that have one scale already stay as they are."""
    model = read(path)
    if len(model.subgraphs) != 1:
        raise ValueError(f"{path}: {len(model.subgraphs)} graphs in it, allowed is 1")
    _Graph(model).move_row_scales_out()
    path.write_bytes(packed(model))


def read(path: Path) -> Any:
    """The file as a schema.ModelT; all its constants lie in its buffers' `data`."""
    content = path.read_bytes()
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for buffer in model.buffers:
        if buffer.offset:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    return model


def packed(model: Any) -> bytes:
    """The bytes of a file. Empties the model's large buffers."""
    outside = [buffer for buffer in model.buffers if buffer.data is not None and len(buffer.data) >= _OUTSIDE_BYTES]
    contents = [bytes(buffer.data) for buffer in outside]
    for buffer in outside:
        buffer.data, buffer.offset, buffer.size = None, 1, 1  # not zero: zeros take no room
    at = len(_flatbuffer(model))
    for buffer, content in zip(outside, contents, strict=True):
        buffer.offset, buffer.size = _aligned(at), len(content)
        at = buffer.offset + buffer.size
    file = bytearray(_flatbuffer(model))
    for buffer, content in zip(outside, contents, strict=True):
        file += bytes(buffer.offset - len(file)) + content
    return bytes(file)


def _flatbuffer(model: Any) -> bytes:
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), _FILE_IDENTIFIER)
    return bytes(builder.Output())


def _aligned(at: int) -> int:
    return -(-at // _ALIGNED_BYTES) * _ALIGNED_BYTES


class _Graph:
    """The only graph of a model, with its constants and operators to change."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._graph = model.subgraphs[0]
        self._codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]

    def move_row_scales_out(self) -> None:
        unpacked = {each.outputs[0]: each.inputs[0] for each in self._all(schema.BuiltinOperator.DEQUANTIZE)}
        scales: dict[int, Values] = {}  # by matrix: two layers may share one
        operators = []
        layers = {id(layer) for layer in self._all(schema.BuiltinOperator.FULLY_CONNECTED)}
        for operator in self._graph.operators:
            operators.append(operator)
            if id(operator) not in layers:
                continue
            matrix = unpacked.get(operator.inputs[1], operator.inputs[1])
            if matrix not in scales:
                scales[matrix] = self._take_scales(matrix)
            if len(scales[matrix]) > 1:
                operators.append(self._scale_rows(operator, scales[matrix]))
        self._graph.operators = operators

    def _all(self, kind: int) -> list[Any]:
        return [each for each in self._graph.operators if self._codes[each.opcodeIndex] == kind]

    def _take_scales(self, matrix: int) -> Values:
        """The largest weight of each row; empty when the matrix has one scale. Leaves values of -1 to 1 behind."""
        quantisation = self._graph.tensors[matrix].quantization
        if quantisation is None or quantisation.scale is None or len(quantisation.scale) == 1:
            return np.empty(0, np.float32)
        largest = np.asarray(quantisation.scale, np.float32) * np.float32(FULL_SCALE)
        quantisation.scale, quantisation.zeroPoint, quantisation.quantizedDimension = [1 / FULL_SCALE], [0], 0
        return largest

    def _scale_rows(self, layer: Any, scales: Values) -> Any:
        """Let a layer compute without its rows' scales; returns the multiplication that puts them back."""
        options = layer.builtinOptions
        if options.fusedActivationFunction != schema.ActivationFunctionType.NONE:
            raise ValueError("a layer with an activation of its own: its rows cannot be scaled behind it")
        result = layer.outputs[0]
        name, shape = self._graph.tensors[result].name, list(self._graph.tensors[result].shape)
        layer.inputs = list(layer.inputs)
        if len(layer.inputs) > 2 and layer.inputs[2] >= 0:
            # A constant of its own, for equal biases of several layers lie in one buffer.
            layer.inputs[2] = self._constant(self._floats(layer.inputs[2]) / scales, name + b";bias")
        layer.outputs = [self._tensor(shape, name + b";rows", buffer=0)]
        product = schema.OperatorT()
        product.opcodeIndex = self._multiplication()
        product.inputs = [layer.outputs[0], self._constant(scales, name + b";scales")]
        product.outputs = [result]
        product.builtinOptionsType = schema.BuiltinOptions.MulOptions
        product.builtinOptions = schema.MulOptionsT()
        return product

    def _floats(self, tensor: int) -> Values:
        return np.frombuffer(bytes(self._model.buffers[self._graph.tensors[tensor].buffer].data), "<f4")

    def _constant(self, values: Values, name: bytes) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.astype("<f4").tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return self._tensor([len(values)], name, len(self._model.buffers) - 1)

    def _tensor(self, shape: list[int], name: bytes, buffer: int) -> int:
        tensor = schema.TensorT()
        tensor.type, tensor.shape, tensor.name, tensor.buffer = schema.TensorType.FLOAT32, shape, name, buffer
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _multiplication(self) -> int:
        """Index of MUL among the model's operator codes."""
        if schema.BuiltinOperator.MUL not in self._codes:
            code = schema.OperatorCodeT()
            code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.MUL
            code.version = 1
            self._model.operatorCodes.append(code)
            self._codes.append(schema.BuiltinOperator.MUL)
        return self._codes.index(schema.BuiltinOperator.MUL)
