"""Plays sound through every chain, and marks for the counting plug-in (counts.c) where each block begins and ends.

Runs inside the emulated board, with nothing but what the package installs: `python play.py [CHAIN ...]`. Prints one
line of JSON for each row of the table. The plug-in writes one line of counters for each mark, in the same order.
Refuses a package without the part in C; with it, HUSHBOX_NATIVE=0 counts what NumPy needs for the same work.
"""

import gc
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from dsp import native
from dsp.block import RATE_HZ
from dsp.denoise.live import Denoise
from dsp.inference import open_model
from dsp.inference.bundle import Bundle
from dsp.parts.gain import MUSIC_LEVEL, VOICE_LEVEL, Gain
from dsp.rack.build import LONG_HOP_FRAMES, build_chain
from dsp.rack.chain import Chain
from dsp.rack.lanes import MUSIC, VOICE, Channels, Lane
from dsp.stems.separator import Stems
from firmware_app.config import places

PERIODS = (32, 64, 128, 256)
WARM_UP_FRAMES = 7_680
FRAMES, BLOCKS = 7_680, 120
"""At least so many are counted: 15 hops of 512 and 16 of 480, so that the mean is one of whole turns of what is done
every few hops; and blocks enough for a 99th percentile."""

MARK = 900_000
MICROPHONE = Channels(inputs=1, voice=(0,), music=(), mix=2)
SONG = Channels(inputs=2, voice=(), music=(0, 1), mix=2)
BOTH = Channels(inputs=3, voice=(0,), music=(1, 2), mix=2)


def mark() -> None:
    """Mark this moment with a system call that does nothing and that nothing else makes. The plug-in sees it."""
    with suppress(OSError):
        os.getpriority(os.PRIO_PROCESS, MARK)


def play(name: str, chain: Chain, period: int, channels: Channels) -> None:
    chain.prepare(RATE_HZ, period, channels)
    blocks, before = max(BLOCKS, FRAMES // period), WARM_UP_FRAMES // period
    rng = np.random.default_rng(1)
    sound = (rng.standard_normal((period * (blocks + before), channels.inputs)) * 0.05).astype(np.float32)
    block = np.zeros((period, channels.inputs), np.float32)
    out = np.zeros((period, channels.mix), np.float32)
    for at in range(before + blocks):
        np.copyto(block, sound[at * period : (at + 1) * period])
        if at >= before:
            mark()
        chain.process(block, out)
    mark()
    print(json.dumps({"chain": name, "period_frames": period, "blocks": blocks}), flush=True)


def step(name: str, folder: Path) -> None:
    """Play noise to the network of a bundle alone, a step as a block."""
    bundle = Bundle.load(folder)
    model, rng = open_model(bundle, "auto"), np.random.default_rng(1)
    for at in range(BLOCKS + 10):
        np.copyto(model.input, rng.standard_normal(model.input.shape))
        if at >= 10:
            mark()
        model.step()
    mark()
    print(json.dumps({"chain": name, "period_frames": bundle.hop_frames, "blocks": BLOCKS}), flush=True)


def chains() -> dict[str, tuple[Callable[[], Chain], Channels]]:
    """What makes each chain, and the channels it plays, in the table's order."""
    models = places.find().models

    # real_time=False: under emulation every step is late, and the guard would leave steps out.
    def one(bundle: str | None) -> Callable[[], Chain]:
        return lambda: build_chain(bundle and models / bundle, real_time=False, spread=True)

    def both() -> Chain:
        lanes = []
        for kind, name, source, level in (
            (Denoise, "denoise-live", VOICE, VOICE_LEVEL),
            (Stems, "stems-live", MUSIC, MUSIC_LEVEL),
        ):
            bundle = Bundle.load(models / name)
            model = open_model(bundle, "auto", pieces=bundle.hop_frames >= LONG_HOP_FRAMES)
            lanes.append(Lane(source, [kind(bundle, model, real_time=False), Gain(level)]))
        return Chain(lanes=lanes)

    voices = ("denoise-live", "denoise-light", "denoise-instant", "denoise-studio")
    found: dict[str, tuple[Callable[[], Chain], Channels]] = {"dry": (one(None), MICROPHONE)}
    found |= {name: (one(name), MICROPHONE) for name in voices}
    found |= {name: (one(name), SONG) for name in ("stems-live", "stems-light")}
    return found | {"voice over music": (both, BOTH)}


def main() -> None:
    if not native.available():
        sys.exit(f"play: not what a box runs: {native.description()}")
    print(f"play: the hop is done in {native.description()}", file=sys.stderr, flush=True)
    rows = chains()
    networks = {f"network of {name}": name for name in rows if name.startswith(("denoise-", "stems-"))}
    gc.disable()  # as in the audio process
    for name in sys.argv[1:] or (*rows, *networks):
        if name in networks:
            step(name, places.find().models / networks[name])
            continue
        if name not in rows:
            sys.exit(f"play: {name}: allowed {', '.join((*rows, *networks))}")
        make, channels = rows[name]
        chain = make()
        for period in PERIODS:
            play(name, chain, period, channels)


if __name__ == "__main__":
    main()
