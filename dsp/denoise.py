"""The live denoiser: everything but the voice goes down, by as much as the player asks for."""

from __future__ import annotations

import numpy as np

from dsp.block import Block, mend
from dsp.denoiser import Denoiser
from dsp.hop_adapter import HopAdapter
from dsp.limiter import Limiter
from dsp.ramp import Ramp

CAP_HOPS = 12
"""Of input that a hop of the output is made of: the analysis window, the taps before it, and the hop held back."""

MOST_RISE = 10 ** (0.9 / 20)
QUIETEST_CEILING = 1e-5  # the limiter divides by its ceiling


class Denoise(Denoiser):
    """StreamingStft -> features -> model -> mask -> sound, a hop at a time. Audio thread; see dsp.features.

    Beside it runs the exact input, as late as the result. It is heard when the amount stands at 0 dB (then bit by bit)
    and while the model is late or broken (dry hops); the model runs on meanwhile, so coming back is seamless.
    """

    kind = "denoise"

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        """Raises BundleError when the bundle is made for another rate."""
        super().prepare(rate_hz, period_frames, channels)
        hop = self._bundle.hop_frames
        self._adapter = HopAdapter(period_frames, hop, channels, self._process_hop)
        self.latency_frames = self._adapter.latency_frames + self._stft.latency_frames
        # The STFT holds one hop back, and so does the exact sound.
        self._now: Block = np.zeros((hop, channels), np.float32)
        self._before: Block = np.zeros((hop, channels), np.float32)
        self._floor = Ramp(self._floor_target, self._amount_hops, 1)
        self._cap = Limiter()
        self._cap.prepare(rate_hz, hop, channels)
        self._peaks: Block = np.zeros(CAP_HOPS, np.float32)
        self._wet = Ramp(float(self._floor_target < 1.0), self._fade_frames, hop)

    def set_param(self, param_id: str, value: float) -> None:
        super().set_param(param_id, value)
        if self._prepared:
            self._floor.set(self._floor_target)

    @np.errstate(all="ignore")  # what overflows is caught by value, not by a printed warning
    def process(self, block: Block) -> None:
        self._adapter.process(block)

    def reset(self) -> None:
        super().reset()
        self._adapter.reset()
        self._before.fill(0.0)
        self._cap.reset()
        self._peaks.fill(0.0)
        self._floor.jump(self._floor_target)
        self._wet.jump(float(self._floor_target < 1.0))

    def _process_hop(self, hop_in: Block, hop_out: Block) -> None:
        np.copyto(self._now, hop_in)
        self.bad_samples += mend(self._now)
        spectrum = self._stft.analyse(self._now)
        usable = self._step(spectrum)
        floor = float(self._floor.next(1)[0])
        # While a fault fades out, the last good mask goes on: the fade then hides its age.
        self._front.apply(self._guard.mask, spectrum, floor)
        self._wet.set(float(usable and floor < 1.0))
        wet = self._stft.synthesise(spectrum)
        self._hold_under_input(wet)
        self._blend(wet, self._before, hop_out)
        self._now, self._before = self._before, self._now
        self._show(self._front.reduction_db if self._wet.target else 0.0)

    def _hold_under_input(self, wet: Block) -> None:
        """Clipped sound rises above its own peak when overtones go; here it may do so by MOST_RISE."""
        self._peaks[:-1] = self._peaks[1:]
        self._peaks[-1] = max(float(self._now.max()), -float(self._now.min()))
        self._cap.ceiling = max(MOST_RISE * float(self._peaks.max()), QUIETEST_CEILING)
        self._cap.process(wet)

    def _blend(self, wet: Block, dry: Block, out: Block) -> None:
        """out = wet or dry, or between them; or what that takes away from the dry."""
        frames = len(out)
        if not self._wet.still:
            share = self._wet.next(frames)[:, None]
            np.multiply(wet, share, out=out)
            np.subtract(1.0, share, out=self._share)
            np.multiply(self._share, dry, out=self._share)
            np.add(out, self._share, out=out)
        else:
            np.copyto(out, wet if self._wet.value else dry)
        self._swap(out, dry)
