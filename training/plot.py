"""Draw the learning curve of a run.

python -m training.plot --names main cool --out training/denoise_live/curve.png
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot


def column(path: Path, name: str) -> list[float]:
    """One column of a CSV file; empty cells become 0."""
    with path.open(newline="") as file:
        return [float(row[name] or 0) for row in csv.DictReader(file)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", nargs="+", default=["main"], help="runs that follow each other")
    parser.add_argument("--checkpoints", type=Path, default=Path("training/checkpoints"))
    parser.add_argument("--from-hours", type=float, default=0.0, help="leave out earlier validations (another set)")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    figure, (upper, lower) = pyplot.subplots(2, 1, figsize=(8, 7), sharex=True)
    for name in args.names:
        train, valid = (args.checkpoints / name / f"{kind}.csv" for kind in ("train", "validation"))
        # The ratio keeps its meaning when the loss's weights change.
        ratios = [-value for value in column(train, "ratio_db")]
        upper.plot(column(train, "audio_hours"), ratios, lw=0.7, label=f"{name}: training mixes, SNR below 6 kHz, dB")
        hours = column(valid, "audio_hours")
        chosen = [index for index, value in enumerate(hours) if value >= args.from_hours]
        for field, mark, label in (
            ("improvement", "o-", "SI-SDR gained, dB"),
            ("sung_improvement", "^-", "SI-SDR gained on sung voices, dB"),
            ("pesq", "s-", "PESQ wide band"),
        ):
            values = column(valid, field)
            lower.plot([hours[i] for i in chosen], [values[i] for i in chosen], mark, ms=3, label=f"{name}: {label}")
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
