"""Plays for hours on the virtual interface while the page is polled: does anything grow?

    python -m bench.soak [--minutes 120] [--period 128] [--json]

Prints, for each process, the slope of its memory after the warm-up (a least-squares line through a reading every 10 s),
file handles and threads at start and end, and the xruns. The aim is under 1 MB an hour.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soundfile

from bench.live import DEMO, memory_folder

EVERY_S = 10.0
WARM_UP_SHARE, LONGEST_WARM_UP_S = 0.25, 900.0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--period", type=int, default=128)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    result = run(options.minutes * 60.0, options.period)
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        show(result)
    return 0


def run(seconds: float, period: int) -> dict[str, Any]:
    """Play, poll the page every second as a phone does, move a fader now and then. Returns the figures."""
    from tests.rigs.running_box import RunningBox
    from tests.rigs.virtual_usb.rig import VirtualUsb

    with tempfile.TemporaryDirectory(prefix="hushbox-soak-", dir=memory_folder()) as temporary:
        folder = Path(temporary)
        usb = VirtualUsb(folder, capture=soundfile.read(DEMO, dtype="float32")[0], loop=True)
        config = f'[audio]\ndevice = "{usb.device}"\nperiod_frames = {period}\n[panel]\npins = "mock"\n'
        with RunningBox(folder / "box", config, usb.env) as box:
            box.wait_status(lambda s: s["state"] == "running", "running audio process")
            processes = {name: box.child(name) for name in ("audio", "control")}
            readings: list[list[float]] = []
            began = time.monotonic()
            polls = 0
            while (now := time.monotonic() - began) < seconds:
                box.get("status")
                box.get_bytes("/")
                box.set("denoise.amount_db", 10.0 + polls % 20)
                polls += 1
                if not readings or now - readings[-1][0] >= EVERY_S:
                    readings.append([now, *_reading(processes["audio"]), *_reading(processes["control"])])
                    forget_recording(usb.folder / "playback.s32")
                time.sleep(max(0.0, polls - (time.monotonic() - began)))
            status = box.get("status")
            same = all(process.is_running() for process in processes.values())
    table = np.array(readings)
    warm = table[table[:, 0] >= min(WARM_UP_SHARE * seconds, LONGEST_WARM_UP_S)]
    figures = {
        name: {
            "memory_mb_after_warm_up": warm[0, at] / 1e6,
            "memory_mb_at_the_end": warm[-1, at] / 1e6,
            "slope_mb_per_hour": float(np.polyfit(warm[:, 0] / 3600.0, warm[:, at] / 1e6, 1)[0]),
            "file_handles": [int(warm[0, at + 1]), int(warm[-1, at + 1])],
            "threads": [int(warm[0, at + 2]), int(warm[-1, at + 2])],
        }
        for name, at in (("audio", 1), ("control", 4))
    }
    return {
        "minutes": seconds / 60.0,
        "polls": polls,
        "never_restarted": same,
        **figures,
        **{key: status[key] for key in ("xruns", "late_hops", "dry_hops", "sheds", "load_p50", "load_p99", "bundle")},
    }


def forget_recording(path: Path) -> None:
    """Free the pages of the interface's recording, which would fill the memory in two hours. Its length stays."""
    import ctypes

    keep_size, punch_hole = 1, 2
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        ctypes.CDLL(None, use_errno=True).fallocate(
            file.fileno(), keep_size | punch_hole, ctypes.c_int64(0), ctypes.c_int64(size)
        )


def _reading(process: psutil.Process) -> tuple[float, float, float]:
    """(anonymous memory in bytes, file handles, threads)."""
    # Mapped files are left out: the virtual interface's recording is among them.
    rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    anonymous = next(line for line in rollup.splitlines() if line.startswith("Anonymous:"))
    return float(anonymous.split()[1]) * 1024, float(process.num_fds()), float(process.num_threads())


def show(result: dict[str, Any]) -> None:
    """The figures as lines for people."""
    print(f"Soak, {result['minutes']:.0f} minutes, {result['polls']} looks at the page: {result['bundle']}")
    for name in ("audio", "control"):
        r = result[name]
        first, last = r["memory_mb_after_warm_up"], r["memory_mb_at_the_end"]
        print(
            f"  {name}: {first:.1f} MB after the warm-up, {last:.1f} MB at the end: {r['slope_mb_per_hour']:+.2f} MB/h"
        )
        print(f"  {name}: file handles {r['file_handles']}, threads {r['threads']}")
    print(f"  xruns {result['xruns']}, late hops {result['late_hops']}, dry hops {result['dry_hops']}")
    print(f"  work shed {result['sheds']} times; load p50 {result['load_p50']:.1%}, p99 {result['load_p99']:.1%}")
    print(f"  neither process was started again: {result['never_restarted']}")


if __name__ == "__main__":
    raise SystemExit(main())
