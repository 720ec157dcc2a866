"""The denoisers that are compared. Each takes a noisy file and writes a clean one. Ours run in the box's own chain."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import soundfile

from dsp.block import RATE_HZ
from dsp.inference.bundle import Bundle, list_bundles
from dsp.layouts import denoise
from dsp.rack.build import build_chain
from firmware_app.offline.chain import process_file

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "models_quantized"
FLOAT = Path(__file__).parent / "out" / "float"
"""Bundles with float32 weights, made by `training/run.sh float`; git ignores them."""

KINDS = (denoise.KIND, denoise.INSTANT_KIND)
AMOUNT = "denoise.amount_db"
RUNTIME_NAMES = {"tflite": "LiteRT", "onnx": "ONNX Runtime"}


@dataclass(frozen=True, slots=True)
class System:
    """process: noisy file in, denoised file out, 48 kHz and aligned. size_mb: weights, in millions of bytes."""

    name: str
    process: Callable[[Path, Path], None]
    latency_ms: float  # algorithmic, including the time to collect a hop
    size_mb: float


def load_tool(folder: Path, name: str) -> ModuleType:
    """A program of the shared tools as a module. Raises FileNotFoundError with what is needed."""
    path = folder / f"{name}.py"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: --tools names the folder with peers.py and score.py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- ours ---


def shipped() -> Iterator[System]:
    """Every denoiser in models_quantized on both runtimes, and in float32 where there is such a bundle."""
    for folder in list_bundles(SHIPPED):
        if Bundle.load(folder).kind in KINDS:
            yield from _of_bundle(folder, "int8", tuple(RUNTIME_NAMES))
    for folder in list_bundles(FLOAT):
        yield from _of_bundle(folder, "fp32", ("tflite",))


def _of_bundle(folder: Path, kind: str, runtimes: tuple[str, ...]) -> Iterator[System]:
    bundle = Bundle.load(folder)
    for runtime in runtimes:
        if runtime in bundle.files:
            yield System(
                f"{bundle.name} {kind}, {RUNTIME_NAMES[runtime]}",
                functools.partial(run_bundle, folder, runtime),
                1000 * bundle.algorithmic_latency_frames / bundle.rate_hz,
                bundle.files[runtime].path.stat().st_size / 1e6,
            )


def run_bundle(folder: Path, runtime: str, source: Path, target: Path) -> None:
    """As `hushbox process` does, at full amount."""
    chain = build_chain(folder, runtime, real_time=False)
    chain.set_param(AMOUNT, chain.params[AMOUNT].high)
    process_file(chain, source, target)


# --- others ---


def unprocessed() -> System:
    def copy(source: Path, target: Path) -> None:
        sound, rate_hz = soundfile.read(source, dtype="float32")
        soundfile.write(target, sound, rate_hz, subtype="PCM_24")

    return System("unprocessed", copy, 0.0, 0.0)


def peers(tools: Path) -> Iterator[System]:
    """RNNoise, GTCRN, DTLN as ../shared/tools/peers.py runs them, with their models loaded once."""
    import pyrnnoise

    peers = load_tool(tools, "peers")
    peers.session = functools.cache(peers.session)  # type: ignore[attr-defined]
    models = Path(peers.PEERS)
    size = {path.name: path.stat().st_size / 1e6 for path in models.iterdir()}
    library = Path(pyrnnoise.__file__).parent / "librnnoise.so"
    # RNNoise answers 960 frames late, after a hop of 480; the others hold a window of 512 frames at 16 kHz.
    rnnoise_ms, window_ms = 1000 * (960 + 480) / RATE_HZ, 1000 * 512 / 16_000
    dtln_mb = size["dtln_model_1.onnx"] + size["dtln_model_2.onnx"]
    yield System("RNNoise", _peer(peers, "rnnoise"), rnnoise_ms, library.stat().st_size / 1e6)
    yield System("GTCRN (16 kHz)", _peer(peers, "gtcrn"), window_ms, size["gtcrn_simple.onnx"])
    yield System("DTLN (16 kHz)", _peer(peers, "dtln"), window_ms, dtln_mb)


def _peer(peers: Any, name: str) -> Callable[[Path, Path], None]:
    def process(source: Path, target: Path) -> None:
        sound = soundfile.read(source, dtype="float32")[0]
        cleaned = peers.align(getattr(peers, name)(sound), sound)
        soundfile.write(target, np.clip(cleaned, -1, 1), RATE_HZ, subtype="PCM_24")

    return process
