"""What goes ahead of the network in every denoiser: what lies below hearing, then mains hum."""

from __future__ import annotations

import numpy as np

from dsp.block import Block
from dsp.restore.hum import HumCanceller
from dsp.restore.infrasonic import InfrasonicGuard


class Ahead:
    """Tells what is to be subtracted from the sound of just now. Audio thread; it adds no delay.

    Where there is neither hum nor too much below hearing nothing is told, and not a bit changes.
    """

    def __init__(self, channels: int, hop_frames: int, rate_hz: int) -> None:
        self._infrasonic = InfrasonicGuard(channels, hop_frames, rate_hz)
        self._hum = HumCanceller(channels, hop_frames, rate_hz)
        self._rest: Block = np.zeros((hop_frames, channels), np.float32)

    def reset(self) -> None:
        """Forget the sound: as new."""
        self._infrasonic.reset()
        self._hum.reset()

    def follow(self, block: Block) -> Block | None:
        """Take `block` (frames, channels), not beyond the end of a hop; return what of it is to go, None for nothing.

        A reused buffer of the block's shape. Hops begin at reset(), one after the other.
        """
        rumble = self._infrasonic.follow(block)
        if rumble is None:
            return self._hum.follow(block)
        rest = np.subtract(block, rumble, out=self._rest[: len(block)])
        hum = self._hum.follow(rest)
        if hum is not None:
            np.add(rumble, hum, out=rumble)
        return rumble
