"""What is measured of a sound while it goes by: its outline, and how loud it is."""

from __future__ import annotations

import math

import numpy as np

from dsp.analysis.loudness import HOP_FRAMES, KWeighting, gated
from dsp.block import Block
from firmware_app.takes.peaks import Peaks


class Measure:
    """Of one sound, chunk by chunk, of any length. One thread."""

    def __init__(self, channels: int) -> None:
        self._weighting = KWeighting(channels)
        self._hops: list[float] = []
        self._rest: Block = np.zeros((0, channels), np.float32)
        self._peaks = Peaks()

    def add(self, sound: Block) -> None:
        """float32 (frames, channels)."""
        self._peaks.add(sound)
        joined = np.concatenate((self._rest, sound))
        whole = len(joined) - len(joined) % HOP_FRAMES
        self._hops += [self._weighting.energy(joined[at : at + HOP_FRAMES]) for at in range(0, whole, HOP_FRAMES)]
        self._rest = joined[whole:]

    @property
    def lufs(self) -> float | None:
        """Integrated loudness, gated (BS.1770-4); None for silence, or less than 400 ms."""
        lufs = gated(np.array(self._hops))
        return round(lufs, 1) if math.isfinite(lufs) else None

    def outline(self) -> bytes:
        """As peaks.py has it. Once, at the end."""
        return self._peaks.done()
