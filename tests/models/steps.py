"""The shipped networks, a step at a time, in either runtime."""

from pathlib import Path

import pytest

from dsp.inference.bundle import Bundle
from dsp.layouts.denoise import LAYOUTS, Layout
from training.runtimes import OnnxStep, Step, TfliteStep

RUNTIMES = {"tflite": TfliteStep, "onnx": OnnxStep}
MODULES = {"tflite": "ai_edge_litert", "onnx": "onnxruntime"}


def load(bundle: Path, runtime: str) -> Step:
    """Skips the test where the runtime is not installed."""
    pytest.importorskip(MODULES[runtime])
    return RUNTIMES[runtime](bundle / f"{bundle.name}.{runtime}")


def layout_of(bundle: Path) -> Layout:
    """Of a denoiser's features and mask."""
    return LAYOUTS[Bundle.load(bundle).features]
