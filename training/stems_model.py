"""The live stem separator's network: the denoiser's blocks with another input and output.

`StemsNet.forward` sees all frames at once (training); `StemsStepNet` is the same weights for one frame, with every
state in one vector (the box). At 94 hops a second the blocks' memories last from 10 ms to 6 s.

An ensemble is shipped: the averaged shares of networks of one shape that began with different weights and saw different
mixes. With few real songs to learn from, each makes errors of its own (B. Lakshminarayanan et al., "Simple and scalable
predictive uncertainty estimation using deep ensembles", NeurIPS 2017).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from dsp.layouts import stems as layout
from training.half import linear, linear_of
from training.model import Block, NetShape, State
from training.scan import EPS, norm_conv

CLAIMED, CHANNELS, BANDS = layout.CLAIMED, layout.CHANNELS, layout.BANDS


class StemsNet(nn.Module):
    """features (T, B, INPUT_SIZE) -> mask (T, B, OUTPUT_SIZE)."""

    def __init__(self, shape: NetShape | None = None) -> None:
        super().__init__()
        self.shape = shape or NetShape(width=320)
        width = self.shape.width
        self.into = nn.Linear(layout.INPUT_SIZE, width)
        self.blocks = nn.ModuleList(Block(self.shape) for _ in range(self.shape.blocks))
        self.shares = nn.Linear(width, layout.OUTPUT_SIZE)
        self.register_buffer("one", torch.ones(1, width), persistent=False)
        # Features are decorrelated before the first layer: their common level would drown the fine structure otherwise.
        self.register_buffer("whiten", torch.eye(layout.INPUT_SIZE))
        self.register_buffer("mean", torch.zeros(layout.INPUT_SIZE))
        with torch.no_grad():
            self.shares.weight *= 0.3
            self.shares.bias.zero_()

    @property
    def state_size(self) -> int:
        return self.shape.blocks * self.shape.taps * self.shape.width

    def as_step(self) -> StemsStepNet:
        """The same weights for one frame: what is exported."""
        return StemsStepNet(self).eval()

    def fresh_state(self, batch: int, device: torch.device | str = "cpu") -> State:
        """States of silence."""
        width, taps = self.shape.width, self.shape.taps
        return [
            (torch.zeros(taps - 1, batch, width, device=device), torch.zeros(batch, width, device=device))
            for _ in range(self.shape.blocks)
        ]

    @torch.no_grad()
    def whiten_like(self, features: Tensor, floor: float = 0.1) -> None:
        """Decorrelate what looks like `features` (any, INPUT_SIZE); directions below `floor` variance stay small."""
        rows = features.reshape(-1, layout.INPUT_SIZE).double()
        values, vectors = torch.linalg.eigh(torch.cov(rows.T))
        self.mean.copy_(rows.mean(0))
        self.whiten.copy_(vectors @ torch.diag((values + floor).rsqrt()) @ vectors.T)

    def folded_input(self) -> tuple[Tensor, Tensor]:
        """Weight and bias of one layer that does what whitening and `into` do."""
        weight = self.into.weight @ self.whiten
        return weight, self.into.bias - weight @ self.mean

    def forward(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        x, after = linear_of(features, *self.folded_input()), []
        for block, before in zip(self.blocks, state, strict=True):
            x, new = block(x, before)
            after.append(new)
        x, _ = norm_conv(x, self.one, x.new_zeros(0, x.shape[1], x.shape[2]))
        return softmax_shares(linear(self.shares, x)), after


def softmax_shares(scores: Tensor) -> Tensor:
    """Softmax over the claimed stems and `other`, whose score is zero and which is left out. (..., OUTPUT_SIZE)."""
    raised = torch.exp(scores.clamp(-20, 20))
    parts = raised.unflatten(-1, (CLAIMED, CHANNELS * BANDS))
    total = 1 + parts.sum(-2, keepdim=True)
    return (parts / total).flatten(-2)


class StemsStepNet(nn.Module):
    """One frame: (features (1, F), state (1, S)) -> (mask (1, O), state (1, S)). What is exported."""

    def __init__(self, net: StemsNet) -> None:
        super().__init__()
        self.net = net
        self.into = nn.Linear(layout.INPUT_SIZE, net.shape.width)
        with torch.no_grad():
            weight, bias = net.folded_input()
            self.into.weight.copy_(weight)
            self.into.bias.copy_(bias)

    def forward(self, features: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        net = self.net
        size = net.shape.taps * net.shape.width
        x, after = self.into(features), []
        for index, block in enumerate(net.blocks):
            assert isinstance(block, Block)
            x, new = block.step(x, state[:, index * size : (index + 1) * size])
            after.extend(new)
        x = x * torch.rsqrt((x * x).mean(-1, keepdim=True) + EPS)
        raised = torch.exp(net.shares(x).clamp(-20, 20))
        third = CHANNELS * BANDS
        total = 1 + raised[:, :third] + raised[:, third : 2 * third] + raised[:, 2 * third :]
        return raised / torch.cat([total] * CLAIMED, dim=-1), torch.cat(after, dim=-1)


class StemsEnsemble(nn.Module):
    """features (T, B, INPUT_SIZE) -> mask (T, B, OUTPUT_SIZE): the mean of its members' masks."""

    def __init__(self, members: Sequence[StemsNet]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.state_size = sum(member.state_size for member in members)

    def as_step(self) -> StemsEnsembleStep | StemsStepNet:
        """The same weights for one frame: what is exported."""
        if len(self.members) == 1:
            return self.members[0].as_step()
        return StemsEnsembleStep(self).eval()

    def fresh_state(self, batch: int) -> list[State]:
        """States of silence."""
        return [member.fresh_state(batch) for member in self.members]

    def forward(self, features: Tensor, state: list[State]) -> tuple[Tensor, list[State]]:
        masks, after = zip(
            *(member(features, before) for member, before in zip(self.members, state, strict=True)), strict=True
        )
        return torch.stack(masks).mean(0), list(after)


@torch.no_grad()
def favour(ensemble: StemsEnsemble, odds: Mapping[str, float]) -> None:
    """Multiply the odds of stems, by name, in every member's output, because networks may leave too much to `other`."""
    for member in ensemble.members:
        for stem, factor in odds.items():
            at = layout.STEMS.index(stem) * CHANNELS * BANDS
            member.shares.bias[at : at + CHANNELS * BANDS] += math.log(factor)


class StemsEnsembleStep(nn.Module):
    """One frame: (features (1, F), state (1, S)) -> (mask (1, O), state (1, S)). What is exported."""

    def __init__(self, ensemble: StemsEnsemble) -> None:
        super().__init__()
        self.members = nn.ModuleList(member.as_step() for member in ensemble.members)
        self._sizes = [member.state_size for member in ensemble.members]

    def forward(self, features: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        masks, after = [], []
        for member, before in zip(self.members, state.split(self._sizes, dim=-1), strict=True):
            mask, new = member(features, before)
            masks.append(mask)
            after.append(new)
        whole = masks[0]
        for mask in masks[1:]:
            whole = whole + mask
        return whole * (1 / len(masks)), torch.cat(after, dim=-1)


def network(checkpoint: dict[str, Any]) -> StemsNet:
    """The averaged network of a full or a committed checkpoint, in float32."""
    net = StemsNet(NetShape(**checkpoint["shape"]))
    net.load_state_dict({name: value.float() for name, value in checkpoint["average"].items()})
    return net.eval()
