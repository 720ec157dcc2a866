"""Measure a model, or try two of them on a sound, for the page.

It runs when nothing else wants the processor, so that the sound is not
disturbed. It prints one line of JSON.

examples:
    hushbox model_work measure denoise-live --period 128
    hushbox model_work try denoise-live denoise-studio --sound in.wav --into .
"""

import argparse
import contextlib
import json
import math
import os
from dataclasses import asdict
from pathlib import Path

from firmware_app.commands.common import bundle_folder
from firmware_app.config import places as places_of_box
from firmware_app.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", choices=("measure", "try"), help="measure the load of a model, or try models on a sound"
    )
    parser.add_argument("bundles", metavar="NAME", nargs="+", help='a model of "hushbox models"')
    parser.add_argument("--period", metavar="FRAMES", type=int, default=128, help="frames a block, to measure with")
    parser.add_argument("--channels", metavar="N", type=int, default=1, choices=(1, 2), help="channels of the sound")
    parser.add_argument("--runtime", default="auto", help="the library that runs the model")
    parser.add_argument("--no-spread", action="store_true", help="do the whole work of a long hop in one block")
    parser.add_argument("--sound", metavar="IN.wav", help="the sound to try models on")
    parser.add_argument("--into", metavar="FOLDER", help="where the results go: 0.wav, 1.wav, …")
    parser.add_argument("--values", metavar="JSON", default="{}", help="parameters of the box, by id")


def run(args: argparse.Namespace) -> int:
    step_back()
    places = places_of_box.find()
    folders = [folder for name in args.bundles if (folder := bundle_folder(places, name)) is not None]
    if args.what == "measure":
        from firmware_app.models.choose import measure

        load = measure(
            args.bundles[0], folders[0], args.runtime, not args.no_spread, args.period, args.channels, places.demo_vocal
        )
        print(json.dumps(asdict(load)))
        return 0
    if not args.sound or not args.into:
        raise UsageError("hushbox model_work try: --sound and --into are needed")
    from firmware_app.offline.try_out import try_out

    targets = [Path(args.into, f"{number}.wav") for number in range(len(folders))]
    tried = try_out(Path(args.sound), folders, targets, json.loads(args.values), args.runtime)
    print(json.dumps({"lufs": [_known(x) for x in tried.lufs], "gain_db": list(tried.gain_db)}))
    return 0


def step_back() -> None:
    """Run only when nothing else wants the processor."""
    with contextlib.suppress(OSError):
        os.nice(19)
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _known(lufs: float) -> float | None:
    return round(lufs, 1) if math.isfinite(lufs) else None
