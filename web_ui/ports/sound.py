"""SoundPort: looking at, listening to and comparing the sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

SPECTRUM_BANDS = 96
SPECTRUM_LOW_HZ, SPECTRUM_HIGH_HZ = 40.0, 20_000.0
LIVE = ("output", "untouched", "removed", "both")
"""What a phone can listen to. "both": left the untouched sound, right the processed, each mono, at equal loudness."""


@dataclass(frozen=True, slots=True)
class CompareView:
    """A/B at the same loudness. box.bypass says which side is heard: on is A, untouched; off is B, processed."""

    on: bool
    untouched_lufs: float | None  # None until measured
    processed_lufs: float | None
    match_db: float  # how far the side that is heard is turned down now, 0 or below
    measured_s: float


@dataclass(frozen=True, slots=True)
class MomentView:
    """A quarter of a second of the last five minutes. Peaks in dBFS; counts are of that moment alone."""

    number: int
    at_s: float
    in_peak_db: float
    out_peak_db: float
    reduction_db: float
    load: float  # the mean
    load_p99: float  # of the last minute or so
    xruns: int
    late_hops: int
    dry_hops: int


@dataclass(frozen=True, slots=True)
class HistoryView:
    """Moments, oldest first; now_s is on the clock of their at_s."""

    now_s: float
    moments: Sequence[MomentView]


class Recording(NamedTuple):
    """Two 16-bit WAV files of the same length."""

    before: bytes  # untouched
    after: bytes


class LiveStream(Protocol):
    """One listener's stream of MP3. One thread."""

    def read(self) -> bytes:
        """Wait some tenths of a second at most for the next piece. Empty when there is none."""
        ...

    def close(self) -> None: ...


class SoundPort(Protocol):
    """The sound before and after the chain."""

    def spectrum(self) -> bytes:
        """SPECTRUM_BANDS bytes of the sound before, as many of the sound after. b means -b/2 dBFS, 255 silence."""
        ...

    def history(self, after: int) -> HistoryView:
        """The moments after the one numbered `after`."""
        ...

    def live(self, which: str) -> LiveStream:
        """Begin to listen to one of LIVE. Raises NotThere."""
        ...

    def recording(self) -> Recording:
        """The last seconds before and after, of the same moment to the frame. Raises NotThere before any sound."""
        ...

    def compare(self, on: bool) -> CompareView:
        """Begin to compare, or end. It ends by itself unless it is begun again within limits.COMPARE_HOLD_S."""
        ...

    def comparison(self) -> CompareView: ...
