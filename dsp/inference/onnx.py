"""ONNX Runtime behind the StepModel interface."""

from __future__ import annotations

import os

import numpy as np

# From 1.29 on onnxruntime sends telemetry and keeps an identity and a database in the home folder, unless this is set
# before it is imported. A box sends nothing to anybody.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from dsp.inference import StepModel, Values
from dsp.inference.bundle import Bundle, BundleError
from dsp.inference.graph import check_graph

_ERRORS_ONLY = 3


class OnnxStepModel:
    """One step of a network with bound inputs and outputs. Audio thread; a step copies and allocates nothing.

    The state is in two buffers that change roles each step, with a binding for each order.
    """

    runtime = "onnx"

    def __init__(self, bundle: Bundle, weights: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # it burns whole cores
        try:
            self._session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime has a separate class for each kind of fault
            raise BundleError(f"{bundle.files['onnx'].path}: ONNX Runtime refuses it: {error}") from None
        check_graph(
            bundle,
            "onnx",
            {node.name: node.shape for node in self._session.get_inputs()},
            {node.name: node.shape for node in self._session.get_outputs()},
        )
        self.input: Values = np.zeros((1, bundle.input_size), np.float32)
        self.output: Values = np.zeros((1, bundle.output_size), np.float32)
        self._states = [np.zeros((1, bundle.state_size), np.float32) for _ in range(2)]
        self._bindings = [self._bind(bundle, *self._states), self._bind(bundle, *self._states[::-1])]
        self._turn = 0

    def _bind(self, bundle: Bundle, state_in: Values, state_out: Values) -> onnxruntime.IOBinding:
        file, binding = bundle.files["onnx"], self._session.io_binding()
        for name, array in ((file.input, self.input), (file.state_in, state_in)):
            binding.bind_input(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        for name, array in ((file.output, self.output), (file.state_out, state_out)):
            binding.bind_output(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        return binding

    def step(self) -> None:
        # No RunOptions: with them onnxruntime looks for an option in each step, raises because it is not set, and
        # catches that: 45 us of a step of 145.
        self._session.run_with_iobinding(self._bindings[self._turn])
        self._turn = 1 - self._turn

    def reset(self) -> None:
        for state in self._states:
            state.fill(0.0)


def open_step_model(bundle: Bundle, weights: bytes) -> StepModel:
    return OnnxStepModel(bundle, weights)
