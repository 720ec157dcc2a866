"""The price and gain of int8: float32 against int8 weights of one network, in both runtimes.   make bench-quantisation

    .venv-train/bin/python -m bench.denoise_quantisation [--validation validation] [--json]

Prints the scores on the held-out mixes of training/validate.py, streamed frame by frame through the box's own adapters;
the file size; the CPU time of one model step on one thread; and how much the files' sound differs over a minute.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.denoise_systems import FLOAT, RUNTIME_NAMES, SHIPPED
from dsp.inference import StepModel, open_model
from dsp.inference.bundle import Bundle, BundleError
from dsp.layouts.denoise import LAYOUTS, Layout
from training import validate
from training.runtimes import OnnxStep, Step, TfliteStep
from training.stream import denoise, made_up_voice

CACHE = Path(__file__).parent.parent / "training" / ".cache"
STEPS: dict[str, Callable[[Path], Step]] = {"tflite": TfliteStep, "onnx": OnnxStep}
WARM_STEPS, TIMED_STEPS = 500, 5000


class Streamed:
    """A model of the box with the interface of training's network: it takes many frames and runs them one by one."""

    def __init__(self, model: StepModel, layout: Layout) -> None:
        self._model = model
        self.layout = layout

    def fresh_state(self, batch: int) -> None:
        return None

    def __call__(self, features: torch.Tensor, state: None) -> tuple[torch.Tensor, None]:
        """features (T, B, input_size) -> mask (T, B, output_size)."""
        frames, batch, _ = features.shape
        masks = np.empty((frames, batch, self.layout.output_size), np.float32)
        for item in range(batch):
            self._model.reset()
            for frame in range(frames):
                self._model.input[0] = features[frame, item].numpy()
                self._model.step()
                masks[frame, item] = self._model.output[0]
        return torch.from_numpy(masks), None


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.denoise_quantisation", description=__doc__.splitlines()[0])
    parser.add_argument("--name", default="denoise-live", help="bundle in models_quantized and bench/out/float")
    parser.add_argument("--validation", default="validation", help="set in training/.cache")
    parser.add_argument("--no-scores", action="store_true", help="sizes, times and agreement alone")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    try:
        result = measure(options.name, None if options.no_scores else options.validation)
    except (BundleError, FileNotFoundError) as error:
        print(f"bench.denoise_quantisation: {error}", file=sys.stderr)
        print("needed: `training/run.sh float` for float32, `training/run.sh data` for the mixes", file=sys.stderr)
        return 2
    print(json.dumps(result, indent=1) if options.json else as_text(result))
    return 0


def measure(name: str, validation: str | None) -> dict[str, Any]:
    bundles = {"fp32": Bundle.load(FLOAT / name), "int8": Bundle.load(SHIPPED / name)}
    fixed = validate.fixed_set(CACHE, validation) if validation else None
    sound = made_up_voice(60.0)
    rows, heard = [], {}
    for (kind, bundle), runtime in itertools.product(bundles.items(), STEPS):
        path = bundle.files[runtime].path
        model = open_model(bundle, runtime)
        layout = LAYOUTS[bundle.features]
        # Any callable with fresh_state() and a layout will do for scoring.
        scores = validate.scores(Streamed(model, layout), fixed) if fixed else {}  # type: ignore[arg-type]
        label = f"{kind}, {RUNTIME_NAMES[runtime]}"
        rows.append({"name": label, "size_mb": path.stat().st_size / 1e6, **step_us(model), "scores": scores})
        heard[label] = denoise(STEPS[runtime](path), sound, layout)
    pairs = {f"{b} against {a}": _level_db(heard[b] - heard[a], heard[a]) for a, b in itertools.combinations(heard, 2)}
    return {"name": name, "validation": validation, "rows": rows, "agreement_db": pairs}


def step_us(model: StepModel) -> dict[str, float]:
    """CPU microseconds of a step, with changing inputs."""
    inputs = np.random.default_rng(0).standard_normal((64, *model.input.shape)).astype(np.float32)
    times = np.zeros(WARM_STEPS + TIMED_STEPS)
    for at in range(len(times)):
        model.input[:] = inputs[at % len(inputs)]
        began = time.thread_time_ns()
        model.step()
        times[at] = (time.thread_time_ns() - began) / 1000
    p50, p99 = np.percentile(times[WARM_STEPS:], (50, 99))
    return {"p50_us": float(p50), "p99_us": float(p99)}


def _level_db(difference: NDArray[np.float32], sound: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.sum(np.square(difference)) / np.sum(np.square(sound)) + 1e-20))


def as_text(result: dict[str, Any]) -> str:
    lines = [f"{result['name']}; a step: CPU time, one thread; scores on {result['validation']} in dB and PESQ"]
    keys = list(result["rows"][0]["scores"])
    lines.append(f"{'':20}{'MB':>6}{'p50 us':>9}{'p99 us':>9}" + "".join(f"{key:>20}" for key in keys))
    for row in result["rows"]:
        scores = "".join(f"{row['scores'][key]:20.3f}" for key in keys)
        lines.append(f"{row['name']:20}{row['size_mb']:6.2f}{row['p50_us']:9.1f}{row['p99_us']:9.1f}{scores}")
    lines += [f"{pair}, over 60 s: {db:.1f} dB" for pair, db in result["agreement_db"].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
