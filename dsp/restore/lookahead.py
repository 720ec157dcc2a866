"""Sound that is worked on in short hops, with a past behind each and a little of what comes after it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dsp.block import Block


class Lookahead:
    """What a stage hears of the future is what it is late by. Audio thread; the buffers are made once.

    sound: (channels, past + hop + ahead), the hop under way from `past` on. inlet: the hop that comes in; outlet: the
    one that leaves; (hop, channels). The part in C works on the same arrays.
    """

    def __init__(self, channels: int, hop: int, past: int, ahead: int) -> None:
        self.hop, self.past, self.ahead = hop, past, ahead
        self.sound: Block = np.zeros((channels, past + hop + ahead), np.float32)
        self.inlet: Block = np.zeros((hop, channels), np.float32)
        self.outlet: Block = np.zeros((hop, channels), np.float32)
        self.done = 0  # frames of the hop that comes in

    def reset(self) -> None:
        self.sound.fill(0.0)
        self.inlet.fill(0.0)
        self.outlet.fill(0.0)
        self.done = 0

    def process(self, block: Block, whole: Callable[[], None]) -> None:
        """Change `block` for what leaves. whole: called when a hop is whole and the sound moved on; fills `outlet`."""
        start = 0
        while start < len(block):
            count = min(self.hop - self.done, len(block) - start)
            part, here = block[start : start + count], slice(self.done, self.done + count)
            self.inlet[here] = part
            part[:] = self.outlet[here]
            self.done += count
            start += count
            if self.done == self.hop:
                self.sound[:, : -self.hop] = self.sound[:, self.hop :].copy()
                self.sound[:, -self.hop :] = self.inlet.T
                whole()
                self.done = 0
