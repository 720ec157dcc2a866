"""The live denoiser: it turns everything but the voice down, by as much as the player asks for."""

from __future__ import annotations

from functools import partial

import numpy as np

from dsp.block import Block
from dsp.denoise.denoiser import Denoiser
from dsp.denoise.hop_ends import HopEnds
from dsp.layouts.denoise import KIND
from dsp.parts import spread_hops
from dsp.parts.ramp import Ramp


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
        self._prepare_teller(channels, self._adapter.latency_frames)
        wet = Ramp(float(self._floor_target < 1.0), self._fade_frames, hop)
        self._ends = HopEnds(channels, hop, self._layout.heard_hops, rate_hz, wet)
        self._free: Block = np.zeros((hop, channels), np.float32)  # of hum
        self._hum_now: Block = np.zeros((hop, channels), np.float32)
        self._hum_before: Block = np.zeros((hop, channels), np.float32)
        self._hums = False, False  # whether there is any hum now, and before
        self._floor_before = self._floor_target
        self._rise: Block = (np.sin(np.pi / 2 * (np.arange(hop) + 0.5) / hop) ** 2).astype(np.float32)[:, None]
        self._keep: Block = np.zeros((hop, 1), np.float32)
        self._floor = Ramp(self._floor_target, self._amount_hops, 1)

    def set_param(self, param_id: str, value: float) -> None:
        super().set_param(param_id, value)
        if self._prepared:
            self._floor.set(self._floor_target)

    def process(self, block: Block) -> None:
        self._adapter.process(block)
        if self._teller is not None:
            self._teller.tell(len(block))

    def reset(self) -> None:
        super().reset()
        self._adapter.reset()
        self._ends.reset()
        self._hums = False, False
        self._floor_before = self._floor_target
        self._floor.jump(self._floor_target)
        self._ends.wet.jump(float(self._floor_target < 1.0))

    def _begin_hop(self, hop_in: Block) -> None:
        self.bad_samples += self._ends.begin(hop_in)
        self._hums = False, self._hums[0]

    def _follow_hum(self, piece: slice) -> None:
        """Set `_hum_now` to the hum in a piece of the hop."""
        hum = self._ahead.follow(self._ends.now[piece])
        if hum is not None:
            if not self._hums[0]:
                self._hum_now.fill(0.0)
                self._hums = True, self._hums[1]
            self._hum_now[piece] = hum

    def _analyse(self) -> None:
        now, hums = self._ends.now, self._hums[0]
        self._sound = np.subtract(now, self._hum_now, out=self._free) if hums else now
        self._spectrum = self._stft.analyse(self._sound)
        self._guard.begin(self._features(self._spectrum))

    def _end_hop(self, hop_out: Block) -> None:
        ends, usable, spectrum, hums = self._ends, self._guard.end(), self._spectrum, self._hums[0]
        floor = self._floor.next_value()
        # During a fade to dry the last good mask stays in use; the fade hides its age.
        self._front.apply(self._guard.mask, spectrum, floor)
        room = self._room if self._room is not None and self._room.at_work else None
        ends.wet.set(float(usable and (floor < 1.0 or room is not None)))
        if self._teller is not None:
            self._teller.hear(self._front.told, usable)
        if room is not None:
            room.take(spectrum)
        wet = self._stft.synthesise(spectrum)
        if self._hums[1]:
            self._keep_share_of_hum(wet, floor)
        self._floor_before = floor
        ends.finish(wet, hop_out)
        if self._removed.value or not self._removed.still:
            self._crossfade_to_removed(hop_out, ends.before)
        if not ends.wet.target:
            self._meter_reduction(0.0)
        elif not hums:
            self._meter_reduction(self._front.reduction_db)
        else:
            self._meter_reduction(self._front.reduction_db, _energy(self._sound), _energy(self._hum_now), floor)
        self._hum_now, self._hum_before = self._hum_before, self._hum_now

    def _keep_share_of_hum(self, wet: Block, floor: float) -> None:
        """Add the share of the hum that always stays to `wet`, faded as the synthesis window fades."""
        keep = np.multiply(self._rise, floor - self._floor_before, out=self._keep)
        np.add(keep, self._floor_before, out=keep)
        np.multiply(self._hum_before, keep, out=self._share)
        np.add(wet, self._share, out=wet)


def _energy(block: Block) -> float:
    flat = block.reshape(-1)
    return float(np.dot(flat, flat))
