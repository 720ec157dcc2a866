"""The Interpreter of LiteRT, or of its predecessor tflite-runtime, behind the StepModel interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dsp.inference import RuntimeUnfitError, Values
from dsp.inference.bundle import Bundle, BundleError
from dsp.inference.graph import check_graph


class TfliteStepModel:
    """One step of a network. Audio thread.

    `input`, `output` and the state are the interpreter's own memory, so a step copies nothing but the state, from where
    the graph writes it to where the graph reads it. The memory of a graph of fixed sizes is laid out once, in
    allocate_tensors(); the graph's inputs are kept from being used for anything else.
    """

    def __init__(self, bundle: Bundle, weights: bytes, runtime: str, interpreter: Callable[..., Any]) -> None:
        """interpreter: the runtime's Interpreter class; LiteRT and tflite-runtime share its interface."""
        self.runtime = runtime
        self._interpreter = checked_interpreter(bundle, weights, runtime, interpreter)
        indices = tensor_numbers(bundle, runtime, self._interpreter)
        self._interpreter.invoke()  # whatever a runtime puts off until its first step is laid out now
        tensors = [resident(self._interpreter, index) for index in indices]
        self.input, state_in, self.output, self._state_out = tensors
        # Plain memory: to copy it takes a third of the time that np.copyto() takes.
        self._state_before, self._state_after = (each.data.cast("B") for each in (state_in, self._state_out))
        self.reset()
        self._interpreter.invoke()
        if [address(resident(self._interpreter, index)) for index in indices] != [*map(address, tensors)]:
            raise RuntimeUnfitError(f"{runtime}: moves the graph's inputs and outputs about in memory")
        self.reset()

    def step(self) -> None:
        self._state_before[:] = self._state_after
        self._interpreter.invoke()

    def reset(self) -> None:
        self._state_out.fill(0.0)


class _Place:
    """Says where an array lies, and keeps the interpreter alive as long as the array is."""

    def __init__(self, interface: dict[str, Any], interpreter: object) -> None:
        self.__array_interface__ = interface
        self._interpreter = interpreter


def checked_interpreter(bundle: Bundle, weights: bytes, runtime: str, interpreter: Callable[..., Any]) -> Any:
    """An interpreter with a file loaded. Raises BundleError for one that it refuses."""
    try:
        made = interpreter(model_content=weights, num_threads=1)
        made.allocate_tensors()
    except (ValueError, RuntimeError, SystemError) as error:
        raise BundleError(f"{bundle.files[runtime].path}: {runtime} refuses it: {error}") from None
    return made


def tensor_numbers(bundle: Bundle, runtime: str, interpreter: Any) -> list[int]:
    """The tensors that bundle.toml names: input, state_in, output, state_out. Raises BundleError as check_graph()."""
    file = bundle.files[runtime]
    inputs = {entry["name"]: entry for entry in interpreter.get_input_details()}
    outputs = {entry["name"]: entry for entry in interpreter.get_output_details()}
    check_graph(
        bundle,
        runtime,
        {name: [int(size) for size in entry["shape"]] for name, entry in inputs.items()},
        {name: [int(size) for size in entry["shape"]] for name, entry in outputs.items()},
    )
    found = inputs[file.input], inputs[file.state_in], outputs[file.output], outputs[file.state_out]
    return [int(entry["index"]) for entry in found]


def resident(interpreter: Any, index: int) -> Values:
    """A tensor as an array, valid as long as the interpreter allocates nothing anew.

    The interpreter refuses to run while there are views of its tensors, lest someone allocates anew behind them. This
    array is no such view: it knows the place alone.
    """
    tensor: Values = interpreter.tensor(index)()
    resident: Values = np.asarray(_Place(dict(tensor.__array_interface__), interpreter))
    if resident.dtype != np.float32 or not resident.flags.c_contiguous or not resident.flags.writeable:
        raise RuntimeUnfitError(f"a tensor of {resident.dtype} that cannot be written in place; allowed float32")
    return resident


def address(array: Values) -> int:
    return int(array.__array_interface__["data"][0])
