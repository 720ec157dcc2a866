"""Scores and cost of the stems: ours in the box's own chain, beside a classical separator, the floor and the ceiling.

    python -m bench.stems [--set ../shared/data/eval/stems] [--bundle FOLDER] [--float FOLDER] [--live 60]

--float names the same network in float32, to see what int8 costs. The scores are those of
../shared/tools/score_stems.py. It asserts nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from bench import live
from bench.stems_baseline import hpss_and_centre
from dsp.inference import installed, open_model
from dsp.inference.bundle import Bundle
from dsp.layouts.stems import STEMS
from dsp.stems.separator import Stems
from firmware_app.offline.stems import separate_file

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
OUT = Path(__file__).parent / "out"
Sound = NDArray[np.float64]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.stems", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--set", type=Path, default=SHARED / "data" / "eval" / "stems")
    parser.add_argument("--bundle", type=Path, default=ROOT / "models_quantized" / "stems-live")
    parser.add_argument("--float", type=Path, help="bundle folder with the same network in float32")
    parser.add_argument("--live", type=float, default=0.0, metavar="SECONDS", help="also on the virtual interface")
    parser.add_argument("--time-only", action="store_true", help="no scores")
    options = parser.parse_args(argv)
    result: dict[str, Any] = {"time": _times(options)}
    if not options.time_only:
        result |= _scores(options)
    if options.live:
        runs = {"stems": ("music", False), "voice": ("voice", False), "dry": ("voice", True)}
        result["live"] = {
            name: live.run(options.live, 128, 3, bypass, chain=chain, stems_bundle=options.bundle)
            for name, (chain, bypass) in runs.items()
        }
        for name, run in result["live"].items():
            print(f"[{name}]")
            live.show(run)
    OUT.mkdir(exist_ok=True)
    (OUT / "stems.json").write_text(json.dumps(result, indent=1))
    return 0


# --- time ---


def _times(options: argparse.Namespace) -> dict[str, Any]:
    found = {}
    print("Time per hop of 10.67 ms, stereo        p50 ms  p99 ms  CPU p50  CPU p99  mean CPU / hop")
    for kind, folder in (("int8", options.bundle), ("float32", options.float)):
        for runtime in ("tflite", "onnx") if folder else ():
            if not installed(runtime):
                continue
            wall, cpu = _hop_times(Bundle.load(folder), runtime)
            row = [*np.percentile(wall, (50, 99)), *np.percentile(cpu, (50, 99))]
            found[f"{kind}, {runtime}"] = [float(value) for value in row]
            times = "  ".join(f"{value:6.2f}" for value in row)
            print(f"  {kind + ', ' + runtime:36}  {times}   {cpu.mean() / (512 / 48):.1%}")
    return found


def _hop_times(bundle: Bundle, runtime: str, hops: int = 2000) -> tuple[Sound, Sound]:
    """Milliseconds that each hop takes in the processor: by the clock, and as CPU time of this thread."""
    stems = Stems(bundle, open_model(bundle, runtime), real_time=False)
    stems.prepare(48_000, bundle.hop_frames, 2)
    noise = np.random.default_rng(0).normal(0, 0.1, (bundle.hop_frames, 2)).astype(np.float32)
    times = np.zeros((hops + 200, 2))
    for at in range(len(times)):
        block = noise.copy()
        begun, cpu = time.perf_counter_ns(), time.thread_time_ns()
        stems.process(block)
        times[at] = time.perf_counter_ns() - begun, time.thread_time_ns() - cpu
    wall, cpu_times = times[200:].T / 1e6
    return wall, cpu_times


# --- scores ---

Separate = Callable[[Path, Path], None]


def _scores(options: argparse.Namespace) -> dict[str, Any]:
    tool = _load_tool()
    bundle = Bundle.load(options.bundle)

    def ours(of: Bundle, runtime: str, best: bool = False) -> Separate:
        return lambda source, folder: _separate(of, runtime, source, folder, best)

    systems: dict[str, Separate] = {
        "HPSS + centre": lambda source, folder: _baseline(tool, source, folder),
        "ours, tflite": ours(bundle, "tflite"),
        "ours, onnx": ours(bundle, "onnx"),
        "ours, --best": ours(bundle, "tflite", best=True),
    }
    if options.float:
        systems["ours, float32"] = ours(Bundle.load(options.float), "tflite")
    names = [item["name"] for item in json.loads((options.set / "set.json").read_text())]
    result: dict[str, Any] = {}
    for name, separate in systems.items():
        with tempfile.TemporaryDirectory(prefix="hushbox-stems-") as temporary:
            out, begun, seconds = Path(temporary), time.perf_counter(), 0.0
            for excerpt in names:
                mix = np.sum(list(_truth(options.set, excerpt).values()), axis=0)
                source = out / f"{excerpt}.wav"
                soundfile.write(source, mix, 48_000, subtype="FLOAT")
                (out / excerpt).mkdir()
                separate(source, out / excerpt)
                seconds += len(mix) / 48_000
            real_time_factor = (time.perf_counter() - begun) / seconds
            table, _ = tool.score(str(options.set), str(out))
            measured = [_measure(tool, _truth(options.set, excerpt), out / excerpt) for excerpt in names]
        result[name] = {"table": table, "rtf": real_time_factor, **_mean_of(measured)}
        _show(name, result[name])
    return {"scores": result}


def _show(name: str, row: dict[str, Any]) -> None:
    stems = "  ".join(f"{stem} {row['table'][stem]['sdr']:6.2f}" for stem in (*STEMS, "mean") if stem in row["table"])
    mean = row["table"]["mean"]
    print(
        f"{name}: SDR {stems} dB (floor {mean['mix']:.2f}, ideal mask {mean['irm']:.2f}), x{row['rtf']:.3f} real time"
    )
    silent = ", ".join(f"{stem} {row['silent'][stem]:.1f}" for stem in row["silent"])
    print(f"  karaoke: vocals {row['vocals_db']:.1f} dB, rest {row['rest_db']:+.2f} dB; null {row['null_db']:.0f} dB")
    print(f"  where silent, under the mix: {silent or 'nothing is ever silent'} dB")


def _measure(tool: ModuleType, truth: dict[str, Sound], folder: Path) -> dict[str, Any]:
    """Karaoke, null and silence of one excerpt; dB."""
    mix = np.sum(list(truth.values()), axis=0)
    got = {stem: soundfile.read(folder / f"{stem}.wav")[0][: len(mix)] for stem in STEMS}
    karaoke = np.sum([got[stem] for stem in STEMS if stem != "vocals"], axis=0)
    vocals, rest, before, after = (
        np.abs(tool.stft(sound)[0]) ** 2 for sound in (truth["vocals"], mix - truth["vocals"], mix, karaoke)
    )
    own, others = vocals > 10 * rest, (rest > 10 * vocals) & (rest > 1e-6 * rest.max())
    silent = {}
    for stem in ("vocals", "drums", "bass"):
        quiet = (_levels(truth[stem]) < -60) & (_levels(mix) > -40)
        if quiet.any():
            silent[stem] = float(np.mean((_levels(got[stem]) - _levels(mix))[quiet]))
    return {
        "vocals_db": _change_db(after[own], before[own]) if own.any() else None,
        "rest_db": _change_db(after[others], before[others]),
        "null_db": _change_db((np.sum(list(got.values()), axis=0) - mix) ** 2, mix**2),
        "silent": silent,
    }


def _mean_of(measured: list[dict[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for key in ("vocals_db", "rest_db", "null_db"):
        row[key] = float(np.mean([one[key] for one in measured if one[key] is not None]))
    stems = {stem for one in measured for stem in one["silent"]}
    row["silent"] = {
        stem: float(np.mean([one["silent"][stem] for one in measured if stem in one["silent"]]))
        for stem in STEMS
        if stem in stems
    }
    return row


def _levels(sound: Sound, frames: int = 24_000) -> Sound:
    """RMS of each half second, dBFS."""
    whole = sound[: len(sound) // frames * frames].reshape(-1, frames * sound.shape[1])
    levels: Sound = 10 * np.log10(np.mean(whole**2, axis=1) + 1e-12)
    return levels


def _change_db(after: Sound, before: Sound) -> float:
    return float(10 * np.log10((after.sum() + 1e-20) / (before.sum() + 1e-20)))


def _truth(folder: Path, name: str) -> dict[str, Sound]:
    return {stem: soundfile.read(folder / f"{name}_{stem}.flac", always_2d=True)[0] for stem in STEMS}


def _separate(bundle: Bundle, runtime: str, source: Path, folder: Path, best: bool) -> None:
    separate_file(bundle, runtime, source, folder, best)


def _baseline(tool: ModuleType, source: Path, folder: Path) -> None:
    for stem, sound in hpss_and_centre(tool, soundfile.read(source)[0]).items():
        soundfile.write(folder / f"{stem}.wav", sound, 48_000, subtype="FLOAT")


def _load_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_stems", SHARED / "tools" / "score_stems.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


if __name__ == "__main__":
    sys.exit(main())
