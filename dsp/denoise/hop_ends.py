"""The two ends of a hop of the live denoiser: the exact sound that comes in, and what goes out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.block import LOUDEST, Block, mend
from dsp.denoise.denoiser import MOST_RISE
from dsp.native import bound
from dsp.parts.limiter import Limiter
from dsp.parts.ramp import Ramp

QUIETEST_CEILING = 1e-5  # the limiter divides by its ceiling
_DRY, _WET, _CROSSFADE = range(3)  # for the part in C


class HopEnds:
    """Keeps the exact sound of a hop, limits the processed sound by it, and blends the two. Audio thread.

    The STFT holds one hop back, and so does the exact sound: `now` is the hop that came in, `before` the one before,
    which is heard beside the processed sound. wet: the share of the processed sound, 0 or 1 or on its way.
    """

    def __init__(self, channels: int, hop_frames: int, heard_hops: int, rate_hz: int, wet: Ramp) -> None:
        """heard_hops: how many hops the processed sound is made from. wet: for blocks of a hop."""
        self.wet = wet
        self._exact: NDArray[np.float32] = np.zeros((2, hop_frames, channels), np.float32)
        self._turn = 0
        self.now: Block = self._exact[0]
        self.before: Block = self._exact[1]
        self._peaks: NDArray[np.float32] = np.zeros(heard_hops, np.float32)
        self._newest = 0
        self._scratch: Block = np.zeros((hop_frames, channels), np.float32)
        self._cap = Limiter()
        self._cap.prepare(rate_hz, hop_frames, channels)
        self._native = bound.hold(self._exact, self._peaks, wet.values)

    def reset(self) -> None:
        """Forget the sound; `wet` stays."""
        self._exact.fill(0.0)
        self._peaks.fill(0.0)
        self._cap.reset()

    def begin(self, hop_in: Block) -> int:
        """Take a hop, mended, as `now`. Return how many samples were broken.  hop_in: (hop_frames, channels)."""
        self._turn = turn = 1 - self._turn
        self.now, self.before = self.before, self.now
        self._newest = at = (self._newest + 1) % len(self._peaks)
        if self._native is not None:
            return self._native.begin(hop_in, turn, at, LOUDEST)
        np.copyto(self.now, hop_in)
        broken = mend(self.now)
        self._peaks[at] = max(float(self.now.max()), -float(self.now.min()))
        return broken

    def finish(self, wet: Block, out: Block) -> None:
        """Limit `wet` to the input's peak times MOST_RISE; out = wet, `before`, or a crossfade between them.

        Clipped sound rises when overtones are removed. wet: changed. All (hop_frames, channels).
        """
        cap, share = self._cap, self.wet
        if self._native is not None:
            blend = _CROSSFADE
            if share.still:
                blend = _WET if share.value else _DRY
            else:
                share.next(len(out))
            cap.reduction = self._native.finish(
                wet, out, self._turn, MOST_RISE, QUIETEST_CEILING, cap.reduction, cap.fall, LOUDEST, blend
            )
            return
        cap.ceiling = max(MOST_RISE * float(self._peaks.max()), QUIETEST_CEILING)
        cap.process(wet)
        if share.still:
            np.copyto(out, wet if share.value else self.before)
            return
        values = share.next(len(out))[:, None]
        np.multiply(wet, values, out=out)
        np.subtract(1.0, values, out=self._scratch)
        np.multiply(self._scratch, self.before, out=self._scratch)
        np.add(out, self._scratch, out=out)
