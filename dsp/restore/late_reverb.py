"""Late echo of a room, estimated from the past of each frequency and turned down, within a transform.

What is heard now cannot be less than the echo of what was heard before. So for several decay times the power of 40 ms
ago and before is summed, fading as a room fades, and the smallest share of that sum that is ever left when the sound
falls is remembered, band by band. Each gives a lower bound of the echo, and the largest of them is the estimate. A dry
voice falls deeper than any room would let it, so its shares are next to nothing, and nothing is taken. A held note
does not fall, so it teaches nothing; and as long as it sounds it is far above its echo.

Sources: the decaying sum is K. Lebart, J. Boucher and P. Denbigh, "A new method based on spectral subtraction for
speech dereverberation", Acta Acustica 87, 2001, after Polack's model; that the share of late echo has to be known
beside the decay is E. Habets, S. Gannot and I. Cohen, "Late reverberant spectral variance estimation based on a
statistical model", IEEE Signal Processing Letters 16, 2009. Both are told the decay; smallest shares need no telling.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ
from dsp.native import bound
from dsp.parts.ramp import Ramp, ramp_frames

Array = NDArray[np.float32]
Spectrum = NDArray[np.complex64]

EARLY_MS = 40.0  # what comes later is late: earlier echo makes a voice fuller and clearer
DECAYS_S = 0.2, 0.35, 0.6, 1.0, 1.7, 3.0  # to a thousandth of the amplitude
BAND_HZ = 0.0, 250.0, 500.0, 800.0, 1250.0, 1900.0, 2800.0, 4000.0, 6000.0, 8750.0, 13_750.0, 24_000.0
MOST_DB = 18.0  # by which a bin is turned down at an amount of 1
KNEE, STEEPNESS, LEAST_STEEP = 0.15, 1.5, 0.4
"""A share of late echo below the knee is not heard under the voice; above it, it is taken so many times over, because
the smallest share is less than the usual one; a little of it at a small amount, which is asked for of voices that are
nearly dry."""

PRESENT_MS, BAND_MS = 4.0, 10.0  # time constants of the power that is compared
FALLEN = 0.35  # only what has fallen below this share of the recent peak shows the room
PEAK_FALL_DB_PER_S = 12.0
LEARN_MS, FORGET_MS = 43.0, 380.0  # of falling sound: how fast a share goes down, and up
MOST_SHARE = 0.7
FAINTEST = 1e-9
METER_MS, RAMP_MS = 100.0, 50.0

BEFORE, AFTER, ECHO = range(3)  # power of a hop: of all, of what is left, and of the late echo in it


class LateReverb:
    """Turns late echo down in the spectra of a stream; channels share the gains. Audio thread; at no latency."""

    def __init__(self, channels: int, window_frames: int, hop_frames: int, rate_hz: int = RATE_HZ) -> None:
        bins, hop_s = window_frames // 2 + 1, hop_frames / rate_hz
        per_hop = [1.0 - math.exp(-1000.0 * hop_s / ms) for ms in (PRESENT_MS, BAND_MS, LEARN_MS, FORGET_MS, METER_MS)]
        self._present, self._band, self._learn, self._forget, self._newest = per_hop
        self._peak_fall = 10.0 ** (-PEAK_FALL_DB_PER_S * hop_s / 10.0)
        edges = [min(round(hz * window_frames / rate_hz), bins) for hz in BAND_HZ]
        edges[-1] = bins
        edges = sorted({*edges})
        self._edges = np.array(edges, np.int32)
        self._of_band = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
        self._width: Array = (1.0 / np.diff(edges)).astype(np.float32)
        self._decays: Array = np.array([10.0 ** (-6.0 * hop_s / decay) for decay in DECAYS_S], np.float32)
        self._late_hops = max(1, round(EARLY_MS / 1000.0 / hop_s))
        count, bands = len(DECAYS_S), len(edges) - 1
        self._past: Array = np.zeros((self._late_hops, bins), np.float32)
        self._level: Array = np.zeros(bins, np.float32)
        self._sums: Array = np.zeros((count, bins), np.float32)
        self._shares: Array = np.zeros((count, bands), np.float32)
        self._in_bands: Array = np.zeros((2, bands), np.float32)  # power now, and its recent peak
        self._gains: Array = np.zeros(bins, np.float32)
        self._work: Array = np.zeros((2, bins), np.float32)
        self._told: Array = np.zeros(3, np.float32)
        self._all: Array = np.zeros((count, bins), np.float32)
        rules = [self._present, self._band, self._learn, self._forget, self._peak_fall]
        rules += [FALLEN, MOST_SHARE, KNEE, STEEPNESS]
        self._rules: Array = np.array(rules, np.float32)
        self._native = bound.late(
            channels, self._edges, self._decays, self._rules, self._past, self._level,
            self._sums, self._shares, self._in_bands, self._gains, self._work, self._told,
        )  # fmt: skip
        self._amount = Ramp(0.0, max(1, round(ramp_frames(RAMP_MS, rate_hz) / hop_frames)), 1)
        self.reset()

    def reset(self) -> None:
        """Forget the sound and the room: as new."""
        for array in (self._past, self._level, self._sums, self._shares, self._in_bands):
            array.fill(0.0)
        self._at = 0
        self.change_db = self._before = self._echo = 0.0
        self._amount.jump(self._amount.target)

    def ask(self, amount: float) -> None:
        """0 to 1; ramps there."""
        self._amount.set(amount)

    @property
    def at_work(self) -> bool:
        """Whether anything is asked for, or has not yet faded out."""
        return self._amount.target > 0.0 or not self._amount.still

    @property
    def amount(self) -> float:
        """Of the last hop."""
        return self._amount.value

    @property
    def echo_percent(self) -> float:
        """Of the power that is heard."""
        return 100.0 * self._echo / (self._before + 1e-9)

    def take(self, spectrum: Spectrum) -> None:
        """Turn the late echo down in place.  spectrum: (channels, bins), a hop after the other."""
        np.multiply(spectrum, self._follow(spectrum), out=spectrum)

    def turn_down(self, gains: Array, spectrum: Spectrum) -> None:
        """The same for a filter: gains (bins,) by which the spectrum will be multiplied are turned down in place."""
        np.multiply(gains, self._follow(spectrum), out=gains)

    def _follow(self, spectrum: Spectrum) -> Array:
        """The gains for this hop. (bins,), a reused buffer."""
        amount = self._amount.next_value()
        floor = 10.0 ** (-MOST_DB * amount / 10.0)
        self._rules[-1] = STEEPNESS * (LEAST_STEEP + (1.0 - LEAST_STEEP) * amount)
        self._at = (self._at + 1) % self._late_hops
        if self._native is not None:
            self._native.follow(spectrum, self._at, floor)
        else:
            self._estimate(spectrum, floor)
        before, after, echo = self._told.tolist()
        self.change_db += self._newest * (10.0 * math.log10((after + 1e-12) / (before + 1e-12)) - self.change_db)
        self._before += self._newest * (before - self._before)
        self._echo += self._newest * (echo - self._echo)
        return self._gains

    def _estimate(self, spectrum: Spectrum, floor: float) -> None:
        """What dsp/native/late.c does."""
        power, late = self._work
        np.square(spectrum.real[0], out=power)
        for channel in range(len(spectrum)):
            if channel:
                np.square(spectrum.real[channel], out=late)
                np.add(power, late, out=power)
            np.square(spectrum.imag[channel], out=late)
            np.add(power, late, out=power)
        np.subtract(power, self._level, out=late)
        np.multiply(late, self._present, out=late)
        np.add(self._level, late, out=self._level)
        past = self._past[self._at]
        np.subtract(past, self._sums, out=self._all)
        np.multiply(self._all, (1.0 - self._decays)[:, None], out=self._all)
        np.add(self._sums, self._all, out=self._sums)
        np.copyto(past, self._level)
        self._learn_shares(power)
        np.multiply(self._shares[:, self._of_band], self._sums, out=self._all)
        np.max(self._all, axis=0, out=late)
        _three(late, self._gains)
        _three(self._level, late)
        np.add(late, FAINTEST * 1e-3, out=late)
        np.divide(self._gains, late, out=late)  # the share of late echo now
        self._told[ECHO] = np.dot(power, np.minimum(late, 1.0))
        np.subtract(late, KNEE, out=late)
        np.maximum(late, 0.0, out=late)
        np.multiply(late, -self._rules.item(-1) / (1.0 - KNEE), out=late)
        np.add(late, 1.0, out=late)
        np.maximum(late, floor, out=late)
        self._told[BEFORE], self._told[AFTER] = power.sum(), np.dot(power, late)
        np.sqrt(late, out=self._gains)

    def _learn_shares(self, power: Array) -> None:
        now, peak = self._in_bands
        np.add(now, self._band * (np.add.reduceat(power, self._edges[:-1]) * self._width - now), out=now)
        np.maximum(peak * np.float32(self._peak_fall), now, out=peak)
        sums = np.add.reduceat(self._sums, self._edges[:-1], axis=1) * self._width
        shows = (now < FALLEN * peak) & (sums > FAINTEST).all(axis=0)
        if not shows.any():
            return
        share = now / np.maximum(sums, FAINTEST)
        down = self._shares + np.float32(self._learn) * (share - self._shares)
        up = np.minimum(self._shares + np.float32(self._forget) * (self._shares + np.float32(1e-3)), share)
        new = np.minimum(np.where(share < self._shares, down, up), MOST_SHARE)
        np.copyto(self._shares, new, where=shows)


def _three(values: Array, out: Array) -> None:
    """The mean of each bin and its neighbours: single bins that flicker would be heard as bubbles."""
    np.copyto(out, values)
    np.add(out[1:], values[:-1], out=out[1:])
    np.add(out[:-1], values[1:], out=out[:-1])
    np.multiply(out, np.float32(1.0 / 3.0), out=out)
