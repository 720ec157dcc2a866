"""SoundPort: looking at and listening to the sound, in the page's own words. A part of ControlPort; same rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

SPECTRUM_BANDS = 96
SPECTRUM_LOW_HZ, SPECTRUM_HIGH_HZ = 40.0, 20_000.0
LIVE = ("output", "untouched", "removed")


@dataclass(frozen=True, slots=True)
class CompareView:
    """A/B at the same loudness. Which side is heard, box.bypass says: on is A, untouched; off is B, processed."""

    on: bool
    untouched_lufs: float | None  # None while not known
    processed_lufs: float | None
    match_db: float  # how much the side that is heard is turned down now, 0 or below
    measured_s: float


@dataclass(frozen=True, slots=True)
class MomentView:
    """A quarter of a second of the last five minutes. Peaks in dBFS; counts are of that moment alone."""

    number: int
    at_s: float
    in_peak_db: float
    out_peak_db: float
    reduction_db: float
    load: float
    xruns: int
    late_hops: int
    dry_hops: int


@dataclass(frozen=True, slots=True)
class HistoryView:
    """Moments, oldest first; now_s is on the clock of their at_s."""

    now_s: float
    moments: Sequence[MomentView]


class LiveStream(Protocol):
    """One listener's stream of MP3. One thread."""

    def read(self) -> bytes:
        """The next piece, after waiting for it at most some tenths of a second; empty when there is none."""
        ...

    def close(self) -> None: ...


class SoundPort(Protocol):
    """Sound as the page sees and hears it."""

    def spectrum(self) -> bytes:
        """SPECTRUM_BANDS bytes of before, as many of after: b stands for -b/2 dBFS, 255 for silence."""
        ...

    def history(self, after: int) -> HistoryView:
        """The moments after the one numbered `after`."""
        ...

    def live(self, which: str) -> LiveStream:
        """Begin to listen to "output", "untouched" or "removed". Raises NotThere."""
        ...

    def compare(self, on: bool) -> CompareView:
        """Begin (or renew, within limits.COMPARE_HOLD_S), or end."""
        ...

    def comparison(self) -> CompareView: ...
