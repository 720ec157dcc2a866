"""Separate a song into vocals.wav, drums.wav, bass.wav and other.wav.

The four add up to the song. They are 48 kHz, stereo, 32-bit float, and aligned
with the input. The separator is the same as live. Exit code 1: the input was
damaged or cut short; what could be read was separated. IN may be a folder: each
song in it and below gets a folder of its own in OUTDIR, several at once.

examples:
    hushbox stems song.wav stems/
    hushbox stems song.flac stems/ --best
    hushbox stems songs/ stems/ --jobs 2
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import tqdm

from dsp.inference.bundle import RUNTIMES, Bundle
from dsp.layouts.stems import STEMS
from firmware_app.commands.common import BAR, add_settings, bundle_folder, ending_cleanly, settings
from firmware_app.commands.folder import add_jobs, do_all, jobs_of
from firmware_app.errors import UsageError
from firmware_app.offline.chain import Progress
from firmware_app.offline.jobs import check_targets, sound_files
from firmware_app.offline.stems import StemsSummary, separate_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="IN", type=Path, help="WAV or FLAC, mono or stereo, any rate; or a folder")
    parser.add_argument("folder", metavar="OUTDIR", type=Path, help="folder for the four files; it is created")
    parser.add_argument(
        "--best", action="store_true", help="average of four passes: a little cleaner, four times slower"
    )
    parser.add_argument("--bundle", metavar="NAME", help="model for stems, by name or by the path of its folder")
    parser.add_argument("--runtime", choices=("auto", *RUNTIMES), help="the library that runs the model")
    add_jobs(parser)
    parser.add_argument("--json", action="store_true", help="print a summary as JSON, and no progress bar")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    config, places = settings(args, model_stems_bundle=args.bundle, model_runtime=args.runtime)
    folder = bundle_folder(places, config.model.stems_bundle)
    if folder is None:
        raise UsageError("--bundle none: stems need a model")
    bundle = Bundle.load(folder)
    if args.source.is_dir():
        return _folder(args, bundle, config.model.runtime)
    jobs_of(args, of_a_folder=False)
    with tqdm.tqdm(disable=True if args.json else None, delay=1.0, leave=False, bar_format=BAR) as bar:

        def progress(done_s: float, all_s: float) -> None:
            bar.total = all_s
            bar.update(done_s - bar.n)

        with ending_cleanly():
            summary = separate_file(bundle, config.model.runtime, args.source, args.folder, args.best, progress)
    _report(args, bundle, summary)
    return 1 if summary.notes else 0


def _folder(args: argparse.Namespace, bundle: Bundle, runtime: str) -> int:
    """IN/a/b.flac becomes OUTDIR/a/b/vocals.wav and so on. Raises UsageError."""
    sources = sound_files(args.source, args.folder)
    folders = [(args.folder / source.relative_to(args.source)).with_suffix("") for source in sources]
    check_targets(sources, [[folder / f"{stem}.wav" for stem in STEMS] for folder in folders])

    def work(number: int, progress: Progress) -> StemsSummary:
        folders[number].mkdir(parents=True, exist_ok=True)
        return separate_file(bundle, runtime, sources[number], folders[number], args.best, progress)

    return do_all(args, sources, [f"{folder}/" for folder in folders], work)


def _report(args: argparse.Namespace, bundle: Bundle, summary: StemsSummary) -> None:
    files = [str(args.folder / f"{stem}.wav") for stem in STEMS]
    model = f"{bundle.name} {bundle.version}"
    if args.json:
        print(json.dumps({"out": files, "model": model, **asdict(summary)}, indent=2))
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
    print(f"{', '.join(files)}: {summary.seconds:.1f} s, {summary.times_real_time:.1f} times real time, {model}")
