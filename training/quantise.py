"""From a float graph file to int8 weights, in the same way for TFLite and ONNX.

Every matrix is stored as int8, symmetric, each output row rounded by its own range. TFLite and ONNX hold the same
integers. Most layers round their activations to 8 bits as well, by their range of the moment, and multiply integers.

Some of the last layers (`float_layers`) unpack their weights on loading and compute in float. Their rounding errors
are heard directly, and each runtime rounds in its own way. But float weights are four times as large, and weights that
do not fit a core's own cache are slow to read. So a network names heads that are rounded all the same in
`ROUNDED_HEADS`. The cost was measured (TRIES.md, "Rounded taps").
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from training.matrix_scales import move_row_scales_out

Weight = NDArray[np.float32]

INPUT_LAYER = "into"


def float_layers(step: nn.Module) -> list[str]:
    """Names of the layers of a step network that compute in float.

    In each network of it: the layers that write the mask, without its ROUNDED_HEADS, and the last block's output.
    """
    found = []
    for name, net in step.named_modules():
        blocks = getattr(net, "blocks", None)
        if blocks is not None:
            linear = (head for head, layer in net.named_children() if isinstance(layer, nn.Linear))
            heads = (head for head in linear if head not in getattr(net, "ROUNDED_HEADS", ()))
            found += [
                f"{name}.blocks.{len(blocks) - 1}.out",
                *(f"{name}.{head}" for head in heads if head != INPUT_LAYER),
            ]
    return found


def quantise_tflite(plain: Path, path: Path, in_float: list[Weight]) -> None:
    """Write `plain` with int8 weights, for LiteRT and tflite-runtime.

    in_float: weights of the layers to compute in float, as they stand in `plain`.
    """
    from ai_edge_quantizer import quantizer, recipe

    rules = recipe.dynamic_wi8_afp32()
    for name in _layer_names(plain, in_float):
        rules += [{**rule, "regex": f"^{re.escape(name)};?$"} for rule in recipe.weight_only_wi8_afp32()]
    quantiser = quantizer.Quantizer(str(plain))
    quantiser.load_quantization_recipe(rules)
    path.unlink(missing_ok=True)  # the quantiser does not overwrite
    quantiser.quantize().export_model(str(path))
    move_row_scales_out(path)


def _layer_names(plain: Path, weights: list[Weight]) -> list[str]:
    """Names of the layers with these weights in the TFLite file. A layer is named after its output."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(plain.read_bytes(), 0)
    graph = model.subgraphs[0]
    wanted = {weight.astype("<f4").tobytes() for weight in weights}
    names = []
    for operator in graph.operators:
        stored = (model.buffers[graph.tensors[at].buffer].data for at in operator.inputs)
        if any(data is not None and bytes(data) in wanted for data in stored):
            names.append(graph.tensors[operator.outputs[0]].name.decode())
    if len(names) != len(weights):
        raise ValueError(f"{plain}: {len(names)} layers found to compute in float: {len(weights)} wanted")
    return names


def quantise_onnx(plain: Path, path: Path, in_float: list[str]) -> None:
    """Write `plain` with int8 weights.  in_float: names of the layers to compute in float.

    ONNX Runtime's own quantize_dynamic does not work: its int8 products overflow 16 bits on x86 without VNNI
    instructions (the sound was 13 dB off). Unsigned weights are exact everywhere, so 128 is added to the int8 values
    on loading.
    """
    import onnx

    model = onnx.load(str(plain))
    graph = _Graph(model.graph)
    for node in list(model.graph.node):
        if node.op_type != "Gemm":
            graph.nodes.append(node)
            continue
        layer = node.input[1].removesuffix(".weight")
        if layer in in_float:
            graph.float_layer(layer, node)
        else:
            graph.integer_layer(layer, node)
    del model.graph.node[:]
    model.graph.node.extend(graph.nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


class _Graph:
    """Builds the nodes that replace the Gemm nodes of an ONNX graph. The runtime folds constants on loading."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        self._quantised_inputs: set[str] = set()
        self.nodes: list[Any] = []

    def float_layer(self, layer: str, gemm: Any) -> None:
        """y = x @ (int8 weights * scale) + bias."""
        self._take_weights(layer, gemm.input[1])
        self._add("Cast", [f"{layer}.int8"], f"{layer}.float", to=1)  # FLOAT
        self._add("Mul", [f"{layer}.float", f"{layer}.scale"], f"{layer}.unpacked")
        self._add("MatMul", [gemm.input[0], f"{layer}.unpacked"], f"{layer}.product")
        self._add("Add", [f"{layer}.product", gemm.input[2]], gemm.output[0])

    def integer_layer(self, layer: str, gemm: Any) -> None:
        """The same on integers. The input is rounded to 8 bits by its range, once for all layers that share it."""
        from onnx import helper

        self._take_weights(layer, gemm.input[1])
        x = gemm.input[0]
        if x not in self._quantised_inputs:
            self._quantised_inputs.add(x)
            outputs = [f"{x}.uint8", f"{x}.scale", f"{x}.zero"]
            self.nodes.append(helper.make_node("DynamicQuantizeLinear", [x], outputs))
        self._store(f"{layer}.offset", np.array(128, np.int32))
        self._store(f"{layer}.zero", np.array(128, np.uint8))
        self._add("Cast", [f"{layer}.int8"], f"{layer}.int32", to=6)  # INT32
        self._add("Add", [f"{layer}.int32", f"{layer}.offset"], f"{layer}.raised")
        self._add("Cast", [f"{layer}.raised"], f"{layer}.uint8", to=2)  # UINT8
        self._add("MatMulInteger", [f"{x}.uint8", f"{layer}.uint8", f"{x}.zero", f"{layer}.zero"], f"{layer}.sum")
        self._add("Cast", [f"{layer}.sum"], f"{layer}.float", to=1)
        self._add("Mul", [f"{x}.scale", f"{layer}.scale"], f"{layer}.scales")
        self._add("Mul", [f"{layer}.float", f"{layer}.scales"], f"{layer}.product")
        self._add("Add", [f"{layer}.product", gemm.input[2]], gemm.output[0])

    def _take_weights(self, layer: str, name: str) -> None:
        from onnx import numpy_helper

        values, scale = rounded(numpy_helper.to_array(self._stored[name]))
        self._graph.initializer.remove(self._stored[name])
        self._store(f"{layer}.int8", np.ascontiguousarray(values.T))
        self._store(f"{layer}.scale", scale)

    def _store(self, name: str, value: NDArray[Any]) -> None:
        from onnx import numpy_helper

        self._graph.initializer.append(numpy_helper.from_array(value, name))

    def _add(self, kind: str, inputs: list[str], output: str, **attributes: int) -> None:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], **dict[str, Any](attributes)))


def rounded(weight: Weight) -> tuple[NDArray[np.int8], Weight]:
    """int8 values (outputs, inputs) and the scale of each output row."""
    scale = np.maximum(np.abs(weight).max(axis=1), 1e-12).astype(np.float32) / np.float32(127.0)
    values = np.clip(np.round(weight / scale[:, None]), -127, 127).astype(np.int8)
    return values, scale
