"""Freeze: the sound at the moment of the press is held as a steady sound, and the player plays over it.

This is a phase vocoder that stands still. Two windows, one hop apart, give the level of each bin and how far its phase
turns in a hop. Every further hop turns it on by as much. The bins around a peak turn together with it, or a tone would
fall apart within seconds.

Sources: M. Dolson, "The phase vocoder: a tutorial", Computer Music Journal 10(4), 1986; J. Laroche and M. Dolson,
"Improved phase vocoder time-scale modification of audio", IEEE Trans. Speech Audio Proc. 7(3), 1999.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.native import bound
from dsp.params import ParamSpec, switch
from dsp.parts.ramp import Ramp, ramp_frames
from dsp.parts.stft import inverse_transform

FREEZE = switch(
    "box.freeze", "Freeze", "Holds what sounds now, to play over. Ends with a change of chain and with a restart."
)

WINDOW = 4096  # 85 ms: a bin is 12 Hz wide
HOP = WINDOW // 4
NEEDED = WINDOW + HOP
ON_MS, OFF_MS = 10.0, 200.0


class Freeze:
    """Add the held sound to a block. Audio thread; one inverse FFT for each hop.

    While nothing is held no bit changes. The held sound fades in over a window's length, as its hops begin to overlap.
    It adds no latency.
    """

    name = "freeze"
    latency_frames = 0
    params: tuple[ParamSpec, ...] = (FREEZE,)

    def __init__(self) -> None:
        self._on = self._to_take = False
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._off_frames = ramp_frames(OFF_MS, rate_hz)
        self._ramp = Ramp(0.0, ramp_frames(ON_MS, rate_hz), period_frames)
        window = np.hanning(WINDOW + 1)[:-1]
        self._analysis = window.astype(np.float32)
        self._synthesis = (window / 1.5).astype(np.float32)  # Hann twice, a quarter apart, adds up to 1.5
        # The past is stored twice, one length apart, so that the newest part is always one contiguous slice.
        self._past = np.zeros((channels, 2 * NEEDED), np.float32)
        self._at = 0
        self._native = bound.past(self._past)
        bins = WINDOW // 2 + 1
        self._wave = np.zeros((channels, WINDOW), np.float32)
        self._loudness = np.zeros((channels, bins), np.float32)
        self._sum = np.zeros((channels, WINDOW), np.float32)  # overlapping hops; the first HOP frames are finished
        self._phase = np.ones((channels, bins), np.complex64)
        self._turn = np.ones((channels, bins), np.complex64)
        self._spectrum = np.zeros((channels, bins), np.complex64)
        self._length = np.zeros((channels, bins), np.float32)
        self._held = np.zeros((period_frames, channels), np.float32)
        self.reset()

    def set_param(self, param_id: str, value: float) -> None:
        """On: take the present sound at the next block and hold it. Off: fade it out."""
        on = value >= 0.5
        if on != self._on:
            self._on = self._to_take = on
            if not on:
                self._ramp.set(0.0, self._off_frames)

    def process(self, block: Block) -> None:
        """block: (frames, channels), the mix."""
        if self._to_take:
            self._to_take = False
            self._take()
            self._ramp.set(1.0)
        if self._native is not None and len(block) <= NEEDED:
            self._at = self._native.remember(block, self._at)
        else:
            self._remember(block)
        if self._ramp.still and self._ramp.value == 0.0:
            return
        held, done = self._held[: len(block)], 0
        while done < len(block):
            if self._used == HOP:
                self._next_hop()
            count = min(HOP - self._used, len(block) - done)
            held[done : done + count] = self._sum[:, self._used : self._used + count].T
            self._used += count
            done += count
        np.multiply(held, self._ramp.next(len(block))[:, None], out=held)
        np.add(block, held, out=block)

    def reset(self) -> None:
        """Forget the past and the held sound; the switch stays as it is."""
        self._past.fill(0.0)
        self._sum.fill(0.0)
        self._loudness.fill(0.0)
        self._used = HOP
        self._to_take = False
        self._ramp.jump(0.0)

    def _remember(self, block: Block) -> None:
        done = 0
        while done < len(block):
            count = min(NEEDED - self._at, len(block) - done)
            for start in (self._at, self._at + NEEDED):
                self._past[:, start : start + count] = block[done : done + count].T
            self._at = (self._at + count) % NEEDED
            done += count

    def _take(self) -> None:
        """Take level and phase of each bin from the newest two windows."""
        past = self._past[:, self._at : self._at + NEEDED]
        for start, spectrum in ((0, self._turn), (HOP, self._phase)):
            np.multiply(past[:, start : start + WINDOW], self._analysis, out=self._wave)
            spectrum[:] = np.fft.rfft(self._wave, axis=-1)
        np.abs(self._phase, out=self._loudness)
        np.conjugate(self._turn, out=self._turn)
        np.multiply(self._turn, self._phase, out=self._turn)
        self._to_length_one(self._turn)
        self._to_length_one(self._phase)
        for loudness, turn in zip(self._loudness, self._turn, strict=True):
            _lock_to_peaks(loudness, turn)

    def _next_hop(self) -> None:
        """Make the next hop: turn the bins' phases on, and overlap-add the new window."""
        np.multiply(self._phase, self._turn, out=self._phase)
        self._to_length_one(self._phase)  # else rounding would let it grow over the hours
        np.multiply(self._phase, self._loudness, out=self._spectrum)
        inverse_transform(self._spectrum, self._wave)
        np.multiply(self._wave, self._synthesis, out=self._wave)
        self._sum[:, :-HOP] = self._sum[:, HOP:]
        self._sum[:, -HOP:] = 0.0
        np.add(self._sum, self._wave, out=self._sum)
        self._used = 0

    def _to_length_one(self, phases: NDArray[np.complex64]) -> None:
        np.abs(phases, out=self._length)
        np.maximum(self._length, 1e-20, out=self._length)
        np.divide(phases, self._length, out=phases)


def _lock_to_peaks(loudness: NDArray[np.float32], turn: NDArray[np.complex64]) -> None:
    """Let each bin turn as the nearest peak does. Both of one channel, (bins,). Once per press."""
    inner = loudness[1:-1]
    peaks = np.flatnonzero((inner >= loudness[:-2]) & (inner > loudness[2:])) + 1
    if len(peaks):
        borders = (peaks[:-1] + peaks[1:] + 1) // 2
        turn[:] = turn[peaks[np.searchsorted(borders, np.arange(len(turn)), side="right")]]
