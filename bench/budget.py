"""The block budget of every bundle in models_quantized, on both runtimes, saved as JSON in bench/out/; then what each
stage of the vocal chain costs in a block, in C and in NumPy (bench.native --stages).

    python -m bench.budget [--seconds 10]

It asserts nothing, because a busy machine measures badly. The measurement itself is `hushbox bench`.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from dsp.inference.bundle import list_bundles
from firmware_app.commands.bench import as_text
from firmware_app.config import places

OUT = Path(__file__).parent / "out"
STAGES_BLOCKS = 1500


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.budget", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="seconds of sound a row")
    seconds = str(parser.parse_args().seconds)
    OUT.mkdir(exist_ok=True)
    failed = 0
    for folder in list_bundles(places.find().models):
        command = [
            sys.executable,
            "-m",
            "firmware_app.cli",
            "bench",
            "--json",
            "--seconds",
            seconds,
            "--bundle",
            str(folder),
        ]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        failed += done.returncode != 0
        if done.stdout:
            (OUT / f"budget-{folder.name}.json").write_text(done.stdout)
            print(as_text(json.loads(done.stdout)))
    print(flush=True)
    failed += subprocess.run(
        [sys.executable, "-m", "bench.native", "--stages", "--blocks", str(STAGES_BLOCKS)]
    ).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
