"""The page's scripts and style sheets: bundled into a few files where the bundle is current, else as they are.

`packaging/page/build.sh` (make page) bundles them with esbuild; the result is committed. A phone waits for each file
that it fetches, so the first view takes six files instead of thirty.

    python -m web_ui.bundle sources     # a hash of the sources, to compare with the one in static/built
    python -m web_ui.bundle sheets      # the style sheets in their order
"""

import hashlib
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATIC = Path(__file__).resolve().with_name("static")
SHEETS = ("base", "shell", "controls", "sections", "panel_setup", "direction")  # before those of single views
MAIN = "js/main.js"
DOOR = "js/door.js"  # of the page for those who are not paired
BUILT = "built"
_IMPORT = re.compile(r'(?:^|;)import[^"()]*"(\.{1,2}/[\w./-]+\.js)"', re.MULTILINE)


@dataclass(frozen=True)
class PageFiles:
    """Paths below static/: the entry, the modules that it needs at once, the style sheets."""

    main: str
    modules: tuple[str, ...]
    sheets: tuple[str, ...]


@cache
def page_files(main: str = MAIN) -> PageFiles:
    """The bundle of `main`, MAIN or DOOR, if it was made from the sources beside it, else the sources."""
    if is_current():
        built = main.replace("js/", f"{BUILT}/")
        return PageFiles(built, first_modules(built), (f"{BUILT}/page.css",))
    return PageFiles(main, first_modules(main), sheets())


def is_current(static: Path = STATIC) -> bool:
    """Whether static/built was made from the files in static/js and static/css."""
    try:
        built_from = (static / BUILT / "sources.txt").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return built_from.strip() == sources(static)


def sources(static: Path = STATIC) -> str:
    """A hash over every script and style sheet with its name."""
    total = hashlib.sha256()
    for path in sorted([*(static / "js").rglob("*.js"), *(static / "css").rglob("*.css")]):
        total.update(f"{path.relative_to(static).as_posix()} ".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def sheets() -> tuple[str, ...]:
    """Style sheets in their order: the general ones, then one file a view or section."""
    parts = sorted(path.relative_to(STATIC).as_posix() for path in (STATIC / "css").glob("*/**/*.css"))
    return (*(f"css/{name}.css" for name in SHEETS), *parts)


def first_modules(main: str = MAIN) -> tuple[str, ...]:
    """Every module that `main` imports at the start. The page names them, so that the browser fetches all at once."""
    found: list[Path] = []
    waiting = [STATIC / main]
    while waiting:
        module = waiting.pop(0)
        if module not in found:
            found.append(module)
            text = module.read_text(encoding="utf-8")
            waiting += [(module.parent / name).resolve() for name in _IMPORT.findall(text)]
    return tuple(module.relative_to(STATIC).as_posix() for module in found[1:])


if __name__ == "__main__":
    print(sources() if sys.argv[1:] == ["sources"] else "\n".join(sheets()))
