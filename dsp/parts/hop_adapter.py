"""From the interface's periods to the model's hops and back, with the smallest possible delay.

What a model adds to a chain follows from this. Its algorithmic latency is the synthesis window, two hops. The chain
adds that minus gcd(period, hop): 128 frames at a hop and a period of 128.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from dsp.block import Block
from dsp.native import bound


class HopAdapter:
    """Cut blocks of any period into hops of any length. Audio thread; buffers are made once.

    A hop is processed in the same block that completes it. So the output needs a head start of only
    `hop - gcd(period, hop)` frames: after n blocks, (n * period) mod hop frames wait for their hop to fill, and that
    number takes every multiple of the gcd below the hop.
    """

    def __init__(
        self,
        period_frames: int,
        hop_frames: int,
        channels: int,
        step: Callable[[Block, Block], None],
        *,
        later_frames: int = 0,
    ) -> None:
        """step(hop_in, hop_out): both float32 (hop_frames, channels). They may share memory: read first, then write.

        later_frames: further delay, for a step that writes its hop in one of the next blocks (dsp.parts.spread_hops).
        """
        if period_frames < 1 or hop_frames < 1 or channels < 1:
            raise ValueError(
                f"period_frames = {period_frames}, hop_frames = {hop_frames}, channels = {channels}: allowed 1 or more"
            )
        self.period_frames = period_frames
        self.hop_frames = hop_frames
        self.latency_frames = hop_frames - math.gcd(period_frames, hop_frames) + later_frames
        self._step = step
        self._hop: Block = np.zeros((hop_frames, channels), np.float32)
        # A ring of whole hops: a hop is written in one piece; only reading wraps around.
        self._size = hop_frames * (2 + -(-(period_frames + later_frames) // hop_frames))
        self._ring: Block = np.zeros((self._size, channels), np.float32)
        self._native, self._native_hop = bound.ring(self._ring), bound.ring(self._hop)
        self.reset()

    def reset(self) -> None:
        """Forget the past: silence comes first again."""
        self._ring.fill(0.0)
        self._waiting = 0
        self._write = 0
        self._read = -self.latency_frames % self._size

    def process(self, block: Block) -> None:
        """Replace `block` (period_frames, channels) by the sound from `latency_frames` ago, processed."""
        if self.latency_frames == 0:
            if len(block) == self.hop_frames:
                self._step(block, block)
                return
            for start in range(0, len(block), self.hop_frames):
                hop = block[start : start + self.hop_frames]
                self._step(hop, hop)
            return
        self._push(block)
        self._pop(block)

    def _push(self, block: Block) -> None:
        done = 0
        while done < len(block):
            frames = min(len(block) - done, self.hop_frames - self._waiting)
            piece = block[done : done + frames]
            if self._native_hop is not None:
                self._native_hop.write(piece, self._waiting)
            else:
                self._hop[self._waiting : self._waiting + frames] = piece
            self._waiting += frames
            done += frames
            if self._waiting == self.hop_frames:
                self._step(self._hop, self._ring[self._write : self._write + self.hop_frames])
                self._write = (self._write + self.hop_frames) % self._size
                self._waiting = 0

    def _pop(self, block: Block) -> None:
        if self._native is not None:
            self._read = self._native.read(block, self._read)
            return
        frames, room = len(block), self._size - self._read
        if frames <= room:
            block[:] = self._ring[self._read : self._read + frames]
        else:
            block[:room] = self._ring[self._read :]
            block[room:] = self._ring[: frames - room]
        self._read = (self._read + frames) % self._size
