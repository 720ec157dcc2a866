"""Works on several files at once, each in a process of its own. One file's fault is that file's alone."""

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from firmware_app.errors import AppError, UsageError

SUFFIXES = frozenset(
    {
        *(".wav", ".wave", ".flac", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".w64", ".rf64", ".bw64"),
        *(".ogg", ".oga", ".opus", ".mp3"),
    }
)
"""What is taken from a folder."""

_END_S = 10.0  # to remove temporary files

Work = Callable[[int, Callable[[float, float], object]], Any]
"""work(number, progress): do job `number`, and return what is to be told of it, which must pickle."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one job: its result, or the error that ended it."""

    number: int
    result: Any = None
    error: Exception | None = None


class JobDiedError(AppError, RuntimeError):
    """The process of a job was killed from outside, for example for its memory."""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    number: int


def default_jobs() -> int:
    """One for each core of this process but one, which stays free for live sound."""
    return max(1, len(os.sched_getaffinity(0)) - 1)


def sound_files(folder: Path, leave_out: Path) -> list[Path]:
    """The sound files in a folder and the folders in it, by their suffix; none that is hidden, none in `leave_out`."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and not _same(Path(place, name), leave_out))
        found += [Path(place, name) for name in names if name[0] != "." and Path(name).suffix.lower() in SUFFIXES]
    return sorted(found)


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.samefile(other)


def check_targets(sources: Sequence[Path], targets: Sequence[Sequence[Path]]) -> None:
    """Raise UsageError when two jobs would write one file, or a job a file that is to be read."""
    inputs = {os.path.realpath(source): source for source in sources}
    writes: dict[str, Path] = {}
    for source, files in zip(sources, targets, strict=True):
        for file in files:
            place = os.path.realpath(file)
            if place in inputs:
                raise UsageError(f"{source}: its result would replace {inputs[place]}; name another OUT")
            if place in writes:
                raise UsageError(f"{writes[place]} and {source} would both become {file}; rename one of them")
            writes[place] = source


def run_jobs(
    count: int, work: Work, at_once: int, progress: Callable[[int, float, float], object]
) -> Iterator[Outcome]:
    """Do the jobs 0 to count - 1, `at_once` at a time, in forked processes; yield the outcomes as they come.

    progress(number, done_s, all_s): in this process. When this is left early (Ctrl-C, an error), the processes are
    ended first, and remove their temporary files.
    """
    workers: list[_Worker] = []
    begun = 0
    try:
        while begun < count or workers:
            while begun < count and len(workers) < at_once:
                workers.append(_start(begun, work, [worker.pipe for worker in workers]))
                begun += 1
            for ready in wait([worker.pipe for worker in workers]):
                worker = next(worker for worker in workers if worker.pipe is ready)
                try:
                    told = worker.pipe.recv()
                except EOFError:
                    worker.process.join()
                    died = JobDiedError(f"its process ended before it was done (exit code {worker.process.exitcode})")
                    told = Outcome(worker.number, error=died)
                if not isinstance(told, Outcome):
                    progress(worker.number, *told)
                    continue
                workers.remove(worker)
                worker.pipe.close()
                worker.process.join()
                yield told
    finally:
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.process.join(_END_S)
            if worker.process.is_alive():
                worker.process.kill()


def _start(number: int, work: Work, others: list[Connection]) -> _Worker:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_child, args=(number, work, there, [here, *others]))
    # Ctrl-C reaches every process of the terminal; only this one acts on it, and ends the others.
    kept = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, kept)
    there.close()
    return _Worker(process, here, number)


def _child(number: int, work: Work, pipe: Connection, not_ours: list[Connection]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    for other in not_ours:  # so that a pipe ends with its process
        other.close()
    try:
        told = Outcome(number, work(number, lambda done_s, all_s: pipe.send((done_s, all_s))))
    except BrokenPipeError:  # the one who asked is gone
        return
    except Exception as error:
        told = Outcome(number, error=error)
    with contextlib.suppress(BrokenPipeError):
        try:
            pipe.send(told)
        except Exception as error:  # an exception that does not pickle
            if isinstance(error, BrokenPipeError):
                raise
            pipe.send(Outcome(number, error=RuntimeError(f"{type(told.error).__name__}: {told.error}")))
