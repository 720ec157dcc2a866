"""Train the live denoiser; can be stopped at any time and resumed.

    python -m training.train_denoise --name main --hours 2             # start, or go on with what is there
    python -m training.train_denoise --name main --decay-steps 800     # cool down from the stable phase, then stop
    python -m training.train_denoise --name main --from training/denoise_live/checkpoint.pt   # on another machine

The learning rate is warm-up, then constant, then a decay at the end only (WSD), so that a later run can go on from the
last constant-rate checkpoint `stable.pt`; the cooled one is `cooled.pt`. `best.pt` is the best on the validation set.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dsp.denoise.features import band_averages
from dsp.layouts.denoise import LAYOUTS, LIVE, Layout
from training import checkpoints, together, validate
from training.data.decode import CACHE
from training.data.loader import Batch, Loader
from training.data.mixer import SEGMENT_FRAMES
from training.data.sources import RATE_HZ
from training.loss import LossWeights, Terms, denoise_loss, fused_terms
from training.model import DenoiseNet, NetShape, State, parameter_count
from training.muon import Muon
from training.scan import can_compile
from training.schedule import CHECKPOINTS, KEEP_STATE_SHARE, append_row, count, decay_factor, rate_factor

AVERAGE_STEPS = 700  # memory of the averaged weights, which are validated and shipped
WHITEN_BATCHES = 4  # used before the first step; they have more frames than the features have dimensions
PROCESS_SEEDS = 7919  # distance between the seeds of the processes


def bands_hz(layout: Layout) -> Tensor:
    """Middles of the high bands. Shape (high_bands,)."""
    centre_hz = band_averages(layout) @ np.arange(layout.low_bins, layout.bins) * layout.bin_hz
    return torch.from_numpy(centre_hz.astype(np.float32))


class Trainer:
    """The network, its running average, the optimisers, and the progress."""

    def __init__(self, shape: NetShape, rate: float, device: str, optimiser: str = "muon") -> None:
        torch.manual_seed(1)
        self.device, self.rate = device, rate
        self.net = DenoiseNet(shape).to(device)
        self.average = {name: value.clone() for name, value in self.net.state_dict().items()}
        matrices = [
            weight for name, weight in self.net.named_parameters() if name.endswith(("mix.weight", "out.weight"))
        ]
        matrices.append(self.net.into.weight)
        others = [weight for weight in self.net.parameters() if not any(weight is matrix for matrix in matrices)]
        self.optimisers: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(matrices, lr=rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
            if optimiser == "adamw"
            else Muon(matrices, lr=rate, weight_decay=0.01),
            torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True),
        ]
        self.step, self.audio_hours, self.best = 0, 0.0, -100.0
        self.bands = bands_hz(shape.layout).to(device)
        self.average_steps = AVERAGE_STEPS
        self.terms: Terms | None = None  # of the loss; None for plain torch
        self._state: State | None = None

    def save(self, path: Path, scores: dict[str, float] | None = None) -> None:
        checkpoints.save(
            path,
            {
                "shape": self.net.shape.as_dict(),
                "weights": self.net.state_dict(),
                "average": self.average,
                "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
                "step": self.step,
                "audio_hours": self.audio_hours,
                "best": self.best,
                "scores": scores or {},
            },
        )

    def load(self, path: Path) -> None:
        stored = checkpoints.load(path)
        self.net.load_state_dict(stored["weights"])
        self.average = {name: value.to(self.device) for name, value in stored["average"].items()}
        for optimiser, state in zip(self.optimisers, stored["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        self.step, self.audio_hours, self.best = stored["step"], stored["audio_hours"], stored["best"]

    def start_from(self, path: Path) -> None:
        """Start from the weights of a committed checkpoint, with fresh optimisers.

        It may have fewer blocks: the additional ones start as if they were not there.
        """
        stored = checkpoints.load(path)
        for block in self.net.blocks[stored["shape"]["blocks"] :]:
            torch.nn.init.zeros_(block.out.weight)
        self.net.load_state_dict(self.net.state_dict() | checkpoints.network(stored).state_dict())
        self.average = {name: value.clone() for name, value in self.net.state_dict().items()}
        self.step, self.audio_hours = stored["step"], stored["audio_hours"]

    def begin(self, batches: Sequence[Batch]) -> None:
        """Set the whitening of the features from some batches, before the first step."""
        features = np.concatenate([batch.parts["features"] for batch in batches], axis=1)
        self.net.whiten_like(torch.from_numpy(features).to(self.device))
        together.take_from_first(self.net)
        self.average.update({name: getattr(self.net, name).clone() for name in ("whiten", "mean")})

    def learn(self, batch: Batch, factor: float, weights: LossWeights) -> dict[str, float]:
        """One step on one batch at `factor` times the learning rate."""
        parts = {name: torch.from_numpy(array).to(self.device) for name, array in batch.parts.items()}
        extras = [torch.from_numpy(array).to(self.device) for array in batch.extras()]
        heads, state = self.net.heads(parts["features"], self._first_state(parts["features"].shape[1]))
        loss, shares = denoise_loss(heads, parts, extras, self.bands, weights, self.net.layout, self.terms)
        loss.backward()
        together.average_gradients(self.net)
        norm = float(torch.nn.utils.clip_grad_norm_(self.net.parameters(), 0.5))
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.rate * factor
            if math.isfinite(norm):
                optimiser.step()
            optimiser.zero_grad(set_to_none=False)
        self._state = state
        self.step += 1
        self.audio_hours += together.processes() * parts["features"].shape[1] * SEGMENT_FRAMES / RATE_HZ / 3600
        self._follow()
        return {"loss": float(loss.detach()), **shares, "norm": norm}

    def _first_state(self, batch: int) -> State:
        fresh = self.net.fresh_state(batch, self.device)
        if self._state is None:
            return fresh
        kept = (torch.rand(batch, 1, device=self.device) < KEEP_STATE_SHARE).float()
        order = torch.randperm(batch, device=self.device)
        return [(past[:, order] * kept, h[order] * kept) for past, h in self._state]

    @torch.no_grad()
    def _follow(self) -> None:
        share = max(1 / self.average_steps, 9 / (self.step + 10))
        for name, value in self.net.state_dict().items():
            self.average[name].lerp_(value, share)

    def averaged(self) -> DenoiseNet:
        return checkpoints.network(
            {"shape": self.net.shape.as_dict(), "average": {k: v.cpu() for k, v in self.average.items()}}
        )


def main() -> None:
    args = arguments()
    together.run(args.processes, train, args)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="main")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument(
        "--features",
        choices=tuple(LAYOUTS),
        default=LIVE.name,
        help="their layout, see dsp/layouts/denoise.py",
    )
    parser.add_argument("--width", type=count, default=256)
    parser.add_argument("--blocks", type=count, default=4)
    parser.add_argument("--average-steps", type=count, default=AVERAGE_STEPS, help="how far back the average reaches")
    parser.add_argument("--batch", type=count, default=12)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--optimiser", choices=("adamw", "muon"), default="muon")
    parser.add_argument("--hours", type=float, default=1e9)
    parser.add_argument("--steps", type=int, default=10**9, help="stop at this step")
    cool = parser.add_mutually_exclusive_group()
    cool.add_argument("--decay-steps", type=int, default=0, help="cool down over this many steps, then stop")
    cool.add_argument("--decay-hours", type=float, default=0.0, help="the same by the clock")
    parser.add_argument("--validate-every", type=count, default=250)
    parser.add_argument("--workers", type=count, default=1)
    parser.add_argument("--threads", type=count, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--passes", type=count, default=1, help="how often each batch is learnt from")
    parser.add_argument("--processes", type=count, default=1, help="each with a batch and a loader of its own")
    parser.add_argument("--from", dest="start_from", type=Path, help="weights to begin with, where no run is there yet")
    parser.add_argument("--sound", type=float, default=LossWeights.sound, help="share of the loss on the sound itself")
    for name in (field.name for field in fields(LossWeights) if field.name != "sound"):
        option, default = "--" + name.replace("_", "-"), getattr(LossWeights, name)
        parser.add_argument(option, type=float, default=default, help=f"a weight of the loss, {default} unless told")
    return parser.parse_args()


def train(rank: int, args: argparse.Namespace) -> None:
    """One of `args.processes` trainers. All have the same weights; only the first validates, prints and saves."""
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    folder = CHECKPOINTS / args.name
    folder.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(NetShape(args.width, args.blocks, features=args.features), args.rate, device, args.optimiser)
    if (folder / "stable.pt").exists():
        trainer.load(folder / "stable.pt")
    elif args.start_from:
        trainer.start_from(args.start_from)
    trainer.average_steps = args.average_steps
    if device == "cpu" and can_compile():
        trainer.terms = fused_terms()
    warm_from = 0 if (folder / "stable.pt").exists() else trainer.step
    print(f"{parameter_count(trainer.net)} parameters, at step {trainer.step}", flush=True)
    if not rank:  # the others would render the sets at the same time, into the same files
        fixed, sung = (validate.fixed_set(args.cache, name) for name in ("validation", "validation_sung"))
    seed = args.seed + trainer.step + PROCESS_SEEDS * rank
    loader = Loader(args.cache, args.batch, args.workers, seed=seed, passes=args.passes, layout=trainer.net.layout)
    cooling = bool(args.decay_steps or args.decay_hours)
    decay_from = trainer.step if args.decay_steps else None
    last_step = trainer.step + args.decay_steps if args.decay_steps else args.steps
    started, lap = time.monotonic(), time.monotonic()
    sums: dict[str, float] = {}
    weights = LossWeights(**{field.name: getattr(args, field.name) for field in fields(LossWeights)})
    name = "cooled.pt" if cooling else "stable.pt"
    batches = iter(loader)
    if trainer.step == 0:
        trainer.begin([next(batches) for _ in range(WHITEN_BATCHES * args.passes)])
    for batch in batches:
        hours = together.from_first(time.monotonic() - started) / 3600
        if args.decay_hours:
            factor = decay_factor(hours / args.decay_hours)
        else:
            factor = rate_factor(trainer.step, warm_from, decay_from, args.decay_steps)
        shares = trainer.learn(batch, factor, weights)
        for key, value in shares.items():
            sums[key] = sums.get(key, 0.0) + value
        over = trainer.step >= last_step or hours > (args.decay_hours or args.hours)
        if rank:
            if over:
                break
            continue
        if trainer.step % 25 == 0:
            speed = 25 * together.processes() * args.batch * SEGMENT_FRAMES / RATE_HZ / (time.monotonic() - lap)
            means = {key: round(value / 25, 4) for key, value in sums.items()}
            row = {
                "step": trainer.step,
                "audio_hours": round(trainer.audio_hours, 3),
                "factor": round(factor, 3),
                "speed": round(speed, 1),
                **means,
            }
            append_row(folder / "train.csv", row)
            print(row, flush=True)
            lap, sums = time.monotonic(), {}
        if trainer.step % args.validate_every == 0 or over:
            found = validate.scores(trainer.averaged(), fixed)
            found["sung_improvement"] = validate.scores(trainer.averaged(), sung, with_pesq=False)["improvement"]
            append_row(
                folder / "validation.csv",
                {
                    "step": trainer.step,
                    "audio_hours": round(trainer.audio_hours, 3),
                    "factor": round(factor, 3),
                    **found,
                },
            )
            print("validation", trainer.step, found, flush=True)
            merit = found["improvement"] + 2 * found.get("pesq", 0.0)
            if merit > trainer.best:
                trainer.best = merit
                trainer.save(folder / "best.pt", found)
            trainer.save(folder / name, found)
            lap = time.monotonic()
        if over:
            break
    loader.close()


if __name__ == "__main__":
    main()
