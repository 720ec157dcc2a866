"""Keeps the messages that a runtime prints on loading out of the log."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def native_stderr_dropped() -> Iterator[None]:
    """Send file descriptor 2 to /dev/null inside the `with` block.

    The native libraries write lines like "INFO: Created … delegate" there. They bypass Python's logging, and no setting
    turns them off. Faults still arrive as exceptions. This affects the whole process: use it only around loading.
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
