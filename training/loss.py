"""The error of a mask, measured on the analysis spectra. Without an inverse transform it costs a tenth of a step.

Spectra are compared at a common level with |.|**0.3 (Valin et al. 2020; Ephrat et al. 2018): magnitudes everywhere,
complex values on the low bins. Where noise is soft, lost voice costs more than noise left; where it is loud, both cost
the same. `sensitivity` shifts both. A log ratio of error to target energy over the low bins is added, because SI-SDR
measures that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from dsp.layouts.denoise import Layout
from training.loudness_loss import loudness_loss
from training.model import Heads
from training.sound_loss import Tables, sound, sound_loss, tables

FLOOR = 0.01  # power at the common level, where a voice has RMS 1 and its bins 350 on average
HIGH_FLOOR = 1e-4  # the same for the log distance of the high bands: 65 dB below that average
USUAL_POWER = 350.0  # of a voice's bins on average, at the common level
PAUSE_DB, PAUSE_FLOOR_DB = -40.0, -60.0  # below that: where nothing is said, and what nobody hears then
PAUSE_EDGES = (0, 4, 8, 16, 32, 64)  # low bins where a band begins in which noise is heard by itself
TOP_FROM_HZ = 2500.0  # from here on lost voice is what is missed first
TOP_FLOOR_DB = -45.0
NOISE_DB = (-22.0, -10.0)  # below the voice: from soft to loud, see how_noisy


@dataclass(frozen=True)
class LossWeights:
    magnitude: float = 6.0  # noise left where the voice is soft, which a ratio of energies does not see
    complex: float = 1.0
    high: float = 2.0
    high_log: float = 0.6  # log distance of the high bands: what is soft there counts as much as what is loud
    ratio: float = 0.7
    spare_voice: float = 5.0  # how much dearer lost voice is than left noise, at sensitivity 0, where noise is soft
    spare_in_noise: float = 1.0  # the same where it is loud
    sound: float = 0.0  # of the loss on the sound itself (training.sound_loss); the terms above then count 1 - sound
    loudness: float = 0.0  # of the points of PESQ's raw score that are lost (training.loudness_loss)
    pauses: float = 0.0  # noise left where nothing is said, in tens of dB above what nobody hears
    top_lost: float = 0.0  # voice taken away above TOP_FROM_HZ, in tens of dB


def filter_low(mask: Tensor, noisy_low: Tensor, layout: Layout) -> tuple[Tensor, Tensor]:
    """Apply a mask's taps.  mask: (T, B, output_size); noisy_low: (T, B, 2*low) -> real, imaginary (T, B, low)."""
    return apply_taps(mask[..., : layout.gains_at], mask[..., layout.fine_taps_at :], noisy_low, layout)


def apply_taps(filters: Tensor, fine_taps: Tensor, noisy_low: Tensor, layout: Layout) -> tuple[Tensor, Tensor]:
    """filters: (T, B, gains_at), fine_taps: (T, B, fine.mask_size); the rest as in filter_low."""
    low, bins = layout.low_bins, layout.fine.bins
    past = max(layout.tap_delays_hops + layout.fine.delays_hops)
    padded = F.pad(noisy_low, (0, 0, 0, 0, past, 0))
    real, imag = _sum_of_taps(filters, padded[..., :low], padded[..., low:], layout.tap_delays_hops)
    lowest = padded[..., :bins].contiguous(), padded[..., low : low + bins].contiguous()
    more_real, more_imag = _sum_of_taps(fine_taps, *lowest, layout.fine.delays_hops)
    return real + F.pad(more_real, (0, low - bins)), imag + F.pad(more_imag, (0, low - bins))


def _sum_of_taps(taps: Tensor, past_real: Tensor, past_imag: Tensor, delays: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """taps: (T, B, 2 * delays * bins); past_real, past_imag: (frames before + T, B, bins)."""
    frames, bins = taps.shape[0], past_real.shape[-1]
    before = past_real.shape[0] - frames
    # One split, not a slice for each: the gradient of a slice is as large as the whole.
    parts = taps.split(bins, dim=-1)
    real, imag = torch.zeros_like(parts[0]), torch.zeros_like(parts[0])
    for tap, delay in enumerate(delays):
        at = slice(before - delay, before - delay + frames)
        m_real, m_imag, x_real, x_imag = parts[2 * tap], parts[2 * tap + 1], past_real[at], past_imag[at]
        real = torch.addcmul(torch.addcmul(real, m_real, x_real), m_imag, x_imag, value=-1)
        imag = torch.addcmul(torch.addcmul(imag, m_real, x_imag), m_imag, x_real)
    return real, imag


def lopsided(estimate: Tensor, target: Tensor, spare: Tensor) -> Tensor:
    """Squared difference; missing parts weigh `spare` times as much, extra parts 1."""
    difference = target - estimate
    return difference.square() + (spare - 1) * F.relu(difference).square()


def how_noisy(noisy_low: Tensor, target_low: Tensor, scale: Tensor) -> Tensor:
    """0 where an example's noise is soft, 1 where it is loud.  (T, B, 2*low) twice, (B,) -> (B,)."""
    noise, voice = ((x * scale[None, :, None]).square().sum((0, 2)) + 1.0 for x in (noisy_low - target_low, target_low))
    softest_db, loudest_db = NOISE_DB
    return ((10 * torch.log10(noise / voice) - softest_db) / (loudest_db - softest_db)).clamp(0, 1)


def lost_voice_cost(noisy: Tensor, sensitivity: Tensor, weights: LossWeights) -> Tensor:
    """The cost of lost voice relative to noise left, for each example. noisy: from `how_noisy`.  All (B,).

    Nothing of a clean voice may be lost. In noise both are errors, and the noise left rises and falls with the voice.
    But where lost voice cost less, soft hummed notes were removed with the noise (training/TRIES.md).
    """
    return weights.spare_voice * (weights.spare_in_noise / weights.spare_voice) ** noisy * torch.exp2(-sensitivity)


def noise_in_pauses(power: Tensor, target_power: Tensor, high: Tensor, target_high: Tensor, scored: Tensor) -> Tensor:
    """The mean excess of the output over the target where the target is soft, in tens of dB.

    power, target_power: (T, B, low bins); high, target_high: (T, B, high bands) powers; scored: (B, high bands). Bands
    as wide as an ear's, each for itself: a pause may be one of the consonants alone.
    """
    ends = (*PAUSE_EDGES[1:], power.shape[-1])
    bands = [
        (power[..., a:b].mean(-1), target_power[..., a:b].mean(-1)) for a, b in zip(PAUSE_EDGES, ends, strict=True)
    ]
    count = scored.sum(-1).clamp(min=1)
    bands.append(((high * scored).sum(-1) / count, (target_high * scored).sum(-1) / count))
    floor, soft = (USUAL_POWER * 10 ** (level_db / 10) for level_db in (PAUSE_FLOOR_DB, PAUSE_DB))
    total = power.new_zeros(())
    for left, wanted in bands:
        more = F.relu(torch.log10(left + floor) - torch.log10(wanted + floor))
        total = total + (more * soft / (wanted + soft)).mean()
    return total / len(bands)


def voice_lost(power: Tensor, target_power: Tensor) -> Tensor:
    """How much softer than the target the output is, in tens of dB, in each cell; zero in inaudible cells."""
    floor = USUAL_POWER * 10 ** (TOP_FLOOR_DB / 10)
    return F.relu(torch.log10(target_power + floor) - torch.log10(power + floor))


Terms = Callable[..., tuple[Tensor, dict[str, Tensor]]]
"""`loss_terms`, or what does the same."""


def fused_terms() -> Terms:
    """`loss_terms` as a few loops in C++ instead of two hundred operations, each through all memory: half the time."""
    fused: Terms = torch.compile(loss_terms, dynamic=False)
    return fused


def denoise_loss(
    heads: Heads,
    spectra: dict[str, Tensor],
    extras: Sequence[Tensor],
    bands_hz: Tensor,
    weights: LossWeights,
    layout: Layout,
    terms: Terms | None = None,
) -> tuple[Tensor, dict[str, float]]:
    """Mean loss and its parts.

    spectra, extras: a Batch's; bands_hz: (high_bands,) their middles: those above an example's top do not count;
    terms: what `fused_terms` made, or None for plain torch.
    """
    given = [spectra[name] for name in ("noisy_low", "target_low", "noisy_high", "target_high")]
    fixed = tables(layout, str(bands_hz.device))
    chosen: Terms = terms or loss_terms
    total, parts = chosen(heads, *given, *extras, bands_hz, weights, fixed, layout)
    return total, {name: float(value.detach()) for name, value in parts.items()}


def loss_terms(
    heads: Heads,
    noisy_low: Tensor,
    target_low: Tensor,
    noisy_high: Tensor,
    target_high: Tensor,
    scale: Tensor,
    top_hz: Tensor,
    sensitivity: Tensor,
    bands_hz: Tensor,
    weights: LossWeights,
    fixed: Tables,
    layout: Layout,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The mean loss and its parts, arithmetic alone.  Shapes as in a Batch."""
    level = scale[None, :, None]
    low_bins = layout.low_bins
    real, imag = apply_taps(heads.filters, heads.fine, noisy_low, layout)
    low_gains, high_gains = heads.gains.split((low_bins, layout.high_bands), dim=-1)
    low_gains = low_gains * level
    real, imag = real * low_gains, imag * low_gains
    target_real, target_imag = target_low[..., :low_bins] * level, target_low[..., low_bins:] * level
    noisy = how_noisy(noisy_low, target_low, scale)
    spare = lost_voice_cost(noisy, sensitivity, weights)[None, :, None]

    power = real.square() + imag.square() + FLOOR
    target_power = target_real.square() + target_imag.square() + FLOOR
    magnitude, target_magnitude = power.pow(0.15), target_power.pow(0.15)
    squeeze, target_squeeze = magnitude / power.sqrt(), target_magnitude / target_power.sqrt()
    low = lopsided(magnitude, target_magnitude, spare).mean()
    turned = (
        (real * squeeze - target_real * target_squeeze).square()
        + (imag * squeeze - target_imag * target_squeeze).square()
    ).mean()

    heard = (high_gains * noisy_high * level).square()
    wanted = (target_high * level).square()
    scored = (bands_hz < top_hz[:, None]).float()
    high = (lopsided((heard + FLOOR).pow(0.15), (wanted + FLOOR).pow(0.15), spare) * scored).mean()
    apart = torch.log10(heard + HIGH_FLOOR) - torch.log10(wanted + HIGH_FLOOR)
    high_log = (F.smooth_l1_loss(apart, torch.zeros_like(apart), reduction="none") * scored).mean()

    error = ((real - target_real).square() + (imag - target_imag).square()).sum((0, 2))
    energy = (target_real.square() + target_imag.square()).sum((0, 2))
    present = (energy > 1.0).float()
    # Errors 25 dB below the target no longer count.
    ratio = (torch.log10((error + 0.003 * energy + 1.0) / (energy + 1.0)) * present).mean()

    spectral = weights.magnitude * low + weights.complex * turned + weights.ratio * ratio
    parts = {"low": low, "complex": turned, "high": high, "high_log": high_log, "ratio_db": 10 * ratio}
    total = (1 - weights.sound) * spectral + weights.high * high + weights.high_log * high_log
    if weights.pauses:
        left = noise_in_pauses(power, target_power, heard, wanted, scored)
        total = total + weights.pauses * left
        parts["pauses"] = left
    if weights.top_lost:
        first = round(TOP_FROM_HZ / layout.bin_hz)
        lost_low = voice_lost(power[..., first:], target_power[..., first:]).sum(-1)
        lost_high = (voice_lost(heard, wanted) * scored).sum(-1)
        cells = power.shape[-1] - first + scored.sum(-1)
        top_lost = ((lost_low + lost_high) / cells).mean()
        total = total + weights.top_lost * top_lost
        parts["top_lost"] = top_lost
    if weights.sound:
        heard_sound, wanted_sound = (
            sound(torch.cat(pair, -1), fixed.synthesis) for pair in ((real, imag), (target_real, target_imag))
        )
        loud, turn, snr = sound_loss(heard_sound, wanted_sound, spare[0, :, 0], fixed)
        total = total + weights.sound * (weights.magnitude * loud + weights.complex * turn + weights.ratio * snr)
        parts |= {"sound": loud, "sound_complex": turn, "sound_db": 10 * snr}
        if weights.loudness:
            # An ear tolerates lost voice better than added noise; but where noise is soft, nothing may be lost.
            lost = (noisy * loudness_loss(heard_sound, wanted_sound, *fixed.ear)).mean()
            total = total + weights.loudness * lost
            parts["loudness"] = lost
    return total, parts
