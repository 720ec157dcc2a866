"""The chain: one or more lanes of processors into one mix, and the delay-matched dry path beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dsp import params
from dsp.block import Block
from dsp.denoise.denoiser import AMOUNT
from dsp.effects.limiter import LIMITER_PARAMS, MixLimiter
from dsp.errors import DspError
from dsp.params import ParamSpec
from dsp.parts.gain import INPUT_GAIN, OUTPUT_GAIN, Gain
from dsp.parts.meter import Meter
from dsp.processor import ModelProcessor, Processor, StemMeters
from dsp.rack.dry_path import DryPath
from dsp.rack.freeze import FREEZE, Freeze
from dsp.rack.lanes import VOICE, Channels, Lane
from dsp.rack.steps import Steps
from dsp.rack.voice_stages import DENOISE, LIMITER

CHAIN_PARAMS: tuple[ParamSpec, ...] = (*DryPath.params, INPUT_GAIN, OUTPUT_GAIN, FREEZE, *LIMITER_PARAMS)
"""The parameters that every chain has, whatever its processors."""


@dataclass(frozen=True, slots=True)
class Meters:
    """Of one chain: its input before anything touches it, and what is heard."""

    input: Meter
    output: Meter


class StageState(NamedTuple):
    """What a stage does now. change_db, detail: as of dsp.stage.Stage."""

    name: str  # one of dsp.rack.voice_stages.STAGES
    on: bool  # its settings ask for it
    at_work: bool  # neither while it is off nor while it is shed
    change_db: float
    detail: float


class _Owner(Protocol):
    """Of parameters."""

    @property
    def params(self) -> tuple[ParamSpec, ...]: ...

    def set_param(self, param_id: str, value: float) -> None: ...


class BlockShapeError(DspError, ValueError):
    """A block of another shape than the chain was prepared for: a mistake in the program, not audio trouble."""


class Chain:
    """Input gain, lanes of processors, their mix, freeze, output gain, limiter. Then the dry path joins; mute and meter
    come last.

    prepare() is called before streaming, everything else on the audio thread. Only set_param() raises, and process()
    for a block of the wrong shape.
    """

    def __init__(self, processors: Sequence[Processor] = (), *, lanes: Sequence[Lane] = ()) -> None:
        """processors: those of the only lane. Without any the chain is dry: gains, limiter, switches and meters."""
        self._lanes = tuple(lanes) or (Lane(VOICE, processors),)
        self._input_gain, self._output_gain = Gain(INPUT_GAIN), Gain(OUTPUT_GAIN)
        self._limiter = MixLimiter()
        self._dry = DryPath()
        self._freeze = Freeze()
        self._ending = Steps([self._limiter])
        inner = [step for lane in self._lanes for step in lane.processors]
        steps = [self._input_gain, *inner, self._freeze, self._output_gain]
        self._with_model = tuple(step for step in steps if isinstance(step, ModelProcessor))
        self._models = tuple(step.model for step in self._with_model)
        self._stem_meters = next((step for step in steps if isinstance(step, StemMeters)), None)
        own: tuple[_Owner, ...] = (
            self._dry,
            self._input_gain,
            *self._lanes,
            self._freeze,
            self._output_gain,
            self._ending,
        )
        owners: list[tuple[_Owner, ParamSpec]] = [(owner, spec) for owner in own for spec in owner.params]
        self.params: Mapping[str, ParamSpec] = params.table(spec for _, spec in owners)
        self._owner = {spec.id: owner for owner, spec in owners}
        self._values = {spec.id: spec.default for _, spec in owners}
        self._can_wait: tuple[Lane | Steps, ...] = (*self._lanes, self._ending)
        self._waits = self._turning = False
        self.may_turn = True
        self.latency_frames = 0
        self.bad_samples = 0  # not finite or absurdly loud, replaced by silence, since the start

    @property
    def model_name(self) -> str:
        """The models at work, for people; empty for a dry chain."""
        return " + ".join(model.name for model in self._models)

    @property
    def late_hops(self) -> int:
        """Model steps that took longer than a hop lasts, since the start."""
        return sum(model.late_hops for model in self._models)

    @property
    def dry_hops(self) -> int:
        """Hops without an answer of a model, because it was late or broken, since the start."""
        return sum(model.dry_hops for model in self._models)

    @property
    def model_off(self) -> bool:
        """Whether a model has failed so often that it is only tried now and then."""
        return any(model.off for model in self._models)

    @property
    def reduction_db(self) -> float:
        """How much the models remove at present, in dB."""
        return sum(step.reduction_db for step in self._with_model)

    @property
    def stages(self) -> Iterator[StageState]:
        """Every stage of the voice, with its denoiser, and the limiter, in their present order. Audio thread."""
        for lane in self._lanes:
            for step in lane.steps.present:
                stage, processor = step.stage, step.processor
                if stage is not None:
                    yield StageState(step.name, step.wanted, stage.at_work, stage.change_db, stage.detail)
                elif step.name == DENOISE and isinstance(processor, ModelProcessor):
                    on = self._values[AMOUNT.id] > 0.0
                    yield StageState(DENOISE, on, on and not processor.model.off, -processor.reduction_db, 0.0)
        reduction_db = self._limiter.reduction_db
        yield StageState(LIMITER, True, reduction_db > 0.0, -reduction_db, 0.0)

    def rest(self, *, stems: bool, models: bool, stages: Set[str] = frozenset()) -> None:
        """Rest the stems' model, or every model, which sounds as when they fail; and these stages, as if they were off.

        Audio thread.
        """
        for lane in self._lanes:
            lane.shed(stages)
        self._waits = any(owner.waits for owner in self._can_wait)
        for step in self._with_model:
            step.model.rest(models or (stems and isinstance(step, StemMeters)))

    def take_stem_levels(self, into: NDArray[np.float32]) -> bool:
        """Fill `into` (4,) with the RMS of each stem since the last call, before its fader; False without stems."""
        if self._stem_meters is None:
            return False
        self._stem_meters.take_levels(into)
        return True

    def prepare(self, rate_hz: int, period_frames: int, channels: Channels | int) -> None:
        """Allocate for blocks of exactly `period_frames`. The sound starts with the present values of the parameters.

        channels: the meaning of the columns. A number stands for so many channels that go straight through.
        """
        if isinstance(channels, int):
            channels = Channels.plain(channels)
        outputs, mix = channels.outputs, channels.mix
        self._shape, self._out_shape = (period_frames, channels.inputs), (period_frames, outputs)
        self._input_gain.prepare(rate_hz, period_frames, channels.inputs)
        for lane in self._lanes:
            lane.prepare(rate_hz, period_frames, channels, alone=len(self._lanes) == 1)
        most = max(lane.most_latency_frames for lane in self._lanes)
        if len(self._lanes) > 1:
            for lane in self._lanes:
                lane.prepare_delay(most)
        self._freeze.prepare(rate_hz, period_frames, mix)
        self._output_gain.prepare(rate_hz, period_frames, outputs)
        self._ending.prepare(rate_hz, period_frames, outputs)
        self._add_up()
        most += self._ending.most_latency_frames
        self._dry.prepare(rate_hz, period_frames, outputs, self.latency_frames, most)
        self._waits = self._turning = False
        self.meters = Meters(Meter(channels.inputs, period_frames), Meter(mix, period_frames))
        self._mix = mix
        self._mix_alone = mix == outputs  # no stems beside it
        self.untouched: Block = np.zeros(self._out_shape, np.float32)

    def param(self, param_id: str) -> float:
        """The value last set. Raises UnknownParamError."""
        return self._values[params.find(self.params, param_id).id]

    def set_param(self, param_id: str, value: float) -> None:
        """Check `value` (in the parameter's unit) and ramp there. Raises UnknownParamError, ParamRangeError."""
        checked = params.find(self.params, param_id).check(value)
        self._values[param_id] = checked
        self._owner[param_id].set_param(param_id, checked)
        self._waits = any(owner.waits for owner in self._can_wait)

    @property
    def turning(self) -> bool:
        """Whether a change of the latency, or of the order, is under way or waits for its turn, or the sound fades."""
        return self._turning or self._waits or self._dry.fades

    def _turn(self) -> None:
        """Go on with such a change: fade to silence, put it in force, fade in. A mute holds, and bypass fades too."""
        if not self._turning:
            if self.may_turn:
                self._turning = True
                self._dry.hush()
        elif self._dry.silent:
            self._settle()
            self._dry.speak()

    def _settle(self) -> None:
        for owner in self._can_wait:
            owner.settle()
        self._add_up()
        self._dry.set_latency(self.latency_frames)
        self._waits = self._turning = False

    def _add_up(self) -> None:
        """Every lane as late as the slowest, and the sum."""
        latest = max(lane.latency_frames for lane in self._lanes)
        for lane in self._lanes:
            lane.wait_for(latest)
        self.latency_frames = latest + self._ending.latency_frames

    @np.errstate(all="ignore")  # a broken number is mended and counted; numpy must not print about it
    def process(self, block: Block, out: Block | None = None) -> None:
        """Process one period. The output is `latency_frames` late. Audio thread.

        block: (period_frames, inputs), used as scratch. out: (period_frames, outputs), or None to change
        the block in place. `untouched` then holds the block's input as bypass plays it, but not delayed.
        """
        if out is None:
            out = block
        if block.shape != self._shape or out.shape != self._out_shape:
            raise BlockShapeError(
                f"block of shape {block.shape}: prepared for {self._shape} (frames, channels)"
                if block.shape != self._shape
                else f"out of shape {out.shape}: prepared for {self._out_shape} (frames, channels)"
            )
        if self._waits or self._turning:
            self._turn()
        first = self._lanes[0]
        self.bad_samples += self.meters.input.mend_and_add(block)
        for lane in self._lanes:
            lane.add_untouched(block, self.untouched, lane is first)
        self._dry.push(self.untouched)
        self._input_gain.process(block)
        for lane in self._lanes:
            lane.process(block)
        for lane in self._lanes:
            lane.add_to(out, lane is first)
        mix = out if self._mix_alone else out[:, : self._mix]
        self._freeze.process(mix)
        self._output_gain.process(out)
        self._ending.process(out, block)  # broken samples from a faulty processor are not heard either
        self._dry.join(out)
        self.meters.output.add(mix)

    def warm_up(self) -> None:
        """Run what is off once on silence, so that its first block of sound takes no longer than others."""
        for lane in self._lanes:
            lane.warm_up()

    def fade_in(self) -> None:
        """Fade in from silence: at the start, after a re-plug and after a recovery. A muted output stays muted."""
        self._dry.fade_in()

    def fade_out(self) -> None:
        """Ramp to silence and stay there until prepare(). For a device that is closed on purpose."""
        self._dry.fade_out()

    def reset(self) -> None:
        """Forget the sound on its way and every state; parameters stay, and what waits is in force. Call fade_in() next
        if the chain is heard.
        """
        self._input_gain.reset()
        for lane in self._lanes:
            lane.reset()
        self._freeze.reset()
        self._output_gain.reset()
        self._ending.reset()
        self._settle()
        self._dry.reset()
        self.meters.input.reset()
        self.meters.output.reset()
