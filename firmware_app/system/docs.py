"""The docs that came with the box: Markdown pages and their pictures, by name."""

import re
from pathlib import Path

from firmware_app.errors import AppError

FIRST = "index.md"
_PAGE = re.compile(r"[a-z0-9-]{1,40}")
_PICTURE = re.compile(r"[A-Za-z0-9_-]{1,60}\.png")


class NoSuchDocError(AppError, LookupError):
    """There is no such page or picture here."""


def page(folder: Path, name: str) -> str:
    """The Markdown of a page; "" is the first. Raises NoSuchDocError."""
    if name and not _PAGE.fullmatch(name):
        raise NoSuchDocError(f"docs: no page is called {name[:40]!r}")
    return _read(folder / (f"{name}.md" if name else FIRST)).decode()


def picture(folder: Path, name: str) -> bytes:
    """A PNG. Raises NoSuchDocError."""
    if not _PICTURE.fullmatch(name):
        raise NoSuchDocError(f"docs: no picture is called {name[:40]!r}")
    return _read(folder / "images" / name)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise NoSuchDocError(f"docs: there is no {path.name} on this box") from None
