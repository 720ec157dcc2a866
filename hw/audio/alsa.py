"""AlsaIo: a duplex ALSA interface over pyalsaaudio, one period at a time, on the audio thread."""

import errno
import os
import time

import alsaaudio

from hw.audio.agreement import (
    Agreement,
    AlsaRequest,
    BadPeriodError,
    UnsupportedRateError,
)
from hw.audio.alsa_stream import AlsaStream
from hw.audio.audio_io import Block, IoFormat, IoStatus
from hw.audio.probe import Direction, PcmCaps
from hw.audio.samples import SampleDecoder, SampleEncoder

XRUNS_IN_A_ROW = 8  # without a good period in between: the device is gone
TIMEOUTS_IN_A_ROW = 10  # the device is gone
START_TRIES = 3
LEAST_TOGETHER_S = 0.001  # starting a USB device may take this long
_SUSPENDED = os.strerror(errno.ESTRPIPE)


def one_clock(request: AlsaRequest, capture: PcmCaps, playback: PcmCaps) -> bool:
    """Whether both directions share a clock. A headset that records only at 16 kHz and plays at 48 is two devices."""
    same = request.capture_device == request.playback_device or 0 <= capture.card == playback.card
    return same and bool(set(capture.rates_hz) & set(playback.rates_hz))


def check_stream(stream: AlsaStream, agreement: Agreement) -> None:
    """Raise when the device does not do what was agreed with it."""
    if stream.rate_hz != agreement.rate_hz:
        raise UnsupportedRateError(f"{stream.device}: {agreement.rate_hz} Hz asked, {stream.rate_hz} Hz got")
    if not 16 <= stream.period_frames <= 4096:
        raise BadPeriodError(f"{stream.device}: its {stream.period_frames}-frame periods: allowed 16 to 4096")


class AlsaIo:
    """An AudioIo: both directions of one interface at its own rate. The PCMs are non-blocking. Audio thread only.

    After any xrun both directions start again together, so that the round trip stays the same. `notes` says how the
    interface differs from what was asked, for people.
    """

    latency_frames = 0

    def __init__(self, request: AlsaRequest, agreement: Agreement) -> None:
        self._timeout_s = request.timeout_ms / 1000
        self.xruns = 0
        self.gone_reason = ""
        self._closed = False
        self.notes: list[str] = []
        asked = agreement
        capture = AlsaStream(
            Direction.CAPTURE, request.capture_device, asked, asked.capture_format, asked.capture_channels
        )
        try:
            playback = AlsaStream(
                Direction.PLAYBACK, request.playback_device, asked, asked.playback_format, asked.playback_channels
            )
        except BaseException:
            capture.close()
            raise
        self._capture, self._playback = capture, playback
        try:
            self._settle(request, agreement)
        except BaseException:
            self.close()
            raise

    def _settle(self, request: AlsaRequest, agreement: Agreement) -> None:
        """Check what the devices agreed to, and allocate for it."""
        capture, playback = self._capture, self._playback
        for stream in (capture, playback):
            check_stream(stream, agreement)
        self._period = period = capture.period_frames
        buffer = playback.period_frames * playback.periods
        if buffer < 2 * period:
            raise BadPeriodError(f"{playback.device}: plays {buffer} frames at most, records {period} at a time")
        if (period, buffer) != (agreement.period_frames, agreement.period_frames * agreement.periods):
            self.notes.append(
                f"asked for {agreement.period_frames} frames x {agreement.periods}, "
                f"the interface does {period} x {buffer / period:g}"
            )
        self.name = capture.name
        formats = dict.fromkeys((capture.sample_format, playback.sample_format))
        self.format = IoFormat(
            rate_hz=agreement.rate_hz,
            period_frames=period,
            periods=buffer // period,
            sample_format=" in, ".join(formats) + (" out" if len(formats) > 1 else ""),
            capture_channels=capture.channels,
            playback_channels=playback.channels,
            input_channels=request.input_channels,
            output_channels=request.output_channels,
            box_period_frames=period,
        )
        self._decoder = SampleDecoder(capture.sample_format, period, capture.channels, request.input_channels)
        self._encoder = SampleEncoder(playback.sample_format, period, playback.channels, request.output_channels)
        self._silence = bytes(self.format.periods * period * playback.frame_bytes)
        self._period_bytes = period * capture.frame_bytes
        self._pending = bytearray(2 * self._period_bytes)  # for devices that deliver parts of a period
        self._pending_bytes = 0
        self._failed_reads = self._failed_writes = self._timeouts = 0
        self._together_s = max(LEAST_TOGETHER_S, 0.5 * period / capture.rate_hz)

    def start(self) -> None:
        """See AudioIo. A fault shows at the first read."""
        try:
            self._begin(self.format.periods)
        except alsaaudio.ALSAAudioError as error:
            self._lost(error)

    def read_into(self, block: Block) -> IoStatus:
        """See AudioIo. `block`: float32 (period_frames, len(input_channels))."""
        if self.gone_reason or self._closed:
            return _silent(block, IoStatus.GONE)
        try:
            status = self._read(block)
        except alsaaudio.ALSAAudioError as error:
            status = self._fault(error)
        return status if status is IoStatus.OK else _silent(block, status)

    def _read(self, block: Block) -> IoStatus:
        give_up = time.monotonic() + self._timeout_s
        while self._pending_bytes < self._period_bytes:
            left_s = give_up - time.monotonic()
            if left_s <= 0.0:
                return self._late()
            if not self._capture.wait(left_s):
                continue
            count, data = self._capture.pcm.read()
            if count < 0:
                self._failed_reads += 1
                # One period less: the next block that the caller writes fills the buffer.
                return self._restart(self.format.periods - 1)
            if count == self._period and self._pending_bytes == 0:
                self._decoder.decode(data, block)
                self._failed_reads = self._timeouts = 0
                return IoStatus.OK
            self._keep(data)
        self._decoder.decode(memoryview(self._pending)[: self._period_bytes], block)
        rest = self._pending_bytes - self._period_bytes
        self._pending[:rest] = self._pending[self._period_bytes : self._pending_bytes]
        self._pending_bytes = rest
        self._failed_reads = self._timeouts = 0
        return IoStatus.OK

    def write(self, block: Block) -> IoStatus:
        """See AudioIo. `block`: float32 (period_frames, len(output_channels) or 1)."""
        if self.gone_reason or self._closed:
            return IoStatus.GONE
        try:
            return self._write(self._encoder.encode(block))
        except alsaaudio.ALSAAudioError as error:
            return self._fault(error)

    def _write(self, data: memoryview) -> IoStatus:
        give_up = time.monotonic() + self._timeout_s
        while True:
            count = self._playback.pcm.write(data)
            if count < 0:
                self._failed_writes += 1
                return self._restart(self.format.periods)
            if count * self._playback.frame_bytes >= len(data):
                self._failed_writes = 0
                return IoStatus.OK
            data = data[count * self._playback.frame_bytes :]
            left_s = give_up - time.monotonic()
            if left_s <= 0.0:
                return self._late()
            self._playback.wait(left_s)

    def close(self) -> None:
        """See AudioIo."""
        self._capture.close()
        self._playback.close()
        self._closed = True

    def _begin(self, prefill_periods: int) -> None:
        """Start both directions, playback first: if it started second, its first block would not fit into the buffer.

        Try again when this process was held up between the two starts: the round trip would stay too short.
        """
        silence = self._silence[: prefill_periods * self._period * self._playback.frame_bytes]
        for tries_left in reversed(range(START_TRIES)):
            begun = time.monotonic()
            self._playback.pcm.write(silence)
            _, data = self._capture.pcm.read()  # this starts it; there is no sound yet
            if time.monotonic() - begun < self._together_s or not tries_left:
                break
            self._capture.pcm.drop()
            self._playback.pcm.drop()
        self._pending_bytes = 0
        self._keep(data)

    def _keep(self, data: bytes) -> None:
        self._pending[self._pending_bytes : self._pending_bytes + len(data)] = data
        self._pending_bytes += len(data)

    def _restart(self, prefill_periods: int) -> IoStatus:
        """After an xrun: start both directions again, with the same distance between them as at first."""
        self.xruns += 1
        if max(self._failed_reads, self._failed_writes) > XRUNS_IN_A_ROW:
            self.gone_reason = f"{self.name}: fails at every transfer"
            return IoStatus.GONE
        self._capture.pcm.drop()
        self._playback.pcm.drop()
        self._begin(prefill_periods)
        return IoStatus.XRUN

    def _late(self) -> IoStatus:
        """Nothing came in time. Some devices vanish without an error, so ask whether this one is still there."""
        self._timeouts += 1
        self.gone_reason = self._capture.vanished() or self._playback.vanished()
        if not self.gone_reason and self._timeouts >= TIMEOUTS_IN_A_ROW:
            self.gone_reason = f"{self.name}: silent for {self._timeouts * self._timeout_s:.1f} s"
        return IoStatus.GONE if self.gone_reason else IoStatus.TIMEOUT

    def _fault(self, error: Exception) -> IoStatus:
        if str(error).startswith(_SUSPENDED):  # the computer was suspended: treat it like an xrun
            self._failed_reads += 1
            try:
                return self._restart(self.format.periods)
            except alsaaudio.ALSAAudioError as next_error:
                error = next_error
        return self._lost(error)

    def _lost(self, error: Exception) -> IoStatus:
        self.gone_reason = f"{self.name}: {str(error).split(' [')[0]}"
        return IoStatus.GONE


def _silent(block: Block, status: IoStatus) -> IoStatus:
    block.fill(0.0)
    return status
