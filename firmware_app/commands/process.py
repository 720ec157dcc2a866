"""Remove the noise from a WAV or FLAC file, with the same chain as live.

The output has the rate, channels and length of the input, and is aligned with
it: the delay of the chain is removed. Tags and markers are copied. The input is
never changed. Exit code 1: the input was damaged or cut short; what could be
read was processed. IN may be a folder: all sound files in it and below are
processed into the folder OUT, several at once.

examples:
    hushbox process take.wav clean.wav
    hushbox process take.flac clean.flac --preset Gentle
    hushbox process take.wav clean.wav --set denoise.amount_db=12
    hushbox process takes/ clean/ --jobs 2
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import tqdm

from dsp.params import ParamError, find
from dsp.rack.build import build_chain
from dsp.rack.chain import Chain
from dsp.rack.rack import CHAIN, CHAINS
from firmware_app.commands.common import (
    BAR,
    add_model,
    add_settings,
    bundle_folder,
    ending_cleanly,
    milliseconds,
    settings,
)
from firmware_app.commands.folder import add_jobs, do_all, jobs_of
from firmware_app.config.keys import full_id
from firmware_app.config.places import Places
from firmware_app.errors import UsageError
from firmware_app.kept.factory import UnknownPresetError
from firmware_app.kept.library import library_in
from firmware_app.kept.param_table import PARAMS
from firmware_app.offline.chain import Progress, Summary, process_file
from firmware_app.offline.jobs import check_targets, sound_files


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="IN", type=Path, help="WAV or FLAC, mono or stereo, any rate; or a folder")
    parser.add_argument(
        "target", metavar="OUT", type=Path, help="the file to write, ending in .wav or .flac; or a folder"
    )
    parser.add_argument("--preset", metavar="NAME", help='preset to start from; "hushbox presets" lists all')
    parser.add_argument(
        "--set",
        metavar="ID=VALUE",
        action="append",
        default=[],
        dest="values",
        help="set a parameter; may be given several times",
    )
    add_model(parser)
    add_jobs(parser)
    parser.add_argument("--period", metavar="FRAMES", type=int, help="length of a block; the result is the same")
    parser.add_argument("--keep-latency", action="store_true", help="keep the delay of the chain, as live")
    parser.add_argument("--json", action="store_true", help="print a summary as JSON, and no progress bar")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    config, places = settings(
        args, audio_period_frames=args.period, model_bundle=args.bundle, model_runtime=args.runtime
    )
    values = _values(args, places)
    name = config.model.bundle
    wanted = CHAINS[int(values.get(CHAIN.id, CHAIN.default))]
    if wanted == "voice over music":
        raise UsageError(f"{CHAIN.id} = {wanted}: takes a microphone and music, so it is for the live box only")
    if wanted == "music" and args.bundle is None:
        name = config.model.stems_bundle
    folder, period = bundle_folder(places, name), config.audio.period_frames

    def new_chain() -> Chain:
        chain = build_chain(folder, config.model.runtime, real_time=False)
        for id, value in values.items():
            if id in chain.params:
                chain.set_param(id, value)
        return chain

    if args.source.is_dir():
        return _folder(args, new_chain, period)
    jobs_of(args, of_a_folder=False)
    chain = new_chain()
    with tqdm.tqdm(
        disable=True if args.json else None, delay=1.0, leave=False, bar_format=BAR
    ) as bar:  # None: only on a terminal

        def progress(done_s: float, all_s: float) -> None:
            bar.total = all_s
            bar.update(done_s - bar.n)

        with ending_cleanly():
            summary = process_file(chain, args.source, args.target, period, args.keep_latency, progress)
    _report(args, chain, summary)
    return 1 if summary.notes else 0


def _folder(args: argparse.Namespace, new_chain: Callable[[], Chain], period: int) -> int:
    """IN/a/b.mp3 becomes OUT/a/b.wav; WAV and FLAC keep their suffix. Raises UsageError."""
    if args.target.suffix.lower() in (".wav", ".wave", ".flac") and not args.target.is_dir():
        raise UsageError(f"{args.source}: a folder, so OUT has to be one too: {args.target} names a file")
    sources = sound_files(args.source, args.target)
    targets = []
    for source in sources:
        target = args.target / source.relative_to(args.source)
        targets.append(target if target.suffix.lower() in (".wav", ".wave", ".flac") else target.with_suffix(".wav"))
    check_targets(sources, [[target] for target in targets])

    def work(number: int, progress: Progress) -> Summary:
        targets[number].parent.mkdir(parents=True, exist_ok=True)
        return process_file(new_chain(), sources[number], targets[number], period, args.keep_latency, progress)

    return do_all(args, sources, [str(target) for target in targets], work)


def _values(args: argparse.Namespace, places: Places) -> dict[str, float]:
    """The values that --preset and --set ask for. Raises UsageError."""
    values: dict[str, float] = {}
    try:
        if args.preset is not None:
            library = library_in(places.factory_presets, places.state, PARAMS, look_only=True)
            values |= library.find(args.preset).params
        for text in args.values:
            id, equals, value = text.partition("=")
            if not equals:
                raise UsageError(f"--set {text}: write ID=VALUE, such as --set denoise.amount_db=12")
            wanted = id.strip()
            spec = find(PARAMS, full_id(wanted) if full_id(wanted) in PARAMS else wanted)
            values[spec.id] = spec.parse(value)
    except (UnknownPresetError, ParamError) as error:
        raise UsageError(str(error)) from None
    return values


def _report(args: argparse.Namespace, chain: Chain, summary: Summary) -> None:
    model = chain.model_name or "no model"
    if args.json:
        print(json.dumps({"out": str(args.target), "model": model, **asdict(summary)}, indent=2))
        return
    for note in (*summary.notes, *summary.remarks):
        print(f"hushbox: {note}", file=sys.stderr)
    if summary.left_out:
        print(f"hushbox: {args.source}: not copied: {'; '.join(summary.left_out)}", file=sys.stderr)
    if summary.bad_samples:
        print(
            f"hushbox: {args.source}: {summary.bad_samples} samples were not numbers; they are silent now",
            file=sys.stderr,
        )
    delay_ms = milliseconds(summary.latency_frames)
    delay = "removed" if summary.latency_removed else "left in"
    print(f"{args.target}: {summary.seconds:.1f} s, {summary.times_real_time:.1f} times real time, {model}")
    print(f"delay of {delay_ms:g} ms {delay}; hops late {summary.late_hops}, dry {summary.dry_hops}")
