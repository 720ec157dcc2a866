"""A JSON file that survives power cuts: written whole or not at all, with the version before it kept beside it."""

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

MOST_BAD = 5  # files set aside; the oldest makes room
OTHER_VERSION = "is not a parameter of this version; ignored"  # the end of a note that is no mistake
MOST_NOTES = 20
LARGEST_BYTES = 1_000_000
_LARGEST_INT = 2**53  # what every reader of JSON has exactly
_CANNOT_SYNC = (errno.EINVAL, errno.EBADF, errno.EOPNOTSUPP, errno.ENOSYS)

Read = TypeVar("Read")

Migration = Callable[[dict[str, object]], dict[str, object]]
"""Content of one schema -> content of the next. May raise anything: the file is then set aside as damaged."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What load() found. body: None when there is nothing that can be read."""

    body: dict[str, object] | None
    notes: tuple[str, ...]  # for the log and the page, empty when all was well


def shortened(notes: Sequence[str]) -> tuple[str, ...]:
    """Notes as people can read them: twenty at most, those that only tell of another version last."""
    ordered = sorted(notes, key=lambda note: note.endswith(OTHER_VERSION))
    rest = ordered[MOST_NOTES:]
    if not rest:
        return tuple(ordered)
    alike = all(note.endswith(OTHER_VERSION) for note in rest)
    return (*ordered[:MOST_NOTES], f"and {len(rest)} more" + (f": each {OTHER_VERSION}" if alike else ""))


class _BadFile(Exception):
    """Why a file cannot be used, in words that follow its name."""


class KeptFile:
    """One file in the state folder; `<name>.1` beside it is the version before. One thread at a time.

    folder: need not exist. key: the object in the file that holds everything, beside its schema number. what: the
    content in words ("settings"). migrations: for each older schema that is still read, what turns its content into
    that of the next one. Nothing here raises for a fault of the disk: see `problem`.
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
        """private: for the box's own user only. largest_bytes: what is read again, so more is not written."""
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
        """The newest version that can be read. A broken or newer file is set aside, and the one before is used.

        look_only: leave a bad file where it is.
        """
        notes: list[str] = []
        return Kept(self._newest(lambda body: body, notes, look_only), tuple(notes))

    def load_as(
        self, reader: Callable[[dict[str, object]], Read], *, look_only: bool = False
    ) -> tuple[Read, list[str]]:
        """What `reader` makes of the newest version that it can read, and notes for the log and the page.

        reader: may raise anything at what it cannot use; that version is then set aside, and the one before is used.
        Where there is none, what it makes of an empty content, at which it must not raise.
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
        """Raises _BadFile when the reader raises, whatever it raises: what is kept must never stop a start."""
        try:
            return reader(body)
        except Exception as error:
            why = str(error) or type(error).__name__
            raise _BadFile(f"cannot be used: {why[:200]}") from None

    def save(self, body: Mapping[str, object]) -> bool:
        """Write `body`; at every moment a whole file is there. Returns False, with `problem` set, when it cannot."""
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
                fresh.unlink(missing_ok=True)  # half of a file only takes room
            return False
        self.problem = ""
        return True

    def why_not(self, body: Mapping[str, object]) -> str:
        """Why `body` could not be saved, whatever the disk; empty when it could."""
        length = len(self._text(body))
        return f"{length} bytes, and {self._largest_bytes} are allowed" if length > self._largest_bytes else ""

    def _text(self, body: Mapping[str, object]) -> str:
        tree = {"schema": self._schema, self._key: dict(body)}
        return json.dumps(tree, indent=1, sort_keys=True, allow_nan=False) + "\n"

    def _make_folder(self) -> None:
        """Once, until a save fails: the folder may have been taken away."""
        if self._folder_is_sure:
            return
        make_folder(self._folder)
        self._folder_is_sure = True

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)

    def _read(self, path: Path, notes: list[str]) -> dict[str, object]:
        """The object under `key` as it stands, but for what JSON has no words for. Raises _BadFile or OSError."""
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
            except Exception as error:  # content that no version of ours has written
                raise _BadFile(f"cannot be brought from schema {older} to {older + 1} ({error!r})") from None
        return body

    def _keep_previous(self) -> None:
        """Let the file before be what the file is now; the file itself stays where it is."""
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
        """Rename a bad file to the first free <name>.bad-<n>, or over the oldest. Returns what happened."""
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
    """`tree` with nothing in it that cannot be sent or saved again: lone surrogates, NaN, endless numbers."""
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
    """Let `path` hold `data`; at every moment it has all of that or what it had. Raises OSError."""
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
    """Let a folder be there, and stay there: its own name is a change in the folder above. Raises OSError."""
    missing = [each for each in (folder, *folder.parents) if not each.is_dir()]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for each in missing or [folder]:  # one that is there may be just made, by somebody who was killed since
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename durable. File systems that cannot sync a folder (some network ones) are let be. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)
