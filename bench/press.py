"""The time from a press of the footswitch to Control, LED, fade and page, over many presses on the virtual interface.

    python -m bench.press [--presses 100] [--json]

The control process runs inside this one, so that the moment of the pin's edge is known. The audio process is the real
one. A steady tone plays and the switch mutes it; the first sample that differs from the tone is the fade's start.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.live import memory_folder
from hw.controls.events import Light
from hw.panel.panel import Panel

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
        ("edge_to_led_ms", "edge to the LED's pin"),
        ("edge_to_fade_ms", "edge to the fade in the output"),
        ("edge_to_page_ms", "edge to the page, which is told 20 times a second"),
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
            f'[page]\nhost = "127.0.0.1"\nport = {_free_port()}\n'
            '[panel]\npins = "mock"\nmidi = false\nknobs = []\n'
            '[[panel.switches]]\nname = "foot"\ngpio = 17\ndoes = "box.mute"\n'
            '[[panel.leds]]\nname = "muted"\ngpio = 27\nshows = "mute"\n'
        )
        audio = subprocess.Popen(
            [sys.executable, "-m", "firmware_app.cli", "audio", "--config", str(folder / "hushbox.toml")],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        try:
            seen = _press(folder, presses)
        finally:
            audio.terminate()
            audio.wait()
        played = usb.recording()[:, 0]
        origin_s = usb.origin_s
    return _figures(seen, _fade_starts(played), origin_s)


@dataclass
class Seen:
    """Moments in seconds of the monotonic clock, and the audio process's counters at the end."""

    edges: list[float] = field(default_factory=list)
    control: list[float] = field(default_factory=list)
    led: list[float] = field(default_factory=list)
    page: list[float] = field(default_factory=list)
    counters: dict[str, Any] = field(default_factory=dict)


def _press(folder: Path, presses: int) -> Seen:
    """Press and release again and again, and note when each place gets to know it."""
    from firmware_app.config import places
    from firmware_app.config import read as config
    from firmware_app.control_process import ControlProcess

    found = places.find()
    found.make_runtime()
    settings = config.load(folder / "hushbox.toml")
    process = ControlProcess(settings, found)
    seen = Seen()
    # The page is read in another process, as by a phone: in this one it would delay what is measured.
    away = multiprocessing.get_context("spawn")
    told = away.Queue()
    page = away.Process(target=_watch_page, args=(settings.page.port, told), daemon=True)
    process.control.listen("bench", lambda id, value, origin: seen.control.append(time.monotonic()))

    def hands() -> None:
        rng = np.random.default_rng(0)
        while process.control.latest.meter is None or not _answers(settings.page.port):
            time.sleep(0.05)
        process.control.set_param("box.bypass", 1, "bench")
        page.start()
        _note_led(process.panel, seen.led)
        time.sleep(2.0)
        for _ in range(presses):
            for simulate in (process.panel.simulator.press, process.panel.simulator.release):
                if simulate == process.panel.simulator.press:
                    seen.edges.append(time.monotonic())
                simulate("foot")
                time.sleep(0.08 + rng.uniform(0, 0.02))
        time.sleep(0.5)
        process.stop()

    threading.Thread(target=hands, daemon=True).start()
    if status := process.run():
        raise SystemExit(status)
    page.join(10.0)
    while not told.empty():
        seen.page.append(told.get())
    latest = process.control.latest
    seen.counters = {
        "xruns": latest.meter.xruns if latest.meter else -1,
        "chain_latency_frames": latest.info.chain_latency_frames,
    }
    return seen


def _note_led(panel: Panel, changed: list[float]) -> None:
    """Note when the LED's pin changes. It looks once after each `show` and does not poll."""
    show, before = panel.show, panel.lit("muted")

    def noting(name: str, light: Light) -> None:
        nonlocal before
        show(name, light)
        if name == "muted" and panel.lit(name) != before:
            changed.append(time.monotonic())
            before = panel.lit(name)

    panel.show = noting  # type: ignore[method-assign]


def _watch_page(port: int, told: multiprocessing.Queue[float]) -> None:
    """Note when a page's event stream reports a change; ends with the stream."""
    muted = None
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/events") as stream:
        event = b""
        for line in stream:
            if line.startswith(b"event: "):
                event = line[7:].strip()
            elif event == b"params" and line.startswith(b"data: "):
                now = json.loads(line[6:])["box.mute"]
                if muted is not None and now != muted:
                    told.put(time.monotonic())
                muted = now


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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


def _figures(seen: Seen, starts: np.ndarray, origin_s: float) -> dict[str, Any]:
    return {
        "presses": len(seen.edges),
        "seen": len(_delays(seen.edges, origin_s + starts / 48_000)),
        "edge_to_control_ms": _percentiles(_delays(seen.edges, seen.control)),
        "edge_to_led_ms": _percentiles(_delays(seen.edges, seen.led)),
        "edge_to_fade_ms": _percentiles(_delays(seen.edges, origin_s + starts / 48_000)),
        "edge_to_page_ms": _percentiles(_delays(seen.edges, seen.page)),
        **seen.counters,
    }


def _delays(edges: list[float], times: Sequence[float] | np.ndarray) -> list[float]:
    """Milliseconds from each edge to the first of `times` after it, where one comes before the next edge."""
    after = np.asarray(times)
    delays = []
    for edge in edges:
        later = after[after >= edge]
        if len(later) and later[0] - edge < 0.16:
            delays.append(1000.0 * float(later[0] - edge))
    return delays


def _percentiles(values: list[float]) -> dict[str, float]:
    if not values:
        return {"p50": float("nan"), "p99": float("nan"), "max": float("nan")}
    return {"p50": float(np.percentile(values, 50)), "p99": float(np.percentile(values, 99)), "max": max(values)}


if __name__ == "__main__":
    sys.exit(main())
