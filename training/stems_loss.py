"""The error of the stems: in the sound below 3 kHz, and in the power of every band.

Stems are scored by SDR, whose energy is mostly below 3 kHz. There the loss compares the sound itself. The low bins have
nothing above, so every eighth sample of their sound is enough: a small matrix product and an overlap-add. Above 3 kHz
the loss uses band powers, with the cross term that independent stems have on average. Compressed band amplitudes are
added to keep quiet parts right, and a term that keeps silent stems below the mix.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dsp.layouts import stems as layout
from dsp.parts.stft import analysis_window, synthesis_window
from dsp.stems import features

STRIDE = 8
HOP = layout.HOP_FRAMES // STRIDE
LOW, BANDS, CHANNELS, CLAIMED = layout.LOW_BINS, layout.BANDS, layout.CHANNELS, layout.CLAIMED
LEAST_ERROR = 1e-2  # an error 20 dB below the stem no longer counts
QUIET = 3e-3  # leakage 25 dB below the mix no longer counts
FLOOR = 1e-2  # amplitude against the mix below which bands count less


@dataclass(frozen=True)
class StemsLossWeights:
    ratio: float = 1.0
    magnitude: float = 3.0
    leak: float = 0.6


@functools.cache
def sound_matrix() -> Tensor:
    """The matrix from real and imaginary parts of the low bins to the newest frames, windowed, at 6 kHz.

    Shape (2 * LOW, SYNTHESIS_FRAMES // STRIDE).
    """
    frames = np.arange(layout.WINDOW_FRAMES - layout.SYNTHESIS_FRAMES, layout.WINDOW_FRAMES, STRIDE)
    bins = np.arange(LOW)
    angle = 2 * np.pi * np.outer(bins, frames) / layout.WINDOW_FRAMES
    scale = np.where(bins == 0, 1.0, 2.0)[:, None] / layout.WINDOW_FRAMES
    window = synthesis_window(layout.WINDOW_FRAMES, layout.SYNTHESIS_FRAMES)[::STRIDE]
    matrix = np.concatenate((scale * np.cos(angle), -scale * np.sin(angle))) * window
    return torch.from_numpy(matrix.astype(np.float32))


@functools.cache
def power_to_energy() -> Tensor:
    """Weight of each high band's mean bin power in the energy of a hop of sound at 6 kHz. Shape (HIGH_BANDS,)."""
    window = analysis_window(layout.WINDOW_FRAMES, layout.SYNTHESIS_FRAMES).astype(np.float64)
    energy = 2 * layout.HOP_FRAMES / (layout.WINDOW_FRAMES * np.sum(window**2)) / STRIDE
    return torch.from_numpy((features.band_triangles().sum(axis=1) * energy).astype(np.float32))


def overlap_add(pieces: Tensor) -> Tensor:
    """(T, ..., SYNTHESIS_FRAMES // STRIDE) -> (T - 1, ..., HOP): the finished hops."""
    return pieces[1:, ..., :HOP] + pieces[:-1, ..., HOP:]


def stems_loss(
    mask: Tensor,
    mix_low: Tensor,
    stems_sound: Tensor,
    mix_power: Tensor,
    stems_root: Tensor,
    trust: Tensor,
    weights: StemsLossWeights,
) -> tuple[Tensor, dict[str, float]]:
    """Mean loss and its parts.

    mask: (T, B, OUTPUT_SIZE); mix_low: (T, B, 2 channels, 2 * LOW); stems_sound: (T, B, 4, 2, HOP), hop t ending where
    frame t's output ends; mix_power: (T, B, 2, BANDS); stems_root: fourth root of band power (T, B, 4, 2, BANDS);
    trust: (B, 4) 1 where the stem's truth is known.
    """
    shares = mask.unflatten(-1, (CLAIMED, CHANNELS, BANDS))
    low, mix = shares[..., :LOW], mix_low[:, :, None]
    heard = overlap_add(torch.cat((low * mix[..., :LOW], low * mix[..., LOW:]), dim=-1) @ sound_matrix())
    wrong = heard - stems_sound[1:, :, :CLAIMED]
    # The stems add up to the mix in the truth and in the estimate, so other's error is what the three leave.
    low_error = torch.cat((wrong.square().sum((0, 3, 4)), wrong.sum(2).square().sum((0, 2, 3))[:, None]), dim=1)
    shares = torch.cat((shares, 1 - shares.sum(2, keepdim=True)), dim=2)
    high, wanted = shares[..., LOW:], stems_root[..., LOW:].square().square()
    high_error = torch.addcmul(wanted, high, high * mix_power[:, :, None, :, LOW:] - 2 * wanted)
    error = low_error + _hops_energy(high_error)

    energy = stems_sound[1:].square().sum((0, 3, 4)) + _hops_energy(wanted)
    total = energy.sum(1, keepdim=True) + 1e-6
    sounds = (energy > 1e-3 * total).float()
    logs = torch.log10((error + LEAST_ERROR * energy + 1e-9 * total) / (energy + 1e-9 * total))
    ratio = _weighted(logs, trust * sounds)
    leak = _weighted(torch.log10(error / total + QUIET) - float(np.log10(QUIET)), trust * (1 - sounds))

    level = (mix_power.mean((0, 2, 3)) + 1e-9).sqrt()  # amplitude of the mix, over the whole example
    amplitude = (mix_power / level.square()[:, None, None]).sqrt()[:, :, None]
    truth = stems_root / level.sqrt()[:, None, None, None]
    spectral = ((shares * amplitude + FLOOR).sqrt() - truth).square().mean((0, 3, 4))
    magnitude = _weighted(spectral, trust)
    loss = weights.ratio * ratio + weights.magnitude * magnitude + weights.leak * leak
    parts = {"sdr": -10 * ratio, "magnitude": magnitude, "leak_db": 10 * leak}
    for index, name in enumerate(layout.STEMS):
        parts[name] = -10 * _weighted(logs[:, index], (trust * sounds)[:, index])
    return loss, {name: float(value.detach()) for name, value in parts.items()}


def _hops_energy(high: Tensor) -> Tensor:
    """Power of high bands (T, B, stems, channels, HIGH_BANDS) to energy in the sound's measure (B, stems)."""
    return high.sum((0, 3)) @ power_to_energy()


def _weighted(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / (weights.sum() + 1e-6)
