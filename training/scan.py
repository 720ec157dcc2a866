"""The time-parallel layers' two operations: a gated linear recurrence, and RMS norm with a short causal convolution.

Each has a plain torch form (any device; also what the streaming step computes) and a fused C++ form for training on a
CPU, compiled on first use. `HUSHBOX_PLAIN_TORCH=1` forces the plain form.

Sources: SRU (Lei et al., EMNLP 2018) and "Were RNNs all we needed?" (Feng et al., 2024) for gates that see only the
input, so that the matrix products of all frames become one; Griffin (De et al., 2024) for the short convolution.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

EPS = 1e-5


@functools.cache
def _kernels() -> Any | None:
    if os.environ.get("HUSHBOX_PLAIN_TORCH") == "1":
        return None
    try:
        from torch.utils.cpp_extension import load

        # Not torch's folder in the home: there two checkouts would overwrite each other's build every time.
        build = Path(__file__).parent / ".cache" / f"scan-{sys.implementation.cache_tag}-{torch.__version__}"
        with alone_in(build):
            return load(
                "hushbox_scan",
                [str(Path(__file__).with_name("scan.cpp"))],
                extra_cflags=["-O3", "-march=native", "-ffast-math", "-mprefer-vector-width=512"],
                build_directory=str(build),
            )
    except (ImportError, OSError, RuntimeError) as error:
        print(f"training/scan.py: no C++ kernels ({error}); plain torch is slower")
        return None


@contextlib.contextmanager
def alone_in(build: Path) -> Iterator[None]:
    """Lock a build folder for one process, and create it if needed. A process that dies releases the lock.

    torch's own lock is a file. It stays after a build that was stopped, and every later run would wait for ever.
    """
    build.mkdir(parents=True, exist_ok=True)
    with (build / "held").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (build / "lock").unlink(missing_ok=True)  # torch's, from a process that is gone
        yield


def can_compile() -> bool:
    """Whether there is a compiler, and it may be used."""
    return _kernels() is not None


def gated_scan(pre: Tensor, h0: Tensor) -> tuple[Tensor, Tensor]:
    """h[t] = f*h[t-1] + (1-f)*z and y = h*silu(o).  pre: (T, B, 3C) as z|f|o; h0: (B, C) -> y (T, B, C), last h.

    No gradient flows through h0 or the last h (truncated backpropagation).
    """
    if pre.is_cuda or _kernels() is None:
        return gated_scan_plain(pre, h0)
    return _GatedScan.apply(pre, h0)


def gated_scan_plain(pre: Tensor, h0: Tensor) -> tuple[Tensor, Tensor]:
    """`gated_scan` in torch: a loop over time of a few small operations."""
    candidate, forget, output = pre.chunk(3, dim=-1)
    keep = torch.sigmoid(forget)
    new = (1 - keep) * candidate
    h, steps = h0, []
    for keep_now, new_now in zip(keep.unbind(0), new.unbind(0), strict=True):
        h = keep_now * h + new_now
        steps.append(h)
    return torch.stack(steps) * torch.nn.functional.silu(output), h.detach()


def norm_conv(x: Tensor, weight: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
    """Divide by the RMS over channels, then convolve each channel with its last frames.

    x: (T, B, C); weight: (K, C), newest frame first; past: (K-1, B, C), normalised, oldest first.
    Returns the result (T, B, C) and the past for the next call.
    """
    if x.is_cuda or _kernels() is None:
        return norm_conv_plain(x, weight, past)
    return _NormConv.apply(x, weight, past)


def norm_conv_plain(x: Tensor, weight: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
    """`norm_conv` in torch."""
    frames, taps = x.shape[0], weight.shape[0]
    normed = torch.cat((past, x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPS)))
    out = sum(weight[k] * normed[taps - 1 - k : taps - 1 - k + frames] for k in range(taps))
    assert isinstance(out, Tensor)
    return out, normed[frames:].detach()


class _GatedScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, pre: Tensor, h0: Tensor) -> tuple[Tensor, Tensor]:
        y, h = _kernels().scan_forward(pre.contiguous(), h0.contiguous())  # type: ignore[union-attr]
        ctx.save_for_backward(pre, h, h0)
        last = h[-1].clone()
        ctx.mark_non_differentiable(last)
        return y, last

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        pre, h, h0 = ctx.saved_tensors
        kernels = _kernels()
        return kernels.scan_backward(grads[0].contiguous(), pre.contiguous(), h, h0.contiguous()), None  # type: ignore[union-attr]


class _NormConv(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        kernels = _kernels()
        u, normed, scale = kernels.norm_conv_forward(x.contiguous(), weight.contiguous(), past.contiguous(), EPS)  # type: ignore[union-attr]
        ctx.save_for_backward(weight, normed, scale)
        tail = normed[x.shape[0] :].clone()
        ctx.mark_non_differentiable(tail)
        return u, tail

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        weight, normed, scale = ctx.saved_tensors
        gx, gw = _kernels().norm_conv_backward(grads[0].contiguous(), weight.contiguous(), normed, scale)  # type: ignore[union-attr]
        return gx, gw, None
