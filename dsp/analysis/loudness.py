"""Loudness after ITU-R BS.1770-4: K-weighted, gated, in LUFS. With it two sounds are compared at equal loudness.

The weighting is one long FIR filter, applied by overlap-save in the frequency domain, because numpy has no recursive
filter. 100 ms of sound take under half a millisecond a channel.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block

HOP_FRAMES = RATE_HZ // 10  # 100 ms: a gating block of 400 ms is four of these, overlapping by 75 %
ABSOLUTE_GATE = -70.0  # LUFS
RELATIVE_GATE = -10.0  # LU under the loudness of what passes the absolute gate
_TAPS = 8192  # the high-pass has decayed by more than 120 dB
_SIZE = 16384

# BS.1770-4, tables 1 and 2, at 48 kHz: (b, a) of the shelf for the head and of the high-pass.
_STAGES = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)

Energies = NDArray[np.float64]


def _impulse_response() -> NDArray[np.float64]:
    sound = [1.0] + [0.0] * (_TAPS - 1)
    for (b0, b1, b2), (_, a1, a2) in _STAGES:
        x1 = x2 = y1 = y2 = 0.0
        for n, x in enumerate(sound):
            y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = x, x1, y, y1
            sound[n] = y
    return np.array(sound)


class KWeighting:
    """Mean square of the K-weighted sound, hop by hop. One thread."""

    _response: NDArray[np.complex128] | None = None  # made at the first use, the same for all

    def __init__(self, channels: int) -> None:
        if KWeighting._response is None:
            KWeighting._response = np.fft.rfft(_impulse_response(), _SIZE)
        self._sound = np.zeros((_TAPS - 1 + HOP_FRAMES, channels))

    def energy(self, hop: Block) -> float:
        """Sum over the channels of the mean square of `hop`.  float32 (HOP_FRAMES, channels)."""
        kept = self._sound
        kept[: _TAPS - 1] = kept[HOP_FRAMES:]
        kept[_TAPS - 1 :] = hop
        assert KWeighting._response is not None
        spectrum = np.fft.rfft(kept, _SIZE, axis=0)
        weighted = np.fft.irfft(spectrum * KWeighting._response[:, None], _SIZE, axis=0)
        return float(np.sum(np.mean(weighted[_TAPS - 1 : _TAPS - 1 + HOP_FRAMES] ** 2, axis=0)))


class Loudness:
    """Gated loudness of the last `seconds` of sound given to add(). One thread."""

    def __init__(self, channels: int, seconds: float) -> None:
        self._weighting = KWeighting(channels)
        self._hops: deque[float] = deque(maxlen=round(seconds * RATE_HZ / HOP_FRAMES))

    def add(self, hop: Block, gain: float = 1.0) -> None:
        """Add 100 ms of sound. gain: the gain already in it; the loudness is measured without it."""
        self._hops.append(self._weighting.energy(hop) / (gain * gain))

    @property
    def seconds(self) -> float:
        """How much sound has been measured."""
        return len(self._hops) * HOP_FRAMES / RATE_HZ

    @property
    def lufs(self) -> float:
        """Integrated loudness, gated; -inf while nothing passes the gate."""
        return gated(np.array(self._hops))

    def clear(self) -> None:
        """Forget what was measured."""
        self._hops.clear()


def gated(hops: Energies) -> float:
    """Loudness in LUFS of hops of 100 ms (energies summed over channels); -inf when all is below the gate."""
    if len(hops) < 4:
        return -math.inf
    blocks = np.convolve(hops, np.full(4, 0.25), mode="valid")
    loud = blocks[_lufs(blocks) > ABSOLUTE_GATE]
    if not len(loud):
        return -math.inf
    loud = loud[_lufs(loud) > float(_lufs(np.array([loud.mean()]))[0]) + RELATIVE_GATE]
    return float(_lufs(np.array([loud.mean()]))[0]) if len(loud) else -math.inf


def _lufs(energy: Energies) -> Energies:
    return -0.691 + 10.0 * np.log10(np.maximum(energy, 1e-30))
