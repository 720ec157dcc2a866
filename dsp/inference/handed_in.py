"""Reads files from users. Each is checked first: a regular file, in its folder, of a sensible size.

A path may lead to a pipe that never ends, a device, a sparse file of six gigabytes or a link to somewhere else.
"""

import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from dsp.errors import DspError

DEEPEST = 32  # levels of nested tables; ours have five
_LARGEST_INT = 2**63
# a.b.c = 1: tomllib takes hours for a key of some thousand parts.
_DEEP_KEY = re.compile(
    rf"""(?:^|[\[{{,])[ \t]*+(?:(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{DEEPEST},}}""",
    re.MULTILINE,
)
_CHUNK_BYTES = 1 << 20
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class HandedInError(DspError, ValueError):
    """A file that is refused. words: why; they follow the file's name in the message."""

    def __init__(self, path: Path, words: str) -> None:
        self.words = words
        super().__init__(f"{path}: {words}")


def read_file(path: Path, largest_bytes: int, within: Path | None = None) -> bytes:
    """The bytes of a regular file. within: the folder that it must lie in after links are followed.

    Raises HandedInError for anything else, and OSError as open() does.
    """
    return b"".join(file_chunks(path, largest_bytes, within))


def file_chunks(path: Path, largest_bytes: int, within: Path | None = None) -> Iterator[bytes]:
    """The same in pieces of a megabyte. The file is checked before the first one."""
    with _opened(path, largest_bytes, within) as file:
        left = largest_bytes
        while piece := file.read(min(_CHUNK_BYTES, left + 1)):
            left -= len(piece)
            if left < 0:  # it has grown since it was checked
                raise HandedInError(path, f"is longer than {largest_bytes} bytes, the most that are read")
            yield piece


def read_toml(path: Path, largest_bytes: int, within: Path | None = None) -> dict[str, Any]:
    """A TOML file in UTF-8. Raises HandedInError, OSError."""
    try:
        return parse_toml(read_file(path, largest_bytes, within).decode())
    except HandedInError:
        raise
    except ValueError as error:  # of TOML and of UTF-8
        raise HandedInError(path, f"is not TOML: {error}") from None


def parse_toml(text: str) -> dict[str, Any]:
    """Parse a TOML text in a time proportional to its length. Raises ValueError; TOMLDecodeError is one."""
    deep = f"more than {DEEPEST} deep"
    if _DEEP_KEY.search(text):
        raise ValueError(deep)
    try:
        tree = tomllib.loads(text)
    except RecursionError:
        raise ValueError(deep) from None
    values = flat(tree)
    if values is None:
        raise ValueError(deep)
    long = next((v for v in values if isinstance(v, int) and not -_LARGEST_INT <= v < _LARGEST_INT), None)
    if long is not None:  # to print it would take hours
        raise ValueError(f"a whole number of {long.bit_length()} bits; 64 are allowed")
    return tree


def flat(tree: object) -> list[object] | None:
    """Every value of a tree of plain values; None when it is deeper than DEEPEST."""
    found: list[object] = []
    level = [tree]
    for _ in range(DEEPEST):
        found += level
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return found
    return None


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _opened(path: Path, largest_bytes: int, within: Path | None) -> IO[bytes]:
    _judge(path, os.stat(path), largest_bytes)
    if within is not None:
        real, folder = Path(os.path.realpath(path)), Path(os.path.realpath(within))
        if not real.is_relative_to(folder):
            raise HandedInError(path, f"leads out of its folder, to {real}")
    # Non-blocking: if the path has become a pipe meanwhile, opening it could wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        _judge(path, os.fstat(descriptor), largest_bytes)
    except HandedInError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def _judge(path: Path, found: os.stat_result, largest_bytes: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = next((words for is_kind, words in _KINDS if is_kind(found.st_mode)), "no regular file")
        raise HandedInError(path, f"is {kind}, not a file")
    if found.st_size > largest_bytes:
        raise HandedInError(path, f"is {found.st_size} bytes long; at most {largest_bytes} are read")
