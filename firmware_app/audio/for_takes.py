"""The audio process's end of the take ring: what the recorder may keep, block by block."""

import logging

from dsp.layouts.stems import STEMS
from dsp.rack.lanes import Channels
from firmware_app.config.places import Places
from firmware_app.link.take_ring import NAME, LaneForm, TakeRing

log = logging.getLogger(__name__)

DRY, WET = "dry", "wet"
"""The inputs as they came, and the mix as it is heard. Further lanes are the stems that have outputs of their own."""


class ForTakes:
    """Holds the ring that Playing writes each block to. Audio thread."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self.ring: TakeRing | None = None

    def open(self, channels: Channels, latency_frames: int) -> None:
        """Make a new ring. Without room for it nothing can be recorded; sound goes on."""
        self.ring = None  # the old one's memory first
        stems = [LaneForm(name, len(stem)) for name, stem in zip(STEMS, channels.stems, strict=False) if stem]
        lanes = [LaneForm(DRY, channels.inputs), LaneForm(WET, channels.mix), *stems]
        try:
            self._places.make_sound()
            self.ring = TakeRing(self._places.sound / NAME, lanes, latency_frames)
        except OSError as error:
            log.warning("nothing can be recorded: %s", error)

    def set_latency(self, latency_frames: int) -> None:
        """Another chain is heard: how much later it is than the inputs from now on."""
        if self.ring is not None:
            self.ring.set_latency(latency_frames)

    def lost(self) -> None:
        """An xrun: sound before the next block is missing."""
        if self.ring is not None:
            self.ring.gap()
