"""The Interpreter of LiteRT, or of its predecessor tflite-runtime, behind the StepModel interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dsp.inference import Values
from dsp.inference.bundle import Bundle, BundleError
from dsp.inference.graph import check_graph


class TfliteStepModel:
    """One step of a network. Audio thread.

    The interpreter refuses to run while there are views of its tensors. So each step fetches new views, copies a few
    kilobytes and drops them. Only the views' headers are allocated, for a moment.
    """

    def __init__(self, bundle: Bundle, weights: bytes, runtime: str, interpreter: Callable[..., Any]) -> None:
        """interpreter: the runtime's Interpreter class; LiteRT and tflite-runtime share its interface."""
        self.runtime = runtime
        file = bundle.files[runtime]
        try:
            self._interpreter = interpreter(model_content=weights, num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError, SystemError) as error:
            raise BundleError(f"{file.path}: {runtime} refuses it: {error}") from None
        inputs = {entry["name"]: entry for entry in self._interpreter.get_input_details()}
        outputs = {entry["name"]: entry for entry in self._interpreter.get_output_details()}
        check_graph(
            bundle,
            runtime,
            {name: [int(size) for size in entry["shape"]] for name, entry in inputs.items()},
            {name: [int(size) for size in entry["shape"]] for name, entry in outputs.items()},
        )
        self._tensor_in = self._interpreter.tensor(inputs[file.input]["index"])
        self._tensor_state_in = self._interpreter.tensor(inputs[file.state_in]["index"])
        self._tensor_out = self._interpreter.tensor(outputs[file.output]["index"])
        self._tensor_state_out = self._interpreter.tensor(outputs[file.state_out]["index"])
        self.input: Values = np.zeros((1, bundle.input_size), np.float32)
        self.output: Values = np.zeros((1, bundle.output_size), np.float32)
        self._state: Values = np.zeros((1, bundle.state_size), np.float32)

    def step(self) -> None:
        np.copyto(self._tensor_in(), self.input)
        np.copyto(self._tensor_state_in(), self._state)
        self._interpreter.invoke()
        np.copyto(self.output, self._tensor_out())
        np.copyto(self._state, self._tensor_state_out())

    def reset(self) -> None:
        self._state.fill(0.0)
