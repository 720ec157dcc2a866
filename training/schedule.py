"""Shared by both training programs: the learning rate's schedule, rows of results, counts on the command line."""

from __future__ import annotations

import argparse
import csv
import math
from pathlib import Path
from typing import Any

CHECKPOINTS = Path("training/checkpoints")
WARM_UP_STEPS = 150
KEEP_STATE_SHARE = 0.5  # of examples start with the state that another example left, as on the box


def rate_factor(step: int, warm_from: int, decay_from: int | None, decay_steps: int) -> float:
    """Warm-up from step `warm_from`, constant, then a decay."""
    if decay_from is not None:
        return decay_factor((step - decay_from) / decay_steps)
    return min(1.0, (step - warm_from + 1) / WARM_UP_STEPS)


def decay_factor(share: float) -> float:
    """The factor of the learning rate after `share` of the decay: 1 - sqrt, down to zero (Hägele et al. 2024)."""
    return max(0.0, 1 - math.sqrt(share))


def append_row(path: Path, row: dict[str, Any]) -> None:
    """Add `row` to the CSV file at `path`, its names first in a new one."""
    new = not path.exists()
    with path.open("a", newline="") as out:
        writer = csv.DictWriter(out, row.keys())
        if new:
            writer.writeheader()
        writer.writerow(row)


def count(text: str) -> int:
    """An argument that is a whole number of 1 or more. Raises ArgumentTypeError, ValueError."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value}: allowed is 1 or more")
    return value
