"""Finer resolution of the lowest bins: features between the bins, and filter taps that reach further back in time.

At the live denoiser's window of 768 frames a bin is 62.5 Hz wide, so the overtones of a low voice, and the noise
between them, share bins. A bin's past separates them. The last 32 hops (85 ms) of each bin, weighted and turned, give
its power at five places 12.5 Hz apart. Eight more complex taps for each bin, up to 28 hops (75 ms) back, let the
network filter as finely as it sees. Both only look back, so they add no delay. The numbers are in
dsp.layouts.denoise.FineLayout.

Source: the same idea in the time domain is the pitch filter of J. Valin, "A hybrid DSP/deep learning approach to
real-time full-band speech enhancement", MMSP 2018.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.layouts.denoise import LIVE, Layout

Spectrum = NDArray[np.complex64]
Array = NDArray[np.float32]


def weights(layout: Layout) -> Array:
    """The weights of the last hops, newest first. They add up to one. Shape (past_hops,)."""
    past, newest = layout.fine.past_hops, layout.fine.newest_hops
    hops = np.arange(past)
    rise = np.sin(np.pi / 2 * (hops + 1) / (newest + 1)) ** 2
    fall = np.cos(np.pi / 2 * (hops - newest + 1) / (past - newest + 1)) ** 2
    shape = np.where(hops < newest, rise, fall)
    result: Array = (shape / shape.sum()).astype(np.float32)
    return result


def zoom(layout: Layout) -> Spectrum:
    """The matrix from a bin's past, newest first and turned by standstill(), to its places. (places, past_hops)."""
    count = layout.fine.places
    places = (np.arange(count) - count // 2) * (_turns_per_hop(layout) / count)
    turns = np.exp(2j * np.pi * np.outer(places, np.arange(layout.fine.past_hops)))
    result: Spectrum = (turns * weights(layout)).astype(np.complex64)
    return result


def _turns_per_hop(layout: Layout) -> float:
    """How many turns a tone in the middle of bin 1 makes in a hop."""
    return layout.hop_frames / layout.window_frames


def standstill(layout: Layout) -> Spectrum:
    """Factors for the bins, hop after hop, that keep the phase of a tone in a bin's middle fixed. (period, bins)."""
    period = layout.window_frames // layout.hop_frames
    turns = np.outer(np.arange(period), np.arange(layout.fine.bins)) * _turns_per_hop(layout)
    result: Spectrum = np.exp(-2j * np.pi * turns).astype(np.complex64)
    return result


class FineBins:
    """The past of one stream's lowest bins. Audio thread; buffers are made once and reused.

    The public arrays and counts are also read and moved on by the front end's part in C.
    """

    def __init__(self, channels: int, layout: Layout = LIVE) -> None:
        shape = layout.fine
        self._bins, self._past_hops, self._channels = shape.bins, shape.past_hops, channels
        self.zoom = np.ascontiguousarray(zoom(layout)[:, ::-1])  # oldest first, as the past is read
        self.standstill = standstill(layout)
        # Every hop is stored twice, so that the last past_hops are always contiguous.
        self.still: Spectrum = np.zeros((2 * shape.past_hops, channels * shape.bins), np.complex64)
        self._still_sides = self.still.reshape(2 * shape.past_hops, channels, shape.bins)
        self.past: Spectrum = np.zeros((shape.past_hops, channels, shape.bins), np.complex64)
        self._places: Spectrum = np.zeros((shape.places, channels * shape.bins), np.complex64)
        self._power: Array = np.zeros((shape.places, channels * shape.bins), np.float32)
        self._scratch: Array = np.zeros((shape.places, channels * shape.bins), np.float32)
        self._power_sides = self._power.reshape(shape.places, channels, shape.bins)
        self._taps: Spectrum = np.zeros((shape.taps, shape.bins), np.complex64)
        self._delays = np.array(shape.delays_hops)
        self._at = np.zeros(shape.taps, self._delays.dtype)
        self._terms: Spectrum = np.zeros((shape.taps, channels, shape.bins), np.complex64)
        self._sum: Spectrum = np.zeros((channels, shape.bins), np.complex64)
        self.looked = 0
        self.hop = 0

    def reset(self) -> None:
        """Forget the past: as new."""
        self.still.fill(0.0)
        self.past.fill(0.0)
        self.looked = self.hop = 0

    def look(self, low: Spectrum, out: Array) -> None:
        """Power at each place, once a hop: the mean of the channels' powers, so that none cancels another.

        low: (channels, bins or more); out: (places, bins).
        """
        past = self._past_hops
        at = self.looked % past
        turn = self.standstill[self.looked % len(self.standstill)]
        np.multiply(low[:, : self._bins], turn, out=self._still_sides[at])
        self.still[at + past] = self.still[at]
        self.looked += 1
        np.matmul(self.zoom, self.still[at + 1 : at + 1 + past], out=self._places)
        np.square(self._places.real, out=self._power)
        np.square(self._places.imag, out=self._scratch)
        np.add(self._power, self._scratch, out=self._power)
        np.add.reduce(self._power_sides, axis=1, out=out)
        if self._channels > 1:
            np.multiply(out, np.float32(1.0 / self._channels), out=out)

    def next_hop(self) -> int:
        """Move on by a hop, and tell where in the past it goes."""
        self.hop = (self.hop + 1) % self._past_hops
        return self.hop

    def remember(self, low: Spectrum) -> None:
        """Keep this hop for the taps of later ones.  low: (channels, bins or more)."""
        self.past[self.hop] = low[:, : self._bins]

    def add_taps(self, mask: Array, low: Spectrum) -> None:
        """Add the past through the mask's taps.  mask: (mask_size,), [tap][real, imaginary][bin]; low: as above."""
        parts = mask.reshape(-1, 2, self._bins)
        self._taps.real[:], self._taps.imag[:] = parts[:, 0], parts[:, 1]
        np.subtract(self.hop, self._delays, out=self._at)
        np.take(self.past, self._at, axis=0, out=self._terms, mode="wrap")
        np.multiply(self._terms, self._taps[:, None], out=self._terms)
        np.add.reduce(self._terms, axis=0, out=self._sum)
        lowest = low[:, : self._bins]
        np.add(lowest, self._sum, out=lowest)
