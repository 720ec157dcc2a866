"""A JSON file that survives power cuts. It is written whole or not at all; the version before it stays beside it."""

import contextlib
import errno
import json
import math
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from dsp.inference.handed_in import DEEPEST, HandedInError, flat, read_file

MOST_BAD = 5  # files set aside; the next one replaces the oldest
OTHER_VERSION = "is not a parameter of this version; ignored"  # the end of a note that tells of no mistake
MOST_NOTES = 20
LARGEST_BYTES = 1_000_000
_LARGEST_INT = 2**53  # every JSON reader has whole numbers up to this exactly
_CANNOT_SYNC = (errno.EINVAL, errno.EBADF, errno.EOPNOTSUPP, errno.ENOSYS)

Read = TypeVar("Read")

Migration = Callable[[dict[str, object]], dict[str, object]]
"""Turns the content of one schema into that of the next. If it raises, the file is set aside as damaged."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Result of load(). body: None when no version can be read."""

    body: dict[str, object] | None
    notes: tuple[str, ...]  # for the log and the page, empty when all was well


def shortened(notes: Sequence[str]) -> tuple[str, ...]:
    """At most MOST_NOTES notes, with the number of the others; those about another version come last."""
    ordered = sorted(notes, key=lambda note: note.endswith(OTHER_VERSION))
    rest = ordered[MOST_NOTES:]
    if not rest:
        return tuple(ordered)
    alike = all(note.endswith(OTHER_VERSION) for note in rest)
    more = f"and {len(rest)} more: each {OTHER_VERSION}" if alike else f"and {len(rest)} more"
    return (*ordered[:MOST_NOTES], more)


class _BadFile(Exception):
    """Why a file cannot be used; the message follows the file's name."""


class KeptFile:
    """One file in the state folder; `<name>.1` beside it is the version before. One thread at a time.

    folder: need not exist. key: the file has a schema number, and everything else in one object under this key. what:
    the content in words ("settings"). migrations: by older schema, what makes the next schema's content of it.
    Nothing here raises for an error of the disk: see `problem`.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        schema: int,
        key: str,
        what: str,
        migrations: Mapping[int, Migration] = MappingProxyType({}),
        private: bool = False,
        largest_bytes: int = LARGEST_BYTES,
    ) -> None:
        """private: only the box's own user may read it. largest_bytes: a longer file is neither read nor written."""
        self.path = folder / name
        self.previous = folder / f"{name}.1"
        self.problem = ""  # why the last save did not reach the disk; empty when it did
        self._folder = folder
        self._folder_is_sure = False
        self._schema = schema
        self._key = key
        self._what = what
        self._migrations = migrations
        self._mode = 0o600 if private else 0o644
        self._largest_bytes = largest_bytes

    def load(self, *, look_only: bool = False) -> Kept:
        """The newest version that can be read. A damaged or too new file is set aside, and the one before is used.

        look_only: leave a bad file where it is.
        """
        notes: list[str] = []
        return Kept(self._newest(lambda body: body, notes, look_only), tuple(notes))

    def load_as(
        self, reader: Callable[[dict[str, object]], Read], *, look_only: bool = False
    ) -> tuple[Read, list[str]]:
        """(`reader`'s result for the newest version that it can read, notes for the log and the page).

        reader: if it raises anything, that version is set aside and the one before is used. Without any version it
        gets an empty content, for which it must not raise.
        """
        notes: list[str] = []
        found = self._newest(lambda body: (reader(body),), notes, look_only)
        return found[0] if found is not None else reader({}), notes

    def _newest(self, reader: Callable[[dict[str, object]], Read], notes: list[str], look_only: bool) -> Read | None:
        for path in (self.path, self.previous):
            try:
                read = self._use(reader, self._read(path, notes))
            except FileNotFoundError:
                continue
            except _BadFile as bad:
                notes.append(f"{path}: {bad}" + ("" if look_only else f"; {self.set_aside(path)}"))
                continue
            except OSError as error:
                notes.append(f"{path}: cannot be read: {error.strerror}")
                continue
            if path is self.previous:
                notes.append(f"{path}: used instead, the {self._what} before the last change")
            return read
        if notes:
            notes.append(f"the {self._what} start from their defaults")
        return None

    @staticmethod
    def _use(reader: Callable[[dict[str, object]], Read], body: dict[str, object]) -> Read:
        """Raises _BadFile when the reader raises anything: a saved file must never stop a start."""
        try:
            return reader(body)
        except Exception as error:
            why = str(error) or type(error).__name__
            raise _BadFile(f"cannot be used: {why[:200]}") from None

    def save(self, body: Mapping[str, object]) -> bool:
        """Write `body`; the file is whole at every moment. Returns False, and sets `problem`, when it cannot."""
        text = self._text(body)
        fresh = self._beside(".new")
        try:
            if len(text) > self._largest_bytes:
                raise OSError(errno.EFBIG, f"{len(text)} bytes, and {self._largest_bytes} are allowed")
            self._make_folder()
            _write(fresh, text.encode(), self._mode)
            self._keep_previous()
            os.replace(fresh, self.path)
            sync_folder(self._folder)
        except OSError as error:
            self.problem = f"{self._what} are kept in memory only: {self.path} cannot be written: {error.strerror}"
            self._folder_is_sure = False
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)  # half a file only takes space
            return False
        self.problem = ""
        return True

    def why_not(self, body: Mapping[str, object]) -> str:
        """Why `body` is too long to save, however much room the disk has; empty when it is not."""
        length = len(self._text(body))
        return f"{length} bytes, and {self._largest_bytes} are allowed" if length > self._largest_bytes else ""

    def _text(self, body: Mapping[str, object]) -> str:
        tree = {"schema": self._schema, self._key: dict(body)}
        return json.dumps(tree, indent=1, sort_keys=True, allow_nan=False) + "\n"

    def _make_folder(self) -> None:
        """Once, and again after a failed save: the folder may have been removed."""
        if self._folder_is_sure:
            return
        make_folder(self._folder)
        self._folder_is_sure = True

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)

    def _read(self, path: Path, notes: list[str]) -> dict[str, object]:
        """The object under `key`, without what JSON cannot hold. Raises _BadFile or OSError."""
        try:
            tree = json.loads(read_file(path, self._largest_bytes))
        except HandedInError as error:
            raise _BadFile(error.words) from None
        except (ValueError, RecursionError):
            raise _BadFile("is damaged") from None
        if flat(tree) is None:
            raise _BadFile(f"is more than {DEEPEST} deep")
        usual = plain(tree)
        if usual != tree:
            notes.append(f"{path}: a text that is no Unicode, or a number that is none, was taken out of it")
            tree = usual
        if (
            not isinstance(tree, dict)
            or type(tree.get("schema")) is not int
            or not isinstance(tree.get(self._key), dict)
        ):
            raise _BadFile(f"is not a {self._what} file")
        return self._migrated(tree["schema"], dict(tree[self._key]))

    def _migrated(self, schema: int, body: dict[str, object]) -> dict[str, object]:
        """The content in today's schema. Raises _BadFile."""
        readable = [n for n in range(self._schema, 0, -1) if all(m in self._migrations for m in range(n, self._schema))]
        if schema not in readable:
            words = f"{readable[-1]} to {self._schema}" if len(readable) > 1 else str(self._schema)
            raise _BadFile(f"has schema {schema}, from another version of Hushbox; this one reads {words}")
        for older in range(schema, self._schema):
            try:
                body = self._migrations[older](body)
            except Exception as error:  # no version of Hushbox has written this content
                raise _BadFile(f"cannot be brought from schema {older} to {older + 1} ({error!r})") from None
        return body

    def _keep_previous(self) -> None:
        """Make the present file the version before as well."""
        link = self._beside(".1.new")
        link.unlink(missing_ok=True)
        try:
            os.link(self.path, link)
        except FileNotFoundError:
            return  # nothing saved yet
        except OSError:  # a file system without hard links
            _write(link, self.path.read_bytes(), self._mode)
        os.replace(link, self.previous)
        link.unlink(missing_ok=True)  # a rename between two links to one file does nothing and leaves both

    def set_aside(self, path: Path) -> str:
        """Rename a bad file to the first free <name>.bad-<n>, or replace the oldest. Returns the result in words."""
        places = [self._beside(f".bad-{n}") for n in range(1, MOST_BAD + 1)]
        try:
            free = (p for p in places if not os.path.lexists(p))
            place = next(free, None) or min(places, key=lambda p: p.lstat().st_mtime_ns)
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
            os.replace(path, place)
            os.utime(place, follow_symlinks=False)
        except OSError as error:
            return f"could not be set aside: {error.strerror}"
        return f"set aside as {place.name}"


def plain(tree: Any) -> Any:
    """`tree` without what cannot be sent or saved: lone surrogates, NaN, infinite and too large numbers."""
    if isinstance(tree, str):
        return tree if tree.isascii() else tree.encode(errors="replace").decode()
    if isinstance(tree, dict):
        return {plain(key): plain(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [plain(value) for value in tree]
    if isinstance(tree, float):
        return tree if math.isfinite(tree) else None
    return None if isinstance(tree, int) and not -_LARGEST_INT <= tree <= _LARGEST_INT else tree


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write `data` to `path`; the file has all of it or its old content at every moment. Raises OSError."""
    fresh = path.with_name(path.name + ".new")
    _write(fresh, data, mode)
    os.replace(fresh, path)
    sync_folder(path.parent)


def _write(path: Path, data: bytes, mode: int) -> None:
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def make_folder(folder: Path) -> None:
    """Create a folder durably: the folder above is synced too, because it holds the name. Raises OSError."""
    missing = [each for each in (folder, *folder.parents) if not each.is_dir()]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for each in missing or [folder]:  # an existing one may be new, made by a process that was killed before it synced
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename durable. A file system that cannot sync folders (some network ones) is no error. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)
