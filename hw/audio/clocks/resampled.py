"""ResampledIo: an interface that does not run at 48 kHz, resampled so that it seems to."""

from dataclasses import replace
from fractions import Fraction
from math import ceil

import numpy as np

from hw.audio.audio_io import AudioIo, Block, IoStatus
from hw.audio.clocks.window_resampler import WindowResampler

BOX_RATE_HZ = 48000


class ResampledIo:
    """An AudioIo around `inner`, which runs at any rate: blocks of `box_period_frames` at 48 kHz. Audio thread only.

    The resamplers add no delay, but need some sound ahead. So both directions start with silence, just enough that no
    block is ever short: exactly `latency_frames`. By the end of box block n, as many periods of the device have been
    read as written: the fewest that cover that time. The device sets the pace.
    """

    def __init__(self, inner: AudioIo, box_period_frames: int) -> None:
        device = inner.format
        self._inner = inner
        self.name = inner.name
        self.format = replace(device, box_period_frames=box_period_frames)
        self._schedule = _Schedule(device.rate_hz, device.period_frames, box_period_frames)
        inputs, outputs = len(device.input_channels), len(device.output_channels)
        self._up = WindowResampler(device.rate_hz, BOX_RATE_HZ, inputs)
        self._down = WindowResampler(BOX_RATE_HZ, device.rate_hz, outputs)
        lead_in, lead_out = self._schedule.leads(self._up, self._down)
        self.latency_frames = inner.latency_frames + lead_in + lead_out
        self.notes = [
            *getattr(inner, "notes", []),
            f"runs at {device.rate_hz} Hz: resampling adds {self.latency_frames / 48:.1f} ms",
        ]
        self._captured = _Fifo(inputs)
        self._to_play = _Fifo(outputs)
        self._captured.push(np.zeros((lead_in, inputs), np.float32))
        self._to_play.push(self._down.process(np.zeros((lead_out, outputs), np.float32)))
        self._period_in = np.zeros((device.period_frames, inputs), np.float32)
        self._period_out = np.zeros((device.period_frames, outputs), np.float32)
        self._all_outputs = np.zeros((box_period_frames, outputs), np.float32)
        self._blocks_read = self._blocks_written = self._periods_read = self._periods_written = 0
        self._xrun = False

    @property
    def xruns(self) -> int:
        return self._inner.xruns

    @property
    def gone_reason(self) -> str:
        return self._inner.gone_reason

    def start(self) -> None:
        """See AudioIo."""
        self._inner.start()

    def read_into(self, block: Block) -> IoStatus:
        """See AudioIo. `block`: float32 (box_period_frames, len(input_channels)), at 48 kHz."""
        while self._periods_read < self._schedule.periods_for(self._blocks_read + 1):
            status = self._inner.read_into(self._period_in)
            if status not in (IoStatus.OK, IoStatus.XRUN):
                block.fill(0.0)
                return status
            self._xrun |= status is IoStatus.XRUN
            self._captured.push(self._up.process(self._period_in))
            self._periods_read += 1
        self._blocks_read += 1
        self._captured.pop_into(block)
        if self._xrun:
            self._xrun = False
            block.fill(0.0)
            return IoStatus.XRUN
        return IoStatus.OK

    def write(self, block: Block) -> IoStatus:
        """See AudioIo. `block`: float32 (box_period_frames, len(output_channels) or 1), at 48 kHz."""
        self._all_outputs[:] = block
        self._to_play.push(self._down.process(self._all_outputs))
        self._blocks_written += 1
        worst = IoStatus.OK
        while self._periods_written < self._schedule.periods_for(self._blocks_written):
            self._to_play.pop_into(self._period_out)
            self._periods_written += 1
            status = self._inner.write(self._period_out)
            if status is not IoStatus.OK:
                worst = status
        return worst

    def close(self) -> None:
        """See AudioIo."""
        self._inner.close()


class _Schedule:
    """How many device periods the first n box blocks take: the fewest that cover their time."""

    def __init__(self, rate_hz: int, period_frames: int, box_period_frames: int) -> None:
        self._rate_hz, self._period_frames, self._box_period_frames = rate_hz, period_frames, box_period_frames
        self._periods_per_block = Fraction(box_period_frames * rate_hz, BOX_RATE_HZ * period_frames)

    def periods_for(self, blocks: int) -> int:
        """Device periods for the first `blocks` box blocks."""
        ratio = self._periods_per_block
        return -(-blocks * ratio.numerator // ratio.denominator)

    def leads(self, up: WindowResampler, down: WindowResampler) -> tuple[int, int]:
        """The least silence before capture and before playback so that neither is ever short, in frames at 48 kHz."""
        lead_in = lead_out = 0
        # The first few blocks lack what is still in a resampler. After that the schedule repeats.
        for blocks in range(1, 2 * self._periods_per_block.denominator + 64):
            device_frames = self.periods_for(blocks) * self._period_frames
            box_frames = blocks * self._box_period_frames
            lead_in = max(lead_in, box_frames - up.frames_after(device_frames))
            needed = ceil(device_frames * Fraction(BOX_RATE_HZ, self._rate_hz))
            lead_out = max(lead_out, needed + down.margin_frames - box_frames)
        return lead_in, lead_out


class _Fifo:
    """A queue of frames, float32 (frames, channels)."""

    def __init__(self, channels: int) -> None:
        self._frames = np.zeros((8192, channels), np.float32)
        self._begin = self._end = 0

    def push(self, frames: Block) -> None:
        if self._end + len(frames) > len(self._frames):
            waiting = self._end - self._begin
            self._frames[:waiting] = self._frames[self._begin : self._end].copy()
            self._begin, self._end = 0, waiting
        self._frames[self._end : self._end + len(frames)] = frames
        self._end += len(frames)

    def pop_into(self, block: Block) -> None:
        """Take `len(block)` frames. The schedule makes sure that they are there."""
        block[:] = self._frames[self._begin : self._begin + len(block)]
        self._begin += len(block)
