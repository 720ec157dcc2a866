"""Input and output of the stem separator's network: spectrum to features, mask to gains. Layout "stems-v1".

48 kHz, `StreamingStft(channels, window_frames=2048, synthesis_frames=1024, hop_frames=512)`: algorithmic latency 1024
frames. A bin is 23.4 Hz wide. Each of the lowest 128 bins (to 3 kHz) stands alone; 80 overlapping triangular bands,
growing geometrically, cover the rest, and their gains are interpolated over the bins by the same triangles.

    front = StemsFrontEnd(channels)              # 1 or 2
    spectrum = stft.analyse(hop)                 # (channels, 1025) complex64
    features = front.features(spectrum)          # (1, INPUT_SIZE) float32, reused buffer
    mask = model(features)                       # (1, OUTPUT_SIZE) float32
    gains = front.bin_masks(mask)                # (4, channels, 1025) float32, reused buffer; order of STEMS
    spectrum * (levels[:, None, None] * gains).sum(0)    # the new mix; gains[i] * spectrum is stem i

features (624) = log power of 208 bands, relative to the level of the last seconds | balance | coherence
                 where balance = (L - R) / (L + R) of the powers, and coherence = 2 Re(L conj(R)) / (L + R):
                 1 where both channels are alike, 0 where they are unrelated or one is silent, -1 out of phase
mask    (1248) = share of vocals, drums and bass, stored [stem][channel][band], each 0 to 1, together at most 1

`other` is what the three leave: it is computed here as one minus their sum, so that the gains add up to one in every
bin, whatever the network says. Zeros are a valid mask: everything is `other`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.layouts.stems import BANDS, BINS, CHANNELS, CLAIMED, HIGH_BANDS, HIGH_BINS, INPUT_SIZE, LOW_BINS, STEMS
from dsp.native import bound

Spectrum = NDArray[np.complex64]
Array = NDArray[np.float32]


LEVEL_HOPS = 188.0  # the level is a running mean of the power over 2 s
POWER_FLOOR = 1e-6  # white noise at -90 dBFS
RELATIVE_FLOOR = 1e-6  # bands 60 dB below the level look alike
LOG_OFFSET, LOG_SCALE = 2.0, 0.5  # feature = (log10(power / level + floor) + offset) * scale
_WIDEST = 44.0  # the highest band's width relative to the lowest's, which then is about as wide as a single bin


def band_triangles() -> Array:
    """Weights of the bands above the low bins. Shape (HIGH_BANDS, HIGH_BINS); each bin's weights add up to one."""
    steps = np.geomspace(1.0, _WIDEST, HIGH_BANDS - 1)
    centres = np.concatenate(([0.0], np.cumsum(steps))) * (HIGH_BINS - 1) / steps.sum()
    bins = np.arange(HIGH_BINS)
    return np.stack([np.interp(bins, centres, row) for row in np.eye(HIGH_BANDS)]).astype(np.float32)


def band_averages() -> Array:
    """The same triangles scaled so that each band's weights add up to one. Shape (HIGH_BANDS, HIGH_BINS)."""
    triangles = band_triangles()
    averages: Array = triangles / triangles.sum(axis=1, keepdims=True)
    return averages


class StemsFrontEnd:
    """Features and masks of one stream. Audio thread; buffers are made once and reused.

    A single channel is treated as two that are alike; its gains are the mean of both channels' gains.
    """

    def __init__(self, channels: int) -> None:
        if channels not in (1, CHANNELS):
            raise ValueError(f"channels = {channels}: allowed 1 or {CHANNELS}")
        self.channels = channels
        self._averages = np.ascontiguousarray(band_averages().T)
        self._triangles = band_triangles()
        self._hops = 0
        self._level = 0.0
        self._power: Array = np.zeros((channels, BINS), np.float32)
        self._scratch: Array = np.zeros((channels, BINS), np.float32)
        self._bins: Array = np.zeros((3, BINS), np.float32)  # mean power, half the difference, real cross power
        self._bands: Array = np.zeros((3, BANDS), np.float32)
        self._aligned_bands: Array = np.zeros((1, BANDS), np.float32)
        self._high_bands: Array = np.zeros((3, HIGH_BANDS), np.float32)
        self._features: Array = np.zeros((1, INPUT_SIZE), np.float32)
        self._shares: Array = np.zeros((CLAIMED, channels, BANDS), np.float32)
        self._gains: Array = np.zeros((len(STEMS), channels, BINS), np.float32)
        self._high: Array = np.zeros((CLAIMED, channels, HIGH_BINS), np.float32)
        self._squares: Array = np.zeros_like(self._gains)
        self._newest_energy: Array = np.zeros(len(STEMS), np.float32)
        self._gain: Array = np.zeros((channels, BINS), np.float32)
        self._native = bound.stems(self._triangles, self._power, self._features, self._gains)

    def reset(self) -> None:
        """Forget the past: as new."""
        self._hops = 0
        self._level = 0.0

    def features(self, spectrum: Spectrum, aligned: Spectrum | None = None) -> Array:
        """The network's input.  spectrum: (channels, BINS) -> (1, INPUT_SIZE), a reused buffer.

        aligned: the same spectrum with both sides in time and of one polarity, where they are not so by themselves
        (dsp.stems.sides). Balance and coherence are then computed from it.
        """
        if self._native is not None:
            self._hops += 1
            share = 1.0 / min(float(self._hops), LEVEL_HOPS)
            seen = spectrum if aligned is None else aligned
            self._level = self._native.features(spectrum, seen, self._level, share)
            return self._features
        self._set_power(spectrum)
        mean, _, cross = self._bins
        if self.channels == 1:
            mean[:] = cross[:] = self._power[0]
        else:
            np.add(self._power[0], self._power[1], out=mean)
            np.multiply(mean, 0.5, out=mean)
            if aligned is None:
                self._compare(spectrum)
            else:
                self._set_power(aligned)
                self._compare(aligned)
        self._into_bands(self._bins, self._bands)
        self._follow(float(np.mean(mean)))
        log, balance, coherence = self._features.reshape(3, BANDS)
        compared = self._bands[:1] if aligned is None else self._power_in_bands()
        np.add(compared[0], POWER_FLOOR, out=log)
        np.divide(self._bands[1], log, out=balance)
        np.divide(self._bands[2], log, out=coherence)
        np.multiply(self._bands[0], 1.0 / (self._level + POWER_FLOOR), out=log)
        np.add(log, RELATIVE_FLOOR, out=log)
        np.log10(log, out=log)
        np.add(log, LOG_OFFSET, out=log)
        np.multiply(log, LOG_SCALE, out=log)
        return self._features

    def _set_power(self, spectrum: Spectrum) -> None:
        np.square(spectrum.real, out=self._power)
        np.square(spectrum.imag, out=self._scratch)
        np.add(self._power, self._scratch, out=self._power)

    def _compare(self, spectrum: Spectrum) -> None:
        """Set the bins' difference and cross power. `_power` is that of `spectrum`."""
        _, difference, cross = self._bins
        np.subtract(self._power[0], self._power[1], out=difference)
        np.multiply(difference, 0.5, out=difference)
        np.multiply(spectrum[0].real, spectrum[1].real, out=cross)
        np.multiply(spectrum[0].imag, spectrum[1].imag, out=self._scratch[0])
        np.add(cross, self._scratch[0], out=cross)

    def _into_bands(self, bins: Array, bands: Array) -> None:
        """(rows, BINS) -> (rows, BANDS)."""
        high = self._high_bands[: len(bins)]
        bands[:, :LOW_BINS] = bins[:, :LOW_BINS]
        np.matmul(bins[:, LOW_BINS:], self._averages, out=high)
        bands[:, LOW_BINS:] = high

    def _power_in_bands(self) -> Array:
        """Mean of `_power` over both channels. (1, BANDS), a reused buffer."""
        np.add(self._power[0], self._power[1], out=self._scratch[0])
        np.multiply(self._scratch[0], 0.5, out=self._scratch[0])
        self._into_bands(self._scratch[:1], self._aligned_bands)
        return self._aligned_bands

    def _follow(self, power: float) -> None:
        """Move the level: a plain mean at first, a running one later."""
        self._hops += 1
        self._level += (power - self._level) / min(float(self._hops), LEVEL_HOPS)

    def bin_masks(self, mask: Array) -> Array:
        """Gain of each stem.  mask: (1, OUTPUT_SIZE) -> (4, channels, BINS), a reused buffer; adds up to one."""
        if self._native is not None:
            self._native.masks(mask)
            return self._gains
        shares = mask.reshape(CLAIMED, CHANNELS, BANDS)
        if self.channels == CHANNELS:
            self._shares[:] = shares
        else:
            np.mean(shares, axis=1, out=self._shares[:, 0])
        claimed, other = self._gains[:CLAIMED], self._gains[CLAIMED]
        claimed[:, :, :LOW_BINS] = self._shares[:, :, :LOW_BINS]
        np.matmul(self._shares[:, :, LOW_BINS:], self._triangles, out=self._high)
        claimed[:, :, LOW_BINS:] = self._high
        np.sum(claimed, axis=0, out=other)
        np.subtract(1.0, other, out=other)
        return self._gains

    def mix(self, spectrum: Spectrum, levels: Array, out: Spectrum, energy: Array) -> None:
        """Put the stems together again, each at its level, with the newest bin_masks().

        spectrum, out: (channels, BINS); levels: (4,); energy: (4,), to which that of each stem before its level is
        added.
        """
        if self._native is not None:
            self._native.mix(spectrum, levels, out, energy)
            return
        self._set_power(spectrum)
        np.square(self._gains, out=self._squares)
        np.dot(self._squares.reshape(len(STEMS), -1), self._power.reshape(-1), out=self._newest_energy)
        np.add(energy, self._newest_energy, out=energy)
        np.dot(levels, self._gains.reshape(len(STEMS), -1), out=self._gain.reshape(-1))
        np.multiply(spectrum, self._gain, out=out)
