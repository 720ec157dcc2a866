"""The time from start to READY: `hushbox audio` until every model is loaded and warm, for one or more programs.

`python -m bench.startup .venv/bin/hushbox dist/hushbox/hushbox`. On a busy machine compare the CPU seconds: wall-clock
seconds include the time that other programs took.
"""

import argparse
import os
import resource
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

LONGEST_S = 120.0


def start(program: Path) -> tuple[float, float]:
    """(wall, CPU) seconds of one start, on the built-in demo. The process has ended on return."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"{folder}/notify")
        heard.settimeout(LONGEST_S)
        config = Path(folder, "hushbox.toml")
        config.write_text('[audio]\ndevice = "demo"\n')
        env = {
            **os.environ,
            "NOTIFY_SOCKET": f"{folder}/notify",
            "HUSHBOX_STATE_DIR": f"{folder}/state",
            "HUSHBOX_RUNTIME_DIR": f"{folder}/run",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        before = _children_s()
        begun = time.monotonic()
        process = subprocess.Popen([program, "audio", "--config", config], env=env, stdout=subprocess.DEVNULL)
        try:
            while b"READY=1" not in heard.recv(4096):
                pass
            wall_s = time.monotonic() - begun
        finally:
            process.kill()
            process.wait()
        return wall_s, _children_s() - before


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="+", type=Path)
    parser.add_argument("--times", type=int, default=5)
    args = parser.parse_args()
    taken: dict[Path, list[tuple[float, float]]] = {program.absolute(): [] for program in args.programs}
    for _ in range(args.times):
        for program, times in taken.items():  # in turns, so that a busy minute affects all of them
            times.append(start(program))
    for program, times in taken.items():
        wall, cpu = (statistics.median(values) for values in zip(*times, strict=True))
        print(f"{program}: {wall:.2f} s to READY (best {min(times)[0]:.2f}), {cpu:.2f} s of CPU")


if __name__ == "__main__":
    main()
