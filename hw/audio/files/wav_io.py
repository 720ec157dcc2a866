"""WavIo: sound files as an audio interface, in real time or as fast as possible."""

import os
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from hw.audio.agreement import ChannelOutOfRangeError
from hw.audio.audio_io import Block, IoFormat, IoStatus
from hw.audio.files.wav_input import BOX_RATE_HZ, WavInput
from hw.audio.files.wav_output import GrowingWav, LoopingWav, Output, OutputFileError
from hw.audio.samples import SampleEncoder


class WavIo:
    """An AudioIo that reads a WAV or FLAC file (1 to 8 channels, any rate) and writes a WAV. One thread.

    input: the file to read. output: the file to write, or None. loop: the input plays for ever; the output is as long
    as one pass and is overwritten in place. Without loop, the output appears on close().
    realtime: a block is ready when a real interface would have it; a caller that is more than `periods` late gets XRUN.
    input_channels, output_channels: counted from 1; by default all of the file, and as many out as in.
    output_delay_frames: leave this many frames out at the beginning of the output (the latency of the chain), and end
    it after as many frames as the input has. None: write everything.

    Raises SoundFileMissingError, NotAudioError, OutputFileError, ChannelOutOfRangeError.
    """

    latency_frames = 0

    def __init__(
        self,
        input: str | Path,
        output: str | Path | None = None,
        *,
        period_frames: int = 128,
        periods: int = 3,
        realtime: bool = True,
        loop: bool = False,
        input_channels: tuple[int, ...] | None = None,
        output_channels: tuple[int, ...] | None = None,
        output_delay_frames: int | None = None,
        sample_format: str = "S24_3LE",
    ) -> None:
        source = Path(input)
        self._input = WavInput(source, loop=loop)
        inputs = input_channels or tuple(range(1, self._input.channels + 1))
        outputs = output_channels or tuple(range(1, len(inputs) + 1))
        _check_channels(source, self._input.channels, inputs, outputs)
        self.name = source.stem.replace("_", " ")
        self.xruns = 0
        self.gone_reason = ""
        self.format = IoFormat(
            rate_hz=BOX_RATE_HZ,
            period_frames=period_frames,
            periods=periods,
            sample_format=sample_format,
            capture_channels=self._input.channels,
            playback_channels=max(outputs),
            input_channels=inputs,
            output_channels=outputs,
            box_period_frames=period_frames,
        )
        self._columns = [channel - 1 for channel in inputs]
        self._all_inputs = np.zeros((period_frames, self._input.channels), np.float32)
        self._encoder = SampleEncoder(sample_format, period_frames, max(outputs), outputs)
        self._output = self._open_output(source, Path(output), loop) if output else None
        self._keep_from = output_delay_frames or 0
        self._keep_to = None if output_delay_frames is None else output_delay_frames + self.frames
        self._frames_written = 0
        self._period_s = period_frames / BOX_RATE_HZ
        self._realtime = realtime
        self._due_s = 0.0
        self._closed = False

    @property
    def frames(self) -> int:
        """Length of the input (of one pass) at 48 kHz."""
        return self._input.frames

    @property
    def warning(self) -> str:
        """What is wrong with the input, for people ("take.wav: cut off: …"), or empty."""
        return self._input.warning

    @property
    def bad_samples(self) -> int:
        """NaN or infinite samples of the input so far; they are made silent."""
        return self._input.bad_samples

    def start(self) -> None:
        """See AudioIo."""
        self._due_s = time.monotonic() + self._period_s

    def read_into(self, block: Block) -> IoStatus:
        """See AudioIo. `block`: float32 (period_frames, len(input_channels)). An XRUN loses nothing of the file."""
        if self.gone_reason or self._closed:
            block.fill(0.0)
            return IoStatus.GONE
        if self._realtime and not self._wait():
            block.fill(0.0)
            return IoStatus.XRUN
        try:
            real_frames = self._input.read_into(self._all_inputs)
        except OSError as error:
            return self._lost(block, f"{self.name}: cannot be read on: {error}")
        for j, column in enumerate(self._columns):
            block[:, j] = self._all_inputs[:, column]
        return IoStatus.OK if real_frames else IoStatus.END

    def write(self, block: Block) -> IoStatus:
        """See AudioIo. `block`: float32 (period_frames, len(output_channels) or 1)."""
        if self.gone_reason or self._closed:
            return IoStatus.GONE
        if self._output is None:
            return IoStatus.OK
        try:
            self._output.write(self._wanted_part(self._encoder.encode(block)))
        except OSError as error:
            return self._lost(None, f"{self.name}: its recording cannot be written: {error.strerror}")
        return IoStatus.OK

    def close(self) -> None:
        """See AudioIo. Raises OutputFileError when the output cannot be completed, unless that was why it is GONE."""
        self._closed = True
        self._input.close()
        output, self._output = self._output, None
        if output is None:
            return
        with suppress(*([OutputFileError] if self.gone_reason else [])):
            output.close()

    def _wait(self) -> bool:
        """Wait until the block is due. False: the caller is later than all periods; the clock starts again."""
        late_s = time.monotonic() - self._due_s
        if late_s > self.format.periods * self._period_s:
            self._due_s += late_s + self._period_s
            self.xruns += 1
            return False
        if late_s < 0.0:
            time.sleep(-late_s)
        self._due_s += self._period_s
        return True

    def _wanted_part(self, data: memoryview) -> memoryview:
        """The part of this block's bytes that belongs into the output (output_delay_frames)."""
        begin = self._frames_written
        self._frames_written += self.format.period_frames
        if self._keep_to is None:
            return data
        frame_bytes = len(data) // self.format.period_frames
        first = max(0, self._keep_from - begin)
        last = max(first, min(self.format.period_frames, self._keep_to - begin))
        return data[first * frame_bytes : last * frame_bytes]

    def _lost(self, block: Block | None, reason: str) -> IoStatus:
        self.gone_reason = reason
        if block is not None:
            block.fill(0.0)
        return IoStatus.GONE

    def _open_output(self, source: Path, path: Path, loop: bool) -> Output:
        if os.path.exists(path) and os.path.samefile(path, source):
            raise OutputFileError(f"{path}: input and output are the same file")
        channels, sample_format = self.format.playback_channels, self.format.sample_format
        if loop:
            return LoopingWav(path, channels, sample_format, self.frames)
        return GrowingWav(path, channels, sample_format)


def _check_channels(source: Path, has: int, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> None:
    for channel in inputs:
        if not 1 <= channel <= has:
            raise ChannelOutOfRangeError(f"input channel {channel}: {source.name} has 1 to {has}")
    for channel in outputs:
        if not 1 <= channel <= 8:
            raise ChannelOutOfRangeError(f"{source}: output channel {channel}: a recording has 1 to 8")
