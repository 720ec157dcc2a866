"""Small files that lie beside a take. A stick may hold anything under their names, so no link is followed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from hw.replacing import Replacement

LARGEST_BYTES = 1_000_000


def read_text(path: Path) -> str:
    """Raises OSError, ValueError for what the box has not written: a link, no file, or far too much."""
    return read_bytes(path).decode()


def read_bytes(path: Path) -> bytes:
    """The same for what is no text."""
    with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError(f"{path}: no file")
        data = file.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise ValueError(f"{path}: too large")
    return data


def write_text(path: Path, text: str) -> None:
    """In place of the one before, or of a link. Raises OSError."""
    write_bytes(path, (text + "\n").encode())


def write_bytes(path: Path, data: bytes) -> None:
    """In place of the one before, or of a link. Raises OSError."""
    if path.is_symlink():
        path.unlink()
    replacement = Replacement(path)
    try:
        replacement.unfinished.write_bytes(data)
        replacement.put_in_place()
    finally:
        replacement.remove()
