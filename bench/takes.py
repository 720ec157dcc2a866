"""The recorder under hard conditions: what is lost, what is told, and what it costs.

    python -m bench.takes                        # everything, some 20 minutes
    python -m bench.takes kills --kills 200 --seed 1
    python -m bench.takes stalls --seconds 60    # every sync takes 2 s for half of the time
    python -m bench.takes full quota clock       # a small disk, a quota, a clock that is set back
    python -m bench.takes pulled --pulls 20      # a stick, without asking: writes fail, then it is unmounted
    python -m bench.takes long --hours 4         # eight channels and two, no real time: 21 GB in --folder
    python -m bench.takes cost --seconds 30      # processor, memory: the same sound with and without recording
    python -m bench.takes list                   # 500 takes

Each line is a row: condition, what was lost, what was told. What lacks is counted from the sound that had been played;
every sample says its own number. `full`, `quota` and `pulled` mount (tmpfs), in a mount namespace of their own:
`unshare` has to be allowed. Recorder and player are real processes in real time, but for `long` and `list`.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from bench import takes_cost
from bench.takes_cost import row
from dsp.block import RATE_HZ
from firmware_app.takes import take as takes
from firmware_app.takes.library import TakeLibrary
from firmware_app.takes.parts import Parts
from firmware_app.takes.shelf import Shelf
from firmware_app.takes.take import Take
from tests.rigs.bad_disk import BadDisk
from tests.rigs.take_box import LANES, ROUND, TakeBox, lacks, span, take_box

STICK = "band"


def kills(args: argparse.Namespace) -> None:
    rng, lacking, mended, told = random.Random(args.seed), [], [], 0
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory, take_box(Path(memory)) as box:
        for _ in range(args.kills):
            box.control.ask("record")
            box.until(lambda: box.told is not None and box.told.frames > 0)
            time.sleep(rng.uniform(0.0, 2.5))
            box.kill()
            played = box.player.frame
            folder, take = box.takes()[0]
            _, before = span(folder, take)
            box.said.clear()
            box.start_recorder()
            folder, take = box.takes()[0]
            told += any(folder.name in words for words in box.said)
            first, frames = span(folder, take)
            lacking.append(lacks(played, first, before) / RATE_HZ)
            mended.append(lacks(played, first, frames) / RATE_HZ)
            shutil.rmtree(folder)
    for what, found in (("as the files are", lacking), ("after the next start", mended)):
        p50, p99, worst = np.percentile(found, [50, 99, 100])
        lost = f"median {p50:.2f} s, 99 % {p99:.2f} s, worst {worst:.2f} s"
        row(f"kill -9 at {args.kills} moments, {what}", lost, f"{told} of {args.kills} at the next start")


def stalls(args: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        disk = BadDisk(folder / "state" / "takes", folder)
        with take_box(folder, disk.env) as box:
            box.control.ask("record")
            most, until = 0, time.monotonic() + args.seconds
            while time.monotonic() < until:
                disk.is_now("stall" if time.monotonic() % 10 < 5 else "")
                time.sleep(0.1)
                most = max(most, box.told.waiting_bytes if box.told is not None else 0)
            disk.is_now("")
            row(f"{args.seconds:.0f} s with stalls of 2 s", lost_of(box), f"nothing; {most / 1e6:.1f} MB waited")


def lost_of(box: TakeBox) -> str:
    """End the take; what lacks of all that was played while it was recorded, all parts together."""
    done = len(box.done)
    box.control.ask("stop")
    box.until(lambda: len(box.done) > done)
    folder, take = box.takes()[0]
    _, frames = span(folder, take)
    gaps = sum(gap.frames for gap in take.gaps)
    assert frames == take.frames
    return f"{gaps / RATE_HZ:.2f} s of {frames / RATE_HZ:.1f} s"


def full(args: argparse.Namespace) -> None:
    ends_by_itself("a card of 12 MB, half of it in use", [], 12)


def quota(args: argparse.Namespace) -> None:
    rules = {"do": "rules", "place": "internal", "quota_bytes": 3_000_000, "armed": False}
    ends_by_itself("a quota of 3 MB", [rules], 100)


def ends_by_itself(condition: str, messages: list[dict[str, object]], megabytes: int) -> None:
    """A take that ends where there is no more room, and no other place."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        root = Path(name) / "state" / "takes"
        root.mkdir(parents=True)
        (root.parent).chmod(0o700)
        mounted(root, megabytes, stack)
        (root / "something").write_bytes(bytes(megabytes * 500_000) if not messages else b"")
        box = stack.enter_context(take_box(Path(name)))
        for message in messages:
            box.control.ask(**message)  # type: ignore[arg-type]
        box.control.ask("record")
        box.until(lambda: box.told is not None and box.told.recording)
        box.until(lambda: bool(box.done))
        played = box.player.frame
        folder, take = box.takes()[0]
        first, frames = span(folder, take)
        left = shutil.disk_usage(root).free / 1e6
        behind = lacks(played, first, frames) / RATE_HZ
        lost = f"none of its {frames / RATE_HZ:.1f} s ({take.state}); {left:.1f} MB are left"
        row(condition, lost, f"{behind:.1f} s behind its end: {'; '.join(box.said)}")


def mounted(folder: Path, megabytes: int, stack: ExitStack) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", folder], check=True)
    stack.callback(lambda: subprocess.run(["umount", "-l", folder], capture_output=True))


def pulled(args: argparse.Namespace) -> None:
    rng, lacking, stick_lacks, told = random.Random(args.seed), [], [], ""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        stick = folder / "sticks" / STICK
        disk = BadDisk(stick, folder)
        env = {**disk.env, "HUSHBOX_STICKS_DIR": str(folder / "sticks")}
        box = stack.enter_context(take_box(folder, env))
        box.control.ask("rules", place=STICK, quota_bytes=0, armed=False)
        for _ in range(args.pulls):
            mounted(stick, 100, stack)
            box.until(lambda: any(each.id == STICK for each in box.told.places) if box.told else False)
            box.control.ask("record")
            box.until(lambda: box.told is not None and box.told.frames > 0)
            time.sleep(rng.uniform(1.0, 3.0))
            box.said.clear()
            disk.is_now("fail")
            at_pull = box.player.frame
            box.until(lambda: box.told is not None and box.told.place == "internal")
            time.sleep(0.5)
            parts_on_stick = takes.folders(stick / "hushbox-takes")
            first, on_stick = span(parts_on_stick[0], takes.load(parts_on_stick[0]))
            subprocess.run(["umount", "-l", stick], check=True)
            disk.is_now("")
            done = len(box.done)
            box.control.ask("stop")
            box.until(lambda: len(box.done) > done)  # noqa: B023
            part, take = box.takes()[0]
            second, _ = span(part, take)
            # Where the second part begins, by the numbers that its samples say; less where the first one ends.
            lacking.append(max(0, distance(first + on_stick, second)) / RATE_HZ)
            stick_lacks.append(distance(first + on_stick, at_pull) / RATE_HZ)
            assert take.starts == distance(first, second)
            told = "; ".join(box.said)
    row(
        f"a stick pulled {args.pulls} times",
        f"between the parts, as the stick's files are: worst {max(lacking):.2f} s; the stick alone lacks "
        f"up to {max(stick_lacks):.2f} s, which are on the box",
        told,
    )


def distance(before: int, after: int) -> int:
    """From one number of the song to another, at most half of it away."""
    return (after - before + ROUND // 2) % ROUND - ROUND // 2


def clock(args: argparse.Namespace) -> None:
    """Takes that are begun while the clock goes back an hour each time."""
    with tempfile.TemporaryDirectory() as name:
        shelf, ids = Shelf(Path(name)), []
        for hour in range(3):
            begun = datetime(2026, 5, 4, 12, 0, 0) - timedelta(hours=hour)
            for _ in range(2):  # twice the same second
                parts = Parts(shelf, begun, Take(begun.isoformat(), "pressed", LANES))
                parts.append([np.zeros((RATE_HZ, lane.channels), np.float32) for lane in LANES])
                ids.append(parts.close()[0].folder.name)
        listed = [each.id for each in TakeLibrary(Path(name)).listed()]
        lost = len(ids) - len(listed)
        row("the clock set back twice, an hour each", f"{lost} of {len(ids)} takes", f"names: {', '.join(listed)}")


WHAT: dict[str, Callable[[argparse.Namespace], None]] = {
    "kills": kills, "stalls": stalls, "full": full, "quota": quota, "pulled": pulled, "clock": clock,
    "long": takes_cost.long, "cost": takes_cost.cost, "list": takes_cost.many,
}  # fmt: skip
_MOUNTING = {"full", "quota", "pulled"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="|".join(WHAT), help="all of them without a name")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--pulls", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=3, help="cost: how often each is measured")
    parser.add_argument("--hours", type=float, default=4.0)
    parser.add_argument("--folder", help="where large files may lie; the system's temporary folder if not named")
    args = parser.parse_args()
    wanted = args.what or list(WHAT)
    if wrong := set(wanted) - set(WHAT):
        parser.error(f"{', '.join(wrong)}: allowed are {', '.join(WHAT)}")
    if _MOUNTING & set(wanted) and "BENCH_MOUNTS" not in os.environ:
        os.environ["BENCH_MOUNTS"] = "1"
        os.execvp("unshare", ["unshare", "-rm", sys.executable, "-m", "bench.takes", *sys.argv[1:]])
    print(f"| condition | lost | told | (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)\n| --- | --- | --- |")
    for each in wanted:
        WHAT[each](args)


if __name__ == "__main__":
    main()
