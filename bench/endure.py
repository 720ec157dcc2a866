"""Does to a running box what may happen on a stage, for a long time, and prints figures.

    python -m bench.endure [--kills 100] [--seed N] [--json]

kill -9 of either process at random, SIGSTOP for 5 s, memory limits, a full disk, the clock set back a year, a flood of
requests to the page (from this machine only). The exit status is 1 when the box does not recover.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from bench.live import memory_folder


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.endure", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None, help="of the kills; one is chosen and printed")
    parser.add_argument("--only", default="", help="a word of the hardship's name")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    seed = options.seed if options.seed is not None else secrets.randbelow(10**6)
    print(f"seed {seed}", file=sys.stderr)
    result = run(options.kills, seed, options.only)
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        for name, figures in result.items():
            print(f"{name}: {figures}")
    return int(any("failed" in figures for figures in result.values()))


def run(kills: int, seed: int, only: str = "") -> dict[str, dict[str, object]]:
    """The figures of each hardship, by its name."""
    from tests.rigs import hardships as h
    from tests.rigs.clock_shift.rig import ClockShift
    from tests.rigs.running_box import RunningBox
    from tests.rigs.virtual_usb.rig import VirtualUsb

    result: dict[str, dict[str, object]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hushbox-endure-", dir=memory_folder())))
        noise = np.random.default_rng(4).uniform(-0.2, 0.2, 48_000).astype(np.float32)
        usb, clock = VirtualUsb(folder, capture=noise, loop=True), ClockShift(folder)
        try:
            stack.enter_context(h.small_disk(folder / "box" / "state"))
        except PermissionError as error:
            result["disk full"] = {"left out": str(error)}
        box = stack.enter_context(RunningBox(folder / "box", h.config(usb), {**usb.env, **clock.env}))
        h.set_up(box)
        hardships: dict[str, Callable[[], dict[str, object]]] = {
            "clock set back a year": lambda: h.clock_set_back(box, usb, clock),
            "page hammered for 30 s": lambda: h.hammer(box, usb, 30.0),
            "disk full": lambda: h.disk_full(box, usb),
            "memory limit, control": lambda: h.memory_limit(box, usb, "control"),
            "memory limit, audio": lambda: h.memory_limit(box, usb, "audio"),
            "memory limit of its control group, control": lambda: h.memory_limit_of_group(box, usb, "control"),
            "memory limit of its control group, audio": lambda: h.memory_limit_of_group(box, usb, "audio"),
            "SIGSTOP for 5 s, control": lambda: h.stop_for_a_while(box, usb, "control"),
            "SIGSTOP for 5 s, audio": lambda: h.stop_for_a_while(box, usb, "audio"),
            f"kill -9, {kills} times": lambda: h.kill_at_random(box, usb, kills, seed),
        }
        for name, hardship in hardships.items():
            if name in result or only not in name:
                continue
            began = time.monotonic()
            try:
                result[name] = {**hardship(), "took_s": round(time.monotonic() - began, 1)}
            except PermissionError as error:
                result[name] = {"left out": str(error)}
            except AssertionError as error:
                result[name] = {"failed": str(error)[-3000:]}
            print(f"{name}: {result[name]}", file=sys.stderr)
    return result


if __name__ == "__main__":
    raise SystemExit(main())
