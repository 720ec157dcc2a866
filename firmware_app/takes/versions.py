"""The versions of a take: the dry sound through other settings. versions.json lists them, beside their files.

A version never replaces the take. It is as long as the take and aligned with it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from firmware_app.takes.beside import read_bytes, read_text, write_text
from firmware_app.takes.take import LONGEST_NAME, TakeError, sync_folder

FILE = "versions.json"
FORM = "hushbox versions 1"
MAKING = ".making"
"""The folder in a take's folder where a version lies until it is whole."""

MOST = 8
"""Versions of one take: each is as long as the take."""

_ID = re.compile(r"v[1-9]\d{0,5}")


@dataclass(frozen=True, slots=True)
class Version:
    """One version. id: its file without ".wav". preset: "" for the take's own settings. lufs: None for silence.

    stems: names of the stems that lie beside it.
    """

    id: str
    preset: str
    frames: int
    lufs: float | None
    stems: tuple[str, ...] = ()

    @property
    def lanes(self) -> tuple[str, ...]:
        """The names of the stems' files, without ".wav"."""
        return tuple(f"{self.id}_{stem}" for stem in self.stems)


def load(folder: Path) -> tuple[Version, ...]:
    """Those of a take, the oldest first; what cannot be read is none."""
    try:
        tree = json.loads(read_text(folder / FILE))
        return tuple(of_tree(each) for each in tree["versions"][:MOST]) if tree["form"] == FORM else ()
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return ()


def file_of(folder: Path, name: str) -> Path:
    """The sound of a version, or of one of its stems. Raises TakeError for a link."""
    path = folder / f"{name}.wav"
    if path.is_symlink():
        raise TakeError(f"{path}: a link, and the box follows none")
    return path


def outline_file(folder: Path, name: str) -> Path:
    """Where its peaks are, as peaks.py has them."""
    return folder / f"{name}.peaks"


def outline_of(folder: Path, name: str) -> bytes:
    """Its peaks. Raises OSError, ValueError."""
    return read_bytes(outline_file(folder, name))


def has_sound(folder: Path, name: str) -> bool:
    """Whether `name` is a version of this take, or a stem of one."""
    return any(name in (each.id, *each.lanes) for each in load(folder))


@contextlib.contextmanager
def making(folder: Path) -> Iterator[Path]:
    """A folder to make a version in; nobody else makes one of this take meanwhile. It is gone at the end.

    Raises TakeError when the take has as many as it may have, or when one is being made already. Raises OSError.
    """
    with _alone(folder):
        if len(load(folder)) >= MOST:
            raise TakeError(f"take {folder.name}: {MOST} versions at most are kept: drop one first")
        place = folder / MAKING
        shutil.rmtree(place, ignore_errors=True)  # left by one that was killed
        place.mkdir()
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def put_in_place(folder: Path, made: Path, new: Callable[[str], Version]) -> Version:
    """Give what lies in `made` an id, and list it. new: makes the entry of an id. Within making(). Raises OSError.

    made: "mix.wav", "mix.peaks" and perhaps the same of stems, by the stem's name.
    """
    with _listing(folder):
        there = load(folder)
        entry = new(f"v{1 + max((int(each.id[1:]) for each in there), default=0)}")
        for stem, name in (("mix", entry.id), *zip(entry.stems, entry.lanes, strict=True)):
            for source, target in (
                (file_of(made, stem), file_of(folder, name)),
                (outline_file(made, stem), outline_file(folder, name)),
            ):
                os.replace(source, target)
        sync_folder(folder)
        _save(folder, (*there, entry))
    return entry


def drop(folder: Path, id: str) -> Version:
    """Delete a version for good. Raises TakeError when there is no such one, OSError."""
    with _listing(folder):
        there = load(folder)
        entry = next((each for each in there if each.id == id), None)
        if entry is None:
            raise TakeError(f"take {folder.name}: there is no version {id[:40]!r}")
        _save(folder, [each for each in there if each.id != id])
        for name in (entry.id, *entry.lanes):
            file_of(folder, name).unlink(missing_ok=True)
            outline_file(folder, name).unlink(missing_ok=True)
    return entry


def _save(folder: Path, versions: Sequence[Version]) -> None:
    tree = {"form": FORM, "versions": [asdict(each) for each in versions]}
    write_text(folder / FILE, json.dumps(tree, ensure_ascii=False))


def of_tree(tree: Any) -> Version:
    """As its fields in JSON say. Raises ValueError, TypeError, KeyError."""
    id, stems, lufs = tree["id"], tree["stems"], tree["lufs"]
    if not _ID.fullmatch(id) or not all(isinstance(stem, str) and stem.isidentifier() for stem in stems):
        raise ValueError(id)
    return Version(id, str(tree["preset"])[:LONGEST_NAME], int(tree["frames"]), None if lufs is None else float(lufs),
                   tuple(stems))  # fmt: skip


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Raises TakeError while another process makes a version of this take."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise TakeError(f"take {folder.name}: a version of it is being made already") from None
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _listing(folder: Path) -> Iterator[None]:
    """For the moment in which the list is read and written."""
    lock = os.open(folder / ".versions.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
