"""Changing the model of a whole box while it plays: the longest gap, and xruns and late hops beside a box left alone.

The box plays a tone on the virtual USB interface, with the noise reduction at 0 dB. In turns it is left alone, changes
its model every second, and measures and tries models in their own process. With --patient the interface waits for a
late host, so that no xrun hides a gap of the box's own.
"""

import argparse
import itertools
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.rigs.running_box import RunningBox
from tests.rigs.virtual_usb.rig import VirtualUsb

LEVEL, HZ = 0.25, 480.0
COUNTS = ("xruns", "late_hops", "dry_hops")
VOICES = ("denoise-light", "denoise-instant", "denoise-studio", "denoise-live")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0, help="of each turn's kind, in all")
    parser.add_argument("--period", type=int, default=128)
    parser.add_argument("--patient", action="store_true")
    args = parser.parse_args()
    turns, seconds = 4, args.minutes * 60 / 4
    with tempfile.TemporaryDirectory() as folder:
        tone = LEVEL * np.sin(2 * np.pi * HZ / 48_000 * np.arange(48_000)).astype(np.float32)
        usb = VirtualUsb(Path(folder), capture=np.stack([tone, tone], axis=1), loop=True, patient=args.patient)
        os.environ.update(usb.env)
        config = (
            f'[audio]\ndevice = "{usb.device}"\nperiod_frames = {args.period}\nperiods = 3\n[panel]\npins = "mock"\n'
        )
        with RunningBox(Path(folder, "box"), config) as box:
            box.wait_status(lambda s: s["state"] == "running", "sound")
            box.set("denoise.amount_db", 0.0)
            time.sleep(2.0)
            names = itertools.cycle(VOICES)
            kinds: dict[str, Callable[[], None]] = {
                "left alone": lambda: time.sleep(1.0),
                "model changed every second": lambda: use(box, next(names)),
                "measuring and trying": lambda: work(box),
            }
            found: dict[str, Any] = defaultdict(lambda: defaultdict(float))
            for kind, act in list(kinds.items()) * turns:
                turn(box, usb, seconds, act, found[kind])
    for kind, sums in found.items():
        counts = ", ".join(f"{count} {sums[count]:.0f}" for count in COUNTS)
        gap = f"quietest 10 ms {sums['quietest_db']:.1f} dB, longest silence {sums['silence_ms']:.0f} ms"
        print(f"{kind}: {counts} in {sums['blocks']:.0f} blocks; {sums['acts']:.0f} times; {gap}")


def turn(box: RunningBox, usb: VirtualUsb, seconds: float, act: Callable[[], None], sums: dict[str, float]) -> None:
    """Do `act` again and again for so long, and add up what it cost."""
    before, begin = box.get("status"), usb.counters["playback"]["frames"]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        act()
        sums["acts"] += 1
    after, end = box.get("status"), usb.counters["playback"]["frames"]
    for count in COUNTS:
        sums[count] += after[count] - before[count]
    sums["blocks"] += (end - begin) / after["period_frames"]
    sound = usb.recording()[begin : end - 9600, 0] / 2.0**31
    peaks = np.abs(sound[: len(sound) // 48 * 48]).reshape(-1, 48).max(axis=1)  # of each ms: half a wave and more
    tens = peaks[: len(peaks) // 10 * 10].reshape(-1, 10).max(axis=1)
    sums["quietest_db"] = min(sums["quietest_db"], 20 * float(np.log10(max(tens.min() / LEVEL, 1e-6))))
    runs = [sum(1 for _ in group) for silent, group in itertools.groupby(peaks < 0.01 * LEVEL) if silent]
    sums["silence_ms"] = max(sums["silence_ms"], max(runs, default=0))


def use(box: RunningBox, name: str) -> None:
    box.send("PUT", "models/use", {"name": name})
    time.sleep(1.0)


def work(box: RunningBox) -> None:
    """Measure a model and try two, one after the other, each until it is done."""
    for path, body in (
        ("models/measure", {"name": "denoise-studio"}),
        ("models/try", {"first": "denoise-live", "second": "denoise-studio"}),
    ):
        box.send("PUT", path, body)
        while box.get("models/work")["doing"]:
            time.sleep(0.1)


if __name__ == "__main__":
    main()
