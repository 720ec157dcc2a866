"""What is removed ahead of a denoiser's network: sound below hearing, then mains hum."""

from __future__ import annotations

import numpy as np

from dsp.block import Block
from dsp.parts.ramp import Ramp, ramp_frames
from dsp.restore.hum import HumCanceller
from dsp.restore.infrasonic import InfrasonicGuard

FADE_MS = 20.0
METER_S = 0.1  # time constant of the meter


class Ahead:
    """Finds what to subtract from the present sound. Audio thread; it adds no delay.

    Where there is neither hum nor too much below hearing, there is nothing to subtract and not a bit changes. Switched
    off it does no work; on again it has to find the hum anew.
    """

    def __init__(self, channels: int, hop_frames: int, rate_hz: int) -> None:
        self._infrasonic = InfrasonicGuard(channels, hop_frames, rate_hz)
        self._hum = HumCanceller(channels, hop_frames, rate_hz)
        self._rest: Block = np.zeros((hop_frames, channels), np.float32)
        self._on = Ramp(1.0, ramp_frames(FADE_MS, rate_hz), hop_frames)
        self._newest = min(1.0, hop_frames / rate_hz / METER_S)
        self._hop_frames, self._done = hop_frames, 0  # frames of the hop under way
        self._rests = False
        self.share = 0.0  # of the sound's energy that was hum or below hearing, lately

    @property
    def mains_hz(self) -> float:
        """Frequency of the hum that is followed; 0 without."""
        return 0.0 if self._rests else self._hum.mains_hz

    @property
    def still(self) -> bool:
        """Whether no fade is under way."""
        return self._on.still

    def switch(self, on: bool) -> None:
        """Ramps there."""
        self._on.set(float(on))

    def reset(self, on: bool | None = None) -> None:
        """Forget the sound: as new. on: be switched so at once; None: as it was switched last."""
        self._on.jump(self._on.target if on is None else float(on))
        self._infrasonic.reset()
        self._hum.reset()
        self._rests = False
        self._done = 0
        self.share = 0.0

    def follow(self, block: Block) -> Block | None:
        """Take `block` (frames, channels); return what to subtract from it, or None for nothing.

        The result is a reused buffer of the block's shape. Hops follow one another from reset() on; a block may not go
        beyond the end of a hop.
        """
        begins = self._done == 0
        self._done = (self._done + len(block)) % self._hop_frames
        if self._on.still and not self._on.value:
            self._rests = True
            self.share = 0.0
            return None
        if self._rests:
            if not begins:
                return None
            self._rests = False
            self._infrasonic.reset()
            self._hum.reset()
        taken = self._found(block)
        if taken is None:
            if not self._on.still:
                self._on.next(len(block))
            self.share -= self._newest * self.share
            return None
        if not self._on.still:
            np.multiply(taken, self._on.next(len(block))[:, None], out=taken)
        self._meter(block, taken)
        return taken

    def _found(self, block: Block) -> Block | None:
        rumble = self._infrasonic.follow(block)
        if rumble is None:
            return self._hum.follow(block)
        rest = np.subtract(block, rumble, out=self._rest[: len(block)])
        hum = self._hum.follow(rest)
        if hum is not None:
            np.add(rumble, hum, out=rumble)
        return rumble

    def _meter(self, block: Block, taken: Block) -> None:
        rest = np.subtract(block, taken, out=self._rest[: len(block)])
        energy, left = float(np.vdot(taken, taken)), float(np.vdot(rest, rest))
        self.share += self._newest * (energy / (energy + left + 1e-12) - self.share)
