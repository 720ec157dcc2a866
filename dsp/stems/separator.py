"""Live stems: music is separated into vocals, drums, bass and the rest, and mixed again with a fader for each.

Stems run inline, on the audio thread. A hop of three networks of 2.2 M parameters took 0.9 ms of CPU (99th percentile
1.4 ms) on a 2-core x86-64 VM, all steps counted: 9 % of the hop's 10.7 ms. With short periods several blocks share that
work (dsp.parts.spread_hops); `python -m bench.bursts` shows it. `stems-light`, one of the networks, takes half. A
worker process would add its slack to the 21.3 ms. A board on which `hushbox bench` shows p99 above the period needs
longer periods or `stems-light`. Not measured on a Raspberry Pi yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dsp.block import Block, mend
from dsp.inference import StepModel, Values
from dsp.inference.bundle import Bundle
from dsp.inference.guarded import GuardedModel
from dsp.layouts.stems import CHANNELS, KIND, OUTPUT_SIZE, STEMS
from dsp.parts import spread_hops
from dsp.parts.ramp import Ramp, ramp_frames
from dsp.parts.stft import Spectrum, StreamingStft, analysis_window
from dsp.stems.faders import STEMS_PARAMS, StemFaders
from dsp.stems.features import StemsFrontEnd
from dsp.stems.sides import StemsSides

HOLD_MS = 100.0
"""How long the last masks are used when no new ones come."""

FADE_MS = 10.0

SPLIT = 1 + len(STEMS)
"""A block with separate stems has this many times the columns of the sound: the mix first, then each stem."""


class Stems:
    """StreamingStft -> features -> model -> one mask per stem -> one mix, a hop at a time. Audio thread.

    The masks add up to one. So with all faders at 0 dB the output is the input, `latency_frames` later, whatever the
    model says; there is no dry path beside it. A change of gain takes effect with the next hop and fades as the windows
    overlap: a raised cosine of one hop (10.7 ms).

    When no masks come, because the model is late or broken, the last ones are used for HOLD_MS. After that StemFaders
    decides what may be heard.
    """

    name = "stems"
    kind = KIND
    params = STEMS_PARAMS
    reduction_db = 0.0

    def __init__(
        self,
        bundle: Bundle,
        model: StepModel,
        *,
        split: bool = False,
        real_time: bool = True,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """split: blocks have SPLIT times the sound's columns, and the stems come out after the mix.

        real_time: False where no deadline exists (files). Raises BundleError for a bundle of another kind.
        """
        self._bundle = bundle
        everything_other: Values = np.zeros((1, OUTPUT_SIZE), np.float32)
        self.model = GuardedModel(bundle, model, everything_other, kind=KIND, real_time=real_time, clock=clock)
        self._guard = self.model.guard
        self._hold_hops = int(HOLD_MS / 1000.0 / self.model.hop_s)
        self._split = split
        self._faders = StemFaders()
        self.latency_frames = 0
        self.bad_samples = 0

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        """channels: columns of the block. Raises BundleError when the bundle is made for another rate."""
        self.model.check_rate(rate_hz)
        bundle = self._bundle
        hop = bundle.hop_frames
        pieces: spread_hops.Pieces = (self._analyse, *self._guard.pieces)
        self._adapter = spread_hops.adapter(
            period_frames, hop, channels, self._begin_hop, pieces, self._end_hop, spread=self._guard.in_pieces
        )
        sound = self._channels = channels // SPLIT if self._split else channels
        self._stft = StreamingStft(sound, bundle.window_frames, bundle.synthesis_frames, hop)
        self._front = StemsFrontEnd(sound)
        self._sides = StemsSides() if sound == CHANNELS else None
        self.latency_frames = self._adapter.latency_frames + self._stft.latency_frames
        shape = (sound, self._stft.bins)
        self._now: Block = np.zeros((hop, sound), np.float32)
        self._masks: NDArray[np.float32] = np.zeros((len(STEMS), *shape), np.float32)
        self._scratch: NDArray[np.float32] = np.zeros((len(STEMS), *shape), np.float32)
        self._mixed: Spectrum = np.zeros(shape, np.complex64)
        if self._split:
            # One transform for all stems together.
            stems = len(STEMS) * sound
            self._stems_stft = StreamingStft(stems, bundle.window_frames, bundle.synthesis_frames, hop)
            self._stems: Spectrum = np.zeros((len(STEMS), *shape), np.complex64)
        window = analysis_window(bundle.window_frames, bundle.synthesis_frames)
        # Parseval's theorem, for a spectrum that has only half the bins.
        self._mean_square = 2.0 / (bundle.window_frames * sound * float(np.dot(window, window)))
        self._energy: NDArray[np.float32] = np.zeros(len(STEMS), np.float32)
        self._metered_hops = 0
        self._forget()

    def set_param(self, param_id: str, value: float) -> None:
        self._faders.set_param(param_id, value)

    @np.errstate(all="ignore")  # what overflows is caught by value, not by a printed warning
    def process(self, block: Block) -> None:
        self._adapter.process(block)

    def reset(self) -> None:
        """Forget the sound on its way, the model's state and a model's faults; parameters stay."""
        self._adapter.reset()
        self._stft.reset()
        self._front.reset()
        if self._sides:
            self._sides.reset()
        if self._split:
            self._stems_stft.reset()
        self._forget()

    def take_levels(self, into: NDArray[np.float32]) -> None:
        """Fill `into` (4,) with the RMS of each stem before its fader since the last call, 1.0 is full scale."""
        if self._metered_hops:
            np.multiply(self._energy, self._mean_square / self._metered_hops, out=into)
            np.sqrt(into, out=into)
            self._energy.fill(0.0)
            self._metered_hops = 0

    def _forget(self) -> None:
        self._guard.forget()
        self._age_hops = self._hold_hops + 1  # age of the masks: too old, for there are none yet
        self._energy.fill(0.0)

    def _begin_hop(self, hop_in: Block) -> None:
        np.copyto(self._now, hop_in[:, : self._channels])
        self.bad_samples += mend(self._now)

    def _analyse(self) -> None:
        self._spectrum = self._stft.analyse(self._now)
        aligned = self._sides.hear(self._now, self._spectrum) if self._sides else None
        self._guard.begin(self._front.features(self._spectrum, aligned))

    def _end_hop(self, hop_out: Block) -> None:
        spectrum = self._spectrum
        if self._guard.end():
            self._masks = self._front.bin_masks(self._guard.mask)
            self._age_hops = 0
        else:
            self._age_hops += 1
        separated = self._age_hops <= self._hold_hops
        self._metered_hops += 1
        if separated:
            self._front.mix(spectrum, self._faders.gains, self._mixed, self._energy)
        else:
            np.multiply(spectrum, np.float32(self._faders.without_masks), out=self._mixed)
        hop_out[:, : self._channels] = self._stft.synthesise(self._mixed)
        if self._split:
            hop_out[:, self._channels :] = self._separate(spectrum, separated)

    def _separate(self, spectrum: Spectrum, separated: bool) -> Block:
        """The stems side by side, each at its own gain; silence without masks."""
        if separated:
            np.multiply(self._masks, self._faders.gains[:, None, None], out=self._scratch)
            np.multiply(spectrum, self._scratch, out=self._stems)
        else:
            self._stems.fill(0.0)
        return self._stems_stft.synthesise(self._stems.reshape(-1, self._stft.bins))


class MissingStems:
    """Stands in for Stems where there is no model: plays what StemFaders allows, without delay. Audio thread.

    The stems' own columns are silent.
    """

    name = "stems"
    params = STEMS_PARAMS
    latency_frames = 0

    def __init__(self, *, split: bool = False) -> None:
        self._split = split
        self._faders = StemFaders()
        self.prepare(48_000, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._channels = channels // SPLIT if self._split else channels
        self._ramp = Ramp(self._faders.without_masks, ramp_frames(FADE_MS, rate_hz), period_frames)

    def set_param(self, param_id: str, value: float) -> None:
        self._faders.set_param(param_id, value)
        self._ramp.set(self._faders.without_masks)

    def process(self, block: Block) -> None:
        mix = block[:, : self._channels]
        np.multiply(mix, self._ramp.next(len(block))[:, None], out=mix)
        block[:, self._channels :] = 0.0

    def reset(self) -> None:
        self._ramp.jump(self._faders.without_masks)
