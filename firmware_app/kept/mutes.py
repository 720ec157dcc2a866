"""The record of mutes: a file of fixed size, which is overwritten in place and so can be saved on a full disk.

It has two records, which are written in turn, each in its own block with a number and a checksum. After a power cut the
older one is still there. A record also names what could not be saved, so the next start knows what it cannot know.

Where settings could not be saved, or nobody knows what was muted, the box starts muted and says why. Every reset
(damaged files, older settings, a restore) leaves what was muted muted. The page's answer to a mute waits up to 2 s for
the record, and says so when the mute would not outlive a power cut.
"""

import contextlib
import json
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dsp.layouts.stems import STEMS
from dsp.rack.dry_path import MUTE
from firmware_app.kept.kept_file import make_folder, sync_folder

NAME = "mutes"
BLOCK_BYTES = 4096  # a page of most disks: a torn write never reaches the other record
_RECORDS = 2

MUTES = frozenset({MUTE.id, *(f"stems.{stem}.mute" for stem in STEMS)})
SILENCING = frozenset({*MUTES, *(f"stems.{stem}.solo" for stem in STEMS)})
"""The parameters that `silences` depends on."""


def silences(values: Mapping[str, float]) -> frozenset[str]:
    """Everything that `values` mute. A stem that is silent because another has solo counts as muted."""
    soloed = any(values.get(f"stems.{stem}.solo") for stem in STEMS)
    silent = {
        f"stems.{stem}.mute"
        for stem in STEMS
        if values.get(f"stems.{stem}.mute") or (soloed and not values.get(f"stems.{stem}.solo"))
    }
    return frozenset(silent | ({MUTE.id} if values.get(MUTE.id) else set()))


@dataclass(frozen=True, slots=True)
class KeptMutes:
    """What a start finds. silent: ids of mutes that were on. unsaved: what could not be saved then, in words.

    silent is None without a valid record; `damaged` says why, unless there has never been one.
    """

    silent: frozenset[str] | None = None
    unsaved: tuple[str, ...] = ()
    damaged: str = ""


class MutesFile:
    """The file in the state folder. Raises nothing for an error of the disk. One thread writes, any may read."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._stale = folder / f"{NAME}.stale"
        self._number = 0  # of the newest record, once it is known

    def load(self) -> KeptMutes:
        """The newest record that is whole."""
        try:
            records = self._records()
        except FileNotFoundError:
            return KeptMutes(damaged=f"{self.path}: could not be written last" if self._stale.exists() else "")
        except OSError as error:
            return KeptMutes(damaged=f"{self.path}: cannot be read: {error.strerror}")
        if not records:
            return KeptMutes(damaged=f"{self.path}: is damaged")
        tree = records[max(records)]
        return KeptMutes(frozenset(tree["silent"]), tuple(name[:40] for name in tree["unsaved"] if name.isprintable()))

    def save(self, silent: Iterable[str], unsaved: Iterable[str] = ()) -> str:
        """Overwrite the older record; it is on disk on return. Returns why that failed, else ""."""
        body = {"silent": sorted(silent), "unsaved": sorted(unsaved)}
        try:
            try:
                self._overwrite(body)
            except FileNotFoundError:
                self._create(body)
        except OSError as error:
            # The records there are no longer true, so no start must use them. A rename needs no room on the disk.
            with contextlib.suppress(OSError):
                os.rename(self.path, self._stale)
            self._number = 0
            return f"what is muted would not outlive a power cut: {self.path} cannot be written: {error.strerror}"
        return ""

    def _records(self) -> dict[int, dict[str, list[str]]]:
        """The valid records by number. Raises OSError."""
        with self.path.open("rb") as file:
            data = file.read(_RECORDS * BLOCK_BYTES)
        found = {}
        for at in range(0, len(data), BLOCK_BYTES):
            tree = _read(data[at : at + BLOCK_BYTES])
            if tree is not None:
                found[tree[0]] = tree[1]
        return found

    def _overwrite(self, body: Mapping[str, list[str]]) -> None:
        """Raises OSError; FileNotFoundError when there is no file, or no valid one."""
        if not self._number:
            self._number = max(self._records(), default=0)
        if not self._number or self.path.stat().st_size != _RECORDS * BLOCK_BYTES:
            raise FileNotFoundError
        number = self._number + 1
        descriptor = os.open(self.path, os.O_WRONLY)
        try:
            os.pwrite(descriptor, _record(number, body), number % _RECORDS * BLOCK_BYTES)
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
        self._number = number

    def _create(self, body: Mapping[str, list[str]]) -> None:
        """Write a new file with both records, whole or not at all. Raises OSError."""
        make_folder(self.path.parent)
        fresh = self.path.with_name(NAME + ".new")
        try:
            with open(fresh, "wb", opener=lambda name, flags: os.open(name, flags, 0o640)) as file:
                os.fchmod(file.fileno(), 0o640)  # the audio process, of the same group, starts from it
                file.write(_record(2, body) + _record(1, body))
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, self.path)
            self._stale.unlink(missing_ok=True)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise
        sync_folder(self.path.parent)
        self._number = 2


def _record(number: int, body: Mapping[str, list[str]]) -> bytes:
    """One block: a line of checksum and JSON, filled up with spaces."""
    text = json.dumps({"number": number, **body}).encode()
    line = b"%08x %s\n" % (zlib.crc32(text), text)
    if len(line) > BLOCK_BYTES:
        raise ValueError(f"{len(line)} bytes of mutes: {BLOCK_BYTES} are allowed")
    return line.ljust(BLOCK_BYTES, b" ")


def _read(block: bytes) -> tuple[int, dict[str, list[str]]] | None:
    """(number, body) of a valid record; None for any other block."""
    checksum, _, text = block.partition(b"\n")[0].partition(b" ")
    if b"%08x" % zlib.crc32(text) != checksum:
        return None
    try:
        tree = json.loads(text)
        number, silent, unsaved = tree["number"], tree["silent"], tree["unsaved"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    whole = type(number) is int and number > 0 and isinstance(silent, list) and isinstance(unsaved, list)
    if not whole or not all(isinstance(text, str) for text in (*silent, *unsaved)):
        return None
    return number, {"silent": silent, "unsaved": unsaved}
