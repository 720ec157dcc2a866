"""The box's log: on a device journald has it, elsewhere there is one small file per process in the runtime folder.

On a device control may not read the journal, which holds the whole system's. hushbox-log.socket gives it the newest
lines of the box's own units.

The audio process writes here too, because it logs outside streaming only.
"""

import logging
import logging.handlers
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from firmware_app.config.places import Places

UNITS = ("hushbox-audio", "hushbox-control")
LOG_SOCKET = Path("/run/hushbox-log")
_ANSWER_S = 12.0
_LARGEST_LOG_BYTES = 4_000_000
_LARGEST_BYTES = 256_000  # of a file; the one before it is kept, too
_FORM = "%(asctime)s %(name)s %(levelname)s %(message)s"
_PROCESSES = ("run", "audio", "control", "update")


class OneLine(logging.Formatter):
    """Writes a record's message in one line: control characters become escapes.

    A traceback keeps its lines.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = escaped(record.message)
        return super().formatMessage(record)


def escaped(text: str) -> str:
    """`text` with every character escaped that could start a new line or move a terminal's cursor."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def keep(places: Places, process: str) -> None:
    """Also write this process's log to a file, unless there is a journal or the file cannot be written."""
    if _has_journal():
        return
    try:
        places.make_runtime()
        handler = logging.handlers.RotatingFileHandler(
            places.runtime / f"{process}.log", maxBytes=_LARGEST_BYTES, backupCount=1, encoding="utf-8"
        )
    except OSError:
        return
    handler.setFormatter(OneLine(_FORM))
    logging.getLogger().addHandler(handler)


def last_lines(runtime: Path, most: int) -> list[str]:
    """The newest lines of all processes, oldest first. May take seconds when journalctl is slow. Raises nothing."""
    if _has_journal():
        return _asked(LOG_SOCKET, most) if LOG_SOCKET.is_socket() else _journal(most)
    lines: list[tuple[str, str]] = []
    for process in _PROCESSES:
        lines += _stamped(runtime, process)
    lines.sort(key=lambda line: line[0])  # a stable sort keeps the lines of a traceback together
    return [text for _, text in lines[-most:]]


def _has_journal() -> bool:
    return "JOURNAL_STREAM" in os.environ and shutil.which("journalctl") is not None


def _asked(path: Path, most: int) -> list[str]:
    """The lines that a connection to hushbox-log.socket gives: those of the box's units, whoever asks."""
    until, told = time.monotonic() + _ANSWER_S, b""
    try:
        with socket.socket(socket.AF_UNIX) as log:
            log.settimeout(_ANSWER_S)
            log.connect(str(path))
            while len(told) < _LARGEST_LOG_BYTES and (more := log.recv(65536)):
                told += more
                log.settimeout(max(0.01, until - time.monotonic()))
    except OSError as error:
        return [f"the log cannot be read: {error}"]
    return told.decode(errors="replace").splitlines()[-most:]


def _journal(most: int) -> list[str]:
    command = ["journalctl", "--no-pager", "--output=short-iso", f"--lines={most}"]
    command += [f"--unit={unit}" for unit in UNITS]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=10)
    except (OSError, subprocess.SubprocessError) as error:
        return [f"the journal cannot be read: {error}"]
    if done.returncode:
        return [f"the journal cannot be read: {done.stderr.strip()[:200]}"]
    return done.stdout.splitlines()[-most:]


def _stamped(runtime: Path, process: str) -> list[tuple[str, str]]:
    """(time, line) of both files of a process; a traceback's lines have the time of the line before."""
    found: list[tuple[str, str]] = []
    stamp = ""
    for name in (f"{process}.log.1", f"{process}.log"):
        try:
            text = (runtime / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for line in text.splitlines():
            if line[:4].isdigit() and line[4:5] == "-":
                stamp, line = line[:23], f"{line[:23]} {process}: {line[24:]}"
            found.append((stamp, line))
    return found
