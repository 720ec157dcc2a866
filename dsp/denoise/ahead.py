"""What every denoiser removes ahead of its network: sound below hearing, then mains hum."""

from __future__ import annotations

import numpy as np

from dsp.block import Block
from dsp.restore.hum import HumCanceller
from dsp.restore.infrasonic import InfrasonicGuard


class Ahead:
    """Finds what to subtract from the present sound. Audio thread; it adds no delay.

    Where there is neither hum nor too much below hearing, there is nothing to subtract and not a bit changes.
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
        """Take `block` (frames, channels); return what to subtract from it, or None for nothing.

        The result is a reused buffer of the block's shape. Hops follow one another from reset() on; a block may not go
        beyond the end of a hop.
        """
        rumble = self._infrasonic.follow(block)
        if rumble is None:
            return self._hum.follow(block)
        rest = np.subtract(block, rumble, out=self._rest[: len(block)])
        hum = self._hum.follow(rest)
        if hum is not None:
            np.add(rumble, hum, out=rumble)
        return rumble
