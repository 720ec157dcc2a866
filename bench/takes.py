"""The recorder under hard conditions: what is lost when it is killed, and what it costs.

    python -m bench.takes [--kills 200] [--seed 1] [--cost-seconds 30]

--kills: kill -9 at so many random moments while it records; what lacks is counted from the sound that had been played,
by what the files' own headers say, before anything mends them. --cost-seconds: processor time of the recorder while it
keeps the last minutes alone, and while it records as well, in real time.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

import numpy as np

from dsp.block import RATE_HZ
from tests.rigs.take_box import TakeBox, lacks, span, take_box


def kills(count: int, seed: int) -> None:
    """Print the distribution of what lacks, in seconds."""
    rng, lacking, mended = random.Random(seed), [], []
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory, take_box(Path(memory)) as box:
        for _ in range(count):
            box.control.ask("record")
            box.until(lambda: box.told is not None and box.told.frames > 0)
            time.sleep(rng.uniform(0.0, 2.5))
            box.kill()
            played = box.player.frame
            folder, take = box.takes()[0]
            _, before = span(folder, take)
            box.start_recorder()
            folder, take = box.takes()[0]
            first, frames = span(folder, take)
            lacking.append(lacks(played, first, before) / RATE_HZ)
            mended.append(lacks(played, first, frames) / RATE_HZ)
    for what, found in (("as the files are", lacking), ("after the next start", mended)):
        p50, p99, worst = np.percentile(found, [50, 99, 100])
        print(f"| killed {count} times, {what} | {p50:.2f} s | {p99:.2f} s | {worst:.2f} s |")


def cost(seconds: float) -> None:
    """Print the recorder's processor time, as a share of one core."""
    with tempfile.TemporaryDirectory() as disk, take_box(Path(disk)) as box:
        keeping = share(box, seconds)
        box.control.ask("record")
        recording = share(box, seconds)
        assert box.told is not None
        print(f"| keeping the last minutes | {keeping:.2f} % of a core | |")
        print(
            f"| and recording | {recording:.2f} % of a core | {box.told.kept_bytes / box.told.kept_s / 1e3:.0f} kB/s |"
        )


def share(box: TakeBox, seconds: float) -> float:
    """Percent of a core over so long."""
    assert box.process is not None
    before = used_s(box.process.pid)
    time.sleep(seconds)
    return 100.0 * (used_s(box.process.pid) - before) / seconds


def used_s(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cost-seconds", type=float, default=30.0)
    args = parser.parse_args()
    if args.kills:
        kills(args.kills, args.seed)
    if args.cost_seconds:
        cost(args.cost_seconds)


if __name__ == "__main__":
    main()
