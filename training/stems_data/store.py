"""Stem material as flat files: `stems_<name>.i16` (stereo, 48 kHz, interleaved) and `.json`, where each stretch is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.sources import RATE_HZ

CACHE = Path("training/.cache")
Stereo = NDArray[np.float32]  # (frames, 2)


@dataclass(frozen=True)
class Piece:
    """A stretch of one stem.  start, frames: within the file; song: pieces of one name lie side by side in time."""

    start: int
    frames: int
    stem: str
    source: str  # "song", "kit", "lines", ...
    song: str
    split: str  # "train" or "val"


def write(cache: Path, name: str, pieces: Iterable[tuple[Stereo, str, str, str, str]]) -> float:
    """Write sounds given with stem, source, song and split. Returns hours."""
    cache.mkdir(parents=True, exist_ok=True)
    index: list[Piece] = []
    at = 0
    temporary = cache / f"stems_{name}.tmp"
    with temporary.open("wb") as out:
        for sound, stem, source, song, split in pieces:
            np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16).tofile(out)
            index.append(Piece(at, len(sound), stem, source, song, split))
            at += len(sound)
    temporary.replace(cache / f"stems_{name}.i16")
    (cache / f"stems_{name}.json").write_text(json.dumps([asdict(piece) for piece in index]))
    return at / RATE_HZ / 3600


def load(cache: Path, name: str) -> tuple[NDArray[np.int16], list[Piece]]:
    """A flat file as (frames, 2) and its index."""
    sound = np.memmap(cache / f"stems_{name}.i16", np.int16, "r").reshape(-1, 2)
    return sound, [Piece(**entry) for entry in json.loads((cache / f"stems_{name}.json").read_text())]


def names(cache: Path) -> list[str]:
    """All material there is."""
    return sorted(path.stem.removeprefix("stems_") for path in cache.glob("stems_*.json"))
