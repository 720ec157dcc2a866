"""A try-out: the same sound through two models, at equal loudness, so that only what they do to it differs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from dsp.analysis.loudness import HOP_FRAMES, Loudness
from dsp.block import RATE_HZ, Block
from dsp.rack.build import build_chain
from dsp.rack.dry_path import BYPASS, MATCH, MUTE
from dsp.rack.voice_stages import SOLO
from firmware_app.offline.chain import process_file

_LEFT_OUT = frozenset({BYPASS.id, MUTE.id, MATCH.id, "denoise.listen", "box.freeze", SOLO.id})
"""Settings that would hide what the models do."""


@dataclass(frozen=True, slots=True)
class TriedOut:
    """By model. lufs: loudness before the match, -inf for silence. gain_db: what the louder one was turned down by."""

    lufs: tuple[float, ...]
    gain_db: tuple[float, ...]


def try_out(
    sound: Path,
    bundles: Sequence[Path],
    targets: Sequence[Path],
    values: Mapping[str, float],
    runtime: str = "auto",
) -> TriedOut:
    """Play the WAV file `sound` through each of `bundles` into `targets`, 16-bit WAV files of the same length.

    values: of the box's parameters, by id; those that a model's chain does not have, bypass and mute do not count.
    Raises DspError and SoundFileError.
    """
    played = []
    for folder, target in zip(bundles, targets, strict=True):
        chain = build_chain(folder, runtime, real_time=False)
        for id, value in values.items():
            if id in chain.params and id not in _LEFT_OUT:
                chain.set_param(id, value)
        process_file(chain, sound, target)
        played.append(soundfile.read(target, dtype="float32", always_2d=True)[0])
    lufs = tuple(map(loudness, played))
    quietest = min((value for value in lufs if math.isfinite(value)), default=-math.inf)
    gains = tuple(quietest - value if math.isfinite(value) else 0.0 for value in lufs)
    for each, gain_db, target in zip(played, gains, targets, strict=True):
        matched = np.clip(each * np.float32(10.0 ** (gain_db / 20.0)), -1.0, 1.0)
        soundfile.write(target, matched, RATE_HZ, subtype="PCM_16", format="WAV")
    return TriedOut(lufs, gains)


def loudness(sound: Block) -> float:
    """Integrated loudness in LUFS, gated (BS.1770); -inf for silence or less than 400 ms."""
    meter = Loudness(sound.shape[1], len(sound) / RATE_HZ + 1.0)
    for at in range(0, len(sound) - HOP_FRAMES + 1, HOP_FRAMES):
        meter.add(sound[at : at + HOP_FRAMES])
    return meter.lufs
