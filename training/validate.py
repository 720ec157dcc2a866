"""Score a network on a fixed set of held-out mixes, by its output sound.

The set is rendered once from recordings that training never uses (`sources.py`), saved in the cache, and reused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
import torch
from numpy.typing import NDArray

from dsp.denoise.features import band_triangles
from dsp.layouts.denoise import Layout
from dsp.parts.stft import synthesis_window
from training.data.loader import compute_features, mix_gains, short_time_spectra, steps_of
from training.data.mixer import SEGMENT_FRAMES, Mixer
from training.data.sources import RATE_HZ
from training.loss import filter_low
from training.model import DenoiseNet

MIXES, CLEAN, NOISE = 66, 3, 3
PESQ_ITEMS = 22
SETTLING_FRAMES = 14_400  # not scored: the network starts with an empty state
MOST_INPUT_DB = 25.0


@dataclass
class ValidationSet:
    """noisy, target: (items, SEGMENT_FRAMES); top_hz and kind per item."""

    noisy: NDArray[np.float32]
    target: NDArray[np.float32]
    top_hz: NDArray[np.float64]
    kind: NDArray[np.str_]


def fixed_set(cache: Path, name: str = "validation") -> ValidationSet:
    """Load the set, rendering it on first use."""
    path = cache / f"{name}.npz"
    if not path.exists():
        _render(cache, path, {"sung": 1.0, "song": 0.5, "singing": 0.7} if name == "validation_sung" else None)
    with np.load(path) as stored:
        return ValidationSet(stored["noisy"], stored["target"], stored["top_hz"], stored["kind"])


def _render(cache: Path, path: Path, groups: dict[str, float] | None) -> None:
    rng = np.random.default_rng(20_240_607)
    mixer = Mixer(cache, "val", rng)
    kinds = ["mix"] * MIXES + ["clean"] * CLEAN + ["noise"] * NOISE
    if groups is not None:
        kinds = ["mix"] * 24
        mixer.only_voices(groups)
    noisy, target, tops = [], [], []
    for index, kind in enumerate(kinds):
        example = mixer.example()
        while np.sqrt(np.mean(np.square(example.voice))) < 0.01:
            example = mixer.example()
        example.kind = kind
        gains = mix_gains(example, example.noise, float(-5 + 25 * ((index * 7) % 11) / 10), example.level_db)
        # All room kept: the reference is the voice as heard.
        noisy.append(example.voice * np.float32(gains[0]) + example.noise * np.float32(gains[1]))
        target.append(example.voice * np.float32(gains[0]))
        tops.append(example.top_hz)
    np.savez(path, noisy=noisy, target=target, top_hz=tops, kind=kinds)


def si_sdr_db(estimate: NDArray[np.float32], target: NDArray[np.float32]) -> float:
    estimate, target = estimate - estimate.mean(), target - target.mean()
    wanted = (estimate @ target) / (target @ target + 1e-12) * target
    return float(10 * np.log10((wanted @ wanted + 1e-12) / (np.sum(np.square(estimate - wanted)) + 1e-12)))


def enhance(net: DenoiseNet, sounds: NDArray[np.float32], batch: int = 12) -> NDArray[np.complex64]:
    """Enhanced spectra of many sounds at full amount. (items, frames) -> (items, steps, bins)."""
    layout, steps = net.layout, steps_of(net.layout)
    out = np.empty((len(sounds), steps, layout.bins), np.complex64)
    triangles = band_triangles(layout)
    low = layout.low_bins
    with torch.no_grad():
        for first in range(0, len(sounds), batch):
            spectra = np.stack([short_time_spectra(sound, layout) for sound in sounds[first : first + batch]])
            features = np.empty((steps, len(spectra), layout.input_size), np.float32)
            for index, spectrum in enumerate(spectra):
                compute_features(spectrum, 1.0, 0.0, features[:, index], layout)
            mask, _ = net(torch.from_numpy(features), net.fresh_state(len(spectra)))
            planar = np.concatenate((spectra[..., :low].real, spectra[..., :low].imag), axis=-1).transpose(1, 0, 2)
            real, imag = filter_low(mask, torch.from_numpy(np.ascontiguousarray(planar)), layout)
            gains = mask[..., layout.gains_at : layout.fine_taps_at].numpy() @ triangles
            for index, spectrum in enumerate(spectra):
                out[first + index, :, :low] = real[:, index].numpy() + 1j * imag[:, index].numpy()
                out[first + index, :, low:] = spectrum[:, low:] * gains[:, index]
    return out


def synthesise(spectra: NDArray[np.complex64], layout: Layout) -> NDArray[np.float32]:
    """(steps, bins) -> sound aligned with the input, SEGMENT_FRAMES long; its first window is not complete."""
    window, newest, hop = layout.window_frames, layout.synthesis_frames, layout.hop_frames
    waves = np.fft.irfft(spectra, window, axis=-1)[:, -newest:] * synthesis_window(window, newest)
    out = np.zeros(SEGMENT_FRAMES, np.float32)
    start, frames = window - newest, len(spectra) * hop
    out[start : start + frames] += waves[:, :hop].reshape(-1)
    out[start + hop : start + hop + frames] += waves[:, hop:].reshape(-1)
    return out


def scored(spectra: NDArray[np.complex64], layout: Layout, top_hz: float) -> NDArray[np.float32]:
    """The part of the sound that is scored: nothing above the top of the recording."""
    spectra[:, round(top_hz / layout.bin_hz) + 1 :] = 0
    return synthesise(spectra, layout)[SETTLING_FRAMES : -layout.synthesis_frames]


def scores(net: DenoiseNet, fixed: ValidationSet, with_pesq: bool = True) -> dict[str, float]:
    """Mean SI-SDR of mixes before and after, gain kept on clean sound, reduction on noise alone, PESQ on a part."""
    from pesq import PesqError, pesq

    layout = net.layout
    enhanced = enhance(net, fixed.noisy)
    before, after, clean, reduction = [], [], [], []
    opinions: list[float] = []
    for index, kind in enumerate(fixed.kind):
        top_hz = float(fixed.top_hz[index])
        output = scored(enhanced[index], layout, top_hz)
        noisy, target = (
            scored(short_time_spectra(sound[index], layout), layout, top_hz) for sound in (fixed.noisy, fixed.target)
        )
        if kind == "noise":
            reduction.append(10 * np.log10(np.mean(np.square(noisy)) / (np.mean(np.square(output)) + 1e-12)))
        elif kind == "clean":
            clean.append(si_sdr_db(output, target))
        else:
            if si_sdr_db(noisy, target) > MOST_INPUT_DB:  # noise only where nothing is scored
                continue
            before.append(si_sdr_db(noisy, target))
            after.append(si_sdr_db(output, target))
            if with_pesq and len(opinions) < PESQ_ITEMS:
                reference, degraded = (soxr.resample(sound, RATE_HZ, 16_000) for sound in (target, output))
                try:
                    opinions.append(pesq(16_000, reference, degraded, "wb"))
                except PesqError:
                    opinions.append(1.0)
    result = {"si_sdr_before": np.mean(before), "si_sdr": np.mean(after)}
    result["improvement"] = result["si_sdr"] - result["si_sdr_before"]
    if clean:
        result["clean_si_sdr"], result["noise_reduction_db"] = np.mean(clean), np.mean(reduction)
    if opinions:
        result["pesq"] = np.mean(opinions)
    return {name: round(float(value), 3) for name, value in result.items()}
