"""Put on PYTHONPATH: the models of the box then fail on command. Python imports this module by itself at its start.

$HUSHBOX_MODEL_FAULT names a file of one byte, which stands for a Fault of tests.rigs.faults: 0 well, 1 late, 2 not a
number, 3 raises. The real model runs in any case; only what it says, and when, is spoiled.
"""

import importlib.abc
import importlib.machinery
import mmap
import os
import sys
import time
from collections.abc import Sequence
from types import ModuleType
from typing import Any

LATE_S = 0.03


def _spoil(guard: Any) -> None:
    with open(os.environ["HUSHBOX_MODEL_FAULT"], "r+b") as file:
        fault = mmap.mmap(file.fileno(), 1)

    class SpoiltModel:
        def __init__(self, model: Any) -> None:
            self._model = model

        def __getattr__(self, name: str) -> Any:
            return getattr(self._model, name)

        def step(self) -> None:
            self._model.step()
            if fault[0] == 1:
                time.sleep(LATE_S)
            elif fault[0] == 2:
                self._model.output.fill(float("nan"))
            elif fault[0] == 3:
                raise RuntimeError("told to")

    begin = guard.ModelGuard.__init__
    guard.ModelGuard.__init__ = lambda self, model, *rest, **more: begin(self, SpoiltModel(model), *rest, **more)


class _Finder(importlib.abc.MetaPathFinder):
    """Lets dsp.inference.guard be imported as ever, and spoils it then."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "dsp.inference.guard":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        loader: Any = spec.loader if spec is not None else None
        run = loader.exec_module

        def run_and_spoil(module: ModuleType) -> None:
            run(module)
            _spoil(module)

        loader.exec_module = run_and_spoil
        return spec


if os.environ.get("HUSHBOX_MODEL_FAULT"):
    sys.meta_path.insert(0, _Finder())
