"""Train the live stem separator; can be stopped at any time and resumed.

    python -m training.train_stems --name stems --hours 2             # start, or go on with what is there
    python -m training.train_stems --name stems --decay-steps 800     # cool down from the stable phase, then stop
    python -m training.train_stems --name stems --from training/stems_live/checkpoint.pt   # on another machine

As in train_denoise: warm-up, constant rate (`stable.pt`), a decay at the end only (`cooled.pt`); `best.pt` is the best
on the held-out song.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import torch

from training import checkpoints, stems_validate
from training.data.sources import RATE_HZ
from training.model import NetShape, State, parameter_count
from training.muon import Muon
from training.schedule import CHECKPOINTS, KEEP_STATE_SHARE, append_row, count, rate_factor
from training.stems_data.loader import StemsBatch, StemsLoader
from training.stems_data.mixer import SEGMENT_FRAMES
from training.stems_data.store import CACHE
from training.stems_loss import StemsLossWeights, stems_loss
from training.stems_model import StemsNet, network


class StemsTrainer:
    """The network, its running average, the optimisers, and the progress."""

    def __init__(self, shape: NetShape, rate: float, seed: int = 0) -> None:
        torch.manual_seed(1 + seed)
        self.rate = rate
        self.net = StemsNet(shape)
        self.average = {name: value.clone() for name, value in self.net.state_dict().items()}
        matrices = [
            weight for name, weight in self.net.named_parameters() if name.endswith(("mix.weight", "out.weight"))
        ]
        matrices.append(self.net.into.weight)
        others = [weight for weight in self.net.parameters() if not any(weight is matrix for matrix in matrices)]
        self.optimisers: list[torch.optim.Optimizer] = [
            Muon(matrices, lr=rate, weight_decay=0.01),
            torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True),
        ]
        self.step, self.audio_hours, self.best = 0, 0.0, -100.0
        self._state: State | None = None

    def save(self, path: Path, scores: dict[str, float]) -> None:
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
                "scores": scores,
            },
        )

    def load(self, path: Path) -> None:
        stored = checkpoints.load(path)
        self.net.load_state_dict(stored["weights"])
        self.average = stored["average"]
        for optimiser, state in zip(self.optimisers, stored["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        self.step, self.audio_hours, self.best = stored["step"], stored["audio_hours"], stored["best"]

    def start_from(self, path: Path, member: int) -> None:
        """Start from the weights of one network of a committed ensemble, with fresh optimisers."""
        stored = checkpoints.load_members([path])[member]
        self.net.load_state_dict({name: value.float() for name, value in stored["average"].items()})
        self.average = {name: value.clone() for name, value in self.net.state_dict().items()}
        self.step, self.audio_hours = stored["step"], stored["audio_hours"]

    def begin(self, batch: StemsBatch) -> None:
        """Set the whitening of the features from a first batch, before the first step."""
        self.net.whiten_like(torch.from_numpy(batch.parts["features"]))
        self.average.update({name: getattr(self.net, name).clone() for name in ("whiten", "mean")})

    def learn(self, batch: StemsBatch, factor: float, weights: StemsLossWeights) -> dict[str, float]:
        """One step on one batch at `factor` times the learning rate."""
        parts = {name: torch.from_numpy(array) for name, array in batch.parts.items()}
        features = parts.pop("features")
        mask, self._state = self.net(features, self._first_state(features.shape[1]))
        loss, shares = stems_loss(mask, **parts, trust=torch.from_numpy(batch.trust), weights=weights)
        loss.backward()
        norm = float(torch.nn.utils.clip_grad_norm_(self.net.parameters(), 0.5))
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.rate * factor
            if math.isfinite(norm):
                optimiser.step()
            optimiser.zero_grad(set_to_none=False)
        self.step += 1
        self.audio_hours += features.shape[1] * SEGMENT_FRAMES / RATE_HZ / 3600
        self._follow()
        return {"loss": float(loss.detach()), **shares, "norm": norm}

    def _first_state(self, batch: int) -> State:
        fresh = self.net.fresh_state(batch)
        if self._state is None:
            return fresh
        kept = (torch.rand(batch, 1) < KEEP_STATE_SHARE).float()
        order = torch.randperm(batch)
        return [(past[:, order] * kept, h[order] * kept) for past, h in self._state]

    @torch.no_grad()
    def _follow(self) -> None:
        share = max(0.0015, 9 / (self.step + 10))
        for name, value in self.net.state_dict().items():
            self.average[name].lerp_(value, share)

    def averaged(self) -> StemsNet:
        return network({"shape": self.net.shape.as_dict(), "average": self.average})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="stems")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--width", type=count, default=320)
    parser.add_argument("--blocks", type=count, default=4)
    parser.add_argument("--batch", type=count, default=8)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--hours", type=float, default=1e9)
    parser.add_argument("--steps", type=int, default=10**9, help="stop at this step")
    parser.add_argument("--decay-steps", type=int, default=0, help="cool down over this many steps, then stop")
    parser.add_argument("--validate-every", type=count, default=200)
    parser.add_argument("--threads", type=count, default=1)
    parser.add_argument("--seed", type=int, default=0, help="of first weights and mixes: one for each of an ensemble")
    parser.add_argument(
        "--with-held-out-song", action="store_true", help="learn from it, too: for the last decay, chosen by nothing"
    )
    parser.add_argument("--from", dest="start_from", type=Path, help="weights to begin with, where no run is there yet")
    parser.add_argument("--member", type=int, default=0, help="which network of that file, from 0")
    return parser.parse_args()


def main() -> None:
    args = _arguments()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    folder = CHECKPOINTS / args.name
    folder.mkdir(parents=True, exist_ok=True)
    trainer = StemsTrainer(NetShape(args.width, args.blocks), args.rate, args.seed)
    resumed = (folder / "stable.pt").exists()
    if resumed:
        trainer.load(folder / "stable.pt")
    elif args.start_from:
        trainer.start_from(args.start_from, args.member)
    warm_from = 0 if resumed else trainer.step
    print(f"{parameter_count(trainer.net)} parameters, at step {trainer.step}", flush=True)
    excerpts = stems_validate.real_excerpts(args.cache)
    loader = StemsLoader(
        args.cache, args.batch, seed=args.seed + trainer.step, with_held_out_song=args.with_held_out_song
    )
    decay_from = trainer.step if args.decay_steps else None
    last_step = trainer.step + args.decay_steps if args.decay_steps else args.steps
    started, lap = time.monotonic(), time.monotonic()
    sums: dict[str, float] = {}
    name = "cooled.pt" if args.decay_steps else "stable.pt"
    for batch in loader:
        if trainer.step == 0:
            trainer.begin(batch)
        factor = rate_factor(trainer.step, warm_from, decay_from, args.decay_steps)
        for key, value in trainer.learn(batch, factor, StemsLossWeights()).items():
            sums[key] = sums.get(key, 0.0) + value
        over = trainer.step >= last_step or time.monotonic() - started > args.hours * 3600
        head = {"step": trainer.step, "audio_hours": round(trainer.audio_hours, 3), "factor": round(factor, 3)}
        if trainer.step % 25 == 0:
            speed = 25 * args.batch * SEGMENT_FRAMES / RATE_HZ / (time.monotonic() - lap)
            row = head | {"speed": round(speed, 1)} | {key: round(value / 25, 4) for key, value in sums.items()}
            append_row(folder / "train.csv", row)
            print(row, flush=True)
            lap, sums = time.monotonic(), {}
        if trainer.step % args.validate_every == 0 or over:
            found = stems_validate.scores(stems_validate.network_masks(trainer.averaged()), excerpts)
            append_row(folder / "validation.csv", head | found)
            print("validation", trainer.step, found, flush=True)
            if found["sdr"] > trainer.best:
                trainer.best = found["sdr"]
                trainer.save(folder / "best.pt", found)
            trainer.save(folder / name, found)
            lap = time.monotonic()
        if over:
            break
    loader.close()


if __name__ == "__main__":
    main()
