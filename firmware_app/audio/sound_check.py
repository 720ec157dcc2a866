"""The sound check: outputs silent, every input metered, and on demand the test signal out and what comes back recorded.

It runs in place of the chain, outside ordinary streaming, by the same law: no file is opened, nothing grows. It ends
when control says so, or by itself when control has not asked for it for SOUND_CHECK_HOLD_S: nothing stays silent, and
nothing goes on sounding, because a phone went away or a process died. No parameter is touched, so a mute stays one.
"""

import mmap
import os
import time
from pathlib import Path

import numpy as np

from dsp.analysis.round_trip import SIGNAL_FRAMES, signal
from dsp.block import Block
from firmware_app.link.wire import MOST_INPUTS, SOUND_CHECK_HOLD_S, InputsFrame, SoundCheckStep
from hw.audio.audio_io import IoFormat

SETTLE_FRAMES = 9_600  # an interface that was just opened may still tick
NAME = "sound-check"  # the recording, in the runtime folder: float32 (SIGNAL_FRAMES, inputs)


class SoundCheck:
    """What is wanted, and the blocks in and out. Audio thread. `ask` while streaming; `prepare` outside."""

    def __init__(self) -> None:
        self.frame = InputsFrame()
        self._until = 0.0
        self._measure = False  # asked for, and not begun
        self._at = -1  # next frame of the signal; -1: none is being played

    def ask(self, what: int) -> None:
        """A message of control's came."""
        now = time.monotonic()
        goes_on = self._measure and now < self._until and what != SoundCheckStep.END
        self._measure = what == SoundCheckStep.MEASURE or goes_on
        self._until = now + SOUND_CHECK_HOLD_S if what != SoundCheckStep.END else -1.0

    def wanted(self) -> bool:
        """Whether to go on. A signal that is being played is played to its end, unless control has ended the check."""
        return time.monotonic() < self._until or (self._at >= 0 and self._until >= 0.0)

    def prepare(self, form: IoFormat, runtime: Path) -> None:
        """Allocate for this device. Raises OSError when the runtime folder has no room."""
        frames, inputs = form.box_period_frames, len(form.input_channels)
        self.block: Block = np.zeros((frames, inputs), np.float32)
        self.out: Block = np.zeros((frames, 1), np.float32)
        self._peaks = np.zeros(inputs, np.float32)
        self._magnitudes = np.zeros_like(self.block)
        blocks = -(-SIGNAL_FRAMES // frames)
        self._signal = np.zeros((blocks * frames, 1), np.float32)
        self._signal[:SIGNAL_FRAMES, 0] = signal()
        self._open_recording(runtime / NAME, blocks * frames, inputs)
        self._fade = np.linspace(1.0, 0.0, frames, dtype=np.float32)[:, None]
        self._at = -1
        self._settling_frames = SETTLE_FRAMES

    def _open_recording(self, path: Path, frames: int, inputs: int) -> None:
        fresh = path.with_suffix(".new")
        with fresh.open("w+b") as file:
            os.posix_fallocate(file.fileno(), 0, frames * inputs * 4)
            self._map = mmap.mmap(file.fileno(), frames * inputs * 4)
        self._recording = np.frombuffer(self._map, np.float32).reshape(frames, inputs)
        self._recording[:] = 0.0  # touch every page now
        fresh.replace(path)

    def step(self, *, lost: bool) -> None:
        """One block: `block` has come in, `out` is to be written. lost: an xrun; what is being measured has a hole."""
        np.abs(self.block, out=self._magnitudes)
        np.maximum(self._peaks, self._magnitudes.max(axis=0), out=self._peaks)
        self._settling_frames -= len(self.block)
        if self._measure and self._at < 0 and self._settling_frames <= 0:
            self._measure, self._at, self.frame.xruns = False, 0, 0
        if self._at < 0:
            self.out.fill(0.0)
            return
        # Between this block's coming in and going out nothing passes: both stand at the same frame.
        self.frame.xruns += lost
        span = slice(self._at, self._at + len(self.block))
        self._recording[span] = self.block
        np.copyto(self.out, self._signal[span])
        self._at += len(self.block)
        if self._at >= len(self._signal):
            self._at = -1
            self.frame.measured += 1

    def fade(self) -> None:
        """Let the block that `step` has made be the last of the signal, if it was being played."""
        np.multiply(self.out, self._fade, out=self.out)
        self._at, self._measure = -1, False

    def tell(self) -> InputsFrame:
        """What to send up now; peaks are those since the last call."""
        self.frame.measuring = self._at >= 0 or self._measure
        self.frame.peaks = tuple(self._peaks[:MOST_INPUTS].tolist())
        self._peaks.fill(0.0)
        return self.frame


def read_recording(path: Path, inputs: int) -> Block:
    """Control's part: the last measurement, float32 (SIGNAL_FRAMES, inputs). Raises FileNotFoundError."""
    sound = np.fromfile(path, np.float32)
    if inputs < 1 or len(sound) < SIGNAL_FRAMES * inputs or len(sound) % inputs:
        raise FileNotFoundError(f"{path}: not a recording of {inputs} inputs")
    return sound.reshape(-1, inputs)[:SIGNAL_FRAMES]
