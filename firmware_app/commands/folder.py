"""Shared by `process` and `stems`: a folder of files, several at once, with one bar and a line for each."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tqdm

from firmware_app.commands.common import ending_cleanly
from firmware_app.errors import UsageError
from firmware_app.offline.jobs import Outcome, default_jobs, run_jobs

BAR = "{percentage:3.0f}%|{bar}| {n:.1f} of {total} files [{elapsed}<{remaining}]"


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """--jobs."""
    parser.add_argument(
        "--jobs", metavar="N", type=int, help="files of a folder at once; without it one for each core but one"
    )


def jobs_of(args: argparse.Namespace, of_a_folder: bool) -> int:
    """The value of --jobs. Raises UsageError."""
    if args.jobs is None:
        return default_jobs()
    if not of_a_folder:
        raise UsageError(f"--jobs {args.jobs}: IN is one file; --jobs is for a folder of files")
    if args.jobs < 1:
        raise UsageError(f"--jobs {args.jobs}: allowed 1 or more")
    jobs: int = args.jobs
    return jobs


def do_all(
    args: argparse.Namespace,
    sources: Sequence[Path],
    names: Sequence[str],
    work: Callable[[int, Callable[[float, float], object]], Any],
) -> int:
    """Do `work` for each source; print what became of it. Returns the exit code: 1 when one failed or was damaged.

    names: what is written for each source, for people. work returns a summary, a dataclass.
    """
    if not sources:
        raise UsageError(f"{args.source}: no sound files in this folder")
    at_once = min(jobs_of(args, True), len(sources))
    begun, shares = time.perf_counter(), [0.0] * len(sources)
    seconds, bad, told = 0.0, 0, []
    tqdm.tqdm.monitor_interval = 0  # its thread would be in the way of fork()
    bar = tqdm.tqdm(total=len(sources), disable=True if args.json else None, leave=False, bar_format=BAR)

    def progress(number: int, done_s: float, all_s: float) -> None:
        shares[number] = min(1.0, done_s / all_s) if all_s else 0.0
        bar.update(sum(shares) - bar.n)

    with bar, ending_cleanly():
        for done in run_jobs(len(sources), work, at_once, progress):
            progress(done.number, 1.0, 1.0)
            source, name = sources[done.number], names[done.number]
            if done.error is None:
                seconds += done.result.seconds
                bad += bool(done.result.notes)
                told.append({"in": str(source), "out": name, **asdict(done.result)})
            else:
                bad += 1
                told.append({"in": str(source), "error": _words(source, done)})
            if not args.json:
                _tell(source, name, done)
    taken = time.perf_counter() - begun
    speed = round(seconds / taken, 1)
    if args.json:
        print(json.dumps({"files": told, "failed": bad, "seconds": seconds, "times_real_time": speed}, indent=2))
    else:
        print(
            f"{len(sources)} files, {bad} failed or damaged: {seconds:.1f} s in {taken:.1f} s, {speed} times real time"
        )
    return 1 if bad else 0


def _tell(source: Path, name: str, done: Outcome) -> None:
    def line(text: str) -> None:
        tqdm.tqdm.write(text, file=sys.stderr)

    if done.error is not None:
        line(f"hushbox: {_words(source, done)}")
        return
    for note in (*done.result.notes, *done.result.remarks):
        line(f"hushbox: {note}")
    if done.result.left_out:
        line(f"hushbox: {source}: not copied: {'; '.join(done.result.left_out)}")
    if done.result.bad_samples:
        line(f"hushbox: {source}: {done.result.bad_samples} samples were not numbers; they are silent now")
    tqdm.tqdm.write(f"{name}: {done.result.seconds:.1f} s", file=sys.stdout)


def _words(source: Path, done: Outcome) -> str:
    """The error in words, with the file's name."""
    text = str(done.error) or type(done.error).__name__
    return text if str(source) in text else f"{source}: {text}"
