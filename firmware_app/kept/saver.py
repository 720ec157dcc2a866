"""The saver: everything that is kept is tried again and again until it is on disk, and trouble is told once.

A `Keeping` is one thing to be kept (settings, presets, a mute): whoever owns it says `changed()`; a `Saver`, one thread
for several of them, writes it. A change that comes while it is written is written again; a write that fails is tried
again, ever more patiently; nothing counts as kept before it is on disk.

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
SLOW_S = 2.0  # a write that takes longer is told: the disk may hang
ANSWER_WITHIN_S = 2.0  # a change by the page is answered once it is on disk, or after so long
MOST_LAST_ROUNDS = 5  # at the end, of changes that come while others are written
_LEFT = "unsaved.txt"  # in the runtime folder: what the doctor is told


class Keeping:
    """One thing that is to be on disk, and whether it is. Any thread."""

    def __init__(self, what: str, write: Callable[[], str]) -> None:
        """what: in words, for "... are not on disk". write: puts it there as it is now; returns why it could not.

        write is called on the saver's thread alone. What it raises counts as a failure like any other.
        """
        self.what = what
        self.problem = ""  # why the last try failed; empty when it did not
        self._write = write
        self._news = threading.Condition()
        self._changes = self._tried = self._kept = 0  # how often it changed; up to which of these it was tried, is kept
        self._due_s = math.inf  # time.monotonic() of the next try
        self._retry_s = FIRST_RETRY_S
        self._began_s = math.inf  # of the try under way
        self.wake: Callable[[], None] = lambda: None  # the saver's

    def changed(self, within_s: float = 0.0) -> None:
        """It is to be written, at once or `within_s` from now together with what changes until then."""
        with self._news:
            self._changes += 1
            self._due_s = min(self._due_s, time.monotonic() + within_s)
        self.wake()

    @property
    def is_kept(self) -> bool:
        return self._kept == self._changes

    @property
    def due_s(self) -> float:
        return self._due_s

    @property
    def trouble(self) -> str:
        """Why it is not on disk, in words: the last try failed, or the one under way takes long. Else empty."""
        if not self.problem and time.monotonic() - self._began_s > SLOW_S:
            return f"{self.what} are not on disk yet: writing takes longer than {SLOW_S:g} s"
        return self.problem

    def hurry(self) -> None:
        """Let what is not kept be tried now."""
        with self._news:
            if not self.is_kept:
                self._due_s = time.monotonic()
        self.wake()

    def wait(self, timeout_s: float) -> str:
        """Wait until what has changed so far is on disk. Returns why it is not: a try failed, or none ended in time."""
        with self._news:
            wanted = self._changes
            self._news.wait_for(lambda: max(self._tried, self._kept) >= wanted, timeout_s)
            if self._kept >= wanted:
                return ""
            return self.problem or f"{self.what} are not on disk after {timeout_s:g} s"

    def save(self) -> bool:
        """Write it as it is now. False, with `problem` set, when that failed: it is due again later. The saver's."""
        with self._news:
            number, self._due_s, self._began_s = self._changes, math.inf, time.monotonic()
        fault: Exception | None = None
        try:
            problem = self._write()
        except Exception as error:  # whatever it is: the others are saved all the same, and this one later
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
        """Whether there are changes that no try has met."""
        return self._tried != self._changes


class Saver:
    """A thread that writes what is due. All methods from any thread."""

    def __init__(self, name: str, on_trouble: Callable[[], None] = lambda: None) -> None:
        """on_trouble: called on the saver's thread when other things fail than before, or none any more."""
        self._keepings: tuple[Keeping, ...] = ()
        self._on_trouble = on_trouble
        self._told: tuple[str, ...] = ()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def add(self, keeping: Keeping) -> None:
        """Save this one too from now on."""
        keeping.wake = self._wake.set
        self._keepings = (*self._keepings, keeping)
        self._wake.set()

    @property
    def unkept(self) -> tuple[str, ...]:
        """What is not on disk now, in words."""
        return tuple(keeping.what for keeping in self._keepings if not keeping.is_kept)

    @property
    def failing(self) -> tuple[str, ...]:
        """What the last try could not write, in words."""
        return tuple(keeping.what for keeping in self._keepings if keeping.problem)

    @property
    def trouble(self) -> str:
        """Why something is not on disk, one sentence for all; empty when all is well."""
        troubled = [keeping for keeping in self._keepings if keeping.trouble]
        if not troubled:
            return ""
        others = [keeping.what for keeping in troubled[1:]]
        return troubled[0].trouble + (f"; nor are {' and '.join(others)} on disk" if others else "")

    def hurry(self) -> None:
        """Try everything that is not kept now, as before an end."""
        for keeping in self._keepings:
            keeping.hurry()

    def flush(self, timeout_s: float) -> str:
        """Wait until all that has changed so far is on disk. Returns why it is not."""
        self.hurry()
        until = time.monotonic() + timeout_s
        problems = [keeping.wait(max(0.0, until - time.monotonic())) for keeping in self._keepings]
        return next((problem for problem in problems if problem), "")

    def close(self, timeout_s: float) -> tuple[str, ...]:
        """Write what is not kept, and end. Returns what is not on disk even so, in words; the log says it too."""
        self._closing.set()
        self._wake.set()
        self._thread.join(timeout_s)
        for keeping in self._keepings:
            if not keeping.is_kept:
                why = keeping.problem or f"writing did not end within {timeout_s:.1f} s"
                log.error("lost at the end: changes of the %s (%s)", keeping.what, why)
        return self.unkept

    def _run(self) -> None:
        while not self._closing.is_set():
            next_s = min((keeping.due_s for keeping in self._keepings), default=math.inf) - time.monotonic()
            self._wake.wait(min(max(next_s, 0.0), threading.TIMEOUT_MAX))
            self._wake.clear()
            now = time.monotonic()
            for keeping in self._keepings:
                if keeping.due_s <= now:
                    keeping.save()
            self._tell()
        for keeping in self._keepings:  # what has failed before once more, and then what comes in meanwhile
            if not keeping.is_kept:
                keeping.save()
        for _ in range(MOST_LAST_ROUNDS):
            for keeping in self._keepings:
                if keeping.is_untried:
                    keeping.save()
        self._tell()

    def _tell(self) -> None:
        failing = self.failing
        if failing != self._told:
            self._told = failing
            try:
                self._on_trouble()
            except Exception:  # telling must not end the saving
                log.exception("trouble with the disk could not be told")


def leave_trouble(runtime: Path, words: str) -> None:
    """Leave behind for the doctor why something is not on disk; "" takes it away."""
    path = runtime / _LEFT
    with contextlib.suppress(OSError):
        if words:
            path.write_text(words + "\n", encoding="utf-8", errors="replace")
        else:
            path.unlink(missing_ok=True)


def trouble_left(runtime: Path) -> str:
    """What `leave_trouble` has left; empty when there is nothing."""
    try:
        return (runtime / _LEFT).read_text(encoding="utf-8", errors="replace").strip()[:1000]
    except OSError:
        return ""
