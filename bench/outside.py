"""What a block costs beside the chain: microseconds of each step of the audio process, the least of many tries.

    python -m bench.outside [--period 128] [--channels 1]

The device's own calls (poll, read and write) are not in it. A control process is connected and sends nothing.
"""

import argparse
import socket
import tempfile
import timeit
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dsp import native
from dsp.block import RATE_HZ
from dsp.native import bound
from firmware_app.audio.shedding import LoadShedder
from firmware_app.audio.telemetry import LoadHistogram
from firmware_app.link.listen_ring import ListenRing
from firmware_app.link.shared_state import SharedState
from firmware_app.link.wire import AudioLink
from hw.audio.clocks.rate_watch import RateWatch
from hw.audio.samples import SampleDecoder, SampleEncoder, convert_with

TRIES, CALLS = 20, 2000


def steps(folder: Path, period: int, channels: int) -> dict[str, Callable[[], object]]:
    """What is called for each block, by what it is for. The sockets live as long as `folder`."""
    convert_with(bound.wire)
    chosen = tuple(range(1, channels + 1))
    decoder = SampleDecoder("S32_LE", period, channels, chosen)
    encoder = SampleEncoder("S32_LE", period, channels, chosen)
    block = np.zeros((period, channels), np.float32)
    data = bytes(4 * period * channels)
    link, control = AudioLink(folder / "link.sock"), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.connect(str(folder / "link.sock"))
    link.accept()
    ring = ListenRing(folder / "listen", channels, 0)
    load, shedder, watch = LoadHistogram(), LoadShedder(), RateWatch(RATE_HZ, period)
    shared = SharedState(folder / "audio.shm", 0, [0.0])

    def listen() -> None:
        ring.write(0, block)
        ring.write(1, block)

    def count() -> None:
        load.add(0.1)
        shedder.add(1e-4, period / RATE_HZ)

    return {
        "bytes to a block": lambda: decoder.decode(data, block),
        "a block to bytes": lambda: encoder.encode(block),
        "look for changes": lambda: (link.receive(), control)[0],
        "listen ring": listen,
        "load": count,
        "clock of the device": lambda: watch.block(0.0),
        "heartbeat": shared.beat,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.outside", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--period", type=int, default=128, help="frames a block")
    parser.add_argument("--channels", type=int, default=1, choices=(1, 2))
    args = parser.parse_args()
    whole = {}
    for way in (False, True):
        with native.switched(way), tempfile.TemporaryDirectory() as folder:
            for name, step in steps(Path(folder), args.period, args.channels).items():
                whole[way, name] = min(timeit.repeat(step, number=CALLS, repeat=TRIES)) / CALLS * 1e6
    print(f"{args.channels} channel(s), {args.period} frames; the hop is done by {native.description()}")
    print(f"{'step':22}{'NumPy':>9}{'C':>9}")
    names = [name for way, name in whole if way]
    for name in names:
        print(f"{name:22}{whole[False, name]:9.2f}{whole[True, name]:9.2f}")
    numpy, c = (sum(whole[way, name] for name in names) for way in (False, True))
    print(f"{'together':22}{numpy:9.2f}{c:9.2f}")


if __name__ == "__main__":
    main()
