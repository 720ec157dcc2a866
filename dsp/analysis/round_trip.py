"""The delay from an output back to an input: the test signal, and the search for it in a recording.

The signal is a maximum-length sequence, played three times, each time louder. Its correlation with itself is one sharp
peak, so the place of the peak is the delay to the frame, even far below the noise. The levels rise so that a sensitive
input gets a burst that does not clip it. (Rife and Vanderkooy, "Transfer-Function Measurement with Maximum-Length
Sequences", JAES 37, 1989.)
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block

Sound = NDArray[np.float32]

BURST_FRAMES = 8191  # 2^13 - 1
LEVELS_DB = (-40.0, -30.0, -20.0)  # dBFS, peak and RMS alike
MOST_DELAY_FRAMES = 12_000  # 250 ms
SLOT_FRAMES = 20_480  # from one burst to the next: longer than a burst and the longest delay
SIGNAL_FRAMES = SLOT_FRAMES * len(LEVELS_DB)
_EDGE_FRAMES = 240  # 5 ms: a burst does not begin with a click
_TAPS = (13, 4, 3, 1)  # a primitive polynomial of order 13
_FOUND, _FAINT = 0.5, 0.08  # correlation; noise alone stays below 0.06
_CLIPPED = 0.985


class Fault(Enum):
    """Why no delay could be measured."""

    NO_CABLE = "no cable"  # the signal is not in the recording
    TOO_LOW = "too low"  # the signal is there, but too faint beside the noise
    CLIPS = "clips"  # even the quietest burst comes back too loud
    UNSTEADY = "unsteady"  # the bursts came back with different delays: sound was lost between them


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """The result of a measurement. fault: None when `frames` is reliable."""

    fault: Fault | None
    frames: int = 0  # from the output to the input
    column: int = 0  # of the recording, from 0: the input with the cable
    level_db: float = -120.0  # of the loudest burst heard there, RMS, dBFS
    inverted: bool = False  # the cable, or the interface, inverts the polarity


def burst() -> Sound:
    """One burst at full scale, ±1. Shape (BURST_FRAMES,)."""
    register = np.ones(_TAPS[0], bool)
    bits = np.zeros(BURST_FRAMES, bool)
    for n in range(BURST_FRAMES):
        bits[n] = register[-1]
        feedback = np.logical_xor.reduce(register[[tap - 1 for tap in _TAPS]])
        register[1:] = register[:-1]
        register[0] = feedback
    edge = np.sin(np.arange(1, _EDGE_FRAMES + 1) / _EDGE_FRAMES * np.pi / 2) ** 2
    sound = np.where(bits, 1.0, -1.0)
    sound[:_EDGE_FRAMES] *= edge
    sound[-_EDGE_FRAMES:] *= edge[::-1]
    return sound.astype(np.float32)


def signal() -> Sound:
    """The whole test signal: every burst at its level, each followed by silence. Shape (SIGNAL_FRAMES,), 1.3 s."""
    one = burst()
    sound = np.zeros(SIGNAL_FRAMES, np.float32)
    for slot, level_db in enumerate(LEVELS_DB):
        sound[slot * SLOT_FRAMES : slot * SLOT_FRAMES + BURST_FRAMES] = one * 10 ** (level_db / 20)
    return sound


@dataclass(frozen=True, slots=True)
class _Heard:
    frames: int
    likeness: float  # 0 to 1
    level_db: float
    clipped: bool
    inverted: bool


def find(recording: Block) -> RoundTrip:
    """The delay in a recording that started together with the signal. Any thread.

    recording: float32 (SIGNAL_FRAMES, inputs).
    """
    one = burst()
    columns = [_listen(recording[:, column], one) for column in range(recording.shape[1])]
    column = max(range(len(columns)), key=lambda c: max(heard.likeness for heard in columns[c]))
    heard = [h for h in columns[column] if h.likeness >= _FAINT]
    if not heard:
        return RoundTrip(Fault.NO_CABLE)
    clean = [h for h in heard if not h.clipped]
    sure = [h for h in clean if h.likeness >= _FOUND]
    best = sure[-1] if sure else heard[-1]
    fault = None
    if not clean:
        fault = Fault.CLIPS
    elif not sure:
        fault = Fault.TOO_LOW
    elif len({h.frames for h in sure}) > 1:
        fault = Fault.UNSTEADY
    return RoundTrip(fault, best.frames, column, best.level_db, best.inverted)


def _listen(recorded: Sound, one: Sound) -> list[_Heard]:
    """Each burst in one input's recording."""
    return [
        _find_burst(recorded[at : at + BURST_FRAMES + MOST_DELAY_FRAMES].astype(np.float64), one)
        for at in range(0, SIGNAL_FRAMES, SLOT_FRAMES)
    ]


def _find_burst(window: NDArray[np.float64], one: Sound) -> _Heard:
    size = 1 << int(len(window) + len(one) - 1).bit_length()
    spectrum = np.fft.rfft(window, size) * np.conj(np.fft.rfft(one, size))
    correlation = np.fft.irfft(spectrum, size)[: MOST_DELAY_FRAMES + 1]
    at = int(np.argmax(np.abs(correlation)))
    there = window[at : at + len(one)]
    energy = float(np.sqrt(np.sum(there**2) * np.sum(one.astype(np.float64) ** 2)))
    likeness = abs(float(correlation[at])) / energy if energy > 1e-9 else 0.0
    rms = float(np.sqrt(np.mean(there**2)))
    return _Heard(
        frames=at,
        likeness=likeness,
        level_db=20 * float(np.log10(max(rms, 1e-6))),
        clipped=bool(np.abs(there).max() >= _CLIPPED),
        inverted=bool(correlation[at] < 0.0),
    )


assert SLOT_FRAMES >= BURST_FRAMES + MOST_DELAY_FRAMES
assert SIGNAL_FRAMES < 2 * RATE_HZ
