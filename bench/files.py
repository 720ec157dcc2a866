"""How fast `hushbox process` is: times real time of the processor's time and of the clock, for each model and format.

    python -m bench.files [--seconds 30] [--rounds 3] [--bundle denoise-live]

Every case is one file through one core: reading, resampling, the chain, writing. Of the rounds the best counts, by
processor time: what else the machine does can only slow a round down. The clock's figure is the best one, too.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from firmware_app.running.realtime import BLAS_ENV

CASES = ((48_000, 1), (48_000, 2), (44_100, 1), (44_100, 2))  # rate in Hz, channels


def write_case(path: Path, demo: Path, rate_hz: int, channels: int, seconds: float) -> None:
    """The demo vocal, again and again, as a WAV of 24 bits. The sides differ in level and by half a millisecond."""
    import numpy as np
    import soundfile
    import soxr

    sound, demo_hz = soundfile.read(demo, dtype="float32", always_2d=True)
    once = sound[:, 0] if demo_hz == rate_hz else soxr.resample(sound[:, 0], demo_hz, rate_hz)
    voice = np.resize(once, round(seconds * rate_hz))
    sides = [voice, 0.8 * np.roll(voice, rate_hz // 2000)]
    soundfile.write(path, np.stack(sides[:channels], axis=1), rate_hz, subtype="PCM_24")


def times_real_time(bundle: Path, source: Path, rounds: int) -> tuple[float, float]:
    """By the processor's time and by the clock."""
    from dsp.rack.build import build_chain
    from firmware_app.offline.chain import process_file

    best_cpu = best_clock = 0.0
    for _ in range(rounds):
        chain = build_chain(bundle, real_time=False)
        begun = time.process_time()
        summary = process_file(chain, source, source.with_name("out.wav"))
        best_cpu = max(best_cpu, summary.seconds / (time.process_time() - begun))
        best_clock = max(best_clock, summary.times_real_time)
    return best_cpu, best_clock


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each file (default 30)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bundle", help="only this one")
    args = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in BLAS_ENV.items()):
        os.execve(sys.executable, [sys.executable, "-m", "bench.files", *sys.argv[1:]], {**os.environ, **BLAS_ENV})

    from dsp.inference.bundle import list_bundles
    from firmware_app.config import places

    found = places.find()
    print("times real time by one core's time (by the clock)")
    print(f"{'':<16}" + "".join(f"{f'{rate_hz / 1000:g} kHz x {channels}':>18}" for rate_hz, channels in CASES))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.wav"
        for bundle in list_bundles(found.models):
            if args.bundle not in (None, bundle.name):
                continue
            shown = []
            for rate_hz, channels in CASES:
                write_case(source, found.demo_vocal, rate_hz, channels, args.seconds)
                cpu, clock = times_real_time(bundle, source, args.rounds)
                shown.append(f"{f'{cpu:.1f} ({clock:.1f})':>18}")
            print(f"{bundle.name:<16}" + "".join(shown), flush=True)


if __name__ == "__main__":
    main()
