"""The meaning of a block's columns, and the lane: one source that goes through its own processors to the mix."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsp.block import Block
from dsp.native import bound
from dsp.parts.delay import Delay
from dsp.processor import Processor
from dsp.rack.steps import Steps

VOICE, MUSIC = "voice", "music"
"""The source of a lane: the microphone's columns, or the music's."""


@dataclass(frozen=True, slots=True)
class Channels:
    """The columns of a chain's input and output blocks.

    voice, music: columns of the input. mix: number of columns of the mix, which come first in the output. stems:
    columns of the output for each single stem, after the mix, in the order of dsp.layouts.stems.STEMS.
    """

    inputs: int
    voice: tuple[int, ...]
    music: tuple[int, ...]
    mix: int
    stems: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def plain(cls, channels: int) -> Channels:
        """All channels go in, through and out again."""
        everything = tuple(range(channels))
        return cls(channels, everything, everything, channels)

    @property
    def outputs(self) -> int:
        return self.mix + sum(len(columns) for columns in self.stems)


class Lane:
    """A source, its processors, and the delay that makes it as late as the slowest lane of its chain. Audio thread."""

    def __init__(self, source: str, processors: Sequence[Processor], *, stems_behind: int = 0) -> None:
        """source: VOICE or MUSIC. stems_behind: number of stems after the sound, each with as many columns."""
        self.source = source
        self.processors = tuple(processors)
        self.steps = Steps(processors, voice=source == VOICE)
        self.params = self.steps.params
        self.latency_frames = self.most_latency_frames = 0
        self._stems_behind = stems_behind

    def prepare(self, rate_hz: int, period_frames: int, channels: Channels, alone: bool) -> None:
        """alone: the only lane of its chain. It takes the other source when its own has no channels."""
        own = {VOICE: channels.voice, MUSIC: channels.music}[self.source]
        self.columns = own or ((channels.voice or channels.music) if alone else ())
        self._channels = channels
        self.latency_frames = self.most_latency_frames = 0
        self._delay: Delay | None = None
        self._native = bound.calls()
        width = len(self.columns)
        if not width:
            return
        self._share: Block | None = np.zeros(period_frames, np.float32) if channels.mix == 1 < width else None
        self._block: Block = np.zeros((period_frames, width * (1 + self._stems_behind)), np.float32)
        self._source, self._own = np.array(self.columns, np.int32), np.arange(width, dtype=np.int32)
        self._sound = self._block[:, :width]
        self._stems_first, self._stems_count = (row.copy() for row in self._stem_columns(width).T)
        # What is a voice's own column cannot leak into it: without inputs for music, `music` has those of the voice.
        leaks = [column for column in channels.music if column not in self.columns]
        self.steps.prepare(rate_hz, period_frames, self._block.shape[1], leaks)
        self.latency_frames, self.most_latency_frames = self.steps.latency_frames, self.steps.most_latency_frames

    def prepare_delay(self, most_latency_frames: int) -> None:
        """Make the delay of one lane among several. most_latency_frames: the most of any lane. After prepare()."""
        if self.columns:
            self._delay = Delay(most_latency_frames, *self._block.shape)

    def wait_for(self, latency_frames: int) -> None:
        """Delay this lane until it is as late as `latency_frames`, the slowest lane."""
        if self._delay is not None and self._delay.latency_frames != latency_frames - self.latency_frames:
            self._delay.set_latency(latency_frames - self.latency_frames)
            self._delay.reset()

    def set_param(self, param_id: str, value: float) -> None:
        """value: checked. See Steps."""
        self.steps.set_param(param_id, value)

    def shed(self, names: Set[str]) -> None:
        """See Steps."""
        self.steps.shed(names)

    @property
    def waits(self) -> bool:
        """See Steps."""
        return self.steps.waits

    def settle(self) -> None:
        """See Steps; `latency_frames` may be another one then."""
        self.steps.settle()
        self._latency_is_known()

    def process(self, block: Block) -> None:
        """Process this lane's columns of `block`; the block itself is not changed."""
        if not self.columns:
            return
        if self._native is not None:
            self._native.pick(block, self._source, self._sound)
        else:
            for at, column in enumerate(self.columns):
                self._block[:, at] = block[:, column]
        self.steps.process(self._block, block)

    def add_to(self, out: Block, first: bool) -> None:
        """Add the result to the mix; stems go to columns of their own. first: what was in `out` goes.

        A single column goes to every column of the mix. The mean of all goes to a mix of one column.
        """
        if first and (self._native is None or not self.columns):
            out.fill(0.0)
        if not self.columns:
            return
        waits = self._delay is not None and self._delay.latency_frames
        sound = self._delay.process(self._block) if self._delay is not None and waits else self._block
        width = len(self.columns)
        if self._native is not None:
            self._native.add_columns(sound, self._own, out, self._channels.mix, first)
        elif self._share is not None:
            self._add_all(sound, range(width), out)
        else:
            for column in range(self._channels.mix):
                np.add(out[:, column], sound[:, column % width], out=out[:, column])
        if self._stems_behind:
            self._add_stems(out, sound)

    def _add_all(self, sound: Block, columns: Sequence[int], out: Block) -> None:
        """Add the mean of these columns to a mix of one."""
        assert self._share is not None
        for column in columns:
            np.multiply(sound[:, column], 1.0 / len(columns), out=self._share)
            np.add(out[:, 0], self._share, out=out[:, 0])

    def _add_stems(self, out: Block, sound: Block) -> None:
        if self._native is not None:
            self._native.gather(sound, self._stems_first, self._stems_count, out[:, self._channels.mix :])
            return
        for column, (first, count) in enumerate(
            zip(self._stems_first, self._stems_count, strict=True), self._channels.mix
        ):
            if count > 1:
                np.mean(sound[:, first : first + count], axis=1, out=out[:, column])
            else:
                out[:, column] = sound[:, first]

    def _stem_columns(self, width: int) -> NDArray[np.int32]:
        """For each output of a stem: its first column in this lane's sound, and how many it is the mean of. (n, 2)."""
        found = [
            # One output for a stereo stem has the mean.
            (width * (1 + stem), width) if len(columns) < width else (width * (1 + stem) + at % width, 1)
            for stem, columns in enumerate(self._channels.stems)
            for at in range(len(columns))
        ]
        return np.array(found, np.int32).reshape(-1, 2)

    def add_untouched(self, block: Block, out: Block, first: bool) -> None:
        """Add the source as it came in, as bypass plays it, to the columns that add_to() uses. first: as there."""
        if first and (self._native is None or not self.columns):
            out.fill(0.0)
        if not self.columns:
            return
        if self._native is not None:
            self._native.add_columns(block, self._source, out, self._channels.mix, first)
        elif self._share is not None:
            self._add_all(block, self.columns, out)
        else:
            for column in range(self._channels.mix):
                source = self.columns[column % len(self.columns)]
                np.add(out[:, column], block[:, source], out=out[:, column])

    def warm_up(self) -> None:
        """See Steps."""
        if self.columns:
            self.steps.warm_up(self._block)

    def reset(self) -> None:
        """Forget the sound on its way. What waits for silence is in force then."""
        self.steps.reset()
        self._latency_is_known()
        if self._delay is not None:
            self._delay.reset()

    def _latency_is_known(self) -> None:
        if self.columns:
            self.latency_frames = self.steps.latency_frames
