"""Model bundles, and the model runtimes behind one small interface. A process loads only the runtime that it uses."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dsp.errors import DspError
from dsp.inference.bundle import RUNTIMES, Bundle, BundleError
from dsp.inference.quiet import native_stderr_dropped

Values = NDArray[np.float32]


_MODULES = {"tflite": "ai_edge_litert", "tflite_runtime": "tflite_runtime", "onnx": "onnxruntime"}


def installed(runtime: str) -> bool:
    """Whether the package of `runtime` (one of dsp.inference.bundle.RUNTIMES) is installed. Loads nothing."""
    return importlib.util.find_spec(_MODULES[runtime]) is not None


class RuntimeUnfitError(DspError, RuntimeError):
    """No runtime here runs the bundle: none that it has weights for is installed, or those installed fail."""


class StepModel(Protocol):
    """A recurrent network that makes one step per hop and keeps its state.

    Write `input`, call step(), read `output`: on the audio thread, without new arrays. step() raises whatever the
    runtime raises; the caller, dsp.inference.guard, handles it.
    """

    runtime: str  # "tflite", "tflite_runtime" or "onnx"

    @property
    def input(self) -> Values: ...  # (1, input_size), always the same memory

    @property
    def output(self) -> Values: ...  # (1, output_size), always the same memory

    def step(self) -> None: ...

    def reset(self) -> None: ...  # state to zero


@runtime_checkable
class PiecewiseModel(StepModel, Protocol):
    """A model whose step can be done in pieces, in this order; step() does them all."""

    pieces: tuple[Callable[[], None], ...]


def open_model(bundle: Bundle, runtime: str = "auto", *, pieces: bool = False) -> StepModel:
    """Load, test and warm up a bundle's network. Not while streaming.

    runtime: "auto" (the bundle's default, else the first that works), or one of dsp.inference.bundle.RUNTIMES.
    pieces: a PiecewiseModel, where the network is large and the runtime can cut it; what it answers is the same.
    Raises RuntimeUnfitError, or BundleError for missing weights and for a graph that bundle.toml does not describe.
    """
    if runtime != "auto" and runtime not in RUNTIMES:
        raise BundleError(f"runtime = {runtime!r}: allowed auto, {', '.join(RUNTIMES)}")
    wanted = [runtime] if runtime != "auto" else sorted(bundle.files, key=lambda name: name != bundle.default_runtime)
    reasons = []
    for name in wanted:
        try:
            return _open(bundle, name, pieces)
        except ModuleNotFoundError as error:
            reasons.append(f"{name}: {error.name} is not installed")
        except RuntimeUnfitError as error:
            reasons.append(str(error))
    raise RuntimeUnfitError(f"{bundle.folder}: no runtime runs {bundle.name}: {'; '.join(reasons)}")


def _open(bundle: Bundle, runtime: str, pieces: bool) -> StepModel:
    weights = bundle.weights(runtime)
    with native_stderr_dropped():
        of_runtime = importlib.import_module(f"dsp.inference.{runtime}")
        model: StepModel | None = None
        if pieces and hasattr(of_runtime, "open_in_pieces"):
            model = of_runtime.open_in_pieces(bundle, weights)
        if model is None:
            model = of_runtime.open_step_model(bundle, weights)
        _check_it_listens(model)
    return model


def _check_it_listens(model: StepModel) -> None:
    """Refuse a model whose output is not finite or does not depend on its input. This also warms it up.

    It happens: tflite-runtime 2.14 runs int8 layers with a scale per channel without an error, as if all their
    weights were zero.
    """
    answers = []
    for loudness in (0.0, 1.0):
        model.reset()
        rng = np.random.default_rng(1)
        for _ in range(_WARM_STEPS):
            model.input[:] = loudness * rng.standard_normal(model.input.shape, np.float32)
            model.step()
        answers.append(model.output.copy())
    model.reset()
    if not np.isfinite(answers).all():
        raise RuntimeUnfitError(f"{model.runtime}: loads the weights, but its answer is not finite")
    if np.abs(answers[0] - answers[1]).max() < _LEAST_DIFFERENCE:
        raise RuntimeUnfitError(f"{model.runtime}: loads the weights, but answers the same whatever it hears")


_WARM_STEPS = 20
_LEAST_DIFFERENCE = 1e-5
