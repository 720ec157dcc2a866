"""Crash loop: after several crashes within a minute of sound the audio process runs in safe mode, without any model.

The record is in the runtime folder: it outlives the process, whoever restarts it, but not a reboot.

Safe mode begins after three crashes within a minute of sound. A start does not count, which on a slow board takes half
a minute by itself; so three starts in a row that fail always lead there. The page says why and offers to start in full.
The process does so by itself after 5 minutes (twice as long each time, up to an hour), in a pause of the input. What is
muted stays muted.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

MOST_CRASHES, WITHIN_S = 3, 60.0
SAFE_S, LONGEST_SAFE_S = 300.0, 3600.0  # how long safe mode lasts; doubled each time it is entered again
QUIET_DB, QUIET_S = -50.0, 3.0  # it ends only in a pause of the input: the new start is up to 3 s of silence
STEADY_S = 900.0  # after this long in full mode, earlier crash loops are forgotten

FILES = ("audio.starts", "audio.ended", "audio.last_words", "audio.safe_why")
"""The whole record. systemd's ExecStopPost or the supervisor writes how a process ended."""


@dataclass(slots=True)
class _Record:
    running: bool = False  # the last start has not ended in order
    began_s: float = 0.0  # time.monotonic() of that start
    ready_s: float = -1.0  # when all was loaded, -1 before
    crashes_s: list[float] = field(default_factory=list)  # how long it had been ready by then, in all starts together
    ran_s: float = 0.0  # the same, by now
    safe_until_s: float = 0.0  # 0: not in safe mode
    times_safe: int = 0


class CrashLoop:
    """One start of the audio process, judged by the starts before it. Main thread, outside streaming.

    Nothing raises: when the record cannot be read or written, the box starts as if all were well.
    """

    def __init__(self, runtime: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Record this start. `why` then says in words why it is in safe mode; empty when it is not."""
        self._path = runtime / FILES[0]
        self._clock = clock
        self.why = ""
        ended, words = take_text(runtime / "audio.ended"), take_text(runtime / "audio.last_words")
        now = clock()
        record = self._record = self._read(now)
        if record.running:
            record.ran_s += now - record.ready_s if record.ready_s >= 0.0 else 0.0
            record.crashes_s.append(record.ran_s)
            if not record.safe_until_s and now - record.began_s > STEADY_S:
                record.times_safe = 0
        record.crashes_s = [at for at in record.crashes_s if record.ran_s - at < WITHIN_S]
        if not record.safe_until_s and len(record.crashes_s) >= MOST_CRASHES:
            record.safe_until_s = now + min(SAFE_S * 2**record.times_safe, LONGEST_SAFE_S)
            record.times_safe += 1
        record.running, record.began_s, record.ready_s = True, now, -1.0
        if record.safe_until_s:
            self.why = words or how_it_ended(ended) or take_text(runtime / "audio.safe_why")
            self.why = self.why or "it is not known why"
            _put(runtime / "audio.safe_why", self.why)
        self._write()

    @property
    def safe(self) -> bool:
        """Whether this start is in safe mode."""
        return bool(self._record.safe_until_s)

    def may_leave(self) -> bool:
        """Whether safe mode has lasted long enough."""
        return self.safe and self._clock() >= self._record.safe_until_s

    def ready(self) -> None:
        """All is loaded: from now on the time counts."""
        self._record.ready_s = self._clock()
        self._write()

    def ended_in_order(self, *, leave_safe: bool = False) -> None:
        """This start ends on purpose. leave_safe: the next one is not in safe mode."""
        record = self._record
        record.ran_s += self._clock() - record.ready_s if record.ready_s >= 0.0 else 0.0
        record.running, record.ready_s = False, -1.0
        if leave_safe:
            self._record.safe_until_s = 0.0
            self._record.crashes_s.clear()
        self._write()

    def _read(self, now: float) -> _Record:
        try:
            tree = json.loads(self._path.read_bytes())
            times = [float(at) for at in tree["crashes_s"]]
            record = _Record(
                bool(tree["running"]),
                float(tree["began_s"]),
                float(tree["ready_s"]),
                times,
                float(tree["ran_s"]),
                float(tree["safe_until_s"]),
                int(tree["times_safe"]),
            )
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return _Record()
        # The folder may outlive a reboot, but the clock starts again: such a record is not used.
        before = max(record.began_s, record.ready_s) <= now
        return record if before and record.safe_until_s <= now + LONGEST_SAFE_S else _Record()

    def _write(self) -> None:
        _put(self._path, json.dumps(asdict(self._record)))


def last_words(runtime: Path, error: BaseException) -> None:
    """Write down why this process ends, so that the next one can say it."""
    _put(runtime / "audio.last_words", f"{type(error).__name__}: {error}"[:120])


def ended(runtime: Path, status: int, *, hung: bool = False) -> None:
    """Write down how the audio process ended, as the unit's ExecStopPost does. Supervisor."""
    how = f"killed {signal_name(-status)}" if status < 0 else f"exited {status}"
    _put(runtime / "audio.ended", f"{'watchdog' if hung else 'signal' if status < 0 else 'exit-code'} {how}")


def how_it_ended(text: str) -> str:
    """systemd's "SERVICE_RESULT EXIT_CODE EXIT_STATUS" in words; empty when it was no fault."""
    result, _, how = text.partition(" ")
    if result == "watchdog":
        return "it made no progress"
    if result == "oom-kill":
        return "it ran out of memory"
    code, _, status = how.partition(" ")
    if code in ("killed", "dumped"):
        return f"killed by SIG{status.removeprefix('SIG')}"
    return f"exit status {status}" if code == "exited" and status not in ("0", "") else ""


def signal_name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return str(number)


def take_text(path: Path) -> str:
    """Read a short text and remove its file. Empty when there is none."""
    try:
        text = path.read_text(errors="replace").strip()
        path.unlink()
    except OSError:
        return ""
    return text[:160]


def _put(path: Path, text: str) -> None:
    fresh = path.with_name(path.name + ".new")
    with contextlib.suppress(OSError):
        fresh.write_text(text)
        os.replace(fresh, path)
