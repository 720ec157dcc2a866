"""Does any change of any parameter click? Every one jumps to its ends and back while a note is held.

Part of bench.no_surprise --stages.

A held note of a few partials below 1 kHz goes through the chain with every stage on. What is above 8 kHz for 60 ms
after a jump is what the change itself has put there: a hard step of the note would leave -20 dBFS, the fades of the
chain leave less than -70 dBFS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ
from dsp.params import ParamSpec
from dsp.rack.chain import Chain

PERIOD = 128
HELD_HZ = (220.0, 440.0, 660.0, 880.0)
CLICK_DBFS = -50.0
BEFORE, AFTER = 12, 24  # blocks around a jump: 32 and 64 ms
SETTLES = 100
TAPS = 63
QUIETLY = {"compressor.makeup_db": 0.1, "limiter.ceiling_db": 0.5}
"""The note is so much softer for these, or the limiter would have to act: without looking ahead, its gain jumps
down with a peak, whoever made it.
"""

LEFT_OUT = ("box.", "input.", "output.")
"""What is no stage's: tests/dsp/rack/test_no_clicks.py has it."""

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Jump:
    """The loudest of one parameter. before, click: peaks above 8 kHz, dBFS."""

    id: str
    start: float
    stop: float
    before_dbfs: float
    click_dbfs: float

    @property
    def clicks(self) -> bool:
        return self.click_dbfs > max(CLICK_DBFS, self.before_dbfs + 6.0)


def worst_of_each(chain: Chain) -> list[Jump]:
    """One row a parameter, the loudest first. chain: prepared for one channel at PERIOD, its stages on."""
    player = _Player(chain)
    player.play(RATE_HZ // PERIOD)
    found: list[Jump] = []
    for spec in chain.params.values():
        if spec.id.startswith(LEFT_OUT):
            continue
        home = chain.param(spec.id)
        jumps = [player.jump(spec, value) for value in (*_ends(spec, home), home)]
        found.append(max(jumps, key=lambda jump: jump.click_dbfs))
    return sorted(found, key=lambda jump: -jump.click_dbfs)


def as_text(jumps: list[Jump], most: int = 8) -> str:
    clicks = [jump for jump in jumps if jump.clicks]
    lines = [f"{len(jumps)} parameters jumped to both ends and back: {len(clicks)} click; above 8 kHz:"]
    shown = clicks if len(clicks) > most else jumps[:most]
    for jump in shown:
        way = f"{jump.id:26}{jump.start:9.6g} to {jump.stop:<9.6g}"
        lines.append(f"{way}{jump.click_dbfs:8.1f} dBFS, before it {jump.before_dbfs:.1f}")
    return "\n".join(lines)


def _ends(spec: ParamSpec, home: float) -> list[float]:
    every = [float(at) for at in range(int(spec.low), int(spec.high) + 1)] if spec.choices else [spec.low, spec.high]
    return [value for value in every if value != home]


class _Player:
    """Plays the note on and on."""

    def __init__(self, chain: Chain) -> None:
        self._chain, self._at = chain, 0
        band = np.sinc(np.arange(TAPS) - TAPS // 2) - 1 / 3 * np.sinc((np.arange(TAPS) - TAPS // 2) / 3)
        self._high = band * np.blackman(TAPS)  # above a third of half the rate: 8 kHz

    def play(self, blocks: int, level: float = 1.0) -> Sound:
        time = np.arange(self._at, self._at + blocks * PERIOD) / RATE_HZ
        self._at += blocks * PERIOD
        note = sum(0.08 * np.sin(2.0 * np.pi * hz * time + n) for n, hz in enumerate(HELD_HZ))
        out: Sound = np.asarray(level * note, np.float32)[:, None].copy()
        for start in range(0, len(out), PERIOD):
            self._chain.process(out[start : start + PERIOD])
        return out[:, 0]

    def jump(self, spec: ParamSpec, value: float) -> Jump:
        level, start = QUIETLY.get(spec.id, 1.0), self._chain.param(spec.id)
        if level != 1.0:
            self.play(SETTLES, level)
        before = self.play(BEFORE, level)
        self._chain.set_param(spec.id, value)
        after = self.play(AFTER, level)
        both = np.convolve(np.concatenate((before, after)), self._high, "same")
        edge = len(before) - TAPS
        return Jump(spec.id, start, value, _dbfs(both[TAPS:edge]), _dbfs(both[edge:-TAPS]))


def _dbfs(sound: NDArray[np.float64]) -> float:
    return float(20.0 * np.log10(np.abs(sound).max() + 1e-9))
