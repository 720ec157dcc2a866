"""Where updates come from: a folder, a USB stick, or a URL. Nothing that a source says is believed: trust.py checks."""

import contextlib
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import urllib3

from firmware_app.update.layout import UpdateError

ON_STICK = "hushbox-update"  # the folder on a stick
MOUNTS = (Path("/media"), Path("/run/media"), Path("/mnt"))
PIECE_BYTES = 1 << 18
QUIET_S = 20.0  # a server that says nothing for this long
SLOWEST_BYTES_S = 2_000.0  # on average, after QUIET_S: a server may not hold the box for ever
_NAME = re.compile(r"(metadata|targets)/[A-Za-z0-9][A-Za-z0-9._+-]{0,199}", re.ASCII)


class NoSuchFile(UpdateError):
    """The source does not have that file."""

    def __init__(self, words: str) -> None:
        super().__init__("source", words)


class Source(Protocol):
    """A repository's files."""

    def pieces(self, name: str, offset: int = 0) -> Iterator[bytes]:
        """A file ("metadata/timestamp.json") from `offset` on. Raises NoSuchFile, UpdateError."""
        ...


def source_of(where: str) -> "Source":
    """A folder or a URL by its text. Raises UpdateError."""
    if where.startswith(("http://", "https://")):
        return UrlSource(where)
    if "://" in where:
        raise UpdateError(
            "source", f"source = {where[:200]!r}: a folder, or a URL with http:// or https:// is expected"
        )
    folder = Path(os.path.expanduser(where)).absolute()
    if os.path.isdir(folder / ON_STICK):  # os.path takes what cannot be looked at for a folder that is not there
        folder = folder / ON_STICK
    if not os.path.isdir(folder / "metadata"):
        raise UpdateError(
            "source", f"source = {str(folder)!r}: no folder with a metadata/ in it, so no updates are there"
        )
    return FolderSource(folder)


def sticks(mounts: tuple[Path, ...] = MOUNTS) -> list[Path]:
    """Update folders on everything that is mounted as a medium, in order of their names."""
    found = []
    for mount in mounts:
        for pattern in (ON_STICK, f"*/{ON_STICK}", f"*/*/{ON_STICK}"):
            with contextlib.suppress(OSError):
                found += [path for path in mount.glob(pattern) if (path / "metadata").is_dir()]
    return sorted(set(found))


class FolderSource:
    """A folder, which may be somebody else's: no link is followed, and only regular files are read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def pieces(self, name: str, offset: int = 0) -> Iterator[bytes]:
        _checked(name)
        part, _, file_name = name.partition("/")
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            within = os.open(self.folder / part, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
            try:
                descriptor = os.open(file_name, flags, dir_fd=within)
            finally:
                os.close(within)
            with open(descriptor, "rb", buffering=0) as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise UpdateError("source", f"{self.folder / name}: not a regular file")
                file.seek(offset)
                while piece := file.read(PIECE_BYTES):
                    yield piece
        except FileNotFoundError:
            raise NoSuchFile(f"{self.folder / name}: not there") from None
        except OSError as error:
            raise UpdateError("source", f"{self.folder / name}: {error.strerror}") from None


# `total` goes before the others: 0 would refuse the first redirection.
_RETRIES = urllib3.Retry(total=3, connect=0, read=0, redirect=3, status=0, other=0)


class UrlSource:
    """A web server. Certificates are checked; over plain http, too, nothing passes that is not signed."""

    def __init__(self, url: str) -> None:
        """Raises UpdateError for what is no such URL."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise UpdateError(
                "source", f"source = {url[:200]!r}: a URL such as https://example.org/hushbox is expected"
            )
        self._url = url.rstrip("/") + "/"
        self._pool = urllib3.PoolManager(headers={"User-Agent": "hushbox"}, retries=_RETRIES)

    def pieces(self, name: str, offset: int = 0) -> Iterator[bytes]:
        url = self._url + _checked(name)
        headers = {"User-Agent": "hushbox", "Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        began, got = time.monotonic(), 0
        try:
            answer = self._pool.request(
                "GET", url, headers=headers, preload_content=False, timeout=urllib3.Timeout(QUIET_S)
            )
            try:
                if answer.status in (403, 404):
                    raise NoSuchFile(f"{url}: not there ({answer.status})")
                skip = 0
                if offset and answer.status == 200:
                    skip = offset  # it knows no ranges, and sends all of it again
                elif answer.status != (206 if offset else 200):
                    raise UpdateError("source", f"{url}: the server answers {answer.status}")
                elif offset and not answer.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
                    said = answer.headers.get("Content-Range", "")[:80]
                    raise UpdateError("source", f"{url}: asked from byte {offset} on, the server sends {said!r}")
                for piece in answer.stream(PIECE_BYTES, decode_content=False):
                    got += len(piece)
                    took_s = time.monotonic() - began
                    if took_s > QUIET_S and got < SLOWEST_BYTES_S * took_s:
                        raise UpdateError("source", f"{url}: too slow, {got} bytes in {took_s:.0f} s")
                    if skip < len(piece):
                        yield piece[skip:]
                    skip = max(0, skip - len(piece))
            finally:
                answer.close()
        except urllib3.exceptions.HTTPError as error:
            raise UpdateError("source", f"{url}: {_short(error)}") from None


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UpdateError("damaged", f"{name[:80]!r} is no name of a file in a repository")
    return name


def _short(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return f"{type(reason).__name__}: {reason}"[:200]
