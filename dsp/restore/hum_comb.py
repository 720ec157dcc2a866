"""Reads mains hum from a window of sound: the level at each harmonic, and the level between the harmonics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.block import Block

Lines = NDArray[np.complex128]
Values = NDArray[np.float64]
Bins = NDArray[np.intp]

HARMONICS = 64
"""From 50 Hz to 3.2 kHz, from 60 Hz to 3.84 kHz. Higher ones are faint, and the network removes them well."""

PERIODS = 6
"""Periods of the mains in a window. Harmonics are then 6 bins apart; a Hann window's main lobe takes 2 to each side."""

FAINTEST_POWER = 1e-13
FAINTEST_SHARE = 1e-5  # of a line's own power: the window resolves no more

_NUMPY_WRITES = np.lib.NumpyVersion(np.__version__) >= "2.0.0"


class Comb:
    """Reads lines at the harmonics of one mains frequency. Audio thread; the large buffers are made once.

    A line is the amplitude and phase c of Re(c e^{j angle}) in the middle of the window. Between two harmonics there
    can be no hum, so the level there measures everything else: voice, noise, music.
    """

    def __init__(self, mains_hz: float, rate_hz: int, channels: int) -> None:
        self.mains_hz = mains_hz
        self.frames = round(PERIODS * rate_hz / mains_hz)
        self.age_s = (self.frames / 2.0 - 1.0) / rate_hz
        """From the middle of a window to its newest frame."""
        self._bins_per_hz = self.frames / rate_hz
        hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(self.frames) / self.frames)
        self._window: Block = (hann * 4.0 / self.frames).astype(np.float32)
        self._windowed: Block = np.zeros((channels, self.frames), np.float32)
        self._spectrum = np.zeros((channels, self.frames // 2 + 1), np.complex64)
        self._numbers = np.arange(1.0, HARMONICS + 1)
        self._gaps = np.arange(HARMONICS + 1) + 0.5
        self._at: Bins = np.zeros(HARMONICS, np.intp)
        self._between: Bins = np.zeros(HARMONICS + 1, np.intp)
        self._scale: Values = np.zeros(HARMONICS)
        self._hz = 0.0
        self._found = np.zeros((channels, HARMONICS), np.complex64)
        self._gap = np.zeros((channels, HARMONICS + 1), np.complex64)
        self._gap_power: Values = np.zeros((channels, HARMONICS + 1))
        self._lines: Lines = np.zeros((channels, HARMONICS), np.complex128)
        self._power: Values = np.zeros((channels, HARMONICS))
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

    def hear(self, sound: Block) -> None:
        """Take the newest window.  sound: (channels, frames)."""
        np.multiply(sound, self._window, out=self._windowed)
        if _NUMPY_WRITES:
            np.fft.rfft(self._windowed, axis=-1, out=self._spectrum)  # type: ignore[arg-type]  # stubs know double only
        else:
            self._spectrum[:] = np.fft.rfft(self._windowed, axis=-1)

    def read(self) -> tuple[Lines, Values]:
        """The lines of the last window, and the power that each would have by chance. Each (channels, HARMONICS).

        Both are reused buffers.
        """
        lines, noise, gap = self._lines, self._noise, self._gap_power
        np.take(self._spectrum, self._at, axis=1, out=self._found, mode="clip")
        np.multiply(self._found, self._scale, out=lines)
        np.take(self._spectrum, self._between, axis=1, out=self._gap, mode="clip")
        np.square(self._gap.real, out=gap)
        gap += np.square(self._gap.imag)
        np.add(gap[:, 1:], gap[:, :-1], out=self._power)
        # Four gaps are a better measure than two; the outer ones count half.
        np.multiply(self._power, 0.25, out=noise)
        noise[:, 1:] += 0.125 * self._power[:, :-1]
        noise[:, :-1] += 0.125 * self._power[:, 1:]
        noise[:, 0] += 0.125 * self._power[:, 0]
        noise[:, -1] += 0.125 * self._power[:, -1]
        np.square(lines.real, out=self._power)
        self._power += np.square(lines.imag)
        self._power *= FAINTEST_SHARE
        np.maximum(noise, self._power, out=noise)
        np.maximum(noise, FAINTEST_POWER, out=noise)
        return lines, noise
