"""Prints what the repository weighs beside what it may (docs/sizes.toml). Fails and names what grew. `make sizes`.

Counted are the files that git tracks, and those that `git add --all` would add.

    python docs/sizes.py
"""

import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = "docs/sizes.toml"
MOST_NAMED = 5

Sizes = Mapping[str, int]  # bytes by path, from the root of the checkout


@dataclass(frozen=True)
class Limits:
    """docs/sizes.toml, in bytes."""

    any_file: int
    groups: Mapping[str, tuple[tuple[str, ...], int]]  # paths and limit, by what the group is called
    files: Mapping[str, int]


def read_limits(text: str) -> Limits:
    raw = tomllib.loads(text)
    return Limits(
        raw["any_file"] * 1000,
        {name: (tuple(group["paths"]), group["limit"] * 1000) for name, group in raw["groups"].items()},
        {path: limit * 1000 for path, limit in raw["files"].items()},
    )


def tracked(checkout: Path) -> dict[str, int]:
    """Size of each file that is tracked or would be added. Raises subprocess.CalledProcessError outside git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True).stdout
    found = (path for path in listed.split("\0") if path and (checkout / path).is_file())
    return {path: (checkout / path).lstat().st_size for path in found}


def committed(checkout: Path) -> dict[str, int]:
    """Size of each file of the last commit."""
    command = ["git", "ls-tree", "-rlz", "HEAD"]
    listed = subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True).stdout
    entries = (entry.split("\t") for entry in listed.split("\0") if entry)
    return {path: int(size) for about, path in entries if (size := about.split()[3]) != "-"}


def members(sizes: Sizes, paths: tuple[str, ...]) -> dict[str, int]:
    """The files that are one of `paths` or lie below one."""
    return {
        path: size
        for path, size in sizes.items()
        if any(top == "." or path == top or path.startswith(f"{top}/") for top in paths)
    }


def mistakes(sizes: Sizes, before: Sizes, limits: Limits) -> list[str]:
    """What weighs more than it may, and entries that stand for no file.  before: sizes in the last commit."""
    wrong = []
    for path, size in sorted(sizes.items()):
        if path in limits.files:
            if size > limits.files[path]:
                wrong.append(f"{path}: {kb(size)}, allowed {kb(limits.files[path])}. To raise it: [files] in {TABLE}")
        elif size > limits.any_file:
            wrong.append(
                f"{path}: {kb(size)}, allowed {kb(limits.any_file)} for a file without a limit of its own."
                f" If it has to be here, give it one: [files] in {TABLE}"
            )
    wrong += [f"{path}: no such file. Take it out of [files] in {TABLE}" for path in limits.files if path not in sizes]
    for name, (paths, limit) in limits.groups.items():
        found = members(sizes, paths)
        total = sum(found.values())
        if total > limit:
            why = grown(found, before) or largest(found)
            wrong.append(f"{name}: {kb(total)}, allowed {kb(limit)}. {why}. To raise it: [groups] in {TABLE}")
    return wrong


def grown(sizes: Sizes, before: Sizes) -> str:
    """The files that grew most since the last commit; empty when none did."""
    more = {path: size - before.get(path, 0) for path, size in sizes.items() if size > before.get(path, 0)}
    named = sorted(more, key=lambda path: -more[path])[:MOST_NAMED]
    return "Grown since the last commit: " + ", ".join(f"{path} by {kb(more[path])}" for path in named) if named else ""


def largest(sizes: Sizes) -> str:
    named = sorted(sizes, key=lambda path: -sizes[path])[:MOST_NAMED]
    return "Largest: " + ", ".join(f"{path} {kb(sizes[path])}" for path in named)


def kb(size: int) -> str:
    """Rounded up, for a limit is broken by one byte too many."""
    return f"{-(-size // 1000):,} kB"


def main() -> int:
    """0 when nothing weighs more than it may, else 1."""
    limits = read_limits((ROOT / TABLE).read_text())
    if not (ROOT / ".git").exists():
        print("sizes: not a git checkout: nothing to weigh")
        return 0
    sizes = tracked(ROOT)
    for name, (paths, limit) in limits.groups.items():
        print(f"{kb(sum(members(sizes, paths).values())):>12} of {kb(limit):>10}  {name}")
    for path in sorted(limits.files, key=lambda path: -sizes.get(path, 0)):
        print(f"{kb(sizes.get(path, 0)):>12} of {kb(limits.files[path]):>10}  {path}")
    wrong = mistakes(sizes, committed(ROOT), limits)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
