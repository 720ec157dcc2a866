"""Unpack a version's archive (.tar.xz): folders and regular files below one folder, and nothing else.

The archive is signed, so this guards against the maker's mistakes rather than against strangers; it is as strict all
the same. Links are made here (`.venv/bin/python`), never taken from an archive.
"""

import lzma
import os
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

from firmware_app.update.layout import UpdateError
from firmware_app.update.offer import Offer

_PIECE_BYTES = 1 << 20
_HEADERS_BYTES = 4096  # a file's headers and padding in a tar archive, at most, but for very long names
_DEEPEST, _LONGEST_NAME = 24, 1000


class _Bounded:
    """Reads what a decompressor gives, up to a bound: an archive may claim little and hold terabytes."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file = file
        self._left = most

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise UpdateError("damaged", "the archive holds more than it was signed for")
        return data


def unpack(archive: Path, folder: Path, offer: Offer, tell: Callable[[int], None] = lambda got: None) -> None:
    """Unpack into `folder`, which must not exist. tell: called with the bytes so far. Raises UpdateError, OSError.

    What was unpacked before an error stays, for the caller to remove.
    """
    folder.mkdir(mode=0o755)
    made, got = 0, 0
    try:
        with lzma.open(archive) as plain, tarfile.open(
            fileobj=cast(IO[bytes], _Bounded(plain, offer.unpacked_bytes + _HEADERS_BYTES * (offer.files + 16))),
            mode="r|", encoding="utf-8", errors="strict",
        ) as tar:  # fmt: skip
            for member in tar:
                place = folder / _inside(member, offer.version)
                made += 1
                if made > offer.files:
                    raise UpdateError(
                        "damaged", f"the archive holds more than the {offer.files} files it was signed for"
                    )
                if member.isdir():
                    place.mkdir(mode=0o755, exist_ok=True)
                    continue
                source = tar.extractfile(member)
                assert source is not None  # it is a regular file
                got += _write(source, place, 0o755 if member.mode & stat.S_IXUSR else 0o644)
                if got > offer.unpacked_bytes:
                    raise UpdateError("damaged", "the archive holds more than it was signed for")
                tell(got)
        if (made, got) != (offer.files, offer.unpacked_bytes):
            raise UpdateError("damaged", f"the archive holds {made} files of {got} bytes, and was signed for others")
    except UpdateError:
        raise
    except OSError as error:
        if error.errno is None:  # tarfile and lzma raise some of these for bad content
            raise UpdateError("damaged", f"the archive is damaged: {error}") from None
        raise
    except (tarfile.TarError, lzma.LZMAError, EOFError, ValueError, OverflowError, RecursionError) as error:
        raise UpdateError("damaged", f"the archive is damaged: {error or type(error).__name__}") from None


def _inside(member: tarfile.TarInfo, version: str) -> str:
    """The path of a member below the version's folder. Raises UpdateError for what does not belong there."""
    name = member.name
    shown = name[:120].encode("ascii", "backslashreplace").decode()
    if not (member.isreg() or member.isdir()) or member.issparse():
        raise UpdateError("damaged", f"the archive holds {shown!r}, which is neither a file nor a folder")
    parts = name.split("/")
    if parts[0] != version or len(parts) > _DEEPEST or len(name) > _LONGEST_NAME:
        raise UpdateError("damaged", f"the archive holds {shown!r}, outside of {version}/")
    if any(part in ("", ".", "..") or "\\" in part or not part.isprintable() for part in parts):
        raise UpdateError("damaged", f"the archive holds {shown!r}, which is no proper name")
    return "/".join(parts[1:]) or "."


def _write(source: IO[bytes], place: Path, mode: int) -> int:
    """Write one file that does not exist yet. Returns its bytes."""
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    except FileExistsError:
        raise UpdateError("damaged", f"the archive holds {place.name[:120]!r} twice") from None
    got = 0
    with open(descriptor, "wb") as file:
        while piece := source.read(_PIECE_BYTES):
            got += file.write(piece)
        os.fchmod(descriptor, mode)  # whatever the umask
    return got
