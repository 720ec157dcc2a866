"""Has the audio process crashed again and again? Then it runs in safe mode: dry, without any model, until that is over.

The record lies in the runtime folder: it outlives the process, whoever restarts it, and not the machine.

Safe mode begins after three crashes within a minute. The page says why and offers to start in full. The process does so
by itself after 5 minutes (twice as long each time, up to an hour), in a pause of the input. What is muted stays muted.
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
SAFE_S, LONGEST_SAFE_S = 300.0, 3600.0  # twice as long each time it was entered again
QUIET_DB, QUIET_S = -50.0, 3.0  # it is left in a pause only: the new start is up to 3 s of silence
STEADY_S = 900.0  # so long in full mode, and earlier crash loops are forgotten

FILES = ("audio.starts", "audio.ended", "audio.last_words", "audio.safe_why")
"""All of it; how a process ended is written by systemd's ExecStopPost or the supervisor."""


@dataclass(slots=True)
class _Record:
    running: bool = False  # a start that has not ended in order
    began_s: float = 0.0  # time.monotonic() of that start
    crashes_s: list[float] = field(default_factory=list)
    safe_until_s: float = 0.0  # 0: not in safe mode
    times_safe: int = 0


class CrashLoop:
    """One start of the audio process, in the row of those before it. Main thread, outside streaming.

    Nothing raises: with a record that cannot be read or written the box starts as if all were well.
    """

    def __init__(self, runtime: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Record this start. `why` then says in words why it is one in safe mode; empty when it is not."""
        self._path = runtime / FILES[0]
        self._clock = clock
        self.why = ""
        ended, words = take_text(runtime / "audio.ended"), take_text(runtime / "audio.last_words")
        now = clock()
        record = self._record = self._read(now)
        if record.running:
            record.crashes_s.append(now)
            if not record.safe_until_s and now - record.began_s > STEADY_S:
                record.times_safe = 0
        record.crashes_s = [at for at in record.crashes_s if now - at < WITHIN_S]
        if not record.safe_until_s and len(record.crashes_s) >= MOST_CRASHES:
            record.safe_until_s = now + min(SAFE_S * 2**record.times_safe, LONGEST_SAFE_S)
            record.times_safe += 1
        record.running, record.began_s = True, now
        if record.safe_until_s:
            self.why = words or how_it_ended(ended) or take_text(runtime / "audio.safe_why")
            self.why = self.why or "it is not known why"
            _put(runtime / "audio.safe_why", self.why)
        self._write()

    @property
    def safe(self) -> bool:
        return bool(self._record.safe_until_s)

    def may_leave(self) -> bool:
        """Has safe mode lasted long enough?"""
        return self.safe and self._clock() >= self._record.safe_until_s

    def ended_in_order(self, *, leave_safe: bool = False) -> None:
        """This start ends because somebody wanted it to. leave_safe: the next one is no longer in safe mode."""
        self._record.running = False
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
                times,
                float(tree["safe_until_s"]),
                int(tree["times_safe"]),
            )
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return _Record()
        # A record from before a reboot, in a folder that outlived it: its clock began anew.
        return record if record.began_s <= now and record.safe_until_s <= now + LONGEST_SAFE_S else _Record()

    def _write(self) -> None:
        _put(self._path, json.dumps(asdict(self._record)))


def last_words(runtime: Path, error: BaseException) -> None:
    """Leave behind why this process ends, for the next one to tell."""
    _put(runtime / "audio.last_words", f"{type(error).__name__}: {error}"[:120])


def ended(runtime: Path, status: int, *, hung: bool = False) -> None:
    """Leave behind how the audio process ended, as the unit's ExecStopPost does. Supervisor."""
    how = f"killed {signal_name(-status)}" if status < 0 else f"exited {status}"
    _put(runtime / "audio.ended", f"{'watchdog' if hung else 'signal' if status < 0 else 'exit-code'} {how}")


def how_it_ended(text: str) -> str:
    """systemd's "SERVICE_RESULT EXIT_CODE EXIT_STATUS" in words; empty for what is no fault."""
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
    """What a file says, once: it is gone then."""
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
