"""An interface that does what a test wants, block by block, and the source that hands it to the audio process."""

import time
from collections.abc import Callable

import numpy as np

from firmware_app.audio.source import Opened
from firmware_app.audio_process import AudioProcess
from hw.audio.audio_io import IoFormat, IoStatus

PERIOD = 128
MakeProcess = Callable[..., AudioProcess]
"""The fixture make_process: an audio process on these interfaces, in order."""
STREAMING: list[bool] = []
"""What realtime.use_fifo() was asked for, in order."""


class Interface:
    """A tone of 24 kHz at half scale, which no stage takes for drift.

    `reads` and `writes` say what becomes of each block, OK after their end.
    """

    name, latency_frames, xruns = "test interface", 0, 0

    def __init__(self, reads: list[IoStatus] | None = None, writes: list[IoStatus] | None = None) -> None:
        self.format = IoFormat(48_000, PERIOD, 3, "S24_3LE", 1, 1, (1,), (1,), PERIOD)
        self.gone_reason = ""
        self.heard: list[np.ndarray] = []
        self.starts = 0
        self._reads, self._writes = list(reads or []), list(writes or [])

    def start(self) -> None:
        self.starts += 1
        self.started_in_real_time = STREAMING[-1:] == [True]

    def read_into(self, block: np.ndarray) -> IoStatus:
        status = self._reads.pop(0) if self._reads else IoStatus.OK
        block.fill(0.5 if status is IoStatus.OK else 0.0)
        block[1::2] *= -1.0
        return self._told(status)

    def write(self, block: np.ndarray) -> IoStatus:
        self.heard.append(block[:, 0].copy())
        return self._told(self._writes.pop(0) if self._writes else IoStatus.OK)

    def _told(self, status: IoStatus) -> IoStatus:
        if status is IoStatus.GONE:
            self.gone_reason = "test interface: no room on the bus"
        return status

    def close(self) -> None: ...


class File(Interface):
    """A file ends without a reason."""

    def _told(self, status: IoStatus) -> IoStatus:
        return IoStatus.END if status is IoStatus.GONE else status


class Source:
    """Hands out `interfaces` in order, None for one that is not there; then the box stops."""

    plays_demo = False

    def __init__(self, box: AudioProcess, interfaces: list[Interface | None]) -> None:
        self._box, self._left = box, interfaces
        self.opened_at: list[float] = []

    def open(self, chain: str, *, every_input: bool = False) -> Opened:
        self.opened_at.append(time.monotonic())
        assert STREAMING[-1:] != [True]
        if not self._left:
            self._box._stop()
            return Opened(None, False, "")
        io = self._left.pop(0)
        return Opened(io, False, "" if io else "test interface: not there")


def blocks(count: int, *others: IoStatus) -> list[IoStatus]:
    return [IoStatus.OK] * count + list(others)
