"""From a press of the footswitch to the fade: how long, on the virtual interface, over many presses.

    python -m bench.press [--presses 100] [--json]

The control process runs inside this one, so that the moment of the pin's edge is known; the audio process is the real
one. The switch mutes, a steady tone plays, and the first sample that is not the tone any more is the fade's start.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.live import memory_folder

TONE_HZ, PERIOD, PERIODS = 750, 128, 3  # 64 frames a cycle: the recording repeats exactly


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.press", description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    result = measure(options.presses)
    if options.json:
        print(json.dumps(result, indent=1))
        return 0
    print(f"Footswitch, {result['presses']} presses at {PERIOD} x {PERIODS}:")
    for name, words in (
        ("edge_to_control_ms", "edge to Control"),
        ("edge_to_fade_ms", "edge to the fade in the output"),
    ):
        figures = result[name]
        print(f"  {words}: p50 {figures['p50']:.1f} ms, p99 {figures['p99']:.1f} ms, worst {figures['max']:.1f} ms")
    bound = 10 + 1000 * (PERIOD + result["chain_latency_frames"]) / 48_000
    print(f"  the bound is {bound:.1f} ms: 10 ms, one period, the chain's latency (the figure has the buffer in it)")
    print(f"  fades seen {result['seen']} of {result['presses']}; xruns {result['xruns']}")
    return 0


def measure(presses: int) -> dict[str, Any]:
    """Run the box and press; times in ms."""
    from tests.rigs.virtual_usb.rig import VirtualUsb

    cycle = np.sin(2 * np.pi * TONE_HZ * np.arange(64) / 48_000)
    with tempfile.TemporaryDirectory(prefix="hushbox-press-", dir=memory_folder()) as temporary:
        folder = Path(temporary)
        usb = VirtualUsb(folder, capture=np.tile(0.5 * cycle, 750).astype(np.float32), loop=True)
        os.environ.update(usb.env, HUSHBOX_RUNTIME_DIR=str(folder / "run"), HUSHBOX_STATE_DIR=str(folder / "state"))
        (folder / "hushbox.toml").write_text(
            f'[audio]\ndevice = "{usb.device}"\nperiod_frames = {PERIOD}\nperiods = {PERIODS}\n'
            '[page]\nhost = "127.0.0.1"\nport = 0\n'
            '[panel]\npins = "mock"\nknobs = []\n[[panel.switches]]\nname = "foot"\ngpio = 17\ndoes = "box.mute"\n'
        )
        audio = subprocess.Popen(
            [sys.executable, "-m", "firmware_app.cli", "audio", "--config", str(folder / "hushbox.toml")],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        try:
            edges, heard, status = _press(folder, presses)
        finally:
            audio.terminate()
            audio.wait()
        played = usb.recording()[:, 0]
        origin_s = usb.origin_s
    return _figures(edges, heard, _fade_starts(played), origin_s, status)


def _press(folder: Path, presses: int) -> tuple[list[float], list[float], dict[str, Any]]:
    """Press and release, again and again. Returns times of edges and of changes (monotonic s), and counters."""
    from firmware_app import config, places
    from firmware_app.control_process import ControlProcess

    found = places.find()
    found.make_runtime()
    process = ControlProcess(config.load(folder / "hushbox.toml"), found)
    edges: list[float] = []
    heard: list[float] = []
    process.control.listen("bench", lambda id, value, origin: heard.append(time.monotonic()))

    def hands() -> None:
        rng = np.random.default_rng(0)
        while process.control.latest.meter is None:
            time.sleep(0.05)
        process.control.set_param("box.bypass", 1, "bench")
        time.sleep(1.0)
        for _ in range(presses):
            for simulate in (process.panel.simulator.press, process.panel.simulator.release):
                if simulate == process.panel.simulator.press:
                    edges.append(time.monotonic())
                simulate("foot")
                time.sleep(0.08 + rng.uniform(0, 0.02))
        time.sleep(0.5)
        process.stop()

    threading.Thread(target=hands, daemon=True).start()
    process.run()
    latest = process.control.latest
    meter = latest.meter
    return edges, heard, {
        "xruns": meter.xruns if meter else -1,
        "chain_latency_frames": latest.info.chain_latency_frames,
    }  # fmt: skip


def _fade_starts(played: np.ndarray) -> np.ndarray:
    """Frames at which a steady tone, or steady silence, begins to change. A cycle is 64 frames."""
    changed = np.flatnonzero(
        np.any((played[64:] != played[:-64])[: len(played) // 64 * 64 - 64].reshape(-1, 64), axis=1)
    )
    blocks = changed[np.flatnonzero(np.diff(changed, prepend=-100) > 8)]  # first of each run of changes
    starts = []
    for block in blocks:
        at = block * 64
        inside = np.flatnonzero(played[at + 64 : at + 128] != played[at : at + 64])
        starts.append(at + 64 + int(inside[0]))
    return np.array(starts)


def _figures(
    edges: list[float], heard: list[float], starts: np.ndarray, origin_s: float, status: dict[str, Any]
) -> dict[str, Any]:
    at_converter = origin_s + starts / 48_000
    control, converter = [], []
    for edge in edges:
        control.append(1000 * (min((h for h in heard if h >= edge), default=np.nan) - edge))
        later = at_converter[at_converter >= edge]
        if len(later) and later[0] - edge < 0.08:
            converter.append(1000 * (later[0] - edge))
    return {
        "presses": len(edges),
        "seen": len(converter),
        "edge_to_control_ms": _percentiles(control),
        "edge_to_fade_ms": _percentiles(converter),
        **status,
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    if not values:
        return {"p50": float("nan"), "p99": float("nan"), "max": float("nan")}
    return {"p50": float(np.percentile(values, 50)), "p99": float(np.percentile(values, 99)), "max": max(values)}


if __name__ == "__main__":
    sys.exit(main())
