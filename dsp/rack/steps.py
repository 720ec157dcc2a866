"""The processors of a lane in their order, stages of the vocal chain among them. What is off is passed by."""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np

from dsp.block import Block
from dsp.params import ParamSpec
from dsp.parts.delay import Delay
from dsp.processor import ModelProcessor, Processor
from dsp.rack.hear_alone import HearAlone
from dsp.rack.voice_stages import PLACES, SOLO, switches_of
from dsp.stage import HearsReference, Stage, TakesElsewhere


class Step:
    """One processor in its place."""

    def __init__(self, processor: Processor) -> None:
        self.processor, self.name = processor, processor.name
        self.stage = processor if isinstance(processor, Stage) else None
        self.hears = processor if isinstance(processor, HearsReference) else None
        self.tells = processor if isinstance(processor, TakesElsewhere) else None
        self.late = False  # a stage that adds latency, but only while it is wanted
        self.resting = self.fades = False  # fades: it is at work though it is not wanted
        # What switches it, and what was asked of that; while it is shed, it is off whatever is asked.
        self.shed = False
        switches = switches_of(processor.params, self.name) if self.stage is not None else ()
        self.asked = {spec.id: spec.default for spec in processor.params if spec.id in switches}
        self.music: Delay | None = None  # makes the music as late as the voice is when it comes here

    @property
    def wanted(self) -> bool:
        """Whether its settings ask for it, though it may be shed."""
        if self.shed:
            return any(self.asked.values())
        return self.stage is not None and self.stage.wanted

    @property
    def latency_frames(self) -> int:
        """What it adds now."""
        if self.stage is None or self.stage.wanted:
            return self.processor.latency_frames
        return 0


class Steps:
    """Runs processors one after another. prepare() outside streaming; everything else on the audio thread.

    A value that would change the latency, or the order, waits: `waits` is then True, and settle() puts it in force.
    Before that the chain fades to silence, so that nothing is heard of it. What one stage takes away
    is put in behind the last stage or model; a fader may follow.
    """

    def __init__(self, processors: Sequence[Processor], *, voice: bool = False) -> None:
        """voice: they are those of a voice, whose stages can change places and be heard alone."""
        steps = [Step(processor) for processor in processors]
        worked = [step.stage is not None or isinstance(step.processor, ModelProcessor) for step in steps]
        count = max((at + 1 for at, works in enumerate(worked) if works), default=0)
        self._all, self._usual, self._tail = steps, tuple(steps[:count]), tuple(steps[count:])
        self._order = list(self._usual)
        names = {step.name for step in self._usual if step.stage is not None}
        self._owner = {spec.id: step for step in steps for spec in step.processor.params}
        own = [spec for name, spec in PLACES.items() if name in names] + [SOLO] * bool(names) if voice else []
        self.params: tuple[ParamSpec, ...] = (*(spec for step in steps for spec in step.processor.params), *own)
        self._in_force: dict[str, float] = {spec.id: spec.default for spec in self.params}
        self._waiting: dict[str, float] = {}
        self._hear_alone = HearAlone()
        self._running: list[Step] = []  # those that are not off, in order
        self._look = True  # a parameter may have switched a stage
        self._prepared = self.waits = False
        self._columns: tuple[int, ...] = ()
        self.most_latency_frames = 0

    @property
    def present(self) -> Sequence[Step]:
        """All, in their present order."""
        return (*self._order, *self._tail)

    @property
    def latency_frames(self) -> int:
        """What all of them add now."""
        return sum(step.latency_frames for step in self._all)

    def prepare(self, rate_hz: int, period_frames: int, channels: int, music: Sequence[int] = ()) -> None:
        """channels: of the block. music: columns of the chain's input that may leak into it."""
        self._columns = tuple(music)
        self._music: Block = np.zeros((period_frames, len(music)), np.float32)
        before = 0
        for step in self._all:
            if step.hears is not None:
                step.hears.prepare_reference(len(music))
            step.processor.prepare(rate_hz, period_frames, channels)
            frames = getattr(step.processor, "most_latency_frames", step.processor.latency_frames)
            step.late, step.resting = step.stage is not None and frames > 0, False
            hears = step.hears is not None and bool(music) and before > 0
            step.music = Delay(before, period_frames, len(music)) if hears else None
            before += frames
        self.most_latency_frames = before
        self._hear_alone.prepare(rate_hz, period_frames, channels, before)
        self._prepared = True
        self.settle()

    def set_param(self, param_id: str, value: float) -> None:
        """value: checked. It ramps there, or waits for settle()."""
        step = self._owner.get(param_id)
        if step is not None:
            if param_id in step.asked:
                step.asked[param_id] = value
            if not (step.shed and param_id in step.asked):
                self._tell(step, param_id, value)
        elif param_id == SOLO.id:
            self._hear_alone.choose(SOLO.choices[int(value)] if value else "")
        elif value != self._in_force[param_id]:
            self._waiting[param_id] = value
        else:
            self._waiting.pop(param_id, None)
        self.waits = bool(self._waiting)

    def shed(self, names: Set[str]) -> None:
        """Let these stages rest, as if they were switched off, and all others do what is asked of them."""
        for step in self._all:
            if step.stage is not None and step.shed != (step.name in names):
                step.shed = not step.shed
                for param_id, asked in step.asked.items():
                    self._tell(step, param_id, 0.0 if step.shed else asked)
        self.waits = bool(self._waiting)

    def _tell(self, step: Step, param_id: str, value: float) -> None:
        self._look = True
        self._waiting.pop(param_id, None)
        before = step.latency_frames
        step.processor.set_param(param_id, value)
        if self._prepared and step.late and step.latency_frames != before:
            step.processor.set_param(param_id, self._in_force[param_id])
            self._waiting[param_id] = value
        else:
            self._in_force[param_id] = value

    def settle(self) -> None:
        """Put in force what waits. Only where nothing is heard; the latency may be another one then."""
        for param_id, value in self._waiting.items():
            self._in_force[param_id] = value
            step = self._owner.get(param_id)
            if step is not None:
                step.processor.set_param(param_id, value)
                step.resting = True
        self._waiting.clear()
        self.waits = False
        movable = iter(sorted((step for step in self._usual if self._moves(step)), key=self._place))
        before = 0
        for at, usual in enumerate(self._usual):
            step = self._order[at] = next(movable) if self._moves(usual) else usual
            if step.music is not None:
                step.music.set_latency(before)
            before += step.latency_frames
        self._look = True
        self._restart_hear_alone()

    def _find_running(self) -> None:
        """Only a parameter switches a stage on, so those that are off need not be asked in every block."""
        self._look = False
        self._running.clear()
        for step in self._order:
            if step.stage is not None:
                if not step.stage.at_work:
                    step.resting = True
                    continue
                step.fades = not step.stage.wanted
            self._running.append(step)

    def _moves(self, step: Step) -> bool:
        return step.name in PLACES and PLACES[step.name].id in self._in_force

    def _place(self, step: Step) -> float:
        return self._in_force[PLACES[step.name].id]

    def process(self, block: Block, source: Block) -> None:
        """Process `block` in place. source: the chain's input, with the music that may leak into the block."""
        alone, heard = self._hear_alone, ""
        if alone.active:
            if alone.begin():
                self._restart_hear_alone(begins=True)
            heard = alone.heard
        if self._look:
            self._find_running()
        for step in self._running:
            stage = step.stage
            if stage is None:
                step.processor.process(block)
                continue
            if step.fades and not stage.at_work:
                self._look = True
                continue
            if step.resting:
                self._wake(step)
            if step.hears is not None and self._columns:
                step.hears.hear_reference(self._heard_music(step, source))
            if step.name != heard:
                stage.process(block)
                continue
            if step.tells is not None and step.tells.elsewhere:
                alone.take(step.tells.tell_taken(block))
                stage.process(block)
                continue
            alone.take_input(block)
            stage.process(block)
            alone.take_output(block)
        if heard:
            alone.mix(block)
        for step in self._tail:
            step.processor.process(block)

    def warm_up(self, block: Block) -> None:
        """Run every stage once on silence, also those that are off, so that none is slow when it is switched on."""
        for step in self._all:
            if step.stage is not None and not step.stage.at_work:
                block.fill(0.0)
                if step.hears is not None and self._columns:
                    self._music.fill(0.0)
                    step.hears.hear_reference(self._music)
                step.stage.process(block)
                step.stage.reset()
                step.resting = True

    def reset(self) -> None:
        """Forget the sound on its way; what waits is in force then."""
        self.settle()
        for step in self._all:
            step.processor.reset()
            if step.music is not None:
                step.music.reset()

    def _wake(self, step: Step) -> None:
        step.resting = False
        step.processor.reset()
        if step.music is not None:
            step.music.reset()

    def _heard_music(self, step: Step, source: Block) -> Block:
        for at, column in enumerate(self._columns):
            self._music[:, at] = source[:, column]
        return self._music if step.music is None else step.music.process(self._music)

    def _restart_hear_alone(self, *, begins: bool = False) -> None:
        own = later = 0
        for step in self._order:
            if step.name == self._hear_alone.heard:
                own, later = step.latency_frames, 0
                if begins and step.tells is not None:
                    step.tells.begin_to_tell()
            else:
                later += step.latency_frames
        self._hear_alone.restart(own, later)
