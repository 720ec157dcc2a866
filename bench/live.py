"""Plays live for a minute: load, memory, xruns, late and dry hops, and the recording against `hushbox process`.

    python -m bench.live [--seconds 60] [--period 128] [--json] [--dry]

Runs `hushbox run` on the tests' virtual USB interface (real libasound, real-time clock). --dry adds the same run with
the amount at 0 dB and bypass on, to separate the host's own xruns from ours. It asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from dsp.rack.rack import CHAINS

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "firmware_app" / "assets" / "demo_vocal.flac"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.live", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--period", type=int, default=128)
    parser.add_argument("--periods", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--dry", action="store_true", help="run once more in bypass, for the host's own noise")
    options = parser.parse_args(argv)
    runs = [False, True] if options.dry else [False]
    results = [run(options.seconds, options.period, options.periods, bypass) for bypass in runs]
    if options.json:
        print(json.dumps(results, indent=1))
    else:
        for result in results:
            show(result)
    return 0


def run(
    seconds: float, period: int, periods: int, bypass: bool, chain: str = "voice", stems_bundle: Path | None = None
) -> dict[str, Any]:
    """The figures of one run. chain: value of box.chain; only the voice chain is compared with `hushbox process`."""
    from tests.rigs.compare import compare
    from tests.rigs.running_box import RunningBox
    from tests.rigs.virtual_usb.rig import VirtualUsb

    demo = soundfile.read(DEMO, dtype="float32")[0]
    sound = np.resize(demo, int((seconds + 2) * 48_000))
    with tempfile.TemporaryDirectory(prefix="hushbox-bench-", dir=memory_folder()) as temporary:
        folder = Path(temporary)
        # A short loop: the interface maps what it plays into the audio process, which would look like growth.
        usb = VirtualUsb(folder, capture=demo, loop=True)
        config = (
            f'[audio]\ndevice = "{usb.device}"\nperiod_frames = {period}\nperiods = {periods}\n[panel]\npins = "mock"\n'
        )
        if stems_bundle is not None:
            config += f'[model]\nstems_bundle = "{stems_bundle.resolve()}"\n'
        with RunningBox(folder / "box", config, usb.env) as box:
            box.wait_status(lambda s: s["state"] == "running", "running audio process")
            box.set("box.chain", CHAINS.index(chain))
            if bypass:
                box.set("box.bypass", 1)
            audio, control = box.child("audio"), box.child("control")
            cpu, began = [sum(p.cpu_times()[:2]) for p in (audio, control)], time.monotonic()
            memory = [(audio.memory_info().rss, control.memory_info().rss)]
            while usb.counters["playback"]["frames"] < (seconds + 1) * 48_000:
                time.sleep(1.0)
                box.get_bytes("/")  # a phone loads the page now and then
                memory.append((audio.memory_info().rss, control.memory_info().rss))
            passed = time.monotonic() - began
            cpu = [(sum(p.cpu_times()[:2]) - c) / passed for p, c in zip((audio, control), cpu, strict=True)]
            status = box.get("status")
        result: dict[str, Any] = {
            "bypass": bypass,
            "seconds": passed,
            "period": f"{period} x {periods}",
            "cpu_audio": cpu[0],
            "cpu_control": cpu[1],
            "rss_audio_mb": [memory[len(memory) // 3][0] / 1e6, memory[-1][0] / 1e6],
            "rss_control_mb": memory[-1][1] / 1e6,
            **{key: status[key] for key in ("load_p50", "load_p99", "xruns", "late_hops", "dry_hops", "bundle")},
            "blocks": int(seconds * 48_000 / period),
            "chain_latency_frames": status["chain_latency_frames"],
        }
        if not bypass and chain == "voice":
            soundfile.write(folder / "in.wav", sound, 48_000, subtype="PCM_24")
            command = [
                sys.executable,
                "-m",
                "firmware_app.cli",
                "process",
                str(folder / "in.wav"),
                str(folder / "out.wav"),
            ]
            subprocess.run(command, check=True, capture_output=True)
            offline = soundfile.read(folder / "out.wav", dtype="float32")[0][: int(seconds * 48_000)]
            found = compare((usb.recording()[:, 0] / 2**31).astype(np.float32), offline)
            result["seconds_within_-100_db"] = (
                f"{sum(r <= -100 for r in found.residual_db)} of {len(found.residual_db)}"
            )
            result["worst_residual_db"] = found.worst_db
        return result


def memory_folder() -> str | None:
    """The folder for the virtual interface's files, in memory: its disk writes must not disturb the measurement."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def show(result: dict[str, Any]) -> None:
    """The figures as lines for people."""
    r = result
    print(f"Live, {r['seconds']:.0f} s at {r['period']}{', bypassed' if r['bypass'] else ''}: {r['bundle']}")
    print(f"  xruns {r['xruns']}, late hops {r['late_hops']}, dry hops {r['dry_hops']} of {r['blocks']} blocks")
    print(f"  block: p50 {r['load_p50']:.1%}, p99 {r['load_p99']:.1%} of the deadline")
    print(f"  CPU: audio {r['cpu_audio']:.1%}, control {r['cpu_control']:.1%} of one core")
    first, last = r["rss_audio_mb"]
    print(f"  memory: audio {first:.1f} MB after a third, {last:.1f} MB at the end")
    print(f"  memory: control {r['rss_control_mb']:.1f} MB")
    if "worst_residual_db" in result:
        print(
            f"  against `hushbox process`: {result['seconds_within_-100_db']} seconds within -100 dB,"
            f" worst second {result['worst_residual_db']:.1f} dB"
        )


if __name__ == "__main__":
    sys.exit(main())
