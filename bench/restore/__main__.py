"""Each stage of the vocal chain against a known truth, in one table.

    python -m bench.restore [--only declick,hum] [--limit N]

Each module of this folder with `rows(limit)` makes a degradation whose truth is known from voices, noises and rooms of
`../shared/data` (never of `data/eval`), and compares doing nothing, our stage, and one public tool or published method
on the same input. `no_harm` runs clean voices through each stage and through all of them. A tool that is missing is
left out. Bold is the better of ours and theirs.
"""

from __future__ import annotations

import argparse
import importlib
import math
import pkgutil
import sys
import time
from collections.abc import Callable, Sequence

import bench.restore
from bench.restore.rows import Row

Rows = Callable[[int | None], Sequence[Row]]


def benches() -> dict[str, Rows]:
    """Every module with rows(), by its name."""
    found: dict[str, Rows] = {}
    for module in pkgutil.iter_modules(bench.restore.__path__):
        if module.name not in ("__main__", "rows"):
            rows = getattr(importlib.import_module(f"bench.restore.{module.name}"), "rows", None)
            if rows is not None:
                found[module.name] = rows
    return found


def table(rows: Sequence[Row]) -> str:
    """As Markdown."""
    lines = ["| stage | what | measure | nothing | ours | other |", "| --- | --- | --- | --- | --- | --- |"]
    return "\n".join([*lines, *map(_line, rows)])


def _line(row: Row) -> str:
    ours, other = _number(row.ours), "" if row.other is None else f"{_number(row.other)} ({row.other_name})"
    if row.other is not None:
        better = row.ours >= row.other if row.more_is_better else row.ours <= row.other
        ours, other = (f"**{ours}**", other) if better else (ours, f"**{_number(row.other)}** ({row.other_name})")
    return f"| {row.stage} | {row.what} | {row.measure} | {_number(row.nothing)} | {ours} | {other} |"


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3g}" if abs(value) < 1.0 else f"{value:.1f}"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.restore", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", metavar="NAMES", default="", help="modules of this folder, with commas between")
    parser.add_argument("--limit", metavar="N", type=int, help="so many voices of each kind")
    options = parser.parse_args(argv)
    all_of_them = benches()
    wanted = [name.strip() for name in options.only.split(",") if name.strip()] or list(all_of_them)
    if unknown := [name for name in wanted if name not in all_of_them]:
        print(f"bench.restore: --only {unknown[0]}: allowed {', '.join(all_of_them)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name in wanted:
        begun = time.monotonic()
        rows += all_of_them[name](options.limit)
        print(f"bench.restore: {name}, {time.monotonic() - begun:.0f} s", file=sys.stderr)
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
