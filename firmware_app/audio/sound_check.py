"""The sound check: outputs silent, every input metered. On demand the test signal plays, and the inputs are recorded.

It runs in place of the rack, by the same law: no file is opened, nothing grows. It ends when control says so, or when
control has not asked for it for SOUND_CHECK_HOLD_S: the box must not stay silent, nor play the signal for ever,
because a phone went away or a process died. No parameter is touched, so a mute stays one.
"""

import logging
import mmap
import os
import time
from pathlib import Path

import numpy as np

from dsp.analysis.round_trip import SIGNAL_FRAMES, signal
from dsp.block import Block
from firmware_app.audio.source import Opened
from firmware_app.link.wire import MOST_INPUTS, SOUND_CHECK_HOLD_S, AudioLink, InputsFrame, SoundCheckStep, State
from hw.audio.audio_io import AudioIo, IoStatus

log = logging.getLogger(__name__)

SETTLE_FRAMES = 9_600  # an interface that was just opened may still tick
NAME = "sound-check"  # the recording, in the runtime folder: float32 (SIGNAL_FRAMES, inputs)


class SoundCheck:
    """A Mode, and what control wants of it. Audio thread."""

    def __init__(self, runtime: Path) -> None:
        self.ended = ""
        self._runtime = runtime
        self._frame = InputsFrame()
        self._until = 0.0
        self._measure = False  # asked for, and not begun
        self._at = -1  # next frame of the signal; -1: it is not playing
        self._fading = False

    def ask(self, what: int) -> None:
        """Control sent one of SoundCheckStep."""
        now = time.monotonic()
        goes_on = self._measure and now < self._until and what != SoundCheckStep.END
        self._measure = what == SoundCheckStep.MEASURE or goes_on
        self._until = now + SOUND_CHECK_HOLD_S if what != SoundCheckStep.END else -1.0

    def wanted(self) -> bool:
        """Whether to check the sound now. A signal plays to its end, unless control has ended the check."""
        return time.monotonic() < self._until or (self._at >= 0 and self._until >= 0.0)

    def prepare(self, opened: Opened) -> bool:
        """Allocate for this device. Without room for the recording the check is over."""
        assert opened.io is not None
        self.ended = ""
        form = opened.io.format
        frames, inputs = form.box_period_frames, len(form.input_channels)
        self._peaks = np.zeros(inputs, np.float32)
        self._magnitudes = np.zeros((frames, inputs), np.float32)
        blocks = -(-SIGNAL_FRAMES // frames)
        self._signal = np.zeros((blocks * frames, 1), np.float32)
        self._signal[:SIGNAL_FRAMES, 0] = signal()
        self._fade = np.linspace(1.0, 0.0, frames, dtype=np.float32)[:, None]
        self._at = -1
        self._fading = False
        self._settling_frames = SETTLE_FRAMES
        try:
            self._open_recording(self._runtime / NAME, blocks * frames, inputs)
        except OSError as error:
            log.warning("the sound cannot be checked: %s", error)
            self.ask(SoundCheckStep.END)
            return False
        return True

    def begin(self, io: AudioIo) -> tuple[Block, Block]:
        """One column goes to all outputs."""
        self._io = io
        return np.zeros_like(self._magnitudes), np.zeros((len(self._magnitudes), 1), np.float32)

    def goes_on(self, status: IoStatus) -> bool:
        """A device that is only late is waited for, until control ends the check."""
        if status is IoStatus.GONE or status is IoStatus.END:
            self.ended = self._io.gone_reason
            return False
        return True

    def lost(self) -> None:
        """What is being measured has a hole."""
        if self._at >= 0:
            self._frame.xruns += 1

    def fade_out(self) -> None:
        """A measurement asked for from now on waits until the check begins again."""
        self._fading, self._measure = True, False

    def process(self, block: Block, out: Block) -> None:
        """Meter the inputs; play the signal and record what comes back, if a measurement runs."""
        np.abs(block, out=self._magnitudes)
        np.maximum(self._peaks, self._magnitudes.max(axis=0), out=self._peaks)
        self._settling_frames -= len(block)
        if self._measure and self._at < 0 and self._settling_frames <= 0 and not self._fading:
            self._measure, self._at, self._frame.xruns = False, 0, 0
        out.fill(0.0)
        if self._at >= 0:
            self._play(block, out)
        if self._fading:
            np.multiply(out, self._fade, out=out)
            self._at = -1

    def block_done(self, work_s: float) -> None:
        """Nothing: the load that is shown is the rack's."""

    def state(self, status: IoStatus) -> State:
        return State.CHECKING

    def tell(self, link: AudioLink) -> None:
        """Send the peaks of all inputs since the last call."""
        frame = self._frame
        frame.measuring = self._at >= 0 or self._measure
        frame.peaks = tuple(self._peaks[:MOST_INPUTS].tolist())
        self._peaks.fill(0.0)
        link.send(frame)

    def _open_recording(self, path: Path, frames: int, inputs: int) -> None:
        """Raises OSError when there is no room."""
        fresh = path.with_suffix(".new")
        with fresh.open("w+b") as file:
            os.posix_fallocate(file.fileno(), 0, frames * inputs * 4)
            self._map = mmap.mmap(file.fileno(), frames * inputs * 4)
        self._recording = np.frombuffer(self._map, np.float32).reshape(frames, inputs)
        self._recording[:] = 0.0  # touch every page now
        fresh.replace(path)

    def _play(self, block: Block, out: Block) -> None:
        """One block of the signal. The block in and the block out stand at the same frame of it."""
        span = slice(self._at, self._at + len(block))
        self._recording[span] = block
        np.copyto(out, self._signal[span])
        self._at += len(block)
        if self._at >= len(self._signal):
            self._at = -1
            self._frame.measured += 1


def read_recording(path: Path, inputs: int) -> Block:
    """For control: the last measurement, float32 (SIGNAL_FRAMES, inputs). Raises FileNotFoundError."""
    sound = np.fromfile(path, np.float32)
    if inputs < 1 or len(sound) < SIGNAL_FRAMES * inputs or len(sound) % inputs:
        raise FileNotFoundError(f"{path}: not a recording of {inputs} inputs")
    return sound.reshape(-1, inputs)[:SIGNAL_FRAMES]
