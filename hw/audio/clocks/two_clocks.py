"""TwoClocksIo: records from one device and plays to another, each with a clock of its own.

Measured on simulated clocks 200 ppm apart for an hour (`make bench-drift`): the buffer stays within 7 frames of its
target while the loop learns, then within a fraction of a frame.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol

import alsaaudio
import numpy as np

from hw.audio.agreement import BadPeriodError
from hw.audio.audio_io import Block, IoFormat, IoStatus
from hw.audio.clocks.drift_loop import DriftLoop
from hw.audio.clocks.vari_resampler import VariResampler
from hw.audio.samples import SampleDecoder, SampleEncoder

XRUNS_IN_A_ROW = 8  # without a good transfer in between: the device is gone
TIMEOUTS_IN_A_ROW = 10
LEAST_SPARE_S = 0.001  # a full-speed USB device updates its position once a millisecond
READING_S = 0.0003  # when reading both devices takes longer, the two positions do not belong together
OFF_SHARE = 0.02  # share of the newest reading in the smoothed level that decides whether to start over


class Stream(Protocol):
    """One direction of a device: AlsaStream, or one with a simulated clock.

    pcm: read() -> (frames, data), write(data) -> frames, avail() -> frames, drop(); see pyalsaaudio.
    """

    device: str
    name: str
    rate_hz: int
    channels: int
    period_frames: int
    periods: int
    sample_format: str
    frame_bytes: int
    pcm: Any

    def wait(self, seconds: float) -> bool: ...
    def vanished(self) -> str: ...
    def close(self) -> None: ...


class _Side:
    """One of the two devices, and how often it has failed since the last good transfer."""

    def __init__(self, stream: Stream, timeout_s: float) -> None:
        self.stream, self.pcm, self.name = stream, stream.pcm, stream.name
        self._timeout_s = timeout_s
        self._xruns = self._timeouts = 0

    def good(self) -> None:
        self._xruns = self._timeouts = 0

    def xrun(self) -> str:
        """Count an xrun. Returns why the device counts as gone, or ""."""
        self._xruns += 1
        return f"{self.name}: fails at every transfer" if self._xruns > XRUNS_IN_A_ROW else ""

    def late(self) -> str:
        """Nothing came in time. Returns why the device counts as gone, or ""."""
        self._timeouts += 1
        reason = self.stream.vanished()
        if not reason and self._timeouts >= TIMEOUTS_IN_A_ROW:
            reason = f"{self.name}: silent for {self._timeouts * self._timeout_s:.1f} s"
        return reason


class TwoClocksIo:
    """An AudioIo over two devices. Playback sets the pace. A resampler reads the recorded sound at the speed that keeps
    the buffer between them at its level, whatever the clocks do. Audio thread only.

    A block is read when playback has room for it. At that moment `target_frames` of capture wait: the block, the
    resampler's lookahead, and one period to spare. All but the block is `latency_frames`, and it stays so: after an
    xrun of either device the level is set to its target again, while the other device runs on.
    """

    def __init__(
        self,
        capture: Stream,
        playback: Stream,
        input_channels: tuple[int, ...],
        output_channels: tuple[int, ...],
        *,
        timeout_ms: int = 200,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """capture, playback: opened and not started; this object owns them from now on. Raises BadPeriodError."""
        period = playback.period_frames
        if playback.periods < 2:
            raise BadPeriodError(f"{playback.device}: plays {playback.periods} period at a time: allowed 2 or more")
        self._clock = clock
        self._timeout_s = timeout_ms / 1000
        self._capture, self._playback = _Side(capture, self._timeout_s), _Side(playback, self._timeout_s)
        self._frame_bytes = playback.frame_bytes
        self.name = f"{capture.name} to {playback.name}"
        formats = dict.fromkeys((capture.sample_format, playback.sample_format))
        self.format = IoFormat(
            rate_hz=playback.rate_hz,
            period_frames=period,
            periods=playback.periods,
            sample_format=" in, ".join(formats) + (" out" if len(formats) > 1 else ""),
            capture_channels=capture.channels,
            playback_channels=playback.channels,
            input_channels=input_channels,
            output_channels=output_channels,
            box_period_frames=period,
        )
        nominal = capture.rate_hz / playback.rate_hz
        self._nominal = self._speed = nominal
        self._reader = VariResampler(nominal, period, len(input_channels))
        spare = max(capture.period_frames, round(LEAST_SPARE_S * capture.rate_hz))
        self._spare_frames = spare
        self.target_frames = period * nominal + self._reader.margin_frames + spare
        self.latency_frames = round((self._reader.margin_frames + spare) / capture.rate_hz * 48_000)
        self.notes = [
            f"{playback.name} sets the pace, {capture.name} is made to follow: "
            f"this adds {self.latency_frames / 48:.1f} ms"
        ]
        self.loop = DriftLoop(capture.rate_hz, spare / 4)
        self._decoder = SampleDecoder(capture.sample_format, capture.period_frames, capture.channels, input_channels)
        self._encoder = SampleEncoder(playback.sample_format, period, playback.channels, output_channels)
        self._captured: Block = np.zeros((capture.period_frames, len(input_channels)), np.float32)
        self._silence = bytes(playback.periods * period * playback.frame_bytes)
        self._block_s = period / playback.rate_hz
        self._unread_s = 0.0  # since the last reading of the level
        self._off = 0.0  # of the level from its target, lightly smoothed
        self._closed = False
        self.xruns = 0
        self.gone_reason = ""

    def start(self) -> None:
        """See AudioIo. A fault shows at the first read."""
        try:
            self._start_playback()
            self._capture.pcm.read()  # starts it; nothing is there yet
            self._set_level()
        except alsaaudio.ALSAAudioError as error:
            self._lost(self._capture, error)

    def read_into(self, block: Block) -> IoStatus:
        """See AudioIo. `block`: float32 (period_frames, len(input_channels)), in time with playback."""
        status = IoStatus.GONE if self.gone_reason or self._closed else self._read(block)
        if status is not IoStatus.OK:
            block.fill(0.0)
        return status

    def _read(self, block: Block) -> IoStatus:
        give_up = self._clock() + self._timeout_s
        while not self._playback.stream.wait(max(0.0, give_up - self._clock())):
            if self._clock() >= give_up:
                return self._late(self._playback)
        status = self._gather()
        while status is IoStatus.OK and not self._reader.has(len(block), self._speed):
            left_s = give_up - self._clock()
            if left_s <= 0.0:
                return self._late(self._capture)
            self._capture.stream.wait(left_s)
            status = self._gather()
        if status is IoStatus.GONE:
            return status
        if self._read_level():
            status = self._start_over()
        before, self._speed = self._speed, self._nominal * (1.0 + self.loop.correction)
        self._reader.pull(block, before, self._speed)
        return status

    def _gather(self) -> IoStatus:
        """Take everything that was recorded. XRUN: some was lost, and the level has been set again."""
        try:
            while True:
                count, data = self._capture.pcm.read()
                if count < 0:
                    return self._capture_xrun()
                if count == 0:
                    return IoStatus.OK
                part = self._captured[:count]
                self._decoder.decode(data, part)
                self._reader.push(part)
                self._capture.good()
        except alsaaudio.ALSAAudioError as error:
            return self._lost(self._capture, error)

    def write(self, block: Block) -> IoStatus:
        """See AudioIo. `block`: float32 (period_frames, len(output_channels) or 1)."""
        if self.gone_reason or self._closed:
            return IoStatus.GONE
        try:
            return self._write(self._encoder.encode(block))
        except alsaaudio.ALSAAudioError as error:
            return self._lost(self._playback, error)

    def _write(self, data: memoryview) -> IoStatus:
        give_up = self._clock() + self._timeout_s
        while True:
            count = self._playback.pcm.write(data)
            if count < 0:
                return self._playback_xrun()
            if count * self._frame_bytes >= len(data):
                self._playback.good()
                return IoStatus.OK
            data = data[count * self._frame_bytes :]
            left_s = give_up - self._clock()
            if left_s <= 0.0:
                return self._late(self._playback)
            self._playback.stream.wait(left_s)

    def close(self) -> None:
        """See AudioIo."""
        self._capture.stream.close()
        self._playback.stream.close()
        self._closed = True

    # --- the level ---

    def _read_level(self) -> bool:
        """Give the loop a reading of the level. True: it is so far off that it must be set by a jump."""
        self._unread_s += self._block_s
        before = self._clock()
        recorded, room = self._capture.pcm.avail(), self._playback.pcm.avail()
        if recorded < 0 or room < 0 or self._clock() - before > READING_S:
            return False  # an xrun, which the next transfer reports, or this process was held up
        error = self._level(recorded, room) - self.target_frames
        self.loop.update(error, self._unread_s)
        self._unread_s = 0.0
        self._off += OFF_SHARE * (error - self._off)
        return abs(self._off) > self._spare_frames

    def _level(self, recorded: int, room: int) -> float:
        """Frames of capture that waited at the moment when playback had room for exactly one period."""
        return self._reader.waiting_frames + recorded - (room - self.format.period_frames) * self._speed

    def _set_level(self) -> None:
        """Jump to the target level, after sound was lost."""
        room = self._playback.pcm.avail()
        room = room if room >= 0 else self.format.period_frames
        recorded = max(0, self._capture.pcm.avail())
        missing = self.target_frames - self._level(recorded, room)
        self._reader.set_waiting(max(0.0, self._reader.waiting_frames + missing))
        self.loop.level_set()
        self._off = 0.0

    def _start_over(self) -> IoStatus:
        """The level is far off: a device lost sound without reporting it, or its clock is not usable. Count an xrun."""
        self.xruns += 1
        self._set_level()
        return IoStatus.XRUN

    # --- trouble ---

    def _start_playback(self) -> None:
        self._playback.pcm.write(self._silence)

    def _capture_xrun(self) -> IoStatus:
        """Restart capture; playback runs on."""
        return self._restart(self._capture, self._capture.pcm.read)

    def _playback_xrun(self) -> IoStatus:
        """Restart playback. Capture runs on, and what it recorded meanwhile is dropped."""
        status = self._restart(self._playback, self._start_playback)
        if status is IoStatus.XRUN and self._gather() is IoStatus.OK:
            self._set_level()
        return status

    def _restart(self, side: _Side, begin: Callable[[], object]) -> IoStatus:
        self.xruns += 1
        self.gone_reason = side.xrun()
        if self.gone_reason:
            return IoStatus.GONE
        side.pcm.drop()
        begin()
        self._set_level()
        return IoStatus.XRUN

    def _late(self, side: _Side) -> IoStatus:
        self.gone_reason = side.late()
        return IoStatus.GONE if self.gone_reason else IoStatus.TIMEOUT

    def _lost(self, side: _Side, error: Exception) -> IoStatus:
        self.gone_reason = f"{side.name}: {str(error).split(' [')[0]}"
        return IoStatus.GONE
