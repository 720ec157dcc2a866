"""Linear layers that multiply in bfloat16 on processors that do so twice as fast.

Weights, sums of gradients and the layers' outputs are float32; the factors of a product are rounded to bfloat16
(Micikevicius et al., "Mixed precision training", ICLR 2018; Kalamkar et al., "A study of BFLOAT16", 2019).
`HUSHBOX_FULL_PRECISION=1` turns it off.
"""

from __future__ import annotations

import functools
import os
from typing import Any

import torch
from torch import Tensor, nn


@functools.cache
def pays() -> bool:
    """Whether this processor multiplies bfloat16 faster than float32."""
    if os.environ.get("HUSHBOX_FULL_PRECISION") == "1" or torch.cuda.is_available():
        return False
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


def linear(layer: nn.Linear, x: Tensor) -> Tensor:
    """`layer(x)`, in training with products in bfloat16 where that pays.  x: (T, B, C)."""
    if layer.training and torch.is_grad_enabled() and pays():
        return linear_of(x, layer.weight, layer.bias)
    result: Tensor = layer(x)
    return result


def linear_of(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The same for weights that belong to no layer."""
    if torch.is_grad_enabled() and weight.requires_grad and pays():
        result: Tensor = _HalfLinear.apply(x, weight, bias)
        return result
    return nn.functional.linear(x, weight, bias)


class _HalfLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        rows, small = x.reshape(-1, x.shape[-1]).bfloat16(), weight.bfloat16()
        ctx.save_for_backward(rows, small)
        ctx.needs_x = x.requires_grad
        return (rows @ small.T).float().add_(bias).view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        rows, small = ctx.saved_tensors
        whole = grads[0].reshape(-1, grads[0].shape[-1])
        grad = whole.bfloat16()
        to_x = (grad @ small).float().view(*grads[0].shape[:-1], -1) if ctx.needs_x else None
        return to_x, (grad.T @ rows).float(), whole.sum(0)
