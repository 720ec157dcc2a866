"""Draw the learning curve of a run.

python -m training.plot --name main --out training/denoise_live/curve.png
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
    parser.add_argument("--name", default="main")
    parser.add_argument("--checkpoints", type=Path, default=Path("training/checkpoints"))
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    train, valid = (args.checkpoints / args.name / f"{kind}.csv" for kind in ("train", "validation"))
    figure, (upper, lower) = pyplot.subplots(2, 1, figsize=(8, 7), sharex=True)
    upper.plot(column(train, "audio_hours"), column(train, "loss"), lw=0.7, label="training loss, mean of 25 steps")
    upper.legend()
    hours = column(valid, "audio_hours")
    lower.plot(hours, column(valid, "improvement"), "o-", ms=3, label="SI-SDR improvement on held-out mixes, dB")
    lower.plot(hours, column(valid, "pesq"), "s-", ms=3, label="PESQ wide band")
    lower.set_xlabel("hours of audio heard")
    lower.grid(alpha=0.3)
    lower.legend()
    figure.tight_layout()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.out, dpi=110)


if __name__ == "__main__":
    main()
