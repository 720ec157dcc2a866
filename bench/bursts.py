"""How evenly the work of a long hop is spread over the blocks: time of a block, spread and not, by turns in one run.

    python -m bench.bursts [--bundles denoise-studio stems-light stems-live] [--periods 64 128 256] [--channels 2]
    python -m bench.bursts --hum [--channels 1]

A block's time is the processor time of its thread: what else the machine does hits both ways alike, and hardly counts.
The largest one of some thousand blocks is the machine's as much as ours, so p99.9 stands beside it. --hum shows what
the removal of hum takes in each of the hops after which its work begins again, as the 25th percentile of many.
"""

import argparse
import os
import time

import numpy as np

from dsp.block import RATE_HZ, Block
from dsp.rack.build import build_chain
from dsp.rack.chain import Chain
from dsp.restore.hum import WINDOW_EVERY_HOPS, HumCanceller
from firmware_app.config import places
from firmware_app.models.budget import demo_sound, no_collector

WARM_BLOCKS = 200
LONG = ("denoise-studio", "stems-light", "stems-live")


def times_us(chains: list[Chain], sound: Block, period: int, channels: int, blocks: int) -> Block:
    """Microseconds of every block, the chains taking turns: (chains, blocks)."""
    taken = np.zeros((len(chains), WARM_BLOCKS + blocks))
    for number in range(WARM_BLOCKS + blocks):
        at = number * period % (len(sound) - period)
        for which in (0, 1) if number % 2 else (1, 0):
            block = np.repeat(sound[at : at + period], channels, axis=1)
            start = time.thread_time_ns()
            chains[which].process(block)
            taken[which, number] = time.thread_time_ns() - start
    return (taken[:, WARM_BLOCKS:] / 1000).astype(np.float32)


HOP_FRAMES = 128
ROUND = 3 * WINDOW_EVERY_HOPS  # the search looks at every third window while hum is followed


def hum_us(sound: Block) -> tuple[Block, HumCanceller]:
    """Microseconds of every hop of a round: (ROUND,). sound: (frames, channels)."""
    canceller, hops = HumCanceller(sound.shape[1], HOP_FRAMES, RATE_HZ), len(sound) // HOP_FRAMES
    taken = np.zeros(hops)
    for at in range(hops):
        block = sound[at * HOP_FRAMES : (at + 1) * HOP_FRAMES]
        start = time.thread_time_ns()
        canceller.follow(block)
        taken[at] = time.thread_time_ns() - start
    late = taken[hops // 2 // ROUND * ROUND : hops // ROUND * ROUND].reshape(-1, ROUND)
    return (np.quantile(late, 0.25, axis=0) / 1000).astype(np.float32), canceller


def hum_table(channels: int, seconds: float = 40.0) -> None:
    rng, at = np.random.default_rng(1), np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    hiss = 0.01 * rng.standard_normal((len(at), channels))
    print(f"hum, {channels} channel(s), CPU us a hop; load {os.getloadavg()[0]:.1f}")
    print(f"{'':12}{'at rest':>9}{'mean':>9}{'worst':>9}{'worst - rest':>14}")
    for words, hz in (("no hum", 0.0), ("50 Hz", 50.03), ("60 Hz", 60.03)):
        hum = sum(0.02 / k * np.sin(2 * np.pi * hz * k * at + k) for k in range(1, 41))
        taken, canceller = hum_us((hiss + np.reshape(hum, (-1, 1))).astype(np.float32))
        rest, worst = float(taken.min()), float(taken.max())
        found = f"followed at {canceller.mains_hz:.2f} Hz" if canceller.mains_hz else "nothing found"
        print(f"{words:12}{rest:9.1f}{float(taken.mean()):9.1f}{worst:9.1f}{worst - rest:14.1f}   {found}")


def row(name: str, chain: Chain, taken: Block, period: int) -> str:
    p50, p99, rare, most = (float(np.quantile(taken, q)) for q in (0.5, 0.99, 0.999, 1.0))
    share = 100 * p99 * RATE_HZ / 1e6 / period
    return (
        f"{name:15}{period:7}{chain.latency_frames:9}{p50:9.0f}{p99:9.0f}{rare:9.0f}{most:9.0f}{share:8.1f} %"
        f"{float(taken.mean()):9.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.bursts", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bundles", nargs="+", default=LONG)
    parser.add_argument("--periods", nargs="+", type=int, default=(64, 128, 256))
    parser.add_argument("--channels", type=int, default=2)
    parser.add_argument("--blocks", type=int, default=3000, help="blocks of each way")
    parser.add_argument("--hum", action="store_true", help="the removal of hum, hop by hop, instead of bundles")
    args = parser.parse_args()
    if args.hum:
        with no_collector():
            hum_table(args.channels)
        return
    home = places.find()
    sound = demo_sound(home.demo_vocal)
    print(f"{args.channels} channel(s), {args.blocks} blocks, CPU us a block; load {os.getloadavg()[0]:.1f}")
    print(f"{'':24}{'period':>7}{'latency':>9}{'p50':>9}{'p99':>9}{'p99.9':>9}{'max':>9}{'p99/period':>10}{'mean':>9}")
    for bundle in args.bundles:
        chains = [build_chain(home.models / bundle, real_time=False, spread=spread) for spread in (False, True)]
        for period in args.periods:
            for chain in chains:
                chain.prepare(RATE_HZ, period, args.channels)
            with no_collector():
                taken = times_us(chains, sound, period, args.channels, args.blocks)
            for words, chain, mine in zip(("at once", "spread"), chains, taken, strict=True):
                print(f"{words:9}" + row(bundle, chain, mine, period), flush=True)


if __name__ == "__main__":
    main()
