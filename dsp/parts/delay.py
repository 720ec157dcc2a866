"""A delay of whole frames which changes no bit."""

from __future__ import annotations

import numpy as np

from dsp.block import Block
from dsp.native import bound


class Delay:
    """Delay sound by `latency_frames`. Audio thread; it only copies, so every sample comes out as it went in."""

    def __init__(self, latency_frames: int, period_frames: int, channels: int) -> None:
        """period_frames: the most frames a block may have."""
        if latency_frames < 0 or period_frames < 1 or channels < 1:
            raise ValueError(
                f"latency_frames = {latency_frames}, period_frames = {period_frames}, channels = {channels}: "
                "allowed 0 or more, 1 or more, 1 or more"
            )
        self.latency_frames = latency_frames
        self._size = latency_frames + period_frames
        self._ring: Block = np.zeros((self._size, channels), np.float32)
        self._out: Block = np.zeros((period_frames, channels), np.float32)
        self._position = 0
        self._native = bound.ring(self._ring)

    def set_latency(self, latency_frames: int) -> None:
        """Delay by so many frames from now on, at most by those at the start. The past stays; what is heard jumps."""
        self.latency_frames = min(latency_frames, self._size - len(self._out))

    def reset(self) -> None:
        """Forget the past: silence comes first again."""
        self._ring.fill(0.0)
        self._position = 0

    def process(self, block: Block) -> Block:
        """Take `block`; return as many frames from `latency_frames` ago. A reused buffer, valid until the next call."""
        frames, ring, size = len(block), self._ring, self._size
        out = self._out[:frames]
        start = self._position
        if self._native is not None:
            self._position = self._native.delay(block, start, self.latency_frames, out)
            return out
        room = size - start
        if frames <= room:
            ring[start : start + frames] = block
        else:
            ring[start:] = block[:room]
            ring[: frames - room] = block[room:]
        self._position = (start + frames) % size
        oldest = (start - self.latency_frames) % size
        room = size - oldest
        if frames <= room:
            out[:] = ring[oldest : oldest + frames]
        else:
            out[:room] = ring[oldest:]
            out[room:] = ring[: frames - room]
        return out
