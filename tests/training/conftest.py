"""A cache of recordings as `training.data.decode` makes it, small and of noise."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

KINDS = {  # group and frames of each stretch
    "voices": [("kerstin", 400_000)],
    "noises": [("berlin", 400_000), ("crowd", 100_000)],
    "music": [("drums", 300_000)],
    "rooms": [("hall", 9000)],
    "notes": [("keys", 20_000)],
}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder."""
    pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")
    from training.data.decode import Stretch
    from training.data.sources import FULL_HZ

    folder = tmp_path_factory.mktemp("cache")
    rng = np.random.default_rng(1)
    for kind, groups in KINDS.items():
        at, stretches = 0, []
        for group, frames in groups:
            stretches.append(Stretch(at, frames, group, group, FULL_HZ, "train"))
            at += frames
        fall = np.exp(-np.arange(at) / 2000) if kind == "rooms" else 1.0
        (rng.normal(0, 3000, at) * fall).astype(np.int16).tofile(folder / f"{kind}.i16")
        (folder / f"{kind}.json").write_text(json.dumps([asdict(stretch) for stretch in stretches]))
    return folder
