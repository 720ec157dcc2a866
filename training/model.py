"""The live denoiser's network: gated linear recurrences between plain matrix products.

`DenoiseNet.forward` sees all frames at once (training); `StepNet` is the same weights for one frame with every state
in one vector (the box). All products are fully connected layers, so int8 covers all weights; the recurrence has none.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from dsp.block import RATE_HZ
from dsp.layouts.denoise import LAYOUTS, LIVE, Layout
from training.half import linear, linear_of
from training.scan import EPS, gated_scan, norm_conv

State = list[tuple[Tensor, Tensor]]
LONGEST_MEMORY_S = 1.5


@dataclass(frozen=True)
class NetShape:
    """Sizes of a network; saved with every checkpoint."""

    width: int = 256
    blocks: int = 4
    taps: int = 3  # frames of the short convolution
    features: str = LIVE.name  # of the layout

    @property
    def layout(self) -> Layout:
        return LAYOUTS[self.features]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Heads(NamedTuple):
    """What the last layers say, before the taps are multiplied by their bins' gains: a mask's makings.

    gains: (T, B, bands), filters: (T, B, gains_at), fine: (T, B, fine.mask_size)
    """

    gains: Tensor
    filters: Tensor
    fine: Tensor

    def mask(self, layout: Layout) -> Tensor:
        """(T, B, output_size)"""
        bins, fine_bins = layout.low_bins, layout.fine.bins
        low, lowest = self.gains[..., None, :bins], self.gains[..., None, :fine_bins]
        taps = self.filters.unflatten(-1, (2 * layout.taps, bins)) * low
        more = self.fine.unflatten(-1, (2 * layout.fine.taps, fine_bins)) * lowest
        return torch.cat((taps.flatten(-2), self.gains[..., bins:], more.flatten(-2)), dim=-1)


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
            # Memories from one hop to the longest, spread evenly on a logarithmic scale.
            longest_hops = LONGEST_MEMORY_S * RATE_HZ / shape.layout.hop_frames
            keep = torch.exp(-1.0 / torch.logspace(0, math.log10(longest_hops), width))
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
    """features (T, B, input_size) -> mask (T, B, output_size)."""

    ROUNDED_HEADS = ("filters", "fine")  # on the box; see training.quantise

    def __init__(self, shape: NetShape | None = None) -> None:
        super().__init__()
        self.shape = shape or NetShape()
        self.layout = layout = self.shape.layout
        width = self.shape.width
        self.into = nn.Linear(layout.input_size, width)
        self.blocks = nn.ModuleList(Block(self.shape) for _ in range(self.shape.blocks))
        self.gains = nn.Linear(width, layout.bands)
        self.filters = nn.Linear(width, layout.gains_at)
        self.fine = nn.Linear(width, layout.fine.mask_size)
        self.register_buffer("one", torch.ones(1, width), persistent=False)
        # Features are decorrelated before the first layer: their common level would drown the fine structure otherwise.
        self.register_buffer("whiten", torch.eye(layout.input_size))
        self.register_buffer("mean", torch.zeros(layout.input_size))
        with torch.no_grad():
            nn.init.constant_(self.gains.bias, 2.0)
            self.gains.weight *= 0.3
            self.filters.weight.zero_()
            # Every filter starts as "pass the present frame".
            self.filters.bias.zero_()
            self.filters.bias[: layout.low_bins] = 1.0
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
        """Decorrelate what looks like `features` (any, input_size); directions below `floor` variance stay small."""
        rows = features.reshape(-1, self.layout.input_size).double()
        values, vectors = torch.linalg.eigh(torch.cov(rows.T))
        self.mean.copy_(rows.mean(0))
        self.whiten.copy_(vectors @ torch.diag((values + floor).rsqrt()) @ vectors.T)

    def folded_input(self) -> tuple[Tensor, Tensor]:
        """Weight and bias of one layer that does what whitening and `into` do."""
        weight = self.into.weight @ self.whiten
        return weight, self.into.bias - weight @ self.mean

    def heads(self, features: Tensor, state: State) -> tuple[Heads, State]:
        """features (T, B, input_size) -> what makes the masks: training goes on from there, which spares it a copy."""
        x, after = linear_of(features, *self.folded_input()), []
        for block, before in zip(self.blocks, state, strict=True):
            x, new = block(x, before)
            after.append(new)
        x, _ = norm_conv(x, self.one, x.new_zeros(0, x.shape[1], x.shape[2]))
        return Heads(torch.sigmoid(linear(self.gains, x)), linear(self.filters, x), linear(self.fine, x)), after

    def forward(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        heads, after = self.heads(features, state)
        return heads.mask(self.layout), after


class StepNet(nn.Module):
    """One frame: (features (1, F), state (1, S)) -> (mask (1, O), state (1, S)). What is exported."""

    def __init__(self, net: DenoiseNet) -> None:
        super().__init__()
        self.net = net
        self.into = nn.Linear(net.layout.input_size, net.shape.width)
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
        layout = net.layout
        low = gains[:, : layout.low_bins]
        repeated = torch.cat([low] * (2 * layout.taps), dim=-1)
        more = net.fine(x) * torch.cat([low[:, : layout.fine.bins]] * (2 * layout.fine.taps), dim=-1)
        return torch.cat((filters * repeated, gains[:, layout.low_bins :], more), dim=-1), torch.cat(after, dim=-1)


def parameter_count(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())
