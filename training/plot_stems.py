"""Draw the stem separator's learning curve.  python -m training.plot_stems --names main --out FILE"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from dsp.layouts.stems import STEMS
from training.plot import column


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", nargs="+", default=["main"], help="runs that follow each other")
    parser.add_argument("--checkpoints", type=Path, default=Path("training/checkpoints"))
    parser.add_argument("--out", type=Path, default=Path("training/stems_live/curve.png"))
    args = parser.parse_args()
    figure, (upper, lower) = pyplot.subplots(2, 1, figsize=(8, 7), sharex=True)
    for stem, colour in zip((*STEMS, "sdr"), ("C0", "C1", "C2", "C3", "black"), strict=True):
        for name in args.names:
            train, valid = (args.checkpoints / name / f"{kind}.csv" for kind in ("train", "validation"))
            label = {"sdr": "mean"}.get(stem, stem) if name == args.names[0] else None
            upper.plot(column(train, "audio_hours"), column(train, stem), color=colour, lw=0.8, label=label)
            lower.plot(column(valid, "audio_hours"), column(valid, stem), "o-", color=colour, ms=3, label=label)
    for axes, title in ((upper, "training mixes, SDR in dB"), (lower, "held-out song, SDR in dB")):
        axes.set_ylabel(title)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    lower.set_xlabel("hours of audio heard")
    figure.tight_layout()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.out, dpi=110)


if __name__ == "__main__":
    main()
