"""Plays sound through every chain, and marks for the counting plug-in (counts.c) where each block begins and ends.

Runs inside the emulated board, with nothing but what the package installs: `python play.py [HOPS]`. Prints one line of
JSON for each row of the table. The plug-in writes one line of counters for each mark, in the same order.
"""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from dsp.block import RATE_HZ, Block
from dsp.denoise.live import Denoise
from dsp.inference import open_model
from dsp.inference.bundle import Bundle
from dsp.parts.gain import MUSIC_LEVEL, VOICE_LEVEL, Gain
from dsp.rack.build import build_chain
from dsp.rack.chain import Chain
from dsp.rack.lanes import MUSIC, VOICE, Channels, Lane
from dsp.stems.separator import Stems
from firmware_app.config import places

PERIODS = (64, 128, 256)
MARK = 900_000
MICROPHONE = Channels(inputs=1, voice=(0,), music=(), mix=2)
SONG = Channels(inputs=2, voice=(), music=(0, 1), mix=2)
BOTH = Channels(inputs=3, voice=(0,), music=(1, 2), mix=2)


def mark() -> None:
    """Mark this moment with a system call that does nothing and that nothing else makes. The plug-in sees it."""
    with suppress(OSError):
        os.getpriority(os.PRIO_PROCESS, MARK)


def play(
    name: str, process: Callable[[Block, Block], object], hop: int, period: int, channels: Channels, hops: int
) -> None:
    blocks = max(4, hops * hop // period)
    rng = np.random.default_rng(1)
    sound = (rng.standard_normal((period * (blocks + 20), channels.inputs)) * 0.05).astype(np.float32)
    block = np.zeros((period, channels.inputs), np.float32)
    out = np.zeros((period, channels.mix), np.float32)
    for at in range(20 + blocks):
        np.copyto(block, sound[at * period : (at + 1) * period])
        if at >= 20:
            mark()
        process(block, out)
    mark()
    print(json.dumps({"chain": name, "period_frames": period, "hop_frames": hop, "blocks": blocks}), flush=True)


def main() -> None:
    hops = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    models = places.find().models
    voice, stems = models / "denoise-live", models / "stems-live"
    # real_time=False: under emulation every step is late, and the guard would leave steps out.
    lanes = []
    for kind, folder, source, level in ((Denoise, voice, VOICE, VOICE_LEVEL), (Stems, stems, MUSIC, MUSIC_LEVEL)):
        bundle = Bundle.load(folder)
        lanes.append(Lane(source, [kind(bundle, open_model(bundle, "auto"), real_time=False), Gain(level)]))
    rows = (
        ("dry", build_chain(None), 128, MICROPHONE),
        ("denoise-live", build_chain(voice, real_time=False), 128, MICROPHONE),
        ("denoise-light", build_chain(models / "denoise-light", real_time=False), 128, MICROPHONE),
        ("denoise-instant", build_chain(models / "denoise-instant", real_time=False), 128, MICROPHONE),
        ("stems-live", build_chain(stems, real_time=False), 512, SONG),
        ("voice over music", Chain(lanes=lanes), 512, BOTH),
    )
    for name, chain, hop, channels in rows:
        for period in PERIODS:
            chain.prepare(RATE_HZ, period, channels)
            play(name, chain.process, hop, period, channels, hops if hop == 128 else max(8, hops // 3))


if __name__ == "__main__":
    main()
