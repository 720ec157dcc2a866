"""The transient shaper: the beginning of a sound, and what rings on, louder or softer by themselves.

It compares envelopes of different speeds, so it needs no threshold and works alike at every level: a quick one leads a
slow one while a sound begins (attack), and falls behind a long one while it rings out (sustain). J. Gier and P. White,
"SPL Transient Designer", 1998.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.native import bound
from dsp.params import ParamSpec
from dsp.parts.followers import Followers, kept
from dsp.parts.glides import Glides
from dsp.parts.ramp import ramp_frames

MOST_DB = 12.0


def transient_params(prefix: str = "transient") -> tuple[ParamSpec, ParamSpec]:
    """Attack and sustain, for the voice or for anything else that has a name."""
    return (
        ParamSpec(
            f"{prefix}.attack_db",
            "dB",
            -MOST_DB,
            MOST_DB,
            0.0,
            "Attack",
            "The beginning of each sound: sharper or rounder.",
        ),
        ParamSpec(
            f"{prefix}.sustain_db", "dB", -MOST_DB, MOST_DB, 0.0, "Sustain", "What rings on after it: longer or drier."
        ),
    )


TRANSIENT_PARAMS = transient_params()

GLIDE_MS = 20.0
QUICK_MS, SLOW_MS = 1.0, 20.0  # rise of the two envelopes that tell the attack
SHORT_MS, LONG_MS = 60.0, 500.0  # fall of the two that tell the sustain
IGNORED_DB = 1.5  # a steady tone's own ripple
ATTACK_RANGE_DB, SUSTAIN_RANGE_DB = 10.0, 14.0  # a difference beyond which all of the setting is applied
FAINTEST = 1e-5  # of the level: what is softer has no beginning

ATTACK, SUSTAIN = range(2)
_GLIDING = 2
_QUICK, _SLOW, _SHORT, _LONG, _RULES_END = 5, 6, 7, 8, 13
_SHORT_NOW, _QUICK_NOW, _SLOW_NOW, _LONG_FALLEN, _LONG_NOW, _GAIN = range(13, 19)
_NUMBERS = 19
"""In the order of struct transient (dsp/native/hop.h): what glides; shares kept in a frame, and the limits above; the
envelopes; the last gain.
"""


class Transient:
    """Audio thread, but for prepare(); channels share one gain. At 0 dB of both it is off.

    change_db: its gain at the end of the last block. detail: 0.
    """

    latency_frames = 0
    detail = 0.0

    def __init__(self, prefix: str = "transient") -> None:
        self.name = prefix
        self.params = transient_params(prefix)
        self._values = [0.0, 0.0]
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._numbers: NDArray[np.float64] = np.zeros(_NUMBERS)
        self._glides = Glides(
            self._numbers[: 1 + 2 * _GLIDING], _GLIDING, ramp_frames(GLIDE_MS, rate_hz), period_frames
        )
        self._numbers[_QUICK:_RULES_END] = [
            *(kept(ms, rate_hz) for ms in (QUICK_MS, SLOW_MS, SHORT_MS, LONG_MS)),
            *(IGNORED_DB, ATTACK_RANGE_DB, SUSTAIN_RANGE_DB, FAINTEST),
        ]
        self._native = bound.calls()
        self._followers = Followers(period_frames)
        self._rows = np.zeros((6, period_frames))
        self._size: Block = np.zeros((period_frames, channels), np.float32)
        for at, value in enumerate(self._values):
            self._glides.set(at, value)
        self._glides.jump()
        self._forget()

    def set_param(self, param_id: str, value: float) -> None:
        at = SUSTAIN if param_id.endswith(".sustain_db") else ATTACK
        self._values[at] = value
        self._glides.set(at, value)

    @property
    def wanted(self) -> bool:
        return self._values != [0.0, 0.0]

    @property
    def at_work(self) -> bool:
        return self.wanted or not self._glides.still

    @property
    def change_db(self) -> float:
        return self._numbers[_GAIN].item() if self.at_work else 0.0

    def process(self, block: Block) -> None:
        if self._native is not None:
            self._native.shape_transients(block, self._numbers)
            return
        frames, numbers, follow = len(block), self._numbers, self._followers
        attack, sustain = self._glides.next(frames)
        short, quick, slow, fallen, gain, part = self._rows[:, :frames]
        np.maximum.reduce(np.abs(block, out=self._size[:frames]), axis=1, out=short)
        np.maximum(short, FAINTEST, out=short)
        np.copyto(fallen, short)
        numbers[_SHORT_NOW] = follow.fall(short, numbers[_SHORT_NOW].item(), numbers[_SHORT].item())
        np.copyto(quick, short)
        np.copyto(slow, short)
        numbers[_QUICK_NOW] = follow.smooth(quick, numbers[_QUICK_NOW].item(), numbers[_QUICK].item())
        numbers[_SLOW_NOW] = follow.smooth(slow, numbers[_SLOW_NOW].item(), numbers[_SLOW].item())
        numbers[_LONG_FALLEN] = follow.fall(fallen, numbers[_LONG_FALLEN].item(), numbers[_LONG].item())
        numbers[_LONG_NOW] = follow.smooth(fallen, numbers[_LONG_NOW].item(), numbers[_QUICK].item())
        _share(quick, slow, ATTACK_RANGE_DB, part)
        np.multiply(part, attack, out=gain)
        _share(fallen, quick, SUSTAIN_RANGE_DB, part)
        np.multiply(part, sustain, out=part)
        np.add(gain, part, out=gain)
        numbers[_GAIN] = gain[-1]
        np.power(10.0, np.multiply(gain, 0.05, out=gain), out=gain)
        np.multiply(block, gain[:, None], out=self._size[:frames], casting="same_kind")
        np.copyto(block, self._size[:frames])

    def reset(self) -> None:
        """The sound starts anew, from the exact input."""
        self._glides.jump()
        for at in (ATTACK, SUSTAIN):
            self._glides.begin(at, 0.0)
        self._forget()

    def _forget(self) -> None:
        self._numbers[_SHORT_NOW:_GAIN] = FAINTEST
        self._numbers[_GAIN] = 0.0


def _share(high: NDArray[np.float64], low: NDArray[np.float64], range_db: float, out: NDArray[np.float64]) -> None:
    """How far one envelope is above the other: 0 to 1."""
    np.divide(high, low, out=out)
    np.log10(out, out=out)
    np.multiply(out, 20.0 / range_db, out=out)
    np.subtract(out, IGNORED_DB / range_db, out=out)
    np.minimum(out, 1.0, out=out)
    np.maximum(out, 0.0, out=out)
