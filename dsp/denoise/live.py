"""The live denoiser: it turns everything but the voice down, by as much as the player asks for."""

from __future__ import annotations

from collections import deque
from functools import partial

import numpy as np

from dsp.block import Block, mend
from dsp.denoise.denoiser import MOST_RISE, Denoiser
from dsp.layouts.denoise import KIND
from dsp.native import bound
from dsp.parts import spread_hops
from dsp.parts.limiter import Limiter
from dsp.parts.ramp import Ramp

QUIETEST_CEILING = 1e-5  # the limiter divides by its ceiling


class Denoise(Denoiser):
    """Ahead -> StreamingStft -> features -> model -> mask -> sound, a hop at a time. Audio thread.

    The exact input runs beside it, with the same delay. It is heard when the amount is 0 dB (then bit by bit) and while
    the model is late or broken (dry hops). The model runs on meanwhile, so the way back is seamless. Features and mask:
    dsp.denoise.features.
    """

    kind = KIND

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        """Raises BundleError when the bundle is made for another rate."""
        super().prepare(rate_hz, period_frames, channels)
        hop = self._bundle.hop_frames
        starts = range(0, hop, self._ahead_frames)
        follow = [partial(self._follow_hum, slice(start, start + self._ahead_frames)) for start in starts]
        pieces: spread_hops.Pieces = (*follow, self._analyse, *self._guard.pieces)
        self._adapter = spread_hops.adapter(
            period_frames, hop, channels, self._begin_hop, pieces, self._end_hop, spread=self._guard.in_pieces
        )
        self.latency_frames = self._adapter.latency_frames + self._stft.latency_frames
        # The STFT holds one hop back, and so does the exact sound.
        self._now: Block = np.zeros((hop, channels), np.float32)
        self._before: Block = np.zeros((hop, channels), np.float32)
        self._free: Block = np.zeros((hop, channels), np.float32)  # of hum
        self._hum_now: Block = np.zeros((hop, channels), np.float32)
        self._hum_before: Block = np.zeros((hop, channels), np.float32)
        self._hums = False, False  # whether there is any hum now, and before
        self._floor_before = self._floor_target
        self._rise: Block = (np.sin(np.pi / 2 * (np.arange(hop) + 0.5) / hop) ** 2).astype(np.float32)[:, None]
        self._keep: Block = np.zeros((hop, 1), np.float32)
        self._floor = Ramp(self._floor_target, self._amount_hops, 1)
        self._native = bound.calls()
        self._cap = Limiter()
        self._cap.prepare(rate_hz, hop, channels)
        self._peaks = deque([0.0] * self._layout.heard_hops, self._layout.heard_hops)
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
        self._hums = False, False
        self._floor_before = self._floor_target
        self._cap.reset()
        self._peaks.extend([0.0] * len(self._peaks))
        self._floor.jump(self._floor_target)
        self._wet.jump(float(self._floor_target < 1.0))

    def _begin_hop(self, hop_in: Block) -> None:
        np.copyto(self._now, hop_in)
        self.bad_samples += mend(self._now)
        self._hums = False, self._hums[0]

    def _follow_hum(self, piece: slice) -> None:
        """Set `_hum_now` to the hum in a piece of `_now`."""
        hum = self._ahead.follow(self._now[piece])
        if hum is not None:
            if not self._hums[0]:
                self._hum_now.fill(0.0)
                self._hums = True, self._hums[1]
            self._hum_now[piece] = hum

    def _analyse(self) -> None:
        hums = self._hums[0]
        self._sound = np.subtract(self._now, self._hum_now, out=self._free) if hums else self._now
        self._spectrum = self._stft.analyse(self._sound)
        self._guard.begin(self._features(self._spectrum))

    def _end_hop(self, hop_out: Block) -> None:
        usable, spectrum, hums = self._guard.end(), self._spectrum, self._hums[0]
        floor = self._floor.next_value()
        # During a fade to dry the last good mask stays in use; the fade hides its age.
        self._front.apply(self._guard.mask, spectrum, floor)
        self._wet.set(float(usable and floor < 1.0))
        wet = self._stft.synthesise(spectrum)
        if self._hums[1]:
            self._keep_share_of_hum(wet, floor)
        self._floor_before = floor
        self._hold_under_input(wet)
        self._blend(wet, self._before, hop_out)
        self._now, self._before = self._before, self._now
        self._hum_now, self._hum_before = self._hum_before, self._hum_now
        if not self._wet.target:
            self._meter_reduction(0.0)
        elif not hums:
            self._meter_reduction(self._front.reduction_db)
        else:
            self._meter_reduction(self._front.reduction_db, _energy(self._sound), _energy(self._hum_before), floor)

    def _keep_share_of_hum(self, wet: Block, floor: float) -> None:
        """Add the share of the hum that always stays to `wet`, faded as the synthesis window fades."""
        keep = np.multiply(self._rise, floor - self._floor_before, out=self._keep)
        np.add(keep, self._floor_before, out=keep)
        np.multiply(self._hum_before, keep, out=self._share)
        np.add(wet, self._share, out=wet)

    def _hold_under_input(self, wet: Block) -> None:
        """Limit `wet` to the input's peak times MOST_RISE. Clipped sound rises when overtones are removed."""
        if self._native is not None:
            self._peaks.append(self._native.peak(self._now))
        else:
            self._peaks.append(max(float(self._now.max()), -float(self._now.min())))
        self._cap.ceiling = max(MOST_RISE * max(self._peaks), QUIETEST_CEILING)
        self._cap.process(wet)

    def _blend(self, wet: Block, dry: Block, out: Block) -> None:
        """out = wet, dry or a crossfade between them; or what was removed from the dry, if that is listened to."""
        frames = len(out)
        if not self._wet.still and self._native is not None:
            self._native.crossfade(wet, dry, self._wet.next(frames))
            np.copyto(out, wet)
        elif not self._wet.still:
            share = self._wet.next(frames)[:, None]
            np.multiply(wet, share, out=out)
            np.subtract(1.0, share, out=self._share)
            np.multiply(self._share, dry, out=self._share)
            np.add(out, self._share, out=out)
        else:
            np.copyto(out, wet if self._wet.value else dry)
        self._crossfade_to_removed(out, dry)


def _energy(block: Block) -> float:
    flat = block.reshape(-1)
    return float(np.dot(flat, flat))
