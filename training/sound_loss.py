"""The error of the sound that a mask makes, below 6 kHz, at negligible cost.

The box plays only the newest part of each analysis window (the live denoiser 256 of 768 frames), so an error in the
rest does not matter. A loss on the analysis spectra cannot tell the two apart. The low bins have nothing above 6 kHz.
So every fourth sample of their sound is enough: a small matrix product and an overlap-add, not an inverse transform of
all bins.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from dsp.layouts.denoise import Layout
from dsp.parts.stft import synthesis_window
from training import loudness_loss

STRIDE = 4
RESOLUTIONS = ((512, 256), (192, 96))  # window and hop at 12 kHz: 43 and 16 ms
FLOOR = 1e-3


class Tables(NamedTuple):
    """The constants of the loss, computed once, so that the loss itself is only arithmetic."""

    synthesis: Tensor  # see synthesis_matrix
    windows: tuple[Tensor, ...]  # of each of RESOLUTIONS
    counts: tuple[Tensor, ...]  # see importance
    ear: tuple[Tensor, ...]  # window, bands and thresholds of training.loudness_loss


@functools.cache
def tables(layout: Layout, device: str = "cpu") -> Tables:
    """Of one layout, on one device."""
    windows = [window for window, _ in RESOLUTIONS]
    return Tables(
        synthesis_matrix(layout).to(device),
        tuple(torch.hann_window(window, device=device) for window in windows),
        tuple(importance(window).to(device) for window in windows),
        (
            torch.hann_window(loudness_loss.WINDOW, device=device),
            loudness_loss.critical_bands().to(device),
            loudness_loss.thresholds().to(device),
        ),
    )


def synthesis_matrix(layout: Layout) -> Tensor:
    """Real and imaginary parts of the low bins to the newest frames, windowed, at 12 kHz. (2 * low_bins, 2 hops)"""
    length, newest = layout.window_frames, layout.synthesis_frames
    frames = np.arange(length - newest, length, STRIDE)
    bins = np.arange(layout.low_bins)
    angle = 2 * np.pi * np.outer(bins, frames) / length
    scale = np.where(bins == 0, 1.0, 2.0)[:, None] / length
    window = synthesis_window(length, newest)[::STRIDE]
    matrix = np.concatenate((scale * np.cos(angle), -scale * np.sin(angle))) * window
    return torch.from_numpy(matrix.astype(np.float32))


def importance(window: int) -> Tensor:
    """How much each bin of a transform at 12 kHz counts, 1 on average: half alike, half by how many Bark it is wide.

    An ear has half of its critical bands below 1.3 kHz. Slope of the scale: Traunmüller, JASA 88 (1990).
    """
    hz = torch.arange(window // 2 + 1) * (12_000.0 / window)
    bark = (1960.0 + hz).pow(-2)
    return 0.5 + 0.5 * bark / bark.mean()


def sound(low: Tensor, synthesis: Tensor) -> Tensor:
    """Overlap-add.  low: (T, B, 2 * low_bins) -> (B, (T - 1) hops) at 12 kHz."""
    pieces = low @ synthesis
    hop = synthesis.shape[1] // 2
    hops = pieces[1:, :, :hop] + pieces[:-1, :, hop:]
    return hops.transpose(0, 1).flatten(1)


def sound_loss(estimate: Tensor, target: Tensor, spare: Tensor, fixed: Tables) -> tuple[Tensor, Tensor, Tensor]:
    """Magnitude, complex and ratio terms.

    estimate, target: (B, samples) at a common level (voice at RMS 1); spare: (B,) how much dearer lost voice is.
    """
    magnitude = estimate.new_zeros(())
    turned = estimate.new_zeros(())
    for (window, hop), shape, counts in zip(RESOLUTIONS, fixed.windows, fixed.counts, strict=True):
        heard, wanted = (
            torch.view_as_real(torch.stft(x, window, hop, window=shape, center=False, return_complex=True))
            for x in (estimate, target)
        )
        power, wanted_power = heard.square().sum(-1) + FLOOR, wanted.square().sum(-1) + FLOOR
        loud, wanted_loud = power.pow(0.15), wanted_power.pow(0.15)
        missing = F.relu(wanted_loud - loud).square() * (spare[:, None, None] - 1)
        magnitude = magnitude + (((wanted_loud - loud).square() + missing) * counts[:, None]).mean()
        squeeze, wanted_squeeze = loud / power.sqrt(), wanted_loud / wanted_power.sqrt()
        apart = (heard * squeeze[..., None] - wanted * wanted_squeeze[..., None]).square().sum(-1)
        turned = turned + (apart * counts[:, None]).mean()
    error, energy = (estimate - target).square().sum(-1), target.square().sum(-1)
    present = (energy > 1e-2 * target.shape[-1]).float()
    # Errors 30 dB below the target no longer count.
    ratio = (torch.log10((error + 1e-3 * energy + 1e-3) / (energy + 1e-3)) * present).mean()
    return magnitude / len(RESOLUTIONS), turned / len(RESOLUTIONS), ratio
