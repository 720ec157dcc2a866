"""Tone: a shelf at either end, four bells between them, and a tilt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsp.block import RATE_HZ, Block
from dsp.params import ParamSpec, switch
from dsp.parts.biquads import Biquads, Kind
from dsp.parts.level_change import LevelChange

MOST_DB, MOST_TILT_DB = 15.0, 6.0
TILT_HZ, TILT_Q = 650.0, 0.4
"""The tilt is two shelves at one corner, one up and one down, which together are a single wide slope."""


@dataclass(frozen=True, slots=True)
class Band:
    """id: the second word of its parameters. hz: where it begins. title: as people read it."""

    id: str
    kind: Kind
    hz: float
    title: str
    q: float

    @property
    def params(self) -> tuple[ParamSpec, ParamSpec, ParamSpec]:
        """gain_db, hz, q."""
        low, high = (0.4, 1.0) if self.kind != "bell" else (0.3, 8.0)
        shape = "How steep the shelf is." if self.kind != "bell" else "How narrow the bell is."
        return (
            ParamSpec(f"eq.{self.id}.gain_db", "dB", -MOST_DB, MOST_DB, 0.0, self.title, "Boost or cut of this band."),
            ParamSpec(f"eq.{self.id}.hz", "Hz", 20.0, 20_000.0, self.hz, f"{self.title}, frequency"),
            ParamSpec(f"eq.{self.id}.q", "", low, high, self.q, f"{self.title}, width (Q)", shape),
        )


BANDS = (
    Band("low", "low_shelf", 120.0, "Low shelf", 0.7),
    Band("low_mid", "bell", 300.0, "Low mids", 1.0),
    Band("mid", "bell", 900.0, "Mids", 1.0),
    Band("high_mid", "bell", 2_500.0, "High mids", 1.0),
    Band("presence", "bell", 5_000.0, "Presence", 1.0),
    Band("high", "high_shelf", 9_000.0, "High shelf", 0.7),
)

ON = switch("eq.on", "Tone", "Shelves, bells and a tilt: how dark or bright, thin or full.")
TILT = ParamSpec(
    "eq.tilt_db", "dB", -MOST_TILT_DB, MOST_TILT_DB, 0.0, "Tilt", "Brighter or darker as a whole: highs up, lows down."
)
EQ_PARAMS: tuple[ParamSpec, ...] = (ON, TILT, *(spec for band in BANDS for spec in band.params))
_SECTIONS = len(BANDS) + 2


class Eq:
    """Audio thread, but for prepare(). Bands at 0 dB cost nothing and change no bit; every change glides in 20 ms.

    change_db: how much louder or softer the sound has become. detail: 0.
    """

    latency_frames = 0

    def __init__(self) -> None:
        self.name = "eq"
        self.params = EQ_PARAMS
        self._values = {spec.id: spec.default for spec in EQ_PARAMS}
        self._filters = Biquads(_SECTIONS)
        self._change = LevelChange()
        self.prepare(RATE_HZ, 1, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        self._filters.prepare(rate_hz, period_frames, channels)
        self._change.prepare(rate_hz)
        self._set_all()
        self._filters.reset()

    def set_param(self, param_id: str, value: float) -> None:
        if self._values[param_id] == value:
            return
        self._values[param_id] = value
        if param_id == ON.id:
            self._set_all()
        elif param_id == TILT.id:
            self._set_tilt()
        else:
            word = param_id.split(".")[1]
            self._set_band(next(at for at, band in enumerate(BANDS) if band.id == word))

    @property
    def wanted(self) -> bool:
        on = self._values[ON.id] and (
            self._values[TILT.id] or any(self._values[f"eq.{band.id}.gain_db"] for band in BANDS)
        )
        return bool(on)

    @property
    def at_work(self) -> bool:
        return self.wanted or not self._filters.at_rest

    @property
    def change_db(self) -> float:
        return self._change.db if self.at_work else 0.0

    detail = 0.0

    def process(self, block: Block) -> None:
        self._change.before(block)
        self._filters.process(block)
        self._change.after(block)

    def reset(self) -> None:
        """The sound starts anew, from the exact input: what is wanted glides in."""
        self._filters.reset(glide=True)
        self._change.reset()

    def response_db(self, hz: np.ndarray) -> np.ndarray:
        """The curve for people: dB at these frequencies, as the settings stand. Any thread; allocates."""
        answer: np.ndarray = 20.0 * np.log10(np.abs(self._filters.response(hz)))
        return answer

    def _set_all(self) -> None:
        self._set_tilt()
        for at in range(len(BANDS)):
            self._set_band(at)

    def _set_band(self, at: int) -> None:
        band, on = BANDS[at], self._values[ON.id]
        gain_db, hz, q = (self._values[f"eq.{band.id}.{word}"] for word in ("gain_db", "hz", "q"))
        self._filters.set(at, band.kind, hz, gain_db if on else 0.0, q)

    def _set_tilt(self) -> None:
        tilt_db = self._values[TILT.id] if self._values[ON.id] else 0.0
        self._filters.set(_SECTIONS - 2, "low_shelf", TILT_HZ, -tilt_db, TILT_Q)
        self._filters.set(_SECTIONS - 1, "high_shelf", TILT_HZ, tilt_db, TILT_Q)
