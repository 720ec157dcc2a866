"""The saver: writes what has changed, tries again until it is on disk, and tells of trouble once.

A `SaveJob` is one thing to save (settings, presets, mutes). Its owner calls `changed()`; a `Saver`, one thread for
several jobs, writes it. A change during a write is written again. A failed write is tried again, after longer and
longer pauses. Nothing counts as saved before it is on disk.

Trouble is told once in the log, on the page and to the doctor (`unsaved.txt` in the runtime folder). What the writer
raises counts as a failure. When the process ends, everything is written or reported within 1.1 s.
"""

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 30.0
SLOW_S = 2.0  # a write that takes longer counts as trouble: the disk may hang
ANSWER_WITHIN_S = 2.0  # the page's answer to a change waits until it is on disk, at most so long
MOST_LAST_ROUNDS = 5  # at the end: further writes, of changes that come during a write
_LEFT = "unsaved.txt"  # in the runtime folder: trouble for the doctor to tell


class SaveJob:
    """One thing to save, and whether it is on disk. Any thread."""

    def __init__(self, what: str, write: Callable[[], str]) -> None:
        """what: in words, for "... are not on disk". write: saves the present state; returns why it could not, else "".

        Only the saver's thread calls write. An exception from it counts as a failure.
        """
        self.what = what
        self.problem = ""  # why the last try failed; empty when it did not
        self._write = write
        self._news = threading.Condition()
        self._changes = self._tried = self._kept = 0  # number of the newest change, and of those tried and saved
        self._due_s = math.inf  # time.monotonic() of the next try
        self._retry_s = FIRST_RETRY_S
        self._began_s = math.inf  # of the try under way
        self.wake: Callable[[], None] = lambda: None  # the saver's

    def changed(self, within_s: float = 0.0) -> None:
        """Have it written: at once, or `within_s` from now, together with further changes until then."""
        with self._news:
            self._changes += 1
            self._due_s = min(self._due_s, time.monotonic() + within_s)
        self.wake()

    @property
    def is_saved(self) -> bool:
        return self._kept == self._changes

    @property
    def due_s(self) -> float:
        return self._due_s

    @property
    def trouble(self) -> str:
        """Why it is not on disk, in words: the last write failed, or the present one is slow. Else ""."""
        if not self.problem and time.monotonic() - self._began_s > SLOW_S:
            return f"{self.what} are not on disk yet: writing takes longer than {SLOW_S:g} s"
        return self.problem

    def hurry(self) -> None:
        """Write it now if it is not saved."""
        with self._news:
            if not self.is_saved:
                self._due_s = time.monotonic()
        self.wake()

    def wait(self, timeout_s: float) -> str:
        """Wait until the changes so far are on disk. Returns why they are not: a write failed, or took too long."""
        with self._news:
            wanted = self._changes
            self._news.wait_for(lambda: max(self._tried, self._kept) >= wanted, timeout_s)
            if self._kept >= wanted:
                return ""
            return self.problem or f"{self.what} are not on disk after {timeout_s:g} s"

    def save(self) -> bool:
        """Write the present state, on the saver's thread. False, with `problem` set, if it failed: due again later."""
        with self._news:
            number, self._due_s, self._began_s = self._changes, math.inf, time.monotonic()
        fault: Exception | None = None
        try:
            problem = self._write()
        except Exception as error:  # any error: the other jobs must still be saved, and this one later
            fault = error
            problem = f"{self.what} are kept in memory only: {type(error).__name__}: {error}"
        with self._news:
            self._began_s = math.inf
            self._tried = number
            if problem:
                self._due_s = min(self._due_s, time.monotonic() + self._retry_s)
                self._retry_s = min(self._retry_s * 2, LONGEST_RETRY_S)
            else:
                self._kept, self._retry_s = number, FIRST_RETRY_S
            before, self.problem = self.problem, problem
            self._news.notify_all()
        if problem and not before:
            log.warning("%s", problem, exc_info=fault)
        elif before and not problem:
            log.info("%s are on disk again", self.what)
        return not problem

    @property
    def is_untried(self) -> bool:
        """Whether there are changes that no write has included."""
        return self._tried != self._changes


class Saver:
    """A thread that writes the jobs that are due. All methods from any thread."""

    def __init__(self, name: str, on_trouble: Callable[[], None] = lambda: None) -> None:
        """on_trouble: called on the saver's thread when the set of failing jobs has changed."""
        self._save_jobs: tuple[SaveJob, ...] = ()
        self._on_trouble = on_trouble
        self._told: tuple[str, ...] = ()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def add(self, save_job: SaveJob) -> None:
        """Save this job too from now on."""
        save_job.wake = self._wake.set
        self._save_jobs = (*self._save_jobs, save_job)
        self._wake.set()

    @property
    def unsaved(self) -> tuple[str, ...]:
        """What is not on disk now, in words."""
        return tuple(save_job.what for save_job in self._save_jobs if not save_job.is_saved)

    @property
    def failing(self) -> tuple[str, ...]:
        """What the last try could not write, in words."""
        return tuple(save_job.what for save_job in self._save_jobs if save_job.problem)

    @property
    def trouble(self) -> str:
        """Why something is not on disk, in one sentence; empty when all is saved."""
        troubled = [save_job for save_job in self._save_jobs if save_job.trouble]
        if not troubled:
            return ""
        others = [save_job.what for save_job in troubled[1:]]
        first = troubled[0].trouble
        return f"{first}; nor are {' and '.join(others)} on disk" if others else first

    def hurry(self) -> None:
        """Write everything that is not saved now, as before an end."""
        for save_job in self._save_jobs:
            save_job.hurry()

    def flush(self, timeout_s: float) -> str:
        """Wait until all changes so far are on disk. Returns why they are not, else ""."""
        self.hurry()
        until = time.monotonic() + timeout_s
        problems = [save_job.wait(max(0.0, until - time.monotonic())) for save_job in self._save_jobs]
        return next((problem for problem in problems if problem), "")

    def close(self, timeout_s: float) -> tuple[str, ...]:
        """Write what is not saved, and end. Returns what is still not on disk, in words; it is logged, too."""
        self._closing.set()
        self._wake.set()
        self._thread.join(timeout_s)
        for save_job in self._save_jobs:
            if not save_job.is_saved:
                why = save_job.problem or f"writing did not end within {timeout_s:.1f} s"
                log.error("lost at the end: changes of the %s (%s)", save_job.what, why)
        return self.unsaved

    def _run(self) -> None:
        while not self._closing.is_set():
            next_s = min((save_job.due_s for save_job in self._save_jobs), default=math.inf) - time.monotonic()
            self._wake.wait(min(max(next_s, 0.0), threading.TIMEOUT_MAX))
            self._wake.clear()
            now = time.monotonic()
            for save_job in self._save_jobs:
                if save_job.due_s <= now:
                    save_job.save()
            self._tell()
        for save_job in self._save_jobs:  # once more what has failed, then the changes that come meanwhile
            if not save_job.is_saved:
                save_job.save()
        for _ in range(MOST_LAST_ROUNDS):
            for save_job in self._save_jobs:
                if save_job.is_untried:
                    save_job.save()
        self._tell()

    def _tell(self) -> None:
        failing = self.failing
        if failing != self._told:
            self._told = failing
            try:
                self._on_trouble()
            except Exception:  # an error there must not end the saving
                log.exception("trouble with the disk could not be told")


def leave_trouble(runtime: Path, words: str) -> None:
    """Leave a note for the doctor on why something is not on disk; "" removes it."""
    path = runtime / _LEFT
    with contextlib.suppress(OSError):
        if words:
            path.write_text(words + "\n", encoding="utf-8", errors="replace")
        else:
            path.unlink(missing_ok=True)


def trouble_left(runtime: Path) -> str:
    """The note that `leave_trouble` has left; empty when there is none."""
    try:
        return (runtime / _LEFT).read_text(encoding="utf-8", errors="replace").strip()[:1000]
    except OSError:
        return ""
