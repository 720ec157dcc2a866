"""TakeWork: versions of takes, their facts, and takes lined up, each in a process of its own that gives way to all.

One at a time. While the sound is short of processor time the process stands still. Versions that wait are kept on
disk, so that they survive a restart; one that was under way begins anew.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from firmware_app.config.keys import Config
from firmware_app.errors import AppError
from firmware_app.running.realtime import BLAS_ENV, SUPERVISOR_ENV
from firmware_app.running.supervisor import program
from firmware_app.takes import facts, versions
from firmware_app.takes import take as takes
from firmware_app.takes.take import TakeError
from hw.replacing import Replacement

log = logging.getLogger(__name__)

QUEUE = ".versions-to-make.json"
FORM = "hushbox queue 1"
MOST_JOBS = 20
MOST_ENDED, MOST_LINED_UP = 20, 20
LOOK_S = 5.0  # for takes of which nothing is known yet
SILENT_S = 600.0  # without a word: it hangs
PAUSE_S = 0.5
WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"


class NoJobError(AppError, LookupError):
    """There is no such job."""


class QueueRefused(AppError, RuntimeError):
    """A version that may not be asked for now; the message says why."""


@dataclass(frozen=True, slots=True)
class Job:
    """A version that is to be made. preset: "" for the take's own settings. share: of it that is done, 0 to 1."""

    id: str
    take: str
    preset: str
    state: str = WAITING
    share: float = 0.0
    problem: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two takes, lined up; or why that failed."""

    pairs: tuple[tuple[float, float], ...] = ()
    score: float = 0.0
    same: bool = False
    problem: str = ""


class TakeWork:
    """One per box. Any thread; a thread of its own starts the processes and reads what they say."""

    def __init__(self, root: Path, state: Path, config: Callable[[], Config], busy: Callable[[], bool]) -> None:
        """root: of all takes. state: the box's folder. config: in force now. busy: the sound has no time to spare."""
        self.notes: tuple[str, ...] = ()
        self.changed: Callable[[], None] = lambda: None
        self.folder_of: Callable[[str], Path] = lambda id: root / id  # raises TakeError; a stick has ids of its own
        self._root, self._state, self._config, self._busy = root, state, config, busy
        self._wake = threading.Condition()
        self._numbers = itertools.count(1)
        self._waiting: list[Job] = []
        self._running: Job | None = None
        self._ended: deque[Job] = deque(maxlen=MOST_ENDED)
        self._compare: list[tuple[str, str]] = []
        self._compared: dict[tuple[str, str], Compared] = {}
        self._given_up: set[str] = set()  # takes of which nothing can be found out
        self._process: subprocess.Popen[str] | None = None
        self._watcher: _Watcher | None = None
        self._cancelled = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._read_queue()

    def start(self) -> None:
        """Work from now on."""
        self._thread = threading.Thread(target=self._run, name="take work", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End what is under way, and wait for that. What waits is still there at the next start."""
        with self._wake:
            self._stopping.set()
            self._wake.notify_all()
        self._kill()
        if self._thread is not None:
            self._thread.join(1.0)

    # --- versions ---

    def retry(self, take: str, preset: str) -> str:
        """Have a version made; the job's id. preset: a name of the box, "" for the take's own settings.

        Raises QueueRefused, TakeError.
        """
        folder = self.folder_of(take)
        if takes.load(folder).state == takes.RECORDING:
            raise TakeError(f"take {take}: it is still being recorded")
        with self._wake:
            ahead = self._ahead()
            if len(ahead) >= MOST_JOBS:
                raise QueueRefused(f"{MOST_JOBS} versions wait to be made, and more may not: cancel one")
            if len(versions.load(folder)) + sum(job.take == take for job in ahead) >= versions.MOST:
                raise QueueRefused(f"take {take}: {versions.MOST} versions at most are kept: drop one first")
            job = Job(str(next(self._numbers)), take, preset)
            self._waiting.append(job)
            self._keep_queue()
            self._wake.notify_all()
        self.changed()
        return job.id

    def jobs(self) -> list[Job]:
        """Those that run or wait, in their order; then those that ended since the start, the newest first."""
        with self._wake:
            return [*self._ahead(), *reversed(self._ended)]

    def cancel(self, id: str) -> None:
        """Raises NoJobError."""
        with self._wake:
            if self._running is not None and self._running.id == id:
                self._cancelled = True
                self._kill()
                return
            job = next((job for job in self._waiting if job.id == id), None)
            if job is None:
                raise NoJobError(f"no version {id[:40]!r} waits or is being made")
            self._waiting.remove(job)
            self._ended.append(replace(job, state=CANCELLED))
            self._keep_queue()
        self.changed()

    # --- comparing ---

    def compare(self, one: str, other: str) -> Compared | None:
        """None while it is worked on; it is begun where it was not. Raises QueueRefused."""
        with self._wake:
            found = self._compared.get((one, other))
            if found is not None:
                if found.problem:  # told once; the next who asks has it tried again
                    del self._compared[one, other]
                return found
            if (one, other) not in self._compare:
                if len(self._compare) >= MOST_JOBS:
                    raise QueueRefused("too many takes are being compared: wait a moment")
                self._compare.append((one, other))
                self._wake.notify_all()
        return None

    # --- the thread ---

    def _run(self) -> None:
        look_at = 0.0
        while not self._stopping.is_set():
            with self._wake:
                if not self._compare and not self._waiting and time.monotonic() < look_at:
                    self._wake.wait(LOOK_S)
            if self._stopping.is_set():
                return
            if self._compare:
                self._line_up(*self._compare[0])
            elif self._waiting:
                self._make()
            elif (take := self._unknown()) is not None:
                self._find_out(take)
            else:
                look_at = time.monotonic() + LOOK_S

    def _unknown(self) -> str | None:
        """A finished take that nobody has listened to yet, the newest first."""
        for folder in takes.folders(self._root):
            if folder.name in self._given_up or facts.load(folder) is not None:
                continue
            with contextlib.suppress(TakeError):
                if takes.load(folder).state != takes.RECORDING:
                    return folder.name
        return None

    def _find_out(self, take: str) -> None:
        _, problem = self._work(["facts", str(self._root / take)], lambda share: None)
        if problem and not self._stopping.is_set() and not self._compare and not self._waiting:
            log.warning("take %s: %s", take, problem)
            self._given_up.add(take)
        self.changed()

    def _make(self) -> None:
        with self._wake:
            self._running, self._cancelled = replace(self._waiting.pop(0), state=RUNNING), False
            job = self._running
        try:
            arguments = ["retry", str(self.folder_of(job.take)), *(["--preset", job.preset] if job.preset else [])]
            made, problem = self._work(arguments, self._on_share)
        except TakeError as error:
            made, problem = None, str(error)
        with self._wake:
            if self._stopping.is_set():  # it is in the queue on disk, and begins anew
                return
            if self._cancelled:
                ended = replace(self._running, state=CANCELLED)
            elif problem:
                ended = replace(self._running, state=FAILED, problem=problem)
            else:
                ended = replace(self._running, state=DONE, share=1.0, version=str(made["id"]))
            self._running, self._cancelled = None, False
            self._ended.append(ended)
            self._keep_queue()
        self.changed()

    def _on_share(self, share: float) -> None:
        if self._running is not None:
            self._running = replace(self._running, share=min(1.0, max(0.0, share)))

    def _line_up(self, one: str, other: str) -> None:
        try:
            folders = [str(self.folder_of(each)) for each in (one, other)]
            found, problem = self._work(["compare", *folders], lambda share: None)
        except TakeError as error:
            found, problem = None, str(error)
        with self._wake:
            self._compare.remove((one, other))
            if problem:
                result = Compared(problem=problem)
            else:
                pairs = tuple((float(at), float(there)) for at, there in found["pairs"])
                result = Compared(pairs, float(found["score"]), bool(found["same"]))
            while len(self._compared) >= MOST_LINED_UP:
                del self._compared[next(iter(self._compared))]
            self._compared[one, other] = result

    def _work(self, arguments: Sequence[str], on_share: Callable[[float], None]) -> tuple[Any, str]:
        """Run the process to its end. Returns its result, and what went wrong, in words."""
        config = self._config()
        model = config.model
        with self._wake:
            if self._stopping.is_set():
                return None, "the box ends"
            if self._cancelled:
                return None, CANCELLED
            self._process = subprocess.Popen(
                [*program(), "take_work", *arguments, "--bundle", model.bundle, "--stems-bundle", model.stems_bundle,
                 "--runtime", model.runtime, "--period", str(config.audio.period_frames),
                 "--state-dir", str(self._state)],
                env={**os.environ, **BLAS_ENV, SUPERVISOR_ENV: str(os.getpid())},  # it ends with this process
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            watcher = self._watcher = _Watcher(self._process, self._busy)
        process, result = self._process, None
        watcher.start()
        said: list[str] = []
        assert process.stdout is not None
        assert process.stderr is not None
        errors = threading.Thread(target=_read, args=(process.stderr, said), daemon=True)
        errors.start()
        with process.stdout:
            for line in process.stdout:
                watcher.heard()
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    tree = json.loads(line)
                    if "share" in tree:
                        on_share(float(tree["share"]))
                    else:
                        result = tree["result"]
        code = process.wait()
        watcher.end()
        errors.join(1.0)
        self._process = self._watcher = None
        if code == 0 and result is not None:
            return result, ""
        words = "".join(said).strip().removeprefix("hushbox: ")[-300:]
        return None, watcher.problem or words or "it was ended from outside"

    def _kill(self) -> None:
        process, watcher = self._process, self._watcher
        if process is not None and watcher is not None:
            with contextlib.suppress(OSError):
                process.terminate()
            watcher.let_go()

    # --- the queue on disk ---

    def _ahead(self) -> list[Job]:
        return [*([self._running] if self._running is not None else []), *self._waiting]

    def _keep_queue(self) -> None:
        """What cannot be kept is made all the same, as long as nobody restarts the box."""
        tree = {"form": FORM, "jobs": [{"take": job.take, "preset": job.preset} for job in self._ahead()]}
        try:
            replacement = Replacement(self._root / QUEUE)
            try:
                replacement.unfinished.write_text(json.dumps(tree, ensure_ascii=False) + "\n", encoding="utf-8")
                replacement.put_in_place()
            finally:
                replacement.remove()
        except OSError as error:
            log.warning("%s: cannot be written: %s", self._root / QUEUE, error.strerror)

    def _read_queue(self) -> None:
        try:
            tree = json.loads((self._root / QUEUE).read_text(encoding="utf-8"))
            found = [(str(each["take"]), str(each["preset"])) for each in tree["jobs"][:MOST_JOBS]]
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            self.notes = (f"{self._root / QUEUE}: damaged, so no version that waited is made: {error}",)
            return
        self._waiting = [Job(str(next(self._numbers)), take, preset) for take, preset in found]


class _Watcher(threading.Thread):
    """Makes a process stand still while the sound is short of time, and ends it when it hangs."""

    def __init__(self, process: subprocess.Popen[str], busy: Callable[[], bool]) -> None:
        super().__init__(name="take work's watcher", daemon=True)
        self.problem = ""
        self._process, self._busy = process, busy
        self._heard_s = time.monotonic()
        self._ending = threading.Event()
        self._signals = threading.Lock()
        self._may_stop = True

    def heard(self) -> None:
        self._heard_s = time.monotonic()

    def end(self) -> None:
        self._ending.set()

    def let_go(self) -> None:
        """Let the process run on, and never stop it again: one that stands still cannot end. Any thread."""
        with self._signals:
            self._may_stop = False
            self._process.send_signal(signal.SIGCONT)

    def run(self) -> None:
        still = False
        while not self._ending.wait(PAUSE_S):
            busy = self._busy()
            with self._signals:
                if (busy and self._may_stop) != still:
                    still = not still
                    self._process.send_signal(signal.SIGSTOP if still else signal.SIGCONT)
            if still:
                self.heard()
            elif time.monotonic() - self._heard_s > SILENT_S:
                self.problem = f"nothing was heard of it for {SILENT_S / 60:.0f} minutes: the board is too busy"
                self._process.kill()
                return


def _read(file: IO[str], into: list[str]) -> None:
    with file:
        into.extend(file)
