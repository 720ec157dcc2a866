"""The hop in C: what NumPy does beside it, in a tenth of the time.

The module `_hop` is built where the package is installed, when there is a compiler. Without it, or with
HUSHBOX_NATIVE=0 in the environment, NumPy does the same work. A class asks for its part when it is made:

    self._native = bound.stft(...)      # None: use NumPy

The class owns every array; the C object only holds on to them. Both ways use the same arrays in the same manner, so
one can take over from the other at any hop. tests/dsp/native holds the two equal.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["available", "description", "flush_denormals", "hop", "in_use", "switched"]

try:
    import dsp.native._hop as hop  # what is in C, for dsp.native.bound

    _missing = ""
except ModuleNotFoundError:
    _missing = "was not built: no compiler when it was installed"
except ImportError as error:
    _missing = f"does not load: {error}"

_on = os.environ.get("HUSHBOX_NATIVE") != "0"


def available() -> bool:
    """Whether the C part is there."""
    return not _missing


def in_use() -> bool:
    """Whether what is made now works in C."""
    return _on and not _missing


def description() -> str:
    """For people: what does the hop's work, and why."""
    if _missing:
        return f"NumPy; the part in C {_missing}"
    return "C" if _on else "NumPy; HUSHBOX_NATIVE=0 is set"


@contextmanager
def switched(on: bool) -> Iterator[None]:
    """For tests and benches: what is made inside works in C (where it is there), or in NumPy."""
    global _on
    before, _on = _on, on
    try:
        yield
    finally:
        _on = before


def flush_denormals(on: bool = True) -> bool | None:
    """Let the calling thread count numbers below the smallest normal one as zero: they are slow, and never heard.

    That holds for NumPy in this thread, too. Returns what was set before; None where nothing could be set.
    """
    return None if _missing else hop.flush_denormals(on)
