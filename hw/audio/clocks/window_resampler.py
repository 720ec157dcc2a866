"""WindowResampler: soxr with 2 ms of delay instead of 20."""

from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
import soxr

from hw.audio.audio_io import Block

QUALITY = "HQ"  # 20 bits; gain error under 0.0003 dB to 16 kHz, 0.01 dB at 20 kHz (at 44.1 kHz)
MARGIN_FRAMES = 104  # at the lower rate: the reach of soxr's HQ filter. Farther away, an edge is below -130 dB


class WindowResampler:
    """Change the rate of a stream, chunk by chunk, float32 (frames, channels). One thread.

    soxr's own streaming works in long transforms: samples come in bursts, 20 ms late. Here each chunk is resampled as a
    short piece, with `MARGIN_FRAMES` more on both sides, and only its middle is kept, which the edges of the piece do
    not reach. Output frame n lies exactly at input frame n * from_hz / to_hz, and is ready as soon as `margin_frames`
    more input frames are there. How many frames are ready depends only on how many were put in.
    """

    def __init__(self, from_hz: int, to_hz: int, channels: int) -> None:
        self._ratio = Fraction(to_hz, from_hz)  # output frames per input frame
        self.margin_frames = ceil(MARGIN_FRAMES * max(1.0, from_hz / to_hz))
        self._soxr: Any = soxr.ResampleStream(from_hz, to_hz, channels, dtype="float32", quality=QUALITY)
        # A piece begins where an input frame and an output frame coincide, or the phase would be wrong.
        self._grid = self._ratio.denominator
        before = -(-2 * self.margin_frames // self._grid) * self._grid
        self._pieces = np.zeros((before, channels), np.float32)  # silence was before the beginning
        self._piece_begin = -before  # input frame at which the kept input begins
        self._frames_in = 0
        self._frames_out = 0

    def frames_after(self, frames_in: int) -> int:
        """How many output frames there are in all once `frames_in` have been put in."""
        return max(0, int((frames_in - self.margin_frames) * self._ratio))

    def process(self, chunk: Block) -> Block:
        """Put `chunk` in. Returns what is ready."""
        self._pieces = np.concatenate((self._pieces, chunk))
        self._frames_in += len(chunk)
        end = self.frames_after(self._frames_in)
        if end <= self._frames_out:
            return self._pieces[:0]
        piece = self._soxr.resample_chunk(self._pieces, last=True)
        self._soxr.clear()
        origin = int(self._piece_begin * self._ratio)
        ready: Block = piece[self._frames_out - origin : end - origin]
        self._frames_out = end
        self._forget()
        return ready

    def _forget(self) -> None:
        """Keep only the input that the next output frame needs before it, from the last common frame on."""
        needed = int(self._frames_out / self._ratio) - self.margin_frames
        begin = needed // self._grid * self._grid
        if begin > self._piece_begin:
            self._pieces = self._pieces[begin - self._piece_begin :]
            self._piece_begin = begin
