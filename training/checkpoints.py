"""Save and load checkpoints: all that a run needs to go on, or the small file that is committed.

One small file a network is committed (training/denoise_live/checkpoint.pt and so on), in the same commit as the bundle
made from it: every new one stays in the history for ever (tests/training/test_committed.py holds the two together).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from training.model import DenoiseNet, NetShape


def save(path: Path, content: dict[str, Any]) -> None:
    """Write through a temporary file: an interruption leaves the old checkpoint whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save(content, temporary)
    os.replace(temporary, path)


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return loaded


def load_members(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """All networks of some files, full or committed. An ensemble's file holds several."""
    loaded = [load(path) for path in paths]
    return [member for checkpoint in loaded for member in checkpoint.get("members", [checkpoint])]


def network(checkpoint: dict[str, Any]) -> DenoiseNet:
    """The averaged network of a full or a committed checkpoint, in float32."""
    net = DenoiseNet(NetShape(**checkpoint["shape"]))
    net.load_state_dict({name: value.float() for name, value in checkpoint["average"].items()})
    return net.eval()


def save_committed(path: Path, checkpoint: dict[str, Any]) -> None:
    """Write the averaged weights alone, in half precision."""
    save(path, _small(checkpoint))


def save_members(path: Path, members: Sequence[dict[str, Any]]) -> None:
    """As save_committed, for an ensemble."""
    save(path, {"members": [_small(member) for member in members]})


def _small(checkpoint: dict[str, Any]) -> dict[str, Any]:
    return {
        "shape": checkpoint["shape"],
        "average": {name: value.half() for name, value in checkpoint["average"].items()},
        "step": checkpoint["step"],
        "audio_hours": checkpoint["audio_hours"],
        "scores": checkpoint.get("scores", {}),
    }
