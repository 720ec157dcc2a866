"""The live denoiser's network: gated linear recurrences between plain matrix products.

`DenoiseNet.forward` sees all frames at once (training); `StepNet` is the same weights for one frame with every state
in one vector (the box). All products are fully connected layers, so int8 covers all weights; the recurrence has none.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dsp import features as layout
from dsp import fine
from training.half import linear, linear_of
from training.scan import EPS, gated_scan, norm_conv

State = list[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class NetShape:
    """Sizes of a network; saved with every checkpoint."""

    width: int = 256
    blocks: int = 4
    taps: int = 3  # frames of the short convolution

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


class Heads(NamedTuple):
    """What the last layers say, before the taps are multiplied by their bins' gains: a mask's makings.

    gains: (T, B, BANDS), filters: (T, B, 2 * TAPS * LOW_BINS), fine: (T, B, fine.MASK_SIZE)
    """

    gains: Tensor
    filters: Tensor
    fine: Tensor

    def mask(self) -> Tensor:
        """(T, B, OUTPUT_SIZE)"""
        low, lowest = self.gains[..., None, : layout.LOW_BINS], self.gains[..., None, : fine.FINE_BINS]
        taps = self.filters.unflatten(-1, (2 * layout.TAPS, layout.LOW_BINS)) * low
        more = self.fine.unflatten(-1, (2 * fine.TAPS, fine.FINE_BINS)) * lowest
        return torch.cat((taps.flatten(-2), self.gains[..., layout.LOW_BINS :], more.flatten(-2)), dim=-1)


class Block(nn.Module):
    """x + out(silu-gated recurrence(mix(short convolution(norm(x)))))."""

    def __init__(self, shape: NetShape) -> None:
        super().__init__()
        width = shape.width
        self.width = width
        self.conv = nn.Parameter(torch.zeros(shape.taps, width))
        self.mix = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        with torch.no_grad():
            self.conv[0] = 1.0
            self.conv[1:].normal_(0, 0.1)
            # Memories from one hop to 1.5 s, spread evenly on a logarithmic scale.
            keep = torch.exp(-1.0 / torch.logspace(0, 2.75, width))
            self.mix.bias.zero_()
            self.mix.bias[width : 2 * width] = torch.logit(keep)
            self.mix.weight[width : 2 * width] *= 0.5
            self.out.weight *= 0.5
            self.out.bias.zero_()

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        past, h = state
        u, past = norm_conv(x, self.conv, past)
        y, h = gated_scan(linear(self.mix, u), h)
        return x + linear(self.out, y), (past, h)

    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, list[Tensor]]:
        """One frame.  x: (1, C); state: (1, K*C) as past, oldest first, then h."""
        width, taps = self.width, self.conv.shape[0]
        normed = x * torch.rsqrt((x * x).mean(-1, keepdim=True) + EPS)
        frames = [state[:, k * width : (k + 1) * width] for k in range(taps - 1)] + [normed]
        h = state[:, (taps - 1) * width :]
        u = normed * self.conv[0]
        for k in range(1, taps):
            u = u + frames[-1 - k] * self.conv[k]
        pre = self.mix(u)
        candidate, forget, output = pre[:, :width], pre[:, width : 2 * width], pre[:, 2 * width :]
        h = candidate + torch.sigmoid(forget) * (h - candidate)
        return x + self.out(h * (output * torch.sigmoid(output))), [*frames[1:], h]


class DenoiseNet(nn.Module):
    """features (T, B, INPUT_SIZE) -> mask (T, B, OUTPUT_SIZE)."""

    ROUNDED_HEADS = ("filters", "fine")  # on the box; see training.quantise

    def __init__(self, shape: NetShape | None = None) -> None:
        super().__init__()
        self.shape = shape or NetShape()
        width = self.shape.width
        self.into = nn.Linear(layout.INPUT_SIZE, width)
        self.blocks = nn.ModuleList(Block(self.shape) for _ in range(self.shape.blocks))
        self.gains = nn.Linear(width, layout.BANDS)
        self.filters = nn.Linear(width, 2 * layout.TAPS * layout.LOW_BINS)
        self.fine = nn.Linear(width, fine.MASK_SIZE)
        self.register_buffer("one", torch.ones(1, width), persistent=False)
        # Features are decorrelated before the first layer: their common level would drown the fine structure otherwise.
        self.register_buffer("whiten", torch.eye(layout.INPUT_SIZE))
        self.register_buffer("mean", torch.zeros(layout.INPUT_SIZE))
        with torch.no_grad():
            nn.init.constant_(self.gains.bias, 2.0)
            self.gains.weight *= 0.3
            self.filters.weight.zero_()
            # Every filter starts as "pass the present frame".
            self.filters.bias.zero_()
            self.filters.bias[: layout.LOW_BINS] = 1.0
            self.fine.weight.zero_()
            self.fine.bias.zero_()

    @property
    def state_size(self) -> int:
        return self.shape.blocks * self.shape.taps * self.shape.width

    def as_step(self) -> StepNet:
        """The same weights for one frame: what is exported."""
        return StepNet(self).eval()

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

    def heads(self, features: Tensor, state: State) -> tuple[Heads, State]:
        """features (T, B, INPUT_SIZE) -> what makes the masks: training goes on from there, which spares it a copy."""
        x, after = linear_of(features, *self.folded_input()), []
        for block, before in zip(self.blocks, state, strict=True):
            x, new = block(x, before)
            after.append(new)
        x, _ = norm_conv(x, self.one, x.new_zeros(0, x.shape[1], x.shape[2]))
        return Heads(torch.sigmoid(linear(self.gains, x)), linear(self.filters, x), linear(self.fine, x)), after

    def forward(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        heads, after = self.heads(features, state)
        return heads.mask(), after


class StepNet(nn.Module):
    """One frame: (features (1, F), state (1, S)) -> (mask (1, O), state (1, S)). What is exported."""

    def __init__(self, net: DenoiseNet) -> None:
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
        gains, filters = torch.sigmoid(net.gains(x)), net.filters(x)
        low = gains[:, : layout.LOW_BINS]
        repeated = torch.cat([low] * (2 * layout.TAPS), dim=-1)
        more = net.fine(x) * torch.cat([low[:, : fine.FINE_BINS]] * (2 * fine.TAPS), dim=-1)
        return torch.cat((filters * repeated, gains[:, layout.LOW_BINS :], more), dim=-1), torch.cat(after, dim=-1)


def parameter_count(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())
