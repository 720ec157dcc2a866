"""The denoiser for in-ear monitoring: 64 frames (1.33 ms) late at every period size.

The network of the live denoiser hears each whole hop and gives a gain for each bin. The gains become a filter in the
time domain. The sound passes it frame by frame, so no frame waits for its hop to fill; only the filter is a little old.
The 64 frames serve two purposes: the filter reaches so far into the future, and it begins to act 64 frames before the
end of the hop that it was made from.

The filter is symmetric: its taps are the inverse transform of the gains, which are real and have no phase. It is cut
off where the known future ends. A minimum-phase filter, as in the sources below, needs no future, but it turns the
voice's phases; on held-out mixes it costs 5 dB of SI-SDR more (models_quantized/denoise-instant/CARD.md).

Sources: H. Löllmann and P. Vary, "Low delay filter for adaptive noise reduction", IWAENC 2006; "Deep FIR",
arXiv 2409.18239.
"""

from __future__ import annotations

import numpy as np

from dsp.block import Block, mend
from dsp.denoise.denoiser import MOST_RISE, Denoiser
from dsp.denoise.features import Array, Spectrum
from dsp.layouts.denoise import INSTANT_KIND, INSTANT_LATENCY_FRAMES
from dsp.native import bound
from dsp.parts.delay import Delay
from dsp.parts.fir import MovingFir, Taps
from dsp.parts.ramp import Ramp
from dsp.parts.stft import inverse_transform

LOOKAHEAD_FRAMES = INSTANT_LATENCY_FRAMES
PAST_FRAMES = 256
"""Taps on the present frame and those before it. A longer filter scores no better."""

CROSSFADE_FRAMES = 32
"""From one hop's filter to the next. A longer fade makes the filter older, which is heard as a blur."""

PEAK_HOPS = 3
"""Whole hops before the present one that the filter still reaches."""

_OLD_END_FRAMES, _NEW_END_FRAMES = 64, 16  # how gently the taps are cut off


class DenoiseInstant(Denoiser):
    """Sound -> Ahead; hop -> spectrum -> model -> mask -> gains -> filter; the sound itself -> filter.

    The exact input has the delay of the filtered sound and is in phase with it, so the amount is a mix of the two. At
    0 dB, and while the model is late or broken (dry hops), the input is heard bit by bit. Hum is removed ahead of the
    network and the filter, so what stays of it in the mix comes from the exact input. Audio thread.
    """

    kind = INSTANT_KIND

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        """Raises BundleError when the bundle is made for another rate."""
        super().prepare(rate_hz, period_frames, channels)
        bundle = self._bundle
        self._hop_frames = bundle.hop_frames
        self._fir = MovingFir(
            channels, LOOKAHEAD_FRAMES + PAST_FRAMES, LOOKAHEAD_FRAMES, CROSSFADE_FRAMES, bundle.hop_frames
        )
        self.latency_frames = self._fir.latency_frames
        self._exact = Delay(self.latency_frames, bundle.hop_frames, channels)
        self._free: Block = np.zeros((bundle.hop_frames, channels), np.float32)  # of hum
        self._energies = 0.0, 0.0  # of the hop under way: without its hum, and of the hum
        self._peaks: Taps = np.zeros(PEAK_HOPS, np.float32)  # of the input, by hop
        self._peak = self._hop_peak = 0.0  # of all that the filter hears, and of the hop under way
        self._bound: Block = np.zeros((bundle.hop_frames, 1), np.float32)
        self._level: Block = np.zeros((bundle.hop_frames, channels), np.float32)
        self._waiting = 0  # frames of the hop under way
        self._heard = True  # the model's answer
        self._room_works = False
        self._wet = Ramp(1.0 - self._floor_target, self._amount_frames, bundle.hop_frames)
        self._edges = _edges()
        self._native = bound.calls()
        self._response: Spectrum = np.zeros(bundle.window_frames // 2 + 1, np.complex64)
        self._impulse: Array = np.zeros(bundle.window_frames, np.float32)
        self._taps: Taps = np.zeros(LOOKAHEAD_FRAMES + PAST_FRAMES, np.float32)

    def set_param(self, param_id: str, value: float) -> None:
        super().set_param(param_id, value)
        if self._prepared:
            self._aim(self._amount_frames)

    def process(self, block: Block) -> None:
        self.bad_samples += mend(block)
        done = 0
        while done < len(block):
            piece = block[done : done + self._hop_frames - self._waiting]
            wet = self._fir.process(self._without_hum(piece))
            self._hold_under_input(wet, piece)
            self._blend(wet, self._exact.process(piece), piece)
            done += len(piece)
            self._waiting += len(piece)
            if self._waiting == self._hop_frames:
                self._waiting = 0
                self._renew_filter()
        if self._teller is not None:
            self._teller.tell(len(block))

    def reset(self) -> None:
        super().reset()
        self._fir.reset()
        self._exact.reset()
        self._energies = 0.0, 0.0
        self._peaks.fill(0.0)
        self._peak = self._hop_peak = 0.0
        self._waiting = 0
        self._heard, self._room_works = True, False
        self._wet.jump(1.0 - self._floor_target)

    def _without_hum(self, piece: Block) -> Block:
        """The sound without the hum in it: `piece` itself where there is none, else a reused buffer."""
        hum = self._ahead.follow(piece)
        if hum is None:
            return piece
        free = np.subtract(piece, hum, out=self._free[: len(piece)])
        clean, taken = self._energies
        self._energies = clean + float(np.vdot(free, free)), taken + float(np.vdot(hum, hum))
        return free

    def _hold_under_input(self, wet: Block, piece: Block) -> None:
        """Clip what rises more than MOST_RISE above the input, which is 64 frames ahead and so is known in time."""
        if self._native is not None:
            newest = self._native.hold_under(wet, piece, self._peak, MOST_RISE)
            self._hop_peak, self._peak = max(self._hop_peak, newest), max(self._peak, newest)
            return
        level, bound = self._level[: len(piece)], self._bound[: len(piece)]
        np.abs(piece, out=level)
        np.max(level, axis=1, out=bound[:, 0])
        self._hop_peak = max(self._hop_peak, float(bound.max()))
        bound[0] = max(float(bound[0, 0]), self._peak)
        np.maximum.accumulate(bound, axis=0, out=bound)
        self._peak = float(bound[-1, 0])
        np.multiply(bound, MOST_RISE, out=bound)
        np.minimum(wet, bound, out=wet)
        np.negative(bound, out=bound)
        np.maximum(wet, bound, out=wet)

    def _renew_filter(self) -> None:
        """Run the network on the hop that is now whole. Its filter acts from the next frame on."""
        self._peaks[:-1] = self._peaks[1:]
        self._peaks[-1] = self._hop_peak
        self._peak, self._hop_peak = float(self._peaks.max()), 0.0
        spectrum = self._stft.analyse(self._fir.newest(self._hop_frames))
        self._heard = self._guard.step(self._features(spectrum))
        # During a fade to dry the last good mask stays in use; the fade hides its age.
        gains = self._front.gains(self._guard.mask, spectrum, self._floor_target)
        if self._teller is not None:
            self._teller.hear(self._front.told, self._heard)
        self._room_works = self._room is not None and self._room.at_work
        if self._room is not None and self._room_works:
            # What always stays of the noise goes into the gains: the exact sound beside them would bring the echo back.
            floor = self._floor_target
            np.multiply(gains, 1.0 - floor, out=gains)
            np.add(gains, floor, out=gains)
            self._room.turn_down(gains, spectrum)
        self._aim(self._fade_frames)
        self._fir.set_taps(self._design(gains))
        if self._wet.target:
            self._meter_reduction(self._front.reduction_db, *self._energies, self._floor_target)
        else:
            self._meter_reduction(0.0)
        self._energies = 0.0, 0.0

    def _design(self, gains: Array) -> Taps:
        """Taps whose response comes close to `gains` (bins,), for the oldest frame first. A reused buffer."""
        self._response.real[:] = gains
        inverse_transform(self._response, self._impulse)
        # The impulse response is symmetric: read from its end it runs from the past to the future.
        self._taps[: PAST_FRAMES - 1] = self._impulse[1 - PAST_FRAMES :]
        self._taps[PAST_FRAMES - 1 :] = self._impulse[: LOOKAHEAD_FRAMES + 1]
        np.multiply(self._taps, self._edges, out=self._taps)
        return self._taps

    def _aim(self, frames: int) -> None:
        """Ramp to the mix that the amount asks for, or to dry while the model may not be heard."""
        target = (1.0 if self._room_works else 1.0 - self._floor_target) if self._heard else 0.0
        if target != self._wet.target:
            self._wet.set(target, frames)

    def _blend(self, wet: Block, dry: Block, out: Block) -> None:
        """out = share * wet + (1 - share) * dry; or what was removed from the dry, if that is listened to."""
        if self._wet.still and not self._wet.value:
            np.copyto(out, dry)
        elif self._native is not None:
            self._native.crossfade(wet, dry, self._wet.next(len(out)))
            np.copyto(out, wet)
        else:
            np.subtract(wet, dry, out=wet)
            np.multiply(wet, self._wet.next(len(out))[:, None], out=wet)
            np.add(wet, dry, out=out)
        if self._removed.value or not self._removed.still:
            self._crossfade_to_removed(out, dry)


def _edges() -> Taps:
    """The window over the taps, so that they end softly."""
    edges = np.ones(LOOKAHEAD_FRAMES + PAST_FRAMES)
    for frames, end in ((_OLD_END_FRAMES, edges), (_NEW_END_FRAMES, edges[::-1])):
        end[:frames] = np.sin(np.pi / 2 * (np.arange(frames) + 0.5) / frames) ** 2
    return edges.astype(np.float32)
