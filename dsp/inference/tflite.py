"""LiteRT (ai-edge-litert), the box's own runtime."""

from __future__ import annotations

from ai_edge_litert.interpreter import Interpreter

from dsp.inference import StepModel
from dsp.inference.bundle import Bundle
from dsp.inference.interpreter import TfliteStepModel


def open_step_model(bundle: Bundle, weights: bytes) -> StepModel:
    return TfliteStepModel(bundle, weights, "tflite", Interpreter)
