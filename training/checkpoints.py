"""Saves and loads everything that a run needs to resume, and the small file that is committed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from training.model import DenoiseNet, NetShape


def save(path: Path, content: dict[str, Any]) -> None:
    """Write through a temporary file, so that the old checkpoint stays if the write is interrupted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save(content, temporary)
    os.replace(temporary, path)


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return loaded


def load_members(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Every network of some files: full checkpoints, or committed ones of a network or an ensemble."""
    loaded = [load(path) for path in paths]
    return [member for checkpoint in loaded for member in checkpoint.get("members", [checkpoint])]


def network(checkpoint: dict[str, Any]) -> DenoiseNet:
    """The averaged network of a full or a committed checkpoint, in float32."""
    net = DenoiseNet(NetShape(**checkpoint["shape"]))
    net.load_state_dict({name: value.float() for name, value in checkpoint["average"].items()})
    return net.eval()


def save_committed(path: Path, checkpoint: dict[str, Any]) -> None:
    """Averaged weights alone, in half precision."""
    save(path, _small(checkpoint))


def save_members(path: Path, members: Sequence[dict[str, Any]]) -> None:
    """The same for an ensemble."""
    save(path, {"members": [_small(member) for member in members]})


def _small(checkpoint: dict[str, Any]) -> dict[str, Any]:
    return {
        "shape": checkpoint["shape"],
        "average": {name: value.half() for name, value in checkpoint["average"].items()},
        "step": checkpoint["step"],
        "audio_hours": checkpoint["audio_hours"],
        "scores": checkpoint.get("scores", {}),
    }
