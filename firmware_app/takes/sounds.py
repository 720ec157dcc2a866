"""Who sounds in a take: voice, drums, bass, or something else; by its stems, or by taking some of it apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import soundfile

from dsp.block import RATE_HZ, Block
from dsp.inference import open_model
from dsp.inference.bundle import Bundle
from dsp.layouts.stems import STEMS
from dsp.stems.separator import SPLIT, Stems
from firmware_app.takes.take import TakeError

SoundsOf = Callable[[Path], tuple[str, ...]]

EXCERPTS, EXCERPT_S = 6, 5.0
LEAST_SHARE_DB = -16.0
"""Beside the loudest. A separator leaves a little of each sound in the others, so less is not told."""

LEAST_DB = -55.0  # of full scale, RMS
LEAST_LUFS, LEAST_LU = -50.0, -25.0  # of a stem's lane, and beside the loudest


def by_loudness(lufs: Mapping[str, float | None]) -> tuple[str, ...]:
    """Of a take whose stems were recorded."""
    there = {stem: value for stem in STEMS if (value := lufs.get(stem)) is not None and value > LEAST_LUFS}
    loudest = max(there.values(), default=0.0)
    return tuple(stem for stem, value in there.items() if value > loudest + LEAST_LU)


def by_separation(bundle_folder: Path, runtime: str = "auto") -> SoundsOf:
    """Takes excerpts of a file apart with a stems bundle. What it returns raises TakeError, DspError."""

    def sounds_of(path: Path) -> tuple[str, ...]:
        bundle = Bundle.load(bundle_folder)
        stems = Stems(bundle, open_model(bundle, runtime), split=True, real_time=False)
        stems.prepare(RATE_HZ, bundle.hop_frames, 2 * SPLIT)
        power = np.mean([_powers(stems, bundle.hop_frames, part) for part in _excerpts(path)], axis=0)
        level_db = 10.0 * np.log10(power + 1e-12)
        least = max(LEAST_DB, float(level_db.max()) + LEAST_SHARE_DB)
        return tuple(stem for stem, level in zip(STEMS, level_db, strict=True) if level > least)

    return sounds_of


def _excerpts(path: Path) -> list[Block]:
    """(frames, 2), from all over the file. Raises TakeError."""
    try:
        with soundfile.SoundFile(path) as file:
            frames = min(file.frames, round(EXCERPT_S * RATE_HZ))
            count = min(EXCERPTS, max(1, file.frames // max(1, frames)))
            found = []
            for at in range(count):
                file.seek(round((file.frames - frames) * (at + 0.5) / count))
                sound = file.read(frames, dtype="float32", always_2d=True)
                found.append(np.repeat(sound, 2, axis=1) if sound.shape[1] == 1 else sound[:, :2])
            return found
    except soundfile.LibsndfileError as error:
        raise TakeError(f"{path}: cannot be read: {error}") from None


def _powers(stems: Stems, hop: int, sound: Block) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The mean square of each stem."""
    stems.reset()
    sums, block = np.zeros(len(STEMS)), np.zeros((hop, 2 * SPLIT), np.float32)
    for at in range(0, len(sound) - hop + 1, hop):
        block[:, :2] = sound[at : at + hop]
        stems.process(block)
        sums += np.square(block[:, 2:], dtype=np.float64).sum(axis=0).reshape(-1, 2).mean(axis=1)
    return sums / max(1, len(sound))
