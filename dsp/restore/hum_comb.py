"""Reads mains hum from a window of sound: the level at each harmonic, and the level between the harmonics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.block import Block
from dsp.native import bound

Lines = NDArray[np.complex128]
Values = NDArray[np.float64]
Bins = NDArray[np.intp]

HARMONICS = 64
"""From 50 Hz to 3.2 kHz, from 60 Hz to 3.84 kHz. Higher ones are faint, and the network removes them well."""

PERIODS = 6
"""Periods of the mains in a window. Harmonics are then 6 bins apart; a Hann window's main lobe takes 2 to each side."""

FAINTEST_POWER = 1e-13
FAINTEST_SHARE = 1e-5  # of a line's own power: the window resolves no more

PARTS = 2
"""A window is transformed in so many parts, its even frames and its odd ones, so that no hop transforms all of it."""

_NUMPY_WRITES = np.lib.NumpyVersion(np.__version__) >= "2.0.0"


class Comb:
    """Reads lines at the harmonics of one mains frequency. Audio thread; the large buffers are made once.

    A line is the amplitude and phase c of Re(c e^{j angle}) in the middle of the window. Between two harmonics there
    can be no hum, so the level there measures everything else: voice, noise, music.
    """

    def __init__(self, mains_hz: float, rate_hz: int, channels: int) -> None:
        self.mains_hz = mains_hz
        self.frames = PARTS * round(PERIODS * rate_hz / mains_hz / PARTS)
        self.age_s = (self.frames / 2.0 - 1.0) / rate_hz
        """From the middle of a window to its newest frame."""
        self._bins_per_hz = self.frames / rate_hz
        hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(self.frames) / self.frames)
        window = (hann * 4.0 / self.frames).astype(np.float32)
        self._windows = [np.ascontiguousarray(window[part::PARTS]) for part in range(PARTS)]
        part_frames = self.frames // PARTS
        self._windowed: Block = np.zeros((channels, part_frames), np.float32)
        self._spectra = [np.zeros((channels, part_frames // 2 + 1), np.complex64) for _ in range(PARTS)]
        self._native = bound.transform(part_frames)
        self._numbers = np.arange(1.0, HARMONICS + 1)
        self._gaps = np.arange(HARMONICS + 1) + 0.5
        self._bins: Bins = np.zeros(2 * HARMONICS + 1, np.intp)
        self._at, self._between = self._bins[:HARMONICS], self._bins[HARMONICS:]
        # A harmonic 1 % off lies below this bin, and so below the middle of a part's spectrum.
        assert part_frames // 2 > 1.02 * (HARMONICS + 0.5) * PERIODS
        turns = np.exp(-2j * np.pi * np.arange(part_frames // 2) / self.frames).astype(np.complex64)
        self._turns = [turns**part for part in range(PARTS)]
        self._turn = np.zeros(2 * HARMONICS + 1, np.complex64)
        self._scale: Values = np.zeros(HARMONICS)
        self._hz = 0.0
        self._found = np.zeros((channels, 2 * HARMONICS + 1), np.complex64)
        self._of_part = np.zeros((channels, 2 * HARMONICS + 1), np.complex64)
        self._lines: Lines = np.zeros((channels, HARMONICS), np.complex128)
        self._power: Values = np.zeros((channels, 2 * HARMONICS + 1))
        self._imag: Values = np.zeros((channels, 2 * HARMONICS + 1))
        self._least: Values = np.zeros((channels, HARMONICS))
        self._from_gaps = _from_gaps()
        self._resolved: Values = np.zeros(HARMONICS)
        self._noise: Values = np.zeros((channels, HARMONICS))
        self.aim(mains_hz)

    def aim(self, hz: float) -> None:
        """Read at the harmonics of `hz` from now on."""
        if abs(hz - self._hz) < 1e-6 * hz:
            return
        self._hz = hz
        place = self._numbers * (hz * self._bins_per_hz)
        self._at[:] = np.rint(place)
        self._between[:] = np.rint(self._gaps * (hz * self._bins_per_hz))
        off = place - self._at
        # The Hann window's transform at this distance from its middle. Every other bin is half a turn off there.
        np.divide((1.0 - off * off) * (1 - 2 * (self._at & 1)), np.sinc(off), out=self._scale)
        np.multiply(self._scale, self._scale, out=self._resolved)
        np.multiply(self._resolved, FAINTEST_SHARE, out=self._resolved)

    def hear(self, sound: Block, part: int) -> None:
        """Take a part of the newest window, 0 to PARTS - 1.  sound: the whole window, (channels, frames)."""
        spectrum = self._spectra[part]
        np.multiply(sound[:, part::PARTS], self._windows[part], out=self._windowed)
        if self._native is not None:
            self._native.forward(self._windowed, spectrum)
        elif _NUMPY_WRITES:
            np.fft.rfft(self._windowed, axis=-1, out=spectrum)  # type: ignore[arg-type]  # stubs know double only
        else:
            spectrum[:] = np.fft.rfft(self._windowed, axis=-1)

    def read(self) -> tuple[Lines, Values]:
        """The lines of the last window, and the power that each would have by chance. Each (channels, HARMONICS).

        Both are reused buffers. All parts were heard before.
        """
        lines, noise, power = self._lines, self._noise, self._power
        # The first step of a fast Fourier transform, for the bins of interest alone (decimation in time).
        np.take(self._spectra[0], self._bins, axis=1, out=self._found, mode="clip")
        for spectrum, turns in zip(self._spectra[1:], self._turns[1:], strict=True):
            np.take(spectrum, self._bins, axis=1, out=self._of_part, mode="clip")
            np.take(turns, self._bins, out=self._turn, mode="clip")
            np.multiply(self._of_part, self._turn, out=self._of_part)
            np.add(self._found, self._of_part, out=self._found)
        np.multiply(self._found[:, :HARMONICS], self._scale, out=lines)
        np.square(self._found.real, out=power)
        np.square(self._found.imag, out=self._imag)
        np.add(power, self._imag, out=power)
        np.matmul(power[:, HARMONICS:], self._from_gaps, out=noise)
        np.multiply(power[:, :HARMONICS], self._resolved, out=self._least)
        np.maximum(noise, self._least, out=noise)
        np.maximum(noise, FAINTEST_POWER, out=noise)
        return lines, noise


def _from_gaps() -> Values:
    """Weights that make the level at each harmonic from that in the gaps. (HARMONICS + 1, HARMONICS)"""
    gaps = np.eye(HARMONICS + 1)
    both = gaps[:, 1:] + gaps[:, :-1]
    # Four gaps are a better measure than two; the outer ones count half.
    around = np.pad(both, ((0, 0), (1, 1)), "edge")
    weights: Values = 0.25 * both + 0.125 * (around[:, :-2] + around[:, 2:])
    return weights
