"""The audio process's end of the listen ring: the last seconds before and after the chain, for the page."""

import logging

from dsp.block import Block
from firmware_app.config.places import Places
from firmware_app.link.listen_ring import ListenRing

log = logging.getLogger(__name__)


class BeforeAndAfter:
    """Keeps each block, in a ring of the size that fits the device. Audio thread."""

    def __init__(self, places: Places, *, off: bool) -> None:
        """off: nothing is kept, as in safe mode."""
        self._places, self._off = places, off
        self._ring: ListenRing | None = None

    def open(self, channels: int, latency_frames: int) -> None:
        """Make a new ring. Without room for it, the page cannot play before and after; sound goes on."""
        self._ring = None  # the old one's memory first
        if self._off:
            return
        try:
            self._places.make_sound()
            self._ring = ListenRing(self._places.sound / "listen", channels, latency_frames)
        except OSError as error:
            log.warning("before and after cannot be heard on the page: %s", error)

    def set_latency(self, latency_frames: int) -> None:
        """Another chain is heard: how much later `after` is than `before` from now on."""
        if self._ring is not None:
            self._ring.set_latency(latency_frames)

    def write(self, before: Block, after: Block) -> None:
        """Keep one block. Both float32 (period, at least the ring's channels)."""
        ring = self._ring
        if ring is not None:
            channels = ring.channels
            ring.write(0, before if before.shape[1] == channels else before[:, :channels])
            ring.write(1, after if after.shape[1] == channels else after[:, :channels])
