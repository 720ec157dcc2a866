"""Mode: what the box does with a device that is open. It plays (playing.py) or checks the sound (sound_check.py)."""

from typing import Protocol

from dsp.block import Block
from firmware_app.audio.source import Opened
from firmware_app.link.wire import AudioLink, State
from hw.audio.audio_io import AudioIo, IoStatus


class Mode(Protocol):
    """The streaming loop calls these in the order in which they stand here. Audio thread.

    `prepare` and `begin` run outside streaming. The rest runs in every block: no file, no log, no lock, no growth.
    """

    @property
    def ended(self) -> str:
        """Why the device must be closed and opened again; empty when the box leaves it on purpose."""
        ...

    def prepare(self, opened: Opened) -> bool:
        """Allocate for this device, whose `io` is open. False: this mode cannot run on it."""
        ...

    def begin(self, io: AudioIo) -> tuple[Block, Block]:
        """Sound is about to start. Returns the blocks to read into and to write."""
        ...

    def goes_on(self, status: IoStatus) -> bool:
        """After each read, and after a write that failed. False: close the device; `ended` says why."""
        ...

    def lost(self) -> None:
        """There was an xrun, of either direction."""
        ...

    def fade_out(self) -> None:
        """Make the next block fade to silence, and all after it silent: the device is about to be closed."""
        ...

    def process(self, block: Block, out: Block) -> None:
        """Fill `out` from `block`. block: float32 (period, inputs). out: float32 (period, outputs or 1)."""
        ...

    def block_done(self, work_s: float) -> None:
        """The block was written. work_s: time from its arrival until then."""
        ...

    def state(self, status: IoStatus) -> State:
        """The state for the meter frame after a read with this status."""
        ...

    def tell(self, link: AudioLink) -> None:
        """Send what this mode has to say besides the meter frame. Called every 50 ms."""
        ...
