"""Keep a runtime's greetings out of the log."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def native_stderr_dropped() -> Iterator[None]:
    """Send file descriptor 2 nowhere for the time being.

    The native libraries write lines like "INFO: Created … delegate" there, past Python's logging and with no setting
    against it. Faults arrive as exceptions all the same. Process-wide: use it around loading only.
    """
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # no stderr at all: nothing to drop
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
