"""Input and output of a denoiser's network: spectrum to features, mask to spectrum, in a layout of dsp.layouts.denoise.

This is the one place for that mapping. Training mirrors it in torch, and a test holds the two equal. Each low bin
stands alone. Above them overlapping triangular bands, wider towards the top, cover the rest; their gains are
interpolated over the bins by the same triangles. The low bins' taps act on the present spectrum and on those of some
hops ago.

Sources: the idea is of H. Schröter et al., "DeepFilterNet", ICASSP 2022; compressed spectra are of J. Valin et al., "A
perceptually-motivated approach for low-complexity, real-time enhancement of fullband speech", Interspeech 2020.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dsp.denoise.fine import FineBins
from dsp.denoise.sides import Sides
from dsp.layouts.denoise import LIVE, Layout
from dsp.native import bound

Spectrum = NDArray[np.complex64]
Array = NDArray[np.float32]

POWER_FLOOR = 1e-9
LOG_OFFSET, LOG_SCALE = 3.0, 1.0 / 3.0  # feature = (log10(power + floor) + offset) * scale
COMPRESSION = -0.35  # spectrum times power**COMPRESSION keeps |spectrum|**0.3
SILENCE = 1e-12  # power of a bin, far below any converter's noise
STRICTNESS = 1.5
"""Every gain is raised to STRICTNESS**sensitivity. At 0 it is the network's own; at 1 low gains become lower."""
TOLD_HZ = 100.0, 400.0, 1200.0, 3000.0, 6000.0, 12_000.0
"""Edges of the bands in which it is told how much the mask keeps (dsp.denoise.telling)."""
FAINTEST = 1e-3  # gain of a low bin below which raising it changes nothing that is heard


def band_triangles(layout: Layout = LIVE) -> Array:
    """Weights of the bands above the low bins. Shape (high_bands, high_bins); each bin's weights add up to one."""
    # Spacing grows fourfold from the lowest band to the highest.
    steps = np.geomspace(1.0, 4.0, layout.high_bands - 1)
    centres = np.concatenate(([0.0], np.cumsum(steps))) * (layout.high_bins - 1) / steps.sum()
    bins = np.arange(layout.high_bins)
    return np.stack([np.interp(bins, centres, row) for row in np.eye(layout.high_bands)]).astype(np.float32)


def band_averages(layout: Layout = LIVE) -> Array:
    """The same triangles scaled so that each band's weights add up to one. Shape (high_bands, high_bins)."""
    triangles = band_triangles(layout)
    averages: Array = triangles / triangles.sum(axis=1, keepdims=True)
    return averages


class DenoiseFrontEnd:
    """Features and mask of one stream. Channels share one mask, so a stereo image stays put. Audio thread.

    Call `features` once per hop, run the model, then call `apply` with the same spectrum.
    """

    def __init__(self, channels: int, layout: Layout = LIVE, features: Array | None = None) -> None:
        """features: where to write them, (1, input_size): the network's own input; None for a new array."""
        if channels < 1:
            raise ValueError(f"channels = {channels}: allowed 1 or more")
        self.channels, self.layout = channels, layout
        low, bins, fine = layout.low_bins, layout.bins, layout.fine
        self._low_bins, self._gains_at, self._fine_taps_at = low, layout.gains_at, layout.fine_taps_at
        self._keep_room_at, self._sensitivity_at = layout.keep_room_at, layout.sensitivity_at
        self.reduction_db = 0.0
        self._exponent = 1.0  # of every gain, from the sensitivity
        self._triangles = band_triangles(layout)
        self._averages = np.ascontiguousarray(band_averages(layout).T)
        self._delays_hops = layout.tap_delays_hops
        self._history: Spectrum = np.zeros((max(self._delays_hops) + 1, channels, low), np.complex64)
        self._hop = 0
        self._power: Array = np.zeros((channels, bins), np.float32)
        self._scratch: Array = np.zeros((channels, bins), np.float32)
        self._kept: Array = np.zeros((channels, bins), np.float32)
        self._mean_power: Array = np.zeros(bins, np.float32)
        self._sides = Sides(channels, layout)
        self._squeeze: Array = np.zeros(low, np.float32)
        self._features: Array = np.zeros((1, layout.input_size), np.float32) if features is None else features
        self._log = self._features[0, : layout.bands]
        self._real = self._features[0, layout.bands : layout.bands + low]
        self._imag = self._features[0, layout.bands + low : layout.bands + 2 * low]
        self._places = self._features[0, layout.fine_at :].reshape(fine.places, fine.bins)
        self._fine = FineBins(channels, layout)
        self._taps: Spectrum = np.zeros((layout.taps, low), np.complex64)
        self._gains: Array = np.zeros(layout.high_bins, np.float32)
        self._low: Spectrum = np.zeros((channels, low), np.complex64)
        self._low_parts = self._low.view(np.float32).reshape(channels, low, 2)
        self._level: Array = np.zeros(bins, np.float32)
        self._left: Array = np.zeros(bins, np.float32)
        self._ones: Array = np.ones(bins, np.float32)
        self._term: Spectrum = np.zeros((channels, low), np.complex64)
        self._mid: Spectrum = self._sides.mid
        edges = [min(round(hz / layout.bin_hz), bins) for hz in TOLD_HZ]
        self.told: Array = np.zeros((channels, 2, len(edges) - 1), np.float32)  # power heard, and kept by the mask
        self._told_at = tuple(pairwise(edges))
        self._native = bound.denoise(
            self._triangles,
            layout.tap_delays_hops,
            fine.delays_hops,
            self._fine.standstill,
            self._fine.zoom,
            self._mid,
            self._power,
            self._mean_power,
            self._features,
            self._fine.still,
            self._history,
            self._fine.past,
            self._low,
            self._level,
            np.array(edges, np.int32),
            self.told,
        )

    def reset(self) -> None:
        """Forget the past: as new."""
        self._history.fill(0.0)
        self._hop = 0
        self._fine.reset()
        self._sides.reset()
        self.told.fill(0.0)
        self.reduction_db = 0.0

    def features(self, spectrum: Spectrum, keep_room: float = 0.0, sensitivity: float = 0.0) -> Array:
        """The network's input.  spectrum: (channels, bins) -> (1, input_size), a reused buffer.

        Of several channels the network sees the mean power, at the fine places too, and in the low bins the mean of the
        spectra, brought to one polarity first (dsp.denoise.sides). Where all channels are alike this is the same as for
        one channel; where they are not, none is lost.
        keep_room: 0 removes late reverberation, 1 leaves it. sensitivity: -1 spares the voice, 1 removes more noise.
        """
        self._exponent = STRICTNESS**sensitivity
        if self._native is not None:
            if self.channels > 1:
                self._sides.mean(spectrum)
            self._native.features(spectrum, self._fine.looked, keep_room, sensitivity)
            self._fine.looked += 1
            return self._features
        np.square(spectrum.real, out=self._power)
        np.square(spectrum.imag, out=self._scratch)
        np.add(self._power, self._scratch, out=self._power)
        if self.channels == 1:
            power, mid = self._power[0], spectrum[0, : self._low_bins]
        else:
            power = np.mean(self._power, axis=0, out=self._mean_power)
            mid = self._sides.mean(spectrum)
        self._log[: self._low_bins] = power[: self._low_bins]
        np.dot(power[self._low_bins :], self._averages, out=self._log[self._low_bins :])
        np.add(self._log, POWER_FLOOR, out=self._log)
        np.power(self._log[: self._low_bins], COMPRESSION, out=self._squeeze)
        np.multiply(mid.real, self._squeeze, out=self._real)
        np.multiply(mid.imag, self._squeeze, out=self._imag)
        self._fine.look(spectrum, self._places)
        np.add(self._places, POWER_FLOOR, out=self._places)
        for logarithm in (self._log, self._places):
            np.log10(logarithm, out=logarithm)
            np.add(logarithm, LOG_OFFSET, out=logarithm)
            np.multiply(logarithm, LOG_SCALE, out=logarithm)
        self._features[0, self._keep_room_at] = keep_room
        self._features[0, self._sensitivity_at] = sensitivity
        return self._features

    def apply(self, mask: Array, spectrum: Spectrum, attenuation_limit: float) -> None:
        """Filter the spectrum in place; set `reduction_db` and `told`.

        mask: (1, output_size). spectrum: (channels, bins). attenuation_limit: the share of the input that always stays,
        10 ** (-amount_db / 20). At 1 the spectrum is left untouched.
        """
        if self._native is not None:
            self.reduction_db = self._native.apply(mask, spectrum, *self._next_hop(), attenuation_limit, self._exponent)
            return
        self._remember(spectrum)
        before = _energy(spectrum)
        wet, dry = 1.0 - attenuation_limit, attenuation_limit
        self._filter_low(mask)
        np.dot(mask[0, self._gains_at : self._fine_taps_at], self._triangles, out=self._gains)
        self._tell(self._gains)
        if attenuation_limit >= 1.0:
            self.reduction_db = 0.0
            return
        if self._exponent != 1.0:
            level = self._low_level(self._all_power())
            np.maximum(level, FAINTEST, out=level)
            np.power(level, self._exponent - 1.0, out=level)
            np.multiply(self._low, level, out=self._low)
            np.power(self._gains, self._exponent, out=self._gains)
        np.multiply(self._low, wet, out=self._low)
        np.multiply(spectrum[:, : self._low_bins], dry, out=self._term)
        np.add(self._low, self._term, out=spectrum[:, : self._low_bins])
        np.multiply(self._gains, wet, out=self._gains)
        np.add(self._gains, dry, out=self._gains)
        np.multiply(spectrum[:, self._low_bins :], self._gains, out=spectrum[:, self._low_bins :])
        self.reduction_db = 10.0 * math.log10((before + 1e-12) / (_energy(spectrum) + 1e-12))

    def gains(self, mask: Array, spectrum: Spectrum, attenuation_limit: float) -> Array:
        """The gain of each bin, at most 1; sets `reduction_db` and `told`. Used instead of apply(), after features().

        mask, spectrum: as in apply(), but the spectrum is not changed. attenuation_limit is only for `reduction_db`,
        not for the gains. Shape (bins,), a reused buffer.
        """
        if self._native is not None:
            self.reduction_db = self._native.gains(mask, spectrum, *self._next_hop(), attenuation_limit, self._exponent)
            return self._level
        self._remember(spectrum)
        self._filter_low(mask)
        power, level = self._all_power(), self._level
        self._low_level(power)
        np.dot(mask[0, self._gains_at : self._fine_taps_at], self._triangles, out=level[self._low_bins :])
        np.minimum(level, 1.0, out=level)
        self._tell(level[self._low_bins :])
        if self._exponent != 1.0:
            np.power(level, self._exponent, out=level)
        wet, dry = 1.0 - attenuation_limit, attenuation_limit
        np.multiply(level, power, out=self._left)
        before, once, twice = np.dot(power, self._ones), np.dot(self._left, self._ones), np.dot(self._left, level)
        after = dry * dry * before + 2.0 * dry * wet * once + wet * wet * twice  # of power * (dry + wet * level)**2
        self.reduction_db = 10.0 * math.log10((float(before) + 1e-12) / (max(0.0, float(after)) + 1e-12))
        return level

    def _tell(self, gains: Array) -> None:
        """Set `told`.  gains: of the high bins."""
        low, kept = self._low_bins, self._kept
        np.square(self._low.real, out=kept[:, :low])
        np.square(self._low.imag, out=self._scratch[:, :low])
        np.add(kept[:, :low], self._scratch[:, :low], out=kept[:, :low])
        np.multiply(self._power[:, low:], gains, out=kept[:, low:])
        np.multiply(kept[:, low:], gains, out=kept[:, low:])
        for band, (first, last) in enumerate(self._told_at):
            np.add.reduce(self._power[:, first:last], axis=1, out=self.told[:, 0, band])
            np.add.reduce(kept[:, first:last], axis=1, out=self.told[:, 1, band])

    def _next_hop(self) -> tuple[int, int]:
        """Move on, and tell where this hop's low and lowest bins go."""
        self._hop = (self._hop + 1) % len(self._history)
        return self._hop, self._fine.next_hop()

    def _remember(self, spectrum: Spectrum) -> None:
        """Keep the low bins for the taps of later hops."""
        hop, _ = self._next_hop()
        self._history[hop] = spectrum[:, : self._low_bins]
        self._fine.remember(spectrum)

    def _all_power(self) -> Array:
        """The summed power of all channels; they share one gain. Shape (bins,)."""
        return self._power[0] if self.channels == 1 else np.sum(self._power, axis=0, out=self._mean_power)

    def _low_level(self, power: Array) -> Array:
        """The gain of each low bin through its taps, at most 1. Shape (low_bins,): the start of `_level`."""
        low = self._level[: self._low_bins]
        np.einsum("cbp,cbp->b", self._low_parts, self._low_parts, out=low)
        np.add(low, SILENCE, out=low)
        np.add(power[: self._low_bins], SILENCE, out=self._squeeze)  # silence passes
        np.divide(low, self._squeeze, out=low)
        np.sqrt(low, out=low)
        np.minimum(low, 1.0, out=low)
        return low

    def _filter_low(self, mask: Array) -> None:
        """Set `_low` to the present low bins filtered by the mask's taps."""
        parts = mask[0, : self._gains_at].reshape(-1, 2, self._low_bins)
        self._taps.real[:], self._taps.imag[:] = parts[:, 0], parts[:, 1]
        np.multiply(self._history[self._hop], self._taps[0], out=self._low)
        for tap in range(1, len(self._delays_hops)):
            past = self._history[self._hop - self._delays_hops[tap]]  # a negative index wraps round the ring
            np.multiply(past, self._taps[tap], out=self._term)
            np.add(self._low, self._term, out=self._low)
        self._fine.add_taps(mask[0, self._fine_taps_at :], self._low)


def identity_mask(layout: Layout = LIVE) -> Array:
    """The mask that changes nothing. Shape (1, output_size)."""
    mask = np.zeros((1, layout.output_size), np.float32)
    mask[0, : layout.low_bins] = 1.0
    mask[0, layout.gains_at : layout.fine_taps_at] = 1.0
    return mask


def _energy(spectrum: Spectrum) -> float:
    flat = spectrum.reshape(-1)
    return float(np.vdot(flat, flat).real)
