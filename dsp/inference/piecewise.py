"""A TFLite network whose step is done in pieces: each is an interpreter of its own with a part of the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dsp.inference import RuntimeUnfitError, Values
from dsp.inference.bundle import Bundle
from dsp.inference.cut import Piece, UncuttableError, cut
from dsp.inference.interpreter import address, checked_interpreter, resident, tensor_numbers


class PiecewiseTflite:
    """One step of a network, as `pieces` that are called one after another; a PiecewiseModel. Audio thread.

    Between two pieces a few thousand values are copied at most: what one makes and the next ones read. Every operation
    is the very one of the whole graph, so every bit of the answer is the same.
    """

    def __init__(
        self, bundle: Bundle, weights: bytes, runtime: str, interpreter: Callable[..., Any], count: int
    ) -> None:
        """count: of pieces, at most. Raises BundleError, RuntimeUnfitError, UncuttableError."""
        self.runtime = runtime
        features, state, mask, next_state = tensor_numbers(
            bundle, runtime, checked_interpreter(bundle, weights, runtime, interpreter)
        )
        cut_up = cut(weights, count)
        if len(cut_up) < 2:
            raise UncuttableError("all of it is one operation")
        _check_state_is_read_first(cut_up, state, next_state)
        interpreters = [checked_interpreter(bundle, piece.file, runtime, interpreter) for piece in cut_up]
        for each in interpreters:
            each.invoke()  # whatever a runtime puts off until its first step is laid out now
        self.input: Values = np.zeros((1, bundle.input_size), np.float32)
        made = {features: self.input}
        for piece, each in zip(cut_up, interpreters, strict=True):
            made |= {number: resident(each, number) for number in piece.outputs}
        if not {mask, next_state} <= made.keys():
            raise UncuttableError("the graph hands on one of its inputs")
        self.output, self._state = made[mask], made[next_state]
        made[state] = self._state
        self.pieces = tuple(_Run(each, piece.inputs, made) for piece, each in zip(cut_up, interpreters, strict=True))
        places = _places(cut_up, interpreters)
        self.step()
        if _places(cut_up, interpreters) != places:
            raise RuntimeUnfitError(f"{runtime}: moves what its pieces take and give about in memory")
        self.reset()

    def step(self) -> None:
        for piece in self.pieces:
            piece()

    def reset(self) -> None:
        self._state.fill(0.0)


class _Run:
    """Runs a piece."""

    def __init__(self, interpreter: Any, inputs: Sequence[int], made: Mapping[int, Values]) -> None:
        """made: where each tensor between the pieces lies."""
        self._invoke = interpreter.invoke
        # Plain memory: to copy it takes a third of the time that np.copyto() takes.
        pairs = [(resident(interpreter, number), made[number]) for number in inputs]
        self._copies = [(here.data.cast("B"), there.data.cast("B")) for here, there in pairs]

    def __call__(self) -> None:
        for here, there in self._copies:
            here[:] = there
        self._invoke()


def _places(pieces: Sequence[Piece], interpreters: Sequence[Any]) -> list[int]:
    return [
        address(resident(each, number))
        for piece, each in zip(pieces, interpreters, strict=True)
        for number in (*piece.inputs, *piece.outputs)
    ]


def _check_state_is_read_first(pieces: Sequence[Piece], state: int, next_state: int) -> None:
    """The state lies in one place, so no piece may read it after the next one is written."""
    readers = [at for at, piece in enumerate(pieces) if state in piece.inputs]
    writer = next((at for at, piece in enumerate(pieces) if next_state in piece.outputs), len(pieces))
    if readers and readers[-1] > writer:
        raise UncuttableError("the next state is made before the last one is read")
