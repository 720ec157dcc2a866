"""The bin of a place: what lies in it for 30 days goes, and sooner where room is asked for."""

from __future__ import annotations

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from firmware_app.takes import take as takes

BIN = ".bin"
BIN_DAYS = 30
SINCE = "binned"
FIRST_BELIEVED = datetime(2026, 1, 1)
"""A clock that is earlier than this has not been set yet: a board without one starts anywhere."""


def note(folder: Path, now: datetime) -> None:
    """It lies in the bin since now. Raises OSError."""
    (folder / SINCE).write_text(now.isoformat())


def forget_old(root: Path, now: datetime) -> list[str]:
    """Delete what has been in the bin for BIN_DAYS; the ids. By a clock that may be believed. Raises OSError."""
    gone: list[str] = []
    if now < FIRST_BELIEVED:
        return gone
    for folder in takes.folders(root / BIN):
        since = _since(folder)
        if not FIRST_BELIEVED <= since <= now:  # put there by a clock that was wrong: it counts from now
            note(folder, now)
        elif now - since >= timedelta(days=BIN_DAYS):
            shutil.rmtree(folder)
            gone.append(folder.name)
    return gone


def make_room(root: Path) -> str | None:
    """Delete what has been in the bin the longest; its id, None where the bin is empty. Raises OSError."""
    folders = takes.folders(root / BIN)
    if not folders:
        return None
    oldest = min(folders, key=lambda each: (_since(each), each.name))
    shutil.rmtree(oldest)
    return oldest.name


def used_bytes(root: Path) -> int:
    """What takes and bin fill."""
    return sum(size(folder) for folder in (*takes.folders(root), *takes.folders(root / BIN)))


def size(folder: Path) -> int:
    """In bytes; what cannot be read counts for nothing."""
    try:
        with os.scandir(folder) as entries:
            return sum(each.stat(follow_symlinks=False).st_size for each in entries if each.is_file())
    except OSError:
        return 0


def _since(folder: Path) -> datetime:
    try:
        return datetime.fromisoformat((folder / SINCE).read_text(errors="replace")[:40])
    except (OSError, ValueError):
        return datetime.min
