"""Model runtimes behind one small interface. A process loads only the runtime it uses."""

from __future__ import annotations

import importlib
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dsp.bundle import RUNTIMES, Bundle, BundleError
from dsp.errors import DspError
from dsp.inference.quiet import native_stderr_dropped

Values = NDArray[np.float32]


class RuntimeMissingError(DspError, ImportError):
    """The runtime asked for, or every runtime the bundle has weights for, is not installed."""


class StepModel(Protocol):
    """A recurrent network, one step a hop; its state stays inside.

    Write `input`, call step(), read `output`. All three run on the audio thread and make no new arrays. step() raises
    whatever the runtime raises; who calls it copes (dsp.guard).
    """

    runtime: str  # "onnx", or "tflite" with the package that runs it

    @property
    def input(self) -> Values: ...  # (1, input_size), the same memory for ever

    @property
    def output(self) -> Values: ...  # (1, output_size), the same memory for ever

    def step(self) -> None: ...

    def reset(self) -> None: ...  # state to zero


def open_model(bundle: Bundle, runtime: str = "auto") -> StepModel:
    """Load and warm a bundle's network. Not while streaming.

    runtime: "auto" (the bundle's own choice, else whichever is installed), "tflite" or "onnx".
    Raises RuntimeMissingError, BundleError (no such weights, or a graph which is not what bundle.toml says).
    """
    if runtime != "auto" and runtime not in RUNTIMES:
        raise BundleError(f"runtime = {runtime!r}: allowed auto, {', '.join(RUNTIMES)}")
    wanted = [runtime] if runtime != "auto" else sorted(bundle.files, key=lambda name: name != bundle.default_runtime)
    missing = []
    for name in wanted:
        try:
            return _open(bundle, name)
        except ModuleNotFoundError as error:
            missing.append(f"{name} ({error.name})")
    raise RuntimeMissingError(f"{bundle.folder}: no runtime installed for {bundle.name}: {', '.join(missing)}")


def _open(bundle: Bundle, runtime: str) -> StepModel:
    weights = bundle.weights(runtime)
    with native_stderr_dropped():
        model: StepModel = importlib.import_module(f"dsp.inference.{runtime}").open_step_model(bundle, weights)
        for _ in range(_WARM_STEPS):
            model.step()
    model.reset()
    return model


_WARM_STEPS = 20
