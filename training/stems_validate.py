"""Score a network on the held-out song: SDR of each stem over excerpts, by the sound the box would make.

The same measure as the usual one for separated stems: 10 log10(|s|^2 / |s - e|^2) over an excerpt, averaged over the
excerpts in which the stem sounds. The mix itself as the estimate is the floor.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dsp.layouts import stems as layout
from dsp.parts.stft import synthesis_window
from dsp.stems import features
from training.data.sources import RATE_HZ
from training.stems_data import store
from training.stems_data.loader import Spectra, compute_features, short_time_spectra
from training.stems_data.songs import HELD_OUT
from training.stems_model import StemsNet

EXCERPT_HOPS = 1024  # 10.9 s
EXCERPT_FRAMES = layout.WINDOW_FRAMES + (EXCERPT_HOPS - 1) * layout.HOP_FRAMES
SETTLING_FRAMES = 2 * RATE_HZ  # not scored: the network starts with an empty state
SOUNDS_RMS = 0.003
_TRIANGLES = features.band_triangles()

Sounds = NDArray[np.float32]
Masks = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def real_excerpts(cache: Path, count: int = 60) -> list[Sounds]:
    """Up to `count` excerpts of the held-out song in which at least two stems sound, each (4, EXCERPT_FRAMES, 2).

    Evenly spread; the song's bass plays in few places only, and up to a third of the excerpts comes from there.
    With all of them (47) a checkpoint's mean is steady; nine vary by 0.3 dB.
    """
    sound, pieces = store.load(cache, "songs")
    parts = {piece.stem: piece for piece in pieces if piece.song == HELD_OUT}
    frames = min(piece.frames for piece in parts.values())
    found: list[Sounds] = []
    for start in range(0, frames - EXCERPT_FRAMES, EXCERPT_FRAMES // 2):
        stems = np.zeros((4, EXCERPT_FRAMES, 2), np.float32)
        for index, stem in enumerate(layout.STEMS):
            if stem in parts:
                at = parts[stem].start + start
                stems[index] = sound[at : at + EXCERPT_FRAMES].astype(np.float32) / 32768
        if np.sum(loudness(stems) > SOUNDS_RMS) >= 2:
            found.append(stems)
    with_bass = [stems for stems in found if loudness(stems)[2] > 0.01]
    without = [stems for stems in found if loudness(stems)[2] <= 0.01]
    chosen = []
    for group, wanted in ((with_bass, count // 3), (without, count - count // 3)):
        chosen += [group[n * len(group) // wanted] for n in range(min(wanted, len(group)))]
    return chosen


def loudness(stems: Sounds) -> NDArray[np.float32]:
    rms: NDArray[np.float32] = np.sqrt(np.mean(np.square(stems[:, SETTLING_FRAMES:]), axis=(1, 2)))
    return rms


def network_masks(net: StemsNet) -> Masks:
    """Run all frames of one excerpt at once."""

    def masks(features: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            mask, _ = net(torch.from_numpy(features)[:, None], net.fresh_state(1))
        result: NDArray[np.float32] = mask[:, 0].numpy()
        return result

    return masks


def separate(masks: Masks, mix: Sounds) -> Sounds:
    """(frames, 2) -> (4, frames, 2), aligned; the first window is not complete."""
    spectra = short_time_spectra(mix)
    steps = spectra.shape[1]
    features = np.empty((steps, layout.INPUT_SIZE), np.float32)
    compute_features(spectra, features)
    shares = masks(features).reshape(steps, layout.CLAIMED, layout.CHANNELS, layout.BANDS).transpose(1, 2, 0, 3)
    out = np.zeros((4, len(mix), 2), np.float32)
    for stem in range(layout.CLAIMED):
        low, high = shares[stem, ..., : layout.LOW_BINS], shares[stem, ..., layout.LOW_BINS :] @ _TRIANGLES
        out[stem] = synthesise(spectra * np.concatenate((low, high), axis=-1), len(mix))
    out[3] = synthesise(spectra, len(mix)) - out[:3].sum(axis=0)
    return out


def synthesise(spectra: Spectra, frames: int) -> Sounds:
    """(2, steps, BINS) -> (frames, 2)."""
    hop, synthesis = layout.HOP_FRAMES, layout.SYNTHESIS_FRAMES
    waves = np.fft.irfft(spectra, layout.WINDOW_FRAMES, axis=-1)[..., -synthesis:]
    waves = waves * synthesis_window(layout.WINDOW_FRAMES, synthesis)
    start, steps = layout.WINDOW_FRAMES - synthesis, spectra.shape[1]
    out = np.zeros((2, frames), np.float32)
    out[:, start : start + steps * hop] += waves[..., :hop].reshape(2, -1)
    out[:, start + hop : start + hop + steps * hop] += waves[..., hop:].reshape(2, -1)
    return out.T


def sdr_db(truth: Sounds, estimate: Sounds) -> float:
    error = np.sum(np.square(truth - estimate)) + 1e-9
    return float(10 * np.log10(np.sum(np.square(truth)) / error + 1e-9))


def scores(masks: Masks, excerpts: list[Sounds]) -> dict[str, float]:
    """Mean SDR of each stem, SDR of the mix as estimate, and the level of silent stems relative to the mix, in dB."""
    heard = slice(SETTLING_FRAMES, -layout.SYNTHESIS_FRAMES)
    found: dict[str, list[float]] = {}
    for stems in excerpts:
        mix = stems.sum(axis=0)
        estimates = separate(masks, mix)
        for index, name in enumerate(layout.STEMS):
            truth, estimate, whole = stems[index, heard], estimates[index, heard], mix[heard]
            if np.sqrt(np.mean(np.square(truth))) > SOUNDS_RMS:
                found.setdefault(name, []).append(sdr_db(truth, estimate))
                found.setdefault(f"{name}_floor", []).append(sdr_db(truth, whole))
            elif name != "other":
                leak = np.sum(np.square(estimate - truth)) / np.sum(np.square(whole))
                found.setdefault("quiet_db", []).append(-10 * float(np.log10(leak + 1e-9)))
    result = {name: float(np.mean(values)) for name, values in found.items()}
    sounding = [name for name in layout.STEMS if name in result]
    result["sdr"] = float(np.mean([result[name] for name in sounding]))
    result["floor"] = float(np.mean([result[f"{name}_floor"] for name in sounding]))
    return {name: round(value, 3) for name, value in result.items() if not name.endswith("_floor")}
