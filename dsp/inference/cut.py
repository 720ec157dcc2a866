"""Cuts the graph of a TFLite file into pieces that are run one after another, so that no block does all of a step.

The file's layout comes with LiteRT (its schema, read by the `flatbuffers` package).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from dsp.errors import DspError

PIECE_BYTES = 1_200_000
"""About so many bytes of weights are in a piece: 40 to 80 us on an x86-64 core, against 4 us that each one costs."""

_IDENTIFIER = b"TFL3"


class UncuttableError(DspError, ValueError):
    """A graph that cannot be cut; the message says why. It runs as a whole."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some consecutive operations of a graph, as a TFLite file of its own. Tensors keep their numbers and names."""

    file: bytes
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def pieces_for(file_bytes: int) -> int:
    """How many pieces are of use for a file of this size; 1 for none."""
    return max(1, round(file_bytes / PIECE_BYTES))


def cut(file: bytes, count: int) -> list[Piece]:
    """At most `count` pieces of about the same number of weights. Not while streaming.

    Raises UncuttableError for a file that holds no graph, several ones, or one with anything but float32 between its
    operations; the runtime has already accepted the file.
    """
    model = schema.ModelT.InitFromPackedBuf(file, 0)
    for buffer in model.buffers:
        if buffer.size:  # large files keep their weights behind the table
            buffer.data = np.frombuffer(file, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    if not model.subgraphs or len(model.subgraphs) != 1:
        raise UncuttableError(f"{len(model.subgraphs or ())} graphs: allowed 1")
    graph = model.subgraphs[0]
    spans = _spans([_cost(model, operator) for operator in graph.operators], count)
    made_at = {int(t): at for at, operator in enumerate(graph.operators) for t in operator.outputs}
    outside = {int(t) for t in graph.inputs}
    pieces = []
    for first, end in spans:
        inside = range(first, end)
        used = {int(t) for operator in graph.operators[first:end] for t in operator.inputs if t >= 0}
        inputs = sorted(t for t in used if t in outside or made_at.get(t, first) < first)
        later = {int(t) for operator in graph.operators[end:] for t in operator.inputs} | {
            int(t) for t in graph.outputs
        }
        outputs = sorted(t for t in later if made_at.get(t) in inside)
        for tensor in (*inputs, *outputs):
            if graph.tensors[tensor].type != schema.TensorType.FLOAT32:
                raise UncuttableError(f"{_name(graph, tensor)} is not float32")
        pieces.append(Piece(_packed(model, first, end, inputs, outputs), tuple(inputs), tuple(outputs)))
    return pieces


def _cost(model: Any, operator: Any) -> int:
    """Bytes of constants that an operation reads: what the time of a small network goes into."""
    graph = model.subgraphs[0]
    read = (model.buffers[graph.tensors[t].buffer].data for t in operator.inputs if t >= 0)
    return sum(len(data) for data in read if data is not None)


def _spans(costs: list[int], count: int) -> list[tuple[int, int]]:
    """Where to cut: [first, end) of each piece. Operations without weights go with those before them."""
    total, done = sum(costs), 0
    ends: list[int] = []
    for at, cost in enumerate(costs):
        # The next piece begins with the operation whose middle lies beyond its share.
        while len(ends) < count - 1 and at and done + cost / 2 > total * (len(ends) + 1) / count:
            ends.append(at)
        done += cost
    ends = sorted({*ends, len(costs)})
    return list(zip([0, *ends[:-1]], ends, strict=True))


def _packed(model: Any, first: int, end: int, inputs: list[int], outputs: list[int]) -> bytes:
    graph = model.subgraphs[0]
    kept = graph.inputs, graph.outputs, graph.operators, model.signatureDefs, model.buffers
    operators = graph.operators[first:end]
    needed = {
        graph.tensors[t].buffer for operator in operators for t in (*operator.inputs, *operator.outputs) if t >= 0
    }
    try:
        graph.inputs, graph.outputs, graph.operators, model.signatureDefs = inputs, outputs, operators, []
        model.buffers = [buffer if at in needed else schema.BufferT() for at, buffer in enumerate(kept[4])]
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(model.Pack(builder), _IDENTIFIER)
        return bytes(builder.Output())
    finally:
        graph.inputs, graph.outputs, graph.operators, model.signatureDefs, model.buffers = kept


def _name(graph: Any, tensor: int) -> str:
    return bytes(graph.tensors[tensor].name or b"").decode(errors="replace")
