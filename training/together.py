"""Several training processes on one machine: each has batches of its own, and all take the same steps.

Data parallelism as in Li et al., "PyTorch Distributed", VLDB 2020, in its plainest form: the gradients are averaged
before each step. Two single-threaded processes get more done on two cores than one with two threads.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import distributed, multiprocessing, nn


def run(processes: int, work: Callable[..., None], *args: Any) -> None:
    """Call `work(rank, *args)` in each of `processes` processes and wait for all. One is this process itself."""
    if processes == 1:
        work(0, *args)
        return
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(_begin, (processes, Path(folder) / "meeting", work, args), nprocs=processes)


def _begin(rank: int, processes: int, meeting: Path, work: Callable[..., None], args: tuple[Any, ...]) -> None:
    distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=processes)
    work(rank, *args)
    distributed.destroy_process_group()


def average_gradients(net: nn.Module) -> None:
    """Give every process the mean of all gradients. With one process they stay as they are."""
    if not distributed.is_initialized():
        return
    gradients = [parameter.grad for parameter in net.parameters() if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    for gradient, mean in zip(gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def take_from_first(net: nn.Module) -> None:
    """Copy all weights and buffers from the first process to the others."""
    if distributed.is_initialized():
        for value in net.state_dict().values():
            distributed.broadcast(value, 0)


def from_first(value: float) -> float:
    """The first process's value."""
    if not distributed.is_initialized():
        return value
    said = torch.tensor(value, dtype=torch.float64)
    distributed.broadcast(said, 0)
    return float(said)


def processes() -> int:
    return distributed.get_world_size() if distributed.is_initialized() else 1
