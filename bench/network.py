"""The networks while sound plays: what Reach costs, and whether the audio process is affected.

    sudo python -m bench.network [--turns 6] [--seconds 20] [--json]

Runs `hushbox run` on the tests' virtual USB interface. In every second turn Reach works beside it, in a process of its
own as control is one, on a real NetworkManager whose cable is pulled and plugged once a second: far more than a stage
has. The turns alternate, so that a busy machine is so for both. It asserts nothing. A radio's own interrupts are not in
it: there is none here (docs/network.md).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import soundfile

from bench.live import DEMO, memory_folder


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.network", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=6, help="of each kind")
    parser.add_argument("--seconds", type=float, default=20.0, help="of a turn")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--reach", metavar="BUS", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.reach:
        return reach(options.reach)
    result = run(options.turns, options.seconds)
    print(json.dumps(result, indent=1)) if options.json else show(result)
    return 0


def reach(bus: str) -> int:
    """What control's network thread does, until this process is ended."""
    from firmware_app.network.card import Card
    from firmware_app.network.reach import Reach
    from hw.network.bus import SystemBus
    from hw.network.manager import NetworkManagerNetwork

    steps = Reach(NetworkManagerNetwork(SystemBus(bus)), lambda: Card("Hushbox-0000", "abcdefgh"))
    while True:
        steps.step()
        time.sleep(1.0)


def run(turns: int, seconds: float) -> dict[str, Any]:
    """The figures as a dictionary: a list of turns of each kind."""
    from tests.rigs.network_manager import RealNetworkManager
    from tests.rigs.running_box import RunningBox
    from tests.rigs.virtual_usb.rig import VirtualUsb

    demo = soundfile.read(DEMO, dtype="float32")[0]
    result: dict[str, Any] = {"alone": [], "reach": []}
    with tempfile.TemporaryDirectory(prefix="hushbox-bench-", dir=memory_folder()) as temporary:
        folder = Path(temporary)
        (folder / "manager").mkdir()
        usb = VirtualUsb(folder, capture=demo, loop=True)
        config = f'[audio]\ndevice = "{usb.device}"\nperiod_frames = 128\nperiods = 3\n[panel]\npins = "mock"\n'
        with RealNetworkManager(folder / "manager") as manager, RunningBox(folder / "box", config, usb.env) as box:
            box.wait_status(lambda s: s["state"] == "running", "running audio process")
            time.sleep(3.0)
            for _ in range(turns):
                result["alone"].append(measure(box, seconds, None))
                command = [sys.executable, "-m", "bench.network", "--reach", manager.address]
                beside = subprocess.Popen(command)
                ended = threading.Event()
                hand = threading.Thread(target=flap, args=(manager, ended))
                hand.start()
                time.sleep(3.0)  # its start is not what is measured
                try:
                    result["reach"].append(measure(box, seconds, psutil.Process(beside.pid)))
                finally:
                    ended.set()
                    hand.join()
                    beside.kill()
                    beside.wait()
    return result


def flap(manager: Any, ended: threading.Event) -> None:
    up = False
    while not ended.wait(1.0):
        up = not up
        manager.inside(f"ip link set far9 {'up' if up else 'down'}")


def measure(box: Any, seconds: float, beside: psutil.Process | None) -> dict[str, float]:
    """Counters and load over `seconds`, and Reach's share of one core."""
    before, cpu, began = box.get("status"), sum(beside.cpu_times()[:2]) if beside else 0.0, time.monotonic()
    time.sleep(seconds)
    passed, status = time.monotonic() - began, box.get("status")
    counts = {name: status[name] - before[name] for name in ("xruns", "late_hops", "dry_hops")}
    used = (sum(beside.cpu_times()[:2]) - cpu) / passed if beside else 0.0
    return {"seconds": passed, "cpu_reach": used, "load_p50": status["load_p50"], **counts}


def show(result: dict[str, Any]) -> None:
    """The figures as lines for people."""
    for name, words in (("alone", "Sound alone"), ("reach", "With Reach beside it")):
        turns = result[name]
        sums = {key: sum(turn[key] for turn in turns) for key in ("xruns", "late_hops", "dry_hops")}
        print(f"{words}, {sum(turn['seconds'] for turn in turns):.0f} s: xruns {sums['xruns']}, "
              f"late hops {sums['late_hops']}, dry hops {sums['dry_hops']}; "
              f"block p50 {statistics.median(turn['load_p50'] for turn in turns):.1%} of the deadline")  # fmt: skip
    print(f"Reach: {statistics.median(turn['cpu_reach'] for turn in result['reach']):.2%} of one core")


if __name__ == "__main__":
    sys.exit(main())
