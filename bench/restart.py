"""The silence after the audio process dies: from kill -9 to the first new frame at the interface.

    python -m bench.restart [--times 10] [--json]

Measured in full and in safe mode, under `hushbox run`, which waits 0.2 s before a restart as the unit does. The aim is
3 s. The kills are so far apart that each counts as a single crash.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import soundfile

from bench.live import DEMO, memory_folder
from firmware_app.running import crash_loop
from firmware_app.running.supervisor import STEADY_S


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.restart", description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    result = run(options.times)
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        for name, seconds in result.items():
            all = ", ".join(f"{s:.2f}" for s in seconds)
            middle, worst = statistics.median(seconds), max(seconds)
            print(f"Restart to sound, {name}: median {middle:.2f} s, worst {worst:.2f} s ({all})")
    return 0


def run(times: int) -> dict[str, list[float]]:
    """The seconds of each restart, by mode."""
    from tests.rigs.running_box import RunningBox
    from tests.rigs.virtual_usb.rig import VirtualUsb

    took: dict[str, list[float]] = {"in full": [], "safe mode": []}
    with tempfile.TemporaryDirectory(prefix="hushbox-bench-", dir=memory_folder()) as temporary:
        folder = Path(temporary)
        usb = VirtualUsb(folder, capture=soundfile.read(DEMO, dtype="float32")[0], loop=True)
        config = f'[audio]\ndevice = "{usb.device}"\n[panel]\npins = "mock"\n'
        with RunningBox(folder / "box", config, usb.env) as box:

            def restart() -> float:
                box.wait_status(lambda s: s["audio_alive"] and s["state"] == "running", "running audio process", 60)
                starts = usb.counters["playback"]["starts"]
                began = time.monotonic()
                box.child("audio").kill()
                box.wait_for(lambda: usb.counters["playback"]["starts"] > starts, "sound again", 60)
                return time.monotonic() - began

            apart_s = max(STEADY_S, crash_loop.WITHIN_S / (crash_loop.MOST_CRASHES - 1)) + 1.0
            for _ in range(times):
                box.wait_status(lambda s: s["state"] == "running" and s["uptime_s"] > apart_s, "a steady box", 90)
                took["in full"].append(restart())
            for _ in range(crash_loop.MOST_CRASHES):
                restart()
            box.wait_status(lambda s: bool(s["safe_mode"]), "safe mode", 60)
            for _ in range(times):
                box.wait_status(lambda s: s["state"] == "running" and s["uptime_s"] > STEADY_S + 1, "a steady box", 90)
                took["safe mode"].append(restart())
    return took


if __name__ == "__main__":
    raise SystemExit(main())
