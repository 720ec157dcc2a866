"""Short tables on a terminal."""

from collections.abc import Sequence

_GAP = "  "


def lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows under their heads, each column as wide as its longest cell; the last one is as long as it is."""
    table = [list(heads), *map(list, rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(heads) - 1)]
    padded = [[*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)), row[-1]] for row in table]
    return [_GAP.join(row).rstrip() for row in padded]
