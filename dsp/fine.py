"""A closer look at the lowest bins: what lies between them in frequency, and filter taps that reach further back.

At a window of 768 frames a bin is 62.5 Hz wide: the overtones of a low voice, and what lies between them, share bins.
A bin's own past tells them apart. The last 32 hops (85 ms) of each bin, weighted and turned, give its power at five
places 12.5 Hz apart; eight more complex taps a bin, up to 28 hops (75 ms) back, let the network cut as finely as it
sees. The delay stays what it is: both only look back.

Source: the same idea in time domain is the pitch filter of J. Valin, "A hybrid DSP/deep learning approach to real-time
full-band speech enhancement", MMSP 2018.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Spectrum = NDArray[np.complex64]
Array = NDArray[np.float32]

FINE_BINS = 24  # to 1.5 kHz
PLACES = 5  # in frequency, for each of these bins: -25 to 25 Hz around its middle
FINE_SIZE = PLACES * FINE_BINS
DELAYS_HOPS = (1, 3, 6, 9, 13, 17, 22, 28)
TAPS = len(DELAYS_HOPS)
MASK_SIZE = 2 * TAPS * FINE_BINS

PAST_HOPS = 32
_NEWEST_HOPS = 8  # the weights fall over these towards the present
_TURNS_PER_HOP = 1 / 6  # of a tone in the middle of bin 1: 62.5 Hz times 128 frames at 48 kHz
_PLACE_TURNS_PER_HOP = _TURNS_PER_HOP / PLACES


def weights() -> Array:
    """Of the last hops, newest first; they add up to one. Shape (PAST_HOPS,)."""
    hops = np.arange(PAST_HOPS)
    rise = np.sin(np.pi / 2 * (hops + 1) / (_NEWEST_HOPS + 1)) ** 2
    fall = np.cos(np.pi / 2 * (hops - _NEWEST_HOPS + 1) / (PAST_HOPS - _NEWEST_HOPS + 1)) ** 2
    shape = np.where(hops < _NEWEST_HOPS, rise, fall)
    result: Array = (shape / shape.sum()).astype(np.float32)
    return result


def zoom() -> Spectrum:
    """From the past of a bin, turned to stand still (`turned`) and newest first, to its places. (PLACES, PAST_HOPS)."""
    places = (np.arange(PLACES) - PLACES // 2) * _PLACE_TURNS_PER_HOP
    turns = np.exp(2j * np.pi * np.outer(places, np.arange(PAST_HOPS)))
    result: Spectrum = (turns * weights()).astype(np.complex64)
    return result


def standstill() -> Spectrum:
    """What bins are multiplied by, hop after hop, so that a tone in the middle of one stands still. (6, FINE_BINS)."""
    period = round(1 / _TURNS_PER_HOP)
    turns = np.outer(np.arange(period), np.arange(FINE_BINS)) * _TURNS_PER_HOP
    result: Spectrum = np.exp(-2j * np.pi * turns).astype(np.complex64)
    return result


class FineBins:
    """The past of one stream's lowest bins. Audio thread; buffers are made once and reused."""

    def __init__(self, channels: int) -> None:
        self._zoom = np.ascontiguousarray(zoom()[:, ::-1])  # oldest first, as the past is read
        self._standstill = standstill()
        # Every hop is stored twice, so that the last PAST_HOPS always lie side by side.
        self._mid: Spectrum = np.zeros((2 * PAST_HOPS, FINE_BINS), np.complex64)
        self._past: Spectrum = np.zeros((PAST_HOPS, channels, FINE_BINS), np.complex64)
        self._places: Spectrum = np.zeros((PLACES, FINE_BINS), np.complex64)
        self._scratch: Array = np.zeros((PLACES, FINE_BINS), np.float32)
        self._taps: Spectrum = np.zeros((TAPS, FINE_BINS), np.complex64)
        self._delays = np.array(DELAYS_HOPS)
        self._at = np.zeros(TAPS, self._delays.dtype)
        self._terms: Spectrum = np.zeros((TAPS, channels, FINE_BINS), np.complex64)
        self._sum: Spectrum = np.zeros((channels, FINE_BINS), np.complex64)
        self._looked = 0
        self._hop = 0

    def reset(self) -> None:
        """Forget the past: as new."""
        self._mid.fill(0.0)
        self._past.fill(0.0)
        self._looked = self._hop = 0

    def look(self, mid: Spectrum, out: Array) -> None:
        """Power at each place, once a hop.  mid: (FINE_BINS,), the channels' mean; out: (PLACES, FINE_BINS)."""
        at = self._looked % PAST_HOPS
        np.multiply(mid, self._standstill[self._looked % len(self._standstill)], out=self._mid[at])
        self._mid[at + PAST_HOPS] = self._mid[at]
        self._looked += 1
        np.matmul(self._zoom, self._mid[at + 1 : at + 1 + PAST_HOPS], out=self._places)
        np.square(self._places.real, out=out)
        np.square(self._places.imag, out=self._scratch)
        np.add(out, self._scratch, out=out)

    def remember(self, low: Spectrum) -> None:
        """Keep this hop for the taps of later ones.  low: (channels, FINE_BINS or more)."""
        self._hop = (self._hop + 1) % PAST_HOPS
        self._past[self._hop] = low[:, :FINE_BINS]

    def add_taps(self, mask: Array, low: Spectrum) -> None:
        """Add the past through the mask's taps.  mask: (MASK_SIZE,), [tap][real, imaginary][bin]; low: as above."""
        parts = mask.reshape(TAPS, 2, FINE_BINS)
        self._taps.real[:], self._taps.imag[:] = parts[:, 0], parts[:, 1]
        np.subtract(self._hop, self._delays, out=self._at)
        np.take(self._past, self._at, axis=0, out=self._terms, mode="wrap")
        np.multiply(self._terms, self._taps[:, None], out=self._terms)
        np.add.reduce(self._terms, axis=0, out=self._sum)
        np.add(low[:, :FINE_BINS], self._sum, out=low[:, :FINE_BINS])
