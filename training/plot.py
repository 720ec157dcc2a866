"""Draw the learning curve of a run.

python -m training.plot --names main cool --out training/denoise_live/curve.png
"""

from __future__ import annotations

import argparse
import csv
import itertools
import math
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot


def column(path: Path, name: str) -> list[float]:
    """One column of a CSV file; empty cells become 0."""
    with path.open(newline="") as file:
        return [float(row[name] or 0) for row in csv.DictReader(file)]


def with_gaps(hours: list[float], values: list[float]) -> tuple[list[float], list[float]]:
    """Both with a gap (nan) wherever a run went on from an earlier checkpoint: no line leads back."""
    x, y = hours[:1], values[:1]
    for (before, after), value in zip(itertools.pairwise(hours), values[1:], strict=True):
        if after < before:
            x.append(math.nan)
            y.append(math.nan)
        x.append(after)
        y.append(value)
    return x, y


def _once(number: int, label: str) -> str | None:
    """The label of a line for the first run; all others look alike."""
    return None if number else label


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", nargs="+", default=["main"], help="runs that follow each other")
    parser.add_argument("--checkpoints", type=Path, default=Path("training/checkpoints"))
    parser.add_argument("--from-hours", type=float, default=0.0, help="leave out earlier validations (another set)")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    figure, (upper, lower) = pyplot.subplots(2, 1, figsize=(8, 7), sharex=True)
    for number, name in enumerate(args.names):
        train, valid = (args.checkpoints / name / f"{kind}.csv" for kind in ("train", "validation"))
        # The ratio keeps its meaning when the loss's weights change. A run's first row may be of one step, not 25.
        heard, ratios = column(train, "audio_hours"), [-value for value in column(train, "ratio_db")]
        snr = _once(number, "training mixes, SNR below 6 kHz, dB")
        upper.plot(*with_gaps(heard[1:], ratios[1:]), "C3", lw=0.7, label=snr)
        hours = column(valid, "audio_hours")
        chosen = [index for index, value in enumerate(hours) if value >= args.from_hours]
        for field, style, label in (
            ("improvement", "C0o-", "SI-SDR gained, dB"),
            ("sung_improvement", "C1^-", "SI-SDR gained on sung voices, dB"),
            ("pesq", "C2s-", "PESQ wide band"),
        ):
            values = [column(valid, field)[index] for index in chosen]
            lower.plot(*with_gaps([hours[index] for index in chosen], values), style, ms=3, label=_once(number, label))
        for axes in (upper, lower):
            axes.axvline(heard[0], color="0.6", lw=0.8, ls=":")
        upper.annotate(
            name,
            (heard[0], 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(2, 3),
            textcoords="offset points",
            fontsize=7,
        )
    upper.legend(fontsize=7)
    lower.set_xlabel("hours of audio heard")
    lower.set_ylabel("held-out mixes")
    lower.grid(alpha=0.3)
    lower.legend(fontsize=7)
    figure.tight_layout()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.out, dpi=110)


if __name__ == "__main__":
    main()
