"""What each stage of a block costs, in C and in NumPy: medians in microseconds, measured by turns in one run.

    python -m bench.native [--blocks 2000] [--period 128] [--channels 1] [--bundle denoise-live]
                           [--preset "Singer live"] [--stages] [--set deess.on=1] [--wall]

Both ways hear the same sound, a block of one after a block of the other, so that what else the machine does hits both
alike. What counts is the processor's time of the audio thread, not the clock on the wall (--wall), or a busy machine
would measure the others. Even so a block takes up to three times as long where others use the caches: trust the
ratios unless the load is next to nothing. Stages are timed around the methods of the very chain that the box plays;
what is between them is `the rest`. The stages of the vocal chain have a line each, where a preset, --set or --stages
switches them on (--stages: all for one microphone, at their default settings, with two bands of tone). The last lines
are without the clocks, and say what share of the deadline that is.
"""

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bench.restore.no_harm import settings
from dsp import native
from dsp.block import RATE_HZ
from dsp.denoise.instant import DenoiseInstant
from dsp.params import find
from dsp.processor import ModelProcessor
from dsp.rack.build import build_chain
from dsp.rack.chain import Chain
from dsp.stage import Stage
from dsp.stems.separator import Stems
from firmware_app.config import places
from firmware_app.kept.factory import Presets
from firmware_app.kept.param_table import PARAMS
from firmware_app.running.realtime import BLAS_ENV

TONE = {"eq.low_mid.gain_db": -2.0, "eq.high.gain_db": 2.0}
"""At its default settings it does nothing."""

clock = time.thread_time
Times = dict[str, list[float]]


class Clocked:
    """Adds up how long chosen methods of a chain take in a block; one inside another counts for itself alone."""

    def __init__(self) -> None:
        self.block: dict[str, float] = defaultdict(float)
        self._inside: list[float] = []

    def watch(self, owner: Any, method: str, stage: str) -> None:
        """Replace `owner.method` by one that is timed."""
        call: Callable[..., Any] = getattr(owner, method)

        def timed(*arguments: Any) -> Any:
            self._inside.append(0.0)
            start = clock()
            result = call(*arguments)
            taken = clock() - start
            self.block[stage] += taken - self._inside.pop()
            if self._inside:
                self._inside[-1] += taken
            return result

        setattr(owner, method, timed)


def watched(chain: Chain) -> Clocked:
    """The parts of one chain with one model, and the stages that are on."""
    clock, lane = Clocked(), chain._lanes[0]
    step = next(processor for processor in lane.processors if isinstance(processor, ModelProcessor))
    for processor in lane.processors:
        if isinstance(processor, Stage) and processor.at_work:
            clock.watch(processor, "process", f"stage {processor.name}")
    for owner, method, stage in (
        (step._stft, "analyse", "STFT"),  # type: ignore[attr-defined]
        (step._stft, "synthesise", "STFT"),  # type: ignore[attr-defined]
        (step._front, "features", "features"),  # type: ignore[attr-defined]
        (step._guard, "step", "inference and guard"),  # type: ignore[attr-defined]
        (chain.meters.input, "add", "meters"),
        (chain.meters.output, "add", "meters"),
        (chain._limiter, "process", "limiter and caps"),
        (chain._dry, "push", "dry path"),
        (chain._dry, "join", "dry path"),
        (chain._freeze, "process", "freeze"),
        (step, "process", "hop adapter, blend"),
        (lane, "process", "lanes"),
        (lane, "add_to", "lanes"),
        (lane, "add_untouched", "lanes"),
    ):
        clock.watch(owner, method, stage)
    if isinstance(step, Stems):
        clock.watch(step._front, "bin_masks", "masks and mix")
        clock.watch(step._front, "mix", "masks and mix")
        return clock
    clock.watch(step._ahead, "follow", "hum and rumble")  # type: ignore[attr-defined]
    if isinstance(step, DenoiseInstant):
        clock.watch(step._front, "gains", "mask and taps")
        clock.watch(step._fir, "process", "filter")
        clock.watch(step, "_design", "filter")
    else:
        clock.watch(step._front, "apply", "mask and taps")  # type: ignore[attr-defined]
        clock.watch(step._ends, "begin", "hop ends")  # type: ignore[attr-defined]
        clock.watch(step._ends, "finish", "hop ends")  # type: ignore[attr-defined]
    return clock


def measure(
    bundle: str, period: int, channels: int, blocks: int, watch: bool, values: Mapping[str, float]
) -> dict[bool, Times]:
    """Seconds a block, and of each stage if watched, by turns: {in C: {stage: [...]}}. values: of parameters."""
    chains, clocks = {}, {}
    for on in (True, False):
        with native.switched(on):
            chains[on] = build_chain(places.find().models / bundle, real_time=False)
            for id, value in values.items():
                if id in chains[on].params:
                    chains[on].set_param(id, value)
            chains[on].prepare(RATE_HZ, period, channels)
        clocks[on] = watched(chains[on]) if watch else Clocked()
    rng = np.random.default_rng(1)
    sound = (rng.standard_normal((period * 64, channels)) * 0.05).astype(np.float32)
    times: dict[bool, Times] = {True: defaultdict(list), False: defaultdict(list)}
    for number in range(blocks + 50):
        for on in (True, False) if number % 2 else (False, True):
            block = sound[number % 64 * period :][:period].copy()
            clocks[on].block.clear()
            with native.switched(on):
                start = clock()
                chains[on].process(block)
                whole = clock() - start
            if number < 50:
                continue
            taken = dict(clocks[on].block)
            times[on]["a block"].append(whole)
            if watch:
                times[on]["the rest"].append(whole - sum(taken.values()))
            for stage, seconds in taken.items():
                times[on][stage].append(seconds)
    return times


def late_ms(bundle: str, period: int, channels: int, values: Mapping[str, float]) -> float:
    """What the chain adds."""
    chain = build_chain(places.find().models / bundle, real_time=False)
    for id, value in values.items():
        if id in chain.params:
            chain.set_param(id, value)
    chain.prepare(RATE_HZ, period, channels)
    return 1000.0 * chain.latency_frames / RATE_HZ


def table(times: dict[bool, Times], unwatched: dict[bool, Times], blocks: int, deadline_s: float) -> str:
    lines = [f"{'stage':22}{'NumPy':>9}{'C':>9}{'C/NumPy':>9}"]
    stages = [stage for stage in times[False] if stage not in ("the rest", "a block")]
    for stage in (*sorted(stages, key=lambda s: -sum(times[False][s])), "the rest"):
        # Not every block has a hop of the model's in it: the median of those that have, times their share.
        numpy, c = (np.median(times[on][stage]) * len(times[on][stage]) / blocks * 1e6 for on in (False, True))
        lines.append(f"{stage:22}{numpy:9.1f}{c:9.1f}{c / numpy:9.2f}")
    for percent in (50, 99):  # without the clocks, which cost a few microseconds themselves
        before, after = (np.percentile(unwatched[on]["a block"], percent) * 1e6 for on in (False, True))
        lines.append(f"{f'a block, p{percent}':22}{before:9.1f}{after:9.1f}{after / before:9.2f}")
        shares = f"{before / deadline_s / 1e4:7.1f} %{after / deadline_s / 1e4:7.1f} %"
        lines.append(f"{'of the deadline':22}{shares}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.native", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--blocks", type=int, default=2000, help="blocks of each way")
    parser.add_argument("--period", type=int, default=128, help="frames a block")
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--bundle", default="denoise-live")
    parser.add_argument("--preset", metavar="NAME", help="with the settings of a factory preset")
    parser.add_argument("--stages", action="store_true", help="with every stage on")
    parser.add_argument("--wall", action="store_true", help="by the clock on the wall")
    parser.add_argument("--set", metavar="ID=VALUE", action="append", default=[], dest="values")
    args = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in BLAS_ENV.items()):  # as in the audio process
        os.execve(sys.executable, [sys.executable, "-m", "bench.native", *sys.argv[1:]], {**os.environ, **BLAS_ENV})
    if args.wall:
        global clock
        clock = time.perf_counter
    if not native.in_use():
        raise SystemExit(f"bench.native: the hop is done by {native.description()}")
    presets = {preset.name: preset.params for preset in Presets(places.find().factory_presets, PARAMS).list()}
    if args.preset and args.preset not in presets:
        raise SystemExit(f"bench.native: --preset {args.preset!r}: allowed {', '.join(presets)}")
    values = dict(presets[args.preset]) if args.preset else {}
    if args.stages:
        values |= {id: value for on in settings().values() for id, value in on.items()} | TONE
    for text in args.values:
        id, _, value = text.partition("=")
        values[id] = find(PARAMS, id).parse(value)
    times, unwatched = (
        measure(args.bundle, args.period, args.channels, args.blocks, watch, values) for watch in (True, False)
    )
    about = f"{args.bundle}, {args.channels} channel(s), {args.period} frames"
    late = late_ms(args.bundle, args.period, args.channels, values)
    print(f"{about}, the chain {late:.1f} ms late; load {os.getloadavg()[0]:.1f}")
    print(table(times, unwatched, args.blocks, args.period / RATE_HZ))


if __name__ == "__main__":
    main()
