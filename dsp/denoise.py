"""The live denoiser: everything but the voice goes down, by as much as the player asks for."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from dsp.block import Block, mend
from dsp.bundle import Bundle, BundleError
from dsp.features import DenoiseFrontEnd, identity_mask
from dsp.guard import ModelGuard
from dsp.hop_adapter import HopAdapter
from dsp.inference import StepModel
from dsp.params import ParamSpec
from dsp.ramp import Ramp, ramp_frames
from dsp.stft import StreamingStft

AMOUNT = ParamSpec("denoise.amount_db", "dB", 0.0, 40.0, 24.0, "Noise reduction", "How far noise is turned down.")
SENSITIVITY = ParamSpec(
    "denoise.sensitivity", "", -1.0, 1.0, 0.0, "Sensitivity", "Lower spares the voice, higher takes more noise."
)
KEEP_ROOM = ParamSpec("denoise.keep_room", "", 0.0, 1.0, 1.0, "Keep room", "0 dries the room's echo, 1 leaves it.")
LISTEN = ParamSpec(
    "denoise.listen", "", 0.0, 1.0, 0.0, "Listen to", "The cleaned voice, or what is removed.", ("output", "removed")
)

DENOISE_PARAMS = (AMOUNT, SENSITIVITY, KEEP_ROOM, LISTEN)

FADE_MS = 10.0
"""Between the processed and the exact sound, both ways."""

AMOUNT_RAMP_MS = 20.0
_METER_SHARE = 0.1  # of the newest hop in the smoothed reduction


class Denoise:
    """StreamingStft -> features -> model -> mask -> sound, a hop at a time. Audio thread; see dsp.features.

    Beside it runs the exact input, as late as the result. It is heard when the amount stands at 0 dB (then bit by bit)
    and while the model is late or broken (dry hops); the model runs on meanwhile, so coming back is seamless.
    """

    name = "denoise"
    params = DENOISE_PARAMS

    def __init__(
        self,
        bundle: Bundle,
        model: StepModel,
        *,
        real_time: bool = True,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """real_time: False where no deadline exists (files), so that no step counts as late.

        Raises BundleError for a bundle of another kind.
        """
        if bundle.kind != "denoise" or bundle.lookahead_frames:
            raise BundleError(
                f"{bundle.folder}: kind = {bundle.kind!r}, lookahead_frames = {bundle.lookahead_frames}: "
                "allowed 'denoise', 0"
            )
        self._bundle = bundle
        self._runtime = model.runtime
        hop_s = bundle.hop_frames / bundle.rate_hz
        self._guard = ModelGuard(model, identity_mask(), hop_s, hop_s if real_time else None, clock)
        self._values = {spec.id: spec.default for spec in self.params}
        self._prepared = False
        self.latency_frames = 0
        self.bad_samples = 0
        self.reduction_db = 0.0

    @property
    def model_name(self) -> str:
        return f"{self._bundle.name} {self._bundle.version}, {self._runtime}"

    @property
    def late_hops(self) -> int:
        return self._guard.late_hops

    @property
    def dry_hops(self) -> int:
        return self._guard.dry_hops

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        """Raises BundleError when the bundle is made for another rate."""
        bundle = self._bundle
        if rate_hz != bundle.rate_hz:
            raise BundleError(f"{bundle.folder}: rate_hz = {bundle.rate_hz}: the chain runs at {rate_hz}")
        hop = bundle.hop_frames
        self._adapter = HopAdapter(period_frames, hop, channels, self._process_hop)
        self._stft = StreamingStft(channels, bundle.window_frames, bundle.synthesis_frames, hop)
        self._front = DenoiseFrontEnd(channels)
        self.latency_frames = self._adapter.latency_frames + self._stft.latency_frames
        # The STFT holds one hop back, and so does the exact sound.
        self._now: Block = np.zeros((hop, channels), np.float32)
        self._before: Block = np.zeros((hop, channels), np.float32)
        self._share: Block = np.zeros((hop, channels), np.float32)
        hops = max(1, ramp_frames(AMOUNT_RAMP_MS, rate_hz) // hop)
        self._floor = Ramp(self._floor_target, hops, 1)
        self._keep_room = Ramp(self._values[KEEP_ROOM.id], hops, 1)
        self._sensitivity = Ramp(self._values[SENSITIVITY.id], hops, 1)
        fade = ramp_frames(FADE_MS, rate_hz)
        self._wet = Ramp(float(self._floor_target < 1.0), fade, hop)
        self._removed = Ramp(self._values[LISTEN.id], fade, hop)
        self._guard.forget()
        self._prepared = True

    def set_param(self, param_id: str, value: float) -> None:
        self._values[param_id] = value
        if self._prepared:
            self._floor.set(self._floor_target)
            self._keep_room.set(self._values[KEEP_ROOM.id])
            self._sensitivity.set(self._values[SENSITIVITY.id])
            self._removed.set(self._values[LISTEN.id])

    @np.errstate(all="ignore")  # what overflows is caught by value, not by a printed warning
    def process(self, block: Block) -> None:
        self._adapter.process(block)

    def reset(self) -> None:
        """Forget the sound on its way, the model's state and a model's faults; parameters stay, at their targets."""
        self._adapter.reset()
        self._stft.reset()
        self._front.reset()
        self._guard.forget()
        self._before.fill(0.0)
        self._floor.jump(self._floor_target)
        self._keep_room.jump(self._values[KEEP_ROOM.id])
        self._sensitivity.jump(self._values[SENSITIVITY.id])
        self._wet.jump(float(self._floor_target < 1.0))
        self._removed.jump(self._values[LISTEN.id])
        self.reduction_db = 0.0

    def _process_hop(self, hop_in: Block, hop_out: Block) -> None:
        np.copyto(self._now, hop_in)
        self.bad_samples += mend(self._now)
        spectrum = self._stft.analyse(self._now)
        room, sensitivity = float(self._keep_room.next(1)[0]), float(self._sensitivity.next(1)[0])
        usable = self._guard.step(self._front.features(spectrum, room, sensitivity))
        floor = float(self._floor.next(1)[0])
        # While a fault fades out, the last good mask goes on: the fade then hides its age.
        self._front.apply(self._guard.mask, spectrum, floor)
        self._wet.set(float(usable and floor < 1.0))
        self._blend(self._stft.synthesise(spectrum), self._before, hop_out)
        self._now, self._before = self._before, self._now
        reduction = self._front.reduction_db if self._wet.target else 0.0
        self.reduction_db += _METER_SHARE * (reduction - self.reduction_db)

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
        if not self._removed.still or self._removed.value:
            # (1 - r) * out + r * (dry - out)
            np.multiply(out, -2.0, out=self._share)
            np.add(self._share, dry, out=self._share)
            np.multiply(self._share, self._removed.next(frames)[:, None], out=self._share)
            np.add(out, self._share, out=out)

    @property
    def _floor_target(self) -> float:
        """The share of the input that always stays: 1 at 0 dB."""
        return float(10.0 ** (-self._values[AMOUNT.id] / 20.0))
