"""tflite-runtime, LiteRT's predecessor: the same Interpreter under its old name, for where LiteRT is not available.

It ends at Python 3.11 and needs numpy before 2. Version 2.14 computes int8 layers with a scale per channel as if their
weights were zero; our bundles' TFLite files have one scale a matrix, so both runtimes load the same file.
"""

from __future__ import annotations

from tflite_runtime.interpreter import Interpreter

from dsp.inference import StepModel
from dsp.inference.bundle import Bundle
from dsp.inference.interpreter import TfliteStepModel


def open_step_model(bundle: Bundle, weights: bytes) -> StepModel:
    return TfliteStepModel(bundle, weights, "tflite_runtime", Interpreter)
