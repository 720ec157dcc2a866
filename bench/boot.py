"""The time from boot to sound in the emulated machines, by its parts, and what that would be on a Raspberry Pi 4.

    python -m bench.boot [--machine x86_64|aarch64] [--tries 2]

Needs the machine's disk (make e2e-vm, make e2e-vm-arm64). An emulated second is not a real one. So the same Python work
is timed in the machine and on this one; the ratio gives the time that the parts would take here. A Pi 4's core is taken
to be three to five times slower than a PC's. Its firmware (3 to 5 s) and its SD card are not included.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.rigs.vm.box import Box
from tests.rigs.vm.machine import BUILD, BUILD_ARM64, Machine

DISKS = {"x86_64": BUILD, "aarch64": BUILD_ARM64}
WORK = "import time; t = time.perf_counter(); sum(i * i % 7 for i in range(1_000_000)); print(time.perf_counter() - t)"
PI_4_SLOWER = (3.0, 5.0)
PARTS = ("kernel and initrd", "systemd until the unit", "Python and models, until the interface is opened")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.boot", description=__doc__.splitlines()[0])
    parser.add_argument("--machine", choices=list(DISKS), default="x86_64")
    parser.add_argument("--tries", type=int, default=2)
    options = parser.parse_args(argv)
    if not (DISKS[options.machine] / "root.ext4").exists():
        print(f"bench.boot: no disk of the {options.machine} machine: make e2e-vm or e2e-vm-arm64", file=sys.stderr)
        return 2
    runs = [boot(options.machine) for _ in range(options.tries)]
    parts = [statistics.median(run[k] for run in runs) for k in range(len(PARTS))]
    here = work_s(
        lambda command: subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    )
    slower = statistics.median(run[-1] for run in runs) / here
    print(f"emulated {options.machine}, {options.tries} boots, {slower:.1f} times slower than this machine")
    for name, seconds in [*zip(PARTS, parts, strict=True), ("together", sum(parts))]:
        hopeful, careful = (seconds / slower * factor for factor in PI_4_SLOWER)
        print(f"  {name}: {seconds:.1f} s, of a Pi 4's processor {hopeful:.1f} to {careful:.1f} s")
    return 0


def boot(machine: str) -> list[float]:
    """The seconds of each of PARTS, and of WORK."""
    with (
        tempfile.TemporaryDirectory(prefix="hushbox-boot-") as folder,
        Machine(Path(folder), machine, DISKS[machine]) as it,
    ):
        box = Box(it)
        box.wait("systemctl is-active hushbox-audio", 300)
        moments: dict[str, str] = {}
        for words in (
            it.run("systemctl show -p UserspaceTimestampMonotonic"),
            it.run("systemctl show -p ExecMainStartTimestampMonotonic -p ActiveEnterTimestampMonotonic hushbox-audio"),
        ):
            moments.update(dict(line.split("=") for line in words.split()))
        userspace, started, sounds = (
            int(moments[f"{name}TimestampMonotonic"]) / 1e6 for name in ("Userspace", "ExecMainStart", "ActiveEnter")
        )
        it.run("systemctl stop hushbox-audio hushbox-control", 120)
        work = work_s(lambda command: it.run(command, 120))
    return [userspace, started - userspace, sounds - started, work]


def work_s(run: Callable[[str], str]) -> float:
    """The seconds that WORK takes on the machine where `run` runs a shell command."""
    return min(float(run(f"python3 -c '{WORK}'")) for _ in range(3))


if __name__ == "__main__":
    raise SystemExit(main())
