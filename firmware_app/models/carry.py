"""What this machine carries: the bundles and periods whose blocks leave enough time for the rest of the box.

The audio thread runs before all other programs, so what counts is its own processor time, not the time on the clock:
what else runs during a measurement must not decide. The rest of the period belongs to the interface's interrupts, to
heat, and to the steps of a block outside the chain.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from dsp.block import RATE_HZ

MOST_LOAD = 0.60  # of the deadline, for 99 of 100 blocks


@dataclass(frozen=True, slots=True)
class Load:
    """Processor time of a bundle's blocks at one period, as shares of the deadline; 1 is all of it."""

    bundle: str
    period_frames: int
    p50: float
    p99: float

    @property
    def fits(self) -> bool:
        return self.p99 <= MOST_LOAD


def shortest(loads: Iterable[Load]) -> Load | None:
    """The shortest period that is carried, None when none is."""
    return min((load for load in loads if load.fits), key=lambda load: load.period_frames, default=None)


def verdict(loads: Iterable[Load], periods: int) -> str:
    """One line about one bundle: "carries denoise-live at 64 x 3 with 40 % to spare (4.0 ms of buffer)".

    loads: at least one, all of that bundle. periods: how many of them wait in the interface.
    """
    loads = list(loads)
    best = shortest(loads)
    if best is not None:
        buffer_ms = 1000 * best.period_frames * periods / RATE_HZ
        at, spare = f"{best.period_frames} x {periods}", percent(1 - best.p99)
        return f"carries {best.bundle} at {at} with {spare} to spare ({buffer_ms:.1f} ms of buffer)"
    least = min(loads, key=lambda load: load.p99)
    return (
        f"does not carry {least.bundle}: at {least.period_frames} frames it takes {percent(least.p99)} of the time, "
        f"and {percent(MOST_LOAD)} is the most"
    )


def percent(share: float) -> str:
    """ "40 %"."""
    return f"{100 * share:.0f} %"
