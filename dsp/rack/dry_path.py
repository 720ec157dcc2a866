"""The dry path round the processors: the input, delayed like the processed sound, and the switches between the two."""

from __future__ import annotations

import numpy as np

from dsp.block import Block
from dsp.native import bound
from dsp.params import ParamSpec, switch
from dsp.parts.delay import Delay
from dsp.parts.ramp import Ramp, ramp_frames

BYPASS = switch("box.bypass", "Bypass", "The input passes untouched, as late as the processed sound.")
MUTE = switch("box.mute", "Mute", "Silence, whatever else is set.")
WET = ParamSpec("box.wet_percent", "%", 0.0, 100.0, 100.0, "Wet", "How much of the processed sound is mixed in.")

MATCH = ParamSpec(
    "box.match_db",
    "dB",
    -24.0,
    0.0,
    0.0,
    "Level match",
    "Turns down what is heard, while the untouched and the processed sound are compared, so that louder does not win.",
)

SWITCH_MS = 20.0
MUTE_MS = 10.0
FADE_IN_MS = 50.0


class DryPath:
    """Bypass, wet/dry, mute, level match and the fade at the start. Audio thread.

    For each block: push() the input, process a copy of it, join() the two. Wet and dry are the same sound, so the
    crossfade is linear; with equal power it would get louder in the middle. At either end the samples pass bit by bit.
    """

    params = (BYPASS, MUTE, WET, MATCH)

    def __init__(self) -> None:
        self._bypass = False
        self._muted = False
        self._leaving = self._hushed = False
        self._wet = 1.0
        self._match = 1.0
        self._prepared = False

    def prepare(
        self, rate_hz: int, period_frames: int, channels: int, latency_frames: int, most_latency_frames: int = 0
    ) -> None:
        """latency_frames: of the processed sound; most_latency_frames: the most that it may come to while it plays.

        Starts with the present values of the parameters, without a ramp.
        """
        self._leaving = self._hushed = False
        self._delay = Delay(max(latency_frames, most_latency_frames), period_frames, channels)
        self._period_frames = period_frames
        self._mix = Ramp(self._mix_target, ramp_frames(SWITCH_MS, rate_hz), period_frames)
        self._level = Ramp(self._level_target, ramp_frames(MUTE_MS, rate_hz), period_frames)
        self.set_latency(latency_frames)
        self._quiet_frames = 0
        self._fade_frames = ramp_frames(FADE_IN_MS, rate_hz)
        self._share: Block = np.zeros((period_frames, 1), np.float32)
        self._native = bound.calls()
        self._prepared = True

    def set_param(self, param_id: str, value: float) -> None:
        if param_id == BYPASS.id:
            self._bypass = value >= 0.5
        elif param_id == WET.id:
            self._wet = value / 100.0
        elif param_id == MUTE.id:
            self._muted = value >= 0.5
        elif param_id == MATCH.id:
            self._match = 10.0 ** (value / 20.0)
        if self._prepared:
            self._mix.set(self._mix_target)
            self._level.set(self._level_target)

    def fade_in(self) -> None:
        """Fade in from silence: at the start, after a re-plug or a recovery, when nothing was heard before.

        The output is silent until the newest block has come through, because the sound on its way breaks off where some
        was lost, and that would be heard. A muted output stays muted.
        """
        self._quiet_frames = self._way_frames
        self._level.jump(0.0)
        self._level.set(self._level_target, self._fade_frames)

    def fade_out(self) -> None:
        """Ramp to silence, as mute does, and stay there until prepare(). For a device that is closed."""
        self._leaving = True
        self._level.set(0.0)

    def set_latency(self, latency_frames: int) -> None:
        """The processed sound is so late from now on. The past stays, so what is dry jumps: only while it is silent."""
        self._delay.set_latency(latency_frames)
        self._way_frames = latency_frames + self._period_frames

    def hush(self) -> None:
        """Ramp to silence, until speak()."""
        self._hushed = True
        self._level.set(0.0)

    @property
    def silent(self) -> bool:
        return self._level.still and self._level.value == 0.0

    @property
    def fades(self) -> bool:
        """Whether it fades in or out, or waits for the newest block before it fades in."""
        return self._quiet_frames > 0 or not self._level.still

    def speak(self) -> None:
        """End hush(): fade in once the newest block has come through, as quickly as it faded out."""
        self._hushed = False
        self._quiet_frames = self._way_frames
        self._level.set(self._level_target)

    def reset(self) -> None:
        """Forget the sound on its way; the switches stay."""
        self._hushed = False
        self._delay.reset()
        self._mix.jump(self._mix_target)
        self._level.jump(self._level_target)

    def push(self, block: Block) -> None:
        """Take the input before anything touches it."""
        self._dry = self._delay.process(block)

    def join(self, block: Block) -> None:
        """Turn `block`, the processed sound, into the output: mixed with the dry, or silent. In place."""
        frames, mix, level = len(block), self._mix, self._level
        if not mix.still:
            self._crossfade(block, frames)
        elif mix.value == 0.0:
            np.copyto(block, self._dry)
        elif mix.value != 1.0:
            self._crossfade(block, frames)
        if self._quiet_frames:
            quiet = min(frames, self._quiet_frames)
            self._quiet_frames -= quiet
            block[:quiet] = 0.0
            block = block[quiet:]
            frames -= quiet
        if not level.still:
            values = level.next(frames)
            if self._native is not None:
                self._native.scale(block, values)
            else:
                np.multiply(block, values[:, None], out=block)
        elif level.value == 0.0:
            block.fill(0.0)
        elif level.value != 1.0:
            np.multiply(block, np.float32(level.value), out=block)

    def _crossfade(self, block: Block, frames: int) -> None:
        values = self._mix.next(frames)
        if self._native is not None:
            self._native.crossfade(block, self._dry, values)
            return
        wet, dry_share = values[:, None], self._share[:frames]
        np.multiply(block, wet, out=block)
        np.subtract(1.0, wet, out=dry_share)
        np.multiply(self._dry, dry_share, out=self._dry)  # a copy that is not used again
        np.add(block, self._dry, out=block)

    @property
    def _mix_target(self) -> float:
        return 0.0 if self._bypass else self._wet

    @property
    def _level_target(self) -> float:
        return 0.0 if self._muted or self._leaving or self._hushed else self._match
