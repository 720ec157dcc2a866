"""Average the weights of several checkpoints of one training run: often better than each, at no cost on the box.

    python -m training.average --out OUT.pt A.pt B.pt=2 [C.pt ...]

`=2` counts a checkpoint twice. They must descend from the same weights, not too far back: M. Wortsman et al., "Model
soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference time", ICML 2022.
The scores on the held-out mixes are printed and saved; they show whether it was worth it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training import checkpoints, validate
from training.data.decode import CACHE
from training.model import NetShape


def weighted(text: str) -> tuple[Path, float]:
    """`PATH` or `PATH=WEIGHT`."""
    path, _, weight = text.partition("=")
    if not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{path}: no such checkpoint")
    try:
        share = float(weight or 1.0)
    except ValueError:
        share = 0.0
    if not 0 < share < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: weight {weight!r}, allowed is a number above 0")
    return Path(path), share


def average(members: Sequence[tuple[dict[str, Any], float]]) -> dict[str, Any]:
    """A checkpoint for `checkpoints.network` and the exporter, with step and hours of its longest-trained member.

    Raises ValueError where networks differ in shape.
    """
    furthest = max((checkpoint for checkpoint, _ in members), key=lambda checkpoint: int(checkpoint["step"]))
    for checkpoint, _ in members:
        if NetShape(**checkpoint["shape"]) != NetShape(**furthest["shape"]):
            raise ValueError(f"network of shape {checkpoint['shape']}, allowed is {furthest['shape']}: all alike")
    total = sum(share for _, share in members)
    mean = {
        name: sum(checkpoint["average"][name].float() * (share / total) for checkpoint, share in members)
        for name in furthest["average"]
    }
    return {key: furthest[key] for key in ("shape", "step", "audio_hours")} | {"average": mean}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("checkpoints", nargs="+", type=weighted, metavar="PATH[=WEIGHT]")
    args = parser.parse_args()
    try:
        found = average([(checkpoints.load(path), share) for path, share in args.checkpoints])
    except ValueError as error:
        parser.error(str(error))
    net = checkpoints.network(found)
    scores = validate.scores(net, validate.fixed_set(args.cache, "validation"))
    sung = validate.scores(net, validate.fixed_set(args.cache, "validation_sung"), with_pesq=False)
    found["scores"] = scores | {"sung_improvement": sung["improvement"]}
    print(found["scores"])
    checkpoints.save(args.out, found)


if __name__ == "__main__":
    main()
