"""LiteRT (ai-edge-litert), the box's own runtime."""

from __future__ import annotations

from ai_edge_litert.interpreter import Interpreter

from dsp.inference import StepModel
from dsp.inference.bundle import Bundle
from dsp.inference.interpreter import TfliteStepModel


def open_step_model(bundle: Bundle, weights: bytes) -> StepModel:
    return TfliteStepModel(bundle, weights, "tflite", Interpreter)


def open_in_pieces(bundle: Bundle, weights: bytes) -> StepModel | None:
    """The same network in pieces (a PiecewiseModel); None where it is small, or a graph that cannot be cut."""
    # Here, because what reads the file's layout takes a while to load, and few models need it.
    from dsp.inference.cut import UncuttableError, pieces_for
    from dsp.inference.piecewise import PiecewiseTflite

    count = pieces_for(len(weights))
    if count < 2:
        return None
    try:
        return PiecewiseTflite(bundle, weights, "tflite", Interpreter, count)
    except UncuttableError:
        return None
