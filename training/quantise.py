"""From a float graph file to int8 weights, in the same way for both runtimes.

Every matrix is stored as int8, symmetric, with a scale per output row; TFLite and ONNX hold the very same integers. In
most layers activations are rounded to 8 bits as well, by their range of the moment, and the product runs on integers.
Some of the last layers (`float_layers`) unpack their weights when they are loaded and compute in float: what they
round is heard at once, and rounded in two runtimes it parts them. But float weights are four times as large, and what
outgrows a core's own cache is read slowly; so heads that a network names in `ROUNDED_HEADS` are rounded after all.
What that costs was measured (TRIES.md, "Rounded taps").
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

Weight = NDArray[np.float32]

INPUT_LAYER = "into"


def float_layers(step: nn.Module) -> list[str]:
    """Layers of a step network, by name, that compute in float: in each network in it those which write the mask, and
    the last block's output before them; but for those that the network itself names in ROUNDED_HEADS.
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


def quantise_tflite(plain: Path, path: Path, in_float: list[Weight], per_channel: bool = True) -> None:
    """Write `plain` with int8 weights.  in_float: weights of the layers to compute in float, as they stand in `plain`.

    per_channel: a scale per output row or, for tflite-runtime, per matrix.
    """
    from ai_edge_quantizer import quantizer, recipe

    rules = recipe.dynamic_wi8_afp32()
    for name in _layer_names(plain, in_float):
        rules += [{**rule, "regex": f"^{re.escape(name)};?$"} for rule in recipe.weight_only_wi8_afp32()]
    if not per_channel:
        for rule in rules:
            rule["op_config"]["weight_tensor_config"]["granularity"] = "TENSORWISE"
    quantiser = quantizer.Quantizer(str(plain))
    quantiser.load_quantization_recipe(rules)
    path.unlink(missing_ok=True)  # the quantiser does not overwrite
    quantiser.quantize().export_model(str(path))


def _layer_names(plain: Path, weights: list[Weight]) -> list[str]:
    """What the TFLite file calls the layers with these weights: the names of their outputs."""
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

    ONNX Runtime's own quantize_dynamic is no way: its int8 weights overflow 16 bits on x86 without VNNI instructions
    (the sound was 13 dB off). Unsigned weights are exact everywhere, so the int8 values move up by 128 on loading.
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
    """Builds the nodes that stand in for the Gemm nodes of an ONNX graph. What is constant is folded on loading."""

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
        """The input is rounded to 8 bits by its own range, once for all layers that share it."""
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
