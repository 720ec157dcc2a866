"""Chooses the bundle and the period for this machine, by a measurement of two seconds before the first sound.

Only for what nobody has chosen. It runs in the audio process, before its models are loaded.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dsp.block import RATE_HZ, Block
from dsp.errors import DspError
from dsp.inference.bundle import Bundle, BundleError
from dsp.rack.build import build_chain
from dsp.rack.chain import Chain
from dsp.stems.separator import Stems
from firmware_app.models.budget import block_times, demo_sound, no_collector
from firmware_app.models.carry import Load
from firmware_app.models.choice import Candidates, Choice, machine_of
from firmware_app.models.machine import board_name

USUAL_PERIOD = 128
PERIODS = (
    USUAL_PERIOD,
    64,
    256,
)  # in the order of measuring. 32 is for people: a wake-up that is 1 ms late costs sound
SHOWN_PERIODS = (*PERIODS, 32)  # those the page tells the load of
WITHIN_S = 2.0  # the whole measurement; only loading a model can make it longer
_ROW_S = 0.15  # one bundle at one period
MOST_BLOCKS, FIRST_BLOCKS = 250, 24  # of a row; the first are not counted
_NEVER = 9.99  # the load when no block could be measured


def choose(
    candidates: Candidates,
    demo: Path,
    clock: Callable[[], float] = time.monotonic,
    cpu_ns: Callable[[], int] = time.thread_time_ns,
) -> Choice | None:
    """Measure, and choose. None when no bundle could be measured. Not while streaming. Raises SoundFileError.

    A period over 128 is felt, so the next lighter bundle at 128 is preferred to a better one with a longer period.
    """
    measuring = _Measuring(demo_sound(demo), candidates, clock, cpu_ns)
    with no_collector():
        loads = measuring.voices()
    if not loads:
        return None
    order = list(candidates.voices)

    def rank(load: Load) -> tuple[bool, int, int]:
        felt = load.period_frames > USUAL_PERIOD
        return felt, order.index(load.bundle), load.period_frames

    allowed = [load for load in loads if load.period_frames in measuring.allowed]
    fitting = [load for load in allowed if load.fits and load not in measuring.too_short_for_stems]
    best = min(fitting, key=rank) if fitting else min(allowed, key=lambda load: load.p99)
    shown = tuple(load for load in loads if load.bundle == best.bundle)
    return Choice(best.bundle, best.period_frames, bool(fitting), shown, board_name(), machine_of(candidates))


class _Measuring:
    """One measurement: bundles one after another, until one fits or the time is over."""

    def __init__(
        self, sound: Block, candidates: Candidates, clock: Callable[[], float], cpu_ns: Callable[[], int]
    ) -> None:
        self.too_short_for_stems: list[Load] = []
        self.allowed = PERIODS if candidates.period_frames is None else (candidates.period_frames,)
        self._sound, self._candidates, self._clock, self._cpu_ns = sound, candidates, clock, cpu_ns
        self._until = clock() + WITHIN_S

    def voices(self) -> list[Load]:
        """The loads of the first bundle that fits without a long period, and of those before it."""
        loads: list[Load] = []
        for name, folder in self._candidates.voices.items():
            try:
                mine = self._bundle(name, folder)
            except DspError:
                continue  # the doctor and the page say why; another bundle may do
            loads += mine
            if any(load.fits and self._ends_it(load.period_frames) for load in mine):
                break
        return loads

    def _ends_it(self, period: int) -> bool:
        """Whether no lighter bundle has to be measured once one fits at this period."""
        return period in self.allowed and (period <= USUAL_PERIOD or self._candidates.period_frames is not None)

    def _bundle(self, name: str, folder: Path) -> list[Load]:
        """One bundle at every period for which there is time; at one period in any case. Raises DspError."""
        if Bundle.load(folder).kind == Stems.kind:
            raise BundleError(f"{folder}: takes music apart, and is no model for a voice")
        chain = build_chain(folder, self._candidates.runtime, real_time=False, spread=self._candidates.spread)
        rest = [period for period in SHOWN_PERIODS if period not in self.allowed]
        loads: list[Load] = []
        for period in (*self.allowed, *rest):
            if loads and self._over:
                break
            loads.append(self._load(chain, name, period, self._candidates.channels))
        short = [x for x in loads if x.fits and x.period_frames in PERIODS and x.period_frames < USUAL_PERIOD]
        if short and self._candidates.period_frames is None:
            self.too_short_for_stems += [load for load in short if not self._stems_fit(load.period_frames)]
        return loads

    def _stems_fit(self, period: int) -> bool:
        """Whether music goes at this period too. A bundle of stems that cannot be loaded is no obstacle."""
        stems = self._candidates.stems
        if stems is None:
            return True
        try:
            chain = build_chain(stems, self._candidates.runtime, real_time=False, spread=self._candidates.spread)
        except DspError:
            return True
        return self._load(chain, stems.name, period, 2).fits

    def _load(self, chain: Chain, name: str, period: int, channels: int) -> Load:
        chain.prepare(RATE_HZ, period, channels)
        until = self._clock() + _ROW_S
        cpu_us = block_times(
            chain.process,
            self._sound,
            period,
            channels,
            MOST_BLOCKS,
            warm_blocks=FIRST_BLOCKS,
            goes_on=lambda: self._clock() < until,
            cpu_ns=self._cpu_ns,
        )[:, 1]
        if not len(cpu_us):
            return Load(name, period, _NEVER, _NEVER)
        p50, p99 = (min(_NEVER, float(np.quantile(cpu_us, q)) * RATE_HZ / period / 1e6) for q in (0.5, 0.99))
        return Load(name, period, round(p50, 4), round(p99, 4))

    @property
    def _over(self) -> bool:
        return self._clock() >= self._until
