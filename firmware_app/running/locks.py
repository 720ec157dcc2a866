"""Locks: one Hushbox to a folder. Two with the same state folder would overwrite each other's settings.

A lock ends with its process, however that ends, and leaves nothing behind.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from firmware_app.config.places import Places, PlacesError
from firmware_app.errors import AppError

ENDING_S = 3.0  # a Hushbox that was just stopped may still be saving


class AlreadyRunning(AppError, OSError):
    """Another Hushbox uses the same folder."""


def lock_runtime(runtime: Path) -> IO[str]:
    """Hold the runtime folder for this Hushbox. Raises AlreadyRunning, which names the other process."""
    file = (runtime / "hushbox.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        other = file.read().strip() or "unknown"
        file.close()
        raise AlreadyRunning(f"Hushbox is running already (process {other}): stop it first (kill {other})") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


@contextlib.contextmanager
def state_locked(places: Places, wait_s: float = ENDING_S) -> Iterator[None]:
    """Hold the state folder. The process that writes the settings does so all its life. Raises AlreadyRunning.

    The folder itself is locked, which works on a full or read-only disk too. Nothing is locked where the folder cannot
    be made, because nobody can use it, or where its file system has no locks.
    """
    descriptor = None
    with contextlib.suppress(OSError, PlacesError):
        places.make_state()
        descriptor = os.open(places.state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if descriptor is not None:
            _take(descriptor, places.state, wait_s)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def must_be_free(places: Places) -> None:
    """Raises AlreadyRunning when another Hushbox holds the state folder."""
    if places.state.is_dir():
        with state_locked(places):
            pass


def _take(descriptor: int, folder: Path, wait_s: float) -> None:
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise AlreadyRunning(
                    f"state folder {folder}: used by another Hushbox (process {holder(descriptor)}): stop that first, "
                    "or give this one a folder of its own with --state-dir"
                ) from None
            time.sleep(0.05)
        except OSError:
            return


def holder(descriptor: int) -> str:
    """The process that has locked this file; "unknown" where the kernel does not say."""
    found = os.fstat(descriptor)
    wanted = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    with contextlib.suppress(OSError):
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()
            if "FLOCK" in words and wanted in words:
                return words[words.index(wanted) - 1]
    return "unknown"
