"""The spectra before and after, as the page draws them: computed from the listen ring while a page shows them."""

import threading
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from firmware_app.link.listen_ring import RingReader
from web_ui.ports.sound import SPECTRUM_BANDS as BANDS
from web_ui.ports.sound import SPECTRUM_HIGH_HZ as HIGH_HZ
from web_ui.ports.sound import SPECTRUM_LOW_HZ as LOW_HZ

FRAMES = 4096  # 85 ms: bins of 11.7 Hz, narrower than the lowest band
FRESH_S = 0.045  # several phones share one picture


class Bands:
    """From sound to levels in the bands of the page. Any thread; it holds nothing that changes.

    Band k is centred on LOW_HZ * (HIGH_HZ / LOW_HZ) ** (k / (BANDS - 1)).
    """

    def __init__(self) -> None:
        self._window = np.hanning(FRAMES).astype(np.float32)[:, None]
        self._scale = 2.0 / float(self._window.sum())
        centres = LOW_HZ * (HIGH_HZ / LOW_HZ) ** (np.arange(BANDS) / (BANDS - 1))
        half = (HIGH_HZ / LOW_HZ) ** (0.5 / (BANDS - 1))
        first = np.rint(centres / half * FRAMES / RATE_HZ).astype(int)
        last = np.rint(centres * half * FRAMES / RATE_HZ).astype(int)
        # Pairs for reduceat, which takes [first, last) of each pair and of what lies between, dropped afterwards.
        self._edges = np.stack([first, np.maximum(last, first) + 1], axis=1).ravel()

    def bins(self, sound: Block) -> NDArray[np.float32]:
        """The amplitude in each bin of FRAMES frames, of the loudest channel; a sine of 0 dBFS is 1."""
        bins: NDArray[np.float32] = np.abs(np.fft.rfft(sound * self._window, axis=0)).max(axis=1) * self._scale
        return bins

    def levels(self, bins: NDArray[np.floating]) -> NDArray[np.float64]:
        """dBFS of the strongest bin of each band; -140 is silence."""
        bands: NDArray[np.float64] = np.maximum.reduceat(bins, self._edges)[::2]
        levels: NDArray[np.float64] = 20.0 * np.log10(np.maximum(bands, 1e-7))
        return levels


class Spectrum:
    """Pictures of 2 x BANDS bytes: before, then after. Any thread.

    A byte b stands for -b/2 dBFS, 255 for silence; a sine of 0 dBFS shows as 0 dBFS in its band.
    """

    def __init__(self, ring: Path) -> None:
        self._reader = RingReader(ring)
        self._lock = threading.Lock()
        self._bands = Bands()
        self._picture = b"\xff" * (2 * BANDS)
        self._taken_at = 0.0

    def picture(self) -> bytes:
        """The newest picture; silence while there is no sound."""
        with self._lock:
            now = time.monotonic()
            if now - self._taken_at >= FRESH_S:
                self._taken_at = now
                found = self._reader.latest(FRAMES)
                self._picture = (
                    b"\xff" * (2 * BANDS) if found is None else self._bytes(found[0]) + self._bytes(found[1])
                )
            return self._picture

    def _bytes(self, sound: Block) -> bytes:
        decibels = self._bands.levels(self._bands.bins(sound))
        return np.clip(np.rint(-2.0 * decibels), 0, 255).astype(np.uint8).tobytes()
