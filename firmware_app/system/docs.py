"""The docs that came with the box: Markdown pages and their pictures, by name.

A name is looked up among those that are there. It is never made a path.
"""

from pathlib import Path

from firmware_app.errors import AppError

FIRST = "index.md"


class NoSuchDocError(AppError, LookupError):
    """There is no such page or picture here."""


def page(folder: Path, name: str) -> str:
    """The Markdown of a page; "" is the first. Raises NoSuchDocError."""
    pages = {path.stem: path for path in folder.glob("*.md")}
    if name and name not in pages:
        raise NoSuchDocError(f"docs: no page is called {name[:40]!r}")
    return _read(pages[name] if name else folder / FIRST).decode()


def picture(folder: Path, name: str) -> bytes:
    """A PNG. Raises NoSuchDocError."""
    pictures = {path.name: path for path in (folder / "images").glob("*.png")}
    if name not in pictures:
        raise NoSuchDocError(f"docs: no picture is called {name[:40]!r}")
    return _read(pictures[name])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise NoSuchDocError(f"docs: there is no {path.name} on this box") from None
