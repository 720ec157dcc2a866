"""From checkpoints to the stems bundle: TFLite and ONNX with int8 weights, bundle.toml.

python -m training.export_stems --checkpoint training/stems_live/checkpoint.pt --version 0.1.0
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from training import bundle_writer, checkpoints, stems_validate
from training.export import export_bundle
from training.runtimes import Array, Step
from training.stems_model import StemsEnsemble, favour, network
from training.stream import made_up_voice

ODDS = {"vocals": 3.0, "drums": 2.0, "bass": 2.0}
"""Factors on the odds of these stems, chosen on the held-out song and on held-out made-up mixes (TRIES_STEMS.md)."""


def separate(step: Step, sound: Array) -> Array:
    """Hop by hop through an exported graph. (frames, 2) -> (4, frames, 2)."""
    step.reset()
    return stems_validate.separate(lambda features: np.concatenate([step(row[None]) for row in features]), sound)


def made_up_music(seconds: float) -> Array:
    """A voice in the middle, another one lower and to the left, a beat: enough to move every unit. (frames, 2)."""
    voice, low = made_up_voice(seconds)[:, 0], made_up_voice(seconds, seed=6)[:, 0]
    low = np.interp(np.arange(len(low)) * 0.37, np.arange(len(low)), low).astype(np.float32)
    rng = np.random.default_rng(7)
    beat = np.exp(-(np.arange(len(voice)) % 24_000) / 1500) * rng.standard_normal(len(voice)) * 0.1
    sides = [voice + low * gain + beat.astype(np.float32) for gain in (1.2, 0.4)]
    return np.stack(sides, axis=1).astype(np.float32)


def agreement_db(first: Step, second: Step, seconds: float = 60.0) -> float:
    """Level of the difference between two runtimes' stems, against the first's."""
    sound = made_up_music(seconds)
    one, other = separate(first, sound)[:3], separate(second, sound)[:3]
    return float(10 * np.log10(np.sum(np.square(one - other)) / np.sum(np.square(one)) + 1e-20))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, nargs="+", required=True, help="several: an ensemble of all of them")
    parser.add_argument("--member", type=int, help="only this one of their networks, from 0")
    parser.add_argument("--bundle", type=Path, default=Path("models_quantized/stems-live"))
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--float", type=Path, help="also write a float32 bundle here, to compare with")
    parser.add_argument("--committed", type=Path, help="also write the averaged weights here, in half precision")
    args = parser.parse_args()
    torch.set_num_threads(1)
    members = checkpoints.load_members(args.checkpoint)
    if args.member is not None:
        members = [members[args.member]]
    if args.committed:
        checkpoints.save_members(args.committed, members)
    net = StemsEnsemble([network(member) for member in members])
    favour(net, ODDS)
    about = bundle_writer.STEMS_LIGHT if args.bundle.name == "stems-light" else bundle_writer.STEMS_LIVE
    export_bundle(net, args.bundle, args.version, args.float, about, agreement_db)


if __name__ == "__main__":
    main()
