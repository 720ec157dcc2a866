"""What all denoisers share: parameters, model, removal of hum and rumble ahead of it, listening to what is removed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from dsp.block import Block
from dsp.denoise.features import DenoiseFrontEnd, Spectrum, identity_mask
from dsp.denoise.telling import Teller
from dsp.inference import StepModel, Values
from dsp.inference.bundle import Bundle
from dsp.inference.guarded import GuardedModel
from dsp.layouts.denoise import LAYOUTS
from dsp.params import ParamSpec
from dsp.parts.ramp import Ramp, ramp_frames
from dsp.parts.stft import StreamingStft
from dsp.parts.voice_sense import VoiceSense
from dsp.restore.ahead import Ahead
from dsp.restore.hum_stage import Hum
from dsp.restore.late_reverb import LateReverb

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

MOST_RISE = 10 ** (0.9 / 20)
"""Clipped sound rises above its own peak when overtones are removed. The output may rise by this factor, 0.9 dB."""

MOST_AHEAD_FRAMES = 128
"""Hum and rumble are followed in hops of at most this length; a longer hop of the model is cut into such pieces."""

_METER_SHARE = 0.1  # of the newest hop in the smoothed reduction


class Denoiser:
    """The base of Denoise and DenoiseInstant, which differ in how they apply the mask to the sound. Audio thread.

    A subclass calls _features() and _meter_reduction() for each hop. Its own prepare(), set_param() and reset() call
    those of this class.
    """

    name = "denoise"
    params = DENOISE_PARAMS
    kind: ClassVar[str]
    """The kind of bundle that it plays."""

    def __init__(
        self,
        bundle: Bundle,
        model: StepModel,
        *,
        voice: VoiceSense | None = None,
        real_time: bool = True,
        clock: Callable[[], float] = time.perf_counter,
        hum: Hum | None = None,
    ) -> None:
        """voice: who is told where the voice is (dsp.denoise.telling); whoever follows it hears there. hum: the switch
        and the meter of what is removed ahead of the network; None: it always is. real_time: False where no deadline
        exists (files), so that no step counts as late.

        Raises BundleError for a bundle of another kind.
        """
        self._bundle = bundle
        self._layout = LAYOUTS[bundle.features]
        neutral = identity_mask(self._layout)
        self.model = GuardedModel(bundle, model, neutral, kind=self.kind, real_time=real_time, clock=clock)
        self._guard = self.model.guard
        self._hum = hum
        self._values = {spec.id: spec.default for spec in self.params}
        self._voice = voice
        self._teller: Teller | None = None
        self._room: LateReverb | None = None
        self._prepared = False
        self.latency_frames = 0
        self.bad_samples = 0
        self.reduction_db = 0.0

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        """Raises BundleError when the bundle is made for another rate."""
        self.model.check_rate(rate_hz)
        bundle = self._bundle
        hop = bundle.hop_frames
        self._stft = StreamingStft(channels, bundle.window_frames, bundle.synthesis_frames, hop)
        self._front = DenoiseFrontEnd(channels, self._layout, self._guard.input)
        self._ahead_frames = hop // -(-hop // MOST_AHEAD_FRAMES)
        make_ahead = self._hum.begin_inside if self._hum is not None else Ahead
        self._ahead = make_ahead(channels, self._ahead_frames, rate_hz)
        self._share: Block = np.zeros((hop, channels), np.float32)
        self._fade_frames = ramp_frames(FADE_MS, rate_hz)
        self._amount_frames = ramp_frames(AMOUNT_RAMP_MS, rate_hz)
        self._amount_hops = max(1, self._amount_frames // hop)
        self._keep_room = Ramp(self._values[KEEP_ROOM.id], self._amount_hops, 1)
        self._sensitivity = Ramp(self._values[SENSITIVITY.id], self._amount_hops, 1)
        self._removed = Ramp(self._values[LISTEN.id], self._fade_frames, hop)
        if self._voice is not None:
            self._room = self._voice.room = LateReverb(channels, bundle.window_frames, hop, rate_hz)
        self._guard.forget()
        if self._hum is not None:
            self._hum.kept = self._floor_target
        self._prepared = True

    def set_param(self, param_id: str, value: float) -> None:
        self._values[param_id] = value
        if self._hum is not None:
            self._hum.kept = self._floor_target
        if self._prepared:
            self._keep_room.set(self._values[KEEP_ROOM.id])
            self._sensitivity.set(self._values[SENSITIVITY.id])
            self._removed.set(self._values[LISTEN.id])

    def reset(self) -> None:
        """Forget the sound on its way, the model's state and its faults. Parameters stay, and jump to their targets."""
        self._stft.reset()
        self._front.reset()
        self._ahead.reset()
        if self._teller is not None:
            self._teller.reset()
        if self._room is not None:
            self._room.reset()
        self._guard.forget()
        self._keep_room.jump(self._values[KEEP_ROOM.id])
        self._sensitivity.jump(self._values[SENSITIVITY.id])
        self._removed.jump(self._values[LISTEN.id])
        self.reduction_db = 0.0

    def _features(self, spectrum: Spectrum) -> Values:
        """What the model is to hear of a hop, for the guard. A reused buffer."""
        room, sensitivity = self._keep_room.next_value(), self._sensitivity.next_value()
        if self._room is not None:
            room *= 1.0 - self._room.amount  # the network dries too, so the two go together
        return self._front.features(spectrum, room, sensitivity)

    def _meter_reduction(self, reduction_db: float, clean: float = 0.0, hum: float = 0.0, floor: float = 1.0) -> None:
        """Update the meter of what is removed: by the network, and as hum and rumble ahead of it.

        reduction_db: by the network. clean, hum: energy of the hop without hum, and of its hum and rumble. floor: the
        share of the input that always stays.
        """
        if hum:
            left = clean * 10.0 ** (-reduction_db / 10.0) + floor * floor * hum
            reduction_db = 10.0 * math.log10((clean + hum + 1e-12) / (left + 1e-12))
        self.reduction_db += _METER_SHARE * (reduction_db - self.reduction_db)

    def _crossfade_to_removed(self, out: Block, dry: Block) -> None:
        """Crossfade `out` to what was removed from `dry` to make it, as far as `denoise.listen` asks for that."""
        # (1 - r) * out + r * (dry - out)
        term = self._share[: len(out)]
        np.multiply(out, -2.0, out=term)
        np.add(term, dry, out=term)
        np.multiply(term, self._removed.next(len(out))[:, None], out=term)
        np.add(out, term, out=out)

    def _prepare_teller(self, channels: int, late_frames: int | None) -> None:
        """late_frames: as for Teller."""
        if self._voice is not None:
            self._teller = Teller(self._voice, channels, self._bundle.hop_frames, late_frames)

    @property
    def _floor_target(self) -> float:
        """The share of the input that always stays: 1 at 0 dB."""
        return float(10.0 ** (-self._values[AMOUNT.id] / 20.0))
