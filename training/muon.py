"""Muon: momentum whose update is made orthogonal, for the hidden layers' matrices; AdamW for all else.

Source: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024); the scale that lets it share
AdamW's learning rate: J. Liu et al., "Muon is scalable for LLM training" (2025). In bfloat16 where the
processor does that faster, as the source does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from training.half import pays


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """Nearest orthogonal matrix, roughly, by Newton-Schulz iteration.  matrix: (n, rows, columns)."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix / (matrix.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    if pays():
        x = x.bfloat16()
    if matrix.shape[-2] > matrix.shape[-1]:
        x = x.mT
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if matrix.shape[-2] > matrix.shape[-1] else x).float()


class Muon(torch.optim.Optimizer):
    """For weights of shape (k * columns, columns): k square matrices, each updated on its own."""

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(weight)
                momentum = state["momentum"]
                momentum.lerp_(weight.grad, 1 - group["momentum"])
                ahead = weight.grad.lerp(momentum, group["momentum"])
                columns = weight.shape[1]
                square = ahead.view(-1, columns, columns) if weight.shape[0] % columns == 0 else ahead[None]
                update = orthogonal(square).reshape(weight.shape)
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.add_(update, alpha=-group["lr"] * 0.2 * max(square.shape[-2:]) ** 0.5)
