"""AudioIo: anything that sound comes from and goes to, one period at a time."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Block = NDArray[np.float32]
"""float32 `(frames, channels)`, C order, full scale ±1.0."""


class IoStatus(Enum):
    """The result of one read or write. Trouble that is part of audio life is data, not an exception."""

    OK = "ok"
    XRUN = "xrun"  # counted and recovered from; after a read the block is silence
    TIMEOUT = "timeout"  # nothing came for `timeout_ms`; the caller may ping its watchdog and try again
    GONE = "gone"  # the device vanished (see `gone_reason`); close and open anew
    END = "end"  # a file has no more frames: the block is silence. The last partial block came before, padded, as OK


@dataclass(frozen=True, slots=True)
class IoFormat:
    """What was really agreed with the device.

    rate_hz and period_frames are those of the device. box_period_frames is the length of the blocks that read_into
    and write take, at 48 kHz; it equals period_frames unless the sound is resampled.
    """

    rate_hz: int
    period_frames: int
    periods: int
    sample_format: str  # "S16_LE" | "S24_3LE" | "S32_LE" | "FLOAT"
    capture_channels: int  # of the device
    playback_channels: int
    input_channels: tuple[int, ...]  # chosen, counted from 1
    output_channels: tuple[int, ...]
    box_period_frames: int


class AudioIo(Protocol):
    """One duplex interface: ALSA device, virtual interface or a pair of WAV files. Audio thread only.

    A read block has one column per chosen input channel. A write block has either as many columns as there are
    chosen output channels, or one column, which goes to all of them.
    """

    @property
    def name(self) -> str:
        """For people: "Scarlett 2i2 USB (hw:CARD=USB)", "demo vocal"."""
        ...

    @property
    def format(self) -> IoFormat: ...

    @property
    def latency_frames(self) -> int:
        """Delay in frames at 48 kHz that this io adds by itself (resamplers), periods not included."""
        ...

    @property
    def xruns(self) -> int: ...

    @property
    def gone_reason(self) -> str:
        """Empty until GONE."""
        ...

    def start(self) -> None:
        """Prefill playback with silence and start. After GONE, open a new object instead."""
        ...

    def read_into(self, block: Block) -> IoStatus:
        """Wait for one period and fill `block`. Never raises when the device fails, never blocks for ever."""
        ...

    def write(self, block: Block) -> IoStatus:
        """Hand one period to the device. Values outside ±1.0 are clipped."""
        ...

    def close(self) -> None:
        """Let go of the device at once (playback is dropped, not drained). May be called twice."""
        ...
