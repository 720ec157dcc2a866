"""The interface of a stage: a processor that the page shows, switches and meters by itself.

A lane asks a stage for work only while it is `at_work`, so that a stage that is off costs nothing and changes no bit.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from dsp.block import Block
from dsp.processor import Processor


@runtime_checkable
class Stage(Processor, Protocol):
    """A processor with a switch and a meter. Threads as in Processor; the properties are read on the audio thread.

    Its name is the first word of its parameters' ids: "declick" has `declick.on`. Without an `.on` it is off at an
    amount of 0 dB or 0.

    latency_frames: what it adds while it is wanted. The chain counts it only then, and fades out and in again around a
    change, so such a stage need not fade by itself: as soon as it is not wanted it delays nothing. A stage whose
    latency a parameter changes has `most_latency_frames` as well. A stage without latency ramps between the exact input
    and its own sound. After a rest the lane calls reset() before the first block: the stage then begins from the exact
    input. Only set_param() makes a stage that rests at work.
    """

    @property
    def wanted(self) -> bool: ...  # its parameters ask for something

    @property
    def at_work(self) -> bool: ...  # wanted, or not yet faded out

    @property
    def change_db(self) -> float: ...  # what it does to the sound now: below 0 it takes away, above 0 it adds

    @property
    def detail(self) -> float: ...  # one number more, for people: a frequency found, a share of frames; 0 for nothing


@runtime_checkable
class TakesElsewhere(Protocol):
    """What a stage has as well whose work another processor of the lane may do: it tells what that takes away."""

    @property
    def elsewhere(self) -> bool: ...

    def begin_to_tell(self) -> None: ...  # tell_taken() follows, block after block, at its place in the lane

    def tell_taken(self, block: Block) -> Block: ...  # a reused buffer; `block` is not changed


@runtime_checkable
class HearsReference(Protocol):
    """What a stage has as well that wants to know the music that may leak into the voice."""

    def prepare_reference(self, columns: int) -> None: ...  # before prepare(); 0: there is none

    def hear_reference(self, music: Block) -> None: ...  # if there is one, just before process(); (frames, columns)
