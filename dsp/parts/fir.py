"""A FIR filter whose taps may change at any frame without a click."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.block import Block
from dsp.native import bound

Taps = NDArray[np.float32]


class MovingFir:
    """FIR filter in the time domain. It crossfades to new taps. Audio thread; buffers are made once.

    The output is `lookahead_frames` late; the taps reach as far into the future. How the sound is cut into blocks
    changes nothing: each frame depends only on the frames before it and on when set_taps() was called.
    """

    def __init__(
        self, channels: int, taps_frames: int, lookahead_frames: int, crossfade_frames: int, max_frames: int
    ) -> None:
        """taps_frames: all taps, including the lookahead's. max_frames: the most frames a block may have."""
        if not 0 <= lookahead_frames < taps_frames or min(channels, crossfade_frames, max_frames) < 1:
            raise ValueError(
                f"channels = {channels}, taps_frames = {taps_frames}, lookahead_frames = {lookahead_frames}, "
                f"crossfade_frames = {crossfade_frames}, max_frames = {max_frames}: allowed 1 or more, "
                "lookahead_frames from 0 to taps_frames - 1"
            )
        self.latency_frames = lookahead_frames
        self._keep = taps_frames - 1
        # So long that the past is seldom moved back to the start, and never overlaps itself when it is.
        self._past: Block = np.zeros((channels, 2 * taps_frames + 16 * max_frames), np.float32)
        self._wet: Block = np.zeros((max_frames, channels), np.float32)
        self._rise: Taps = ((np.arange(crossfade_frames) + 0.5) / crossfade_frames).astype(np.float32)
        self._both_taps: NDArray[np.float32] = np.zeros((2, taps_frames), np.float32)
        self._turn = 0  # which of the two are the new ones
        self._native = bound.fir(self._past, self._both_taps, self._rise, self._wet)
        self.reset()

    def reset(self) -> None:
        """Forget the past and the taps: sound then passes late but unchanged."""
        self._past.fill(0.0)
        self._end = self._keep
        self._both_taps[self._turn] = 0.0
        self._both_taps[self._turn, -1 - self.latency_frames] = 1.0
        self._faded = len(self._rise)

    def set_taps(self, taps: Taps) -> None:
        """Fade to `taps` from the next frame on. The fade before must be over.

        taps: (taps_frames,), oldest frame first; the tap of the present frame is at -1 - lookahead_frames.
        """
        self._turn = 1 - self._turn
        self._both_taps[self._turn] = taps
        self._faded = 0

    def newest(self, frames: int) -> Block:
        """The last `frames` of the input, at most taps_frames - 1. (frames, channels), a view: read it at once."""
        return self._past[:, self._end - frames : self._end].T

    def process(self, block: Block) -> Block:
        """Take `block` (frames, channels); return the filtered sound of `lookahead_frames` ago.

        It is a reused buffer, valid until the next call.
        """
        frames, faded = len(block), self._faded
        wet = self._wet[:frames]
        self._faded = min(faded + frames, len(self._rise))
        if self._native is not None:
            self._end = self._native.process(block, self._end, faded, self._turn)
            return wet
        self._push(block)
        first = self._end - frames
        for channel in range(wet.shape[1]):
            wet[:, channel] = self._filtered(channel, self._both_taps[self._turn], first, frames)
        if faded < self._faded:
            self._fade(first, wet[: self._faded - faded], self._rise[faded : self._faded])
        return wet

    def _push(self, block: Block) -> None:
        frames, keep = len(block), self._keep
        if self._end + frames > self._past.shape[1]:
            self._past[:, :keep] = self._past[:, self._end - keep : self._end]
            self._end = keep
        self._past[:, self._end : self._end + frames] = block.T
        self._end += frames

    def _filtered(self, channel: int, taps: Taps, first: int, frames: int) -> Taps:
        """`frames` of one channel, filtered, from position `first` of the past on. A small new array."""
        return np.correlate(self._past[channel, first - self._keep : first + frames], taps, "valid")

    def _fade(self, first: int, wet: Block, rise: Taps) -> None:
        """Turn `wet`, from the new taps, into old + rise * (new - old)."""
        for channel in range(wet.shape[1]):
            old, column = self._filtered(channel, self._both_taps[1 - self._turn], first, len(wet)), wet[:, channel]
            np.subtract(column, old, out=column)
            np.multiply(column, rise, out=column)
            np.add(column, old, out=column)
