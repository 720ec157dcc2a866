"""History: levels, reduction, load, xruns and late hops of the last five minutes."""

import threading
import time
from collections import deque
from dataclasses import dataclass

from firmware_app.link.wire import SILENCE_DB, MeterFrame

SECONDS = 300.0
STEP_S = 0.25


@dataclass(frozen=True, slots=True)
class Moment:
    """A quarter of a second. Levels are the highest peaks in dBFS; counts are of that moment alone."""

    number: int
    at_s: float  # monotonic
    in_peak_db: float
    out_peak_db: float
    reduction_db: float
    load: float  # the mean, 0…1
    load_p99: float  # of the last minute or so
    xruns: int
    late_hops: int
    dry_hops: int


class History:
    """Collects meter frames into moments. `add` on the link's thread, `since` on any."""

    def __init__(self) -> None:
        self._moments: deque[Moment] = deque(maxlen=round(SECONDS / STEP_S))
        self._lock = threading.Lock()
        self._number = 0
        self._begun_s: float | None = None
        self._counts: tuple[int, int, int] | None = None
        self._news = [0, 0, 0]
        self._in = self._out = SILENCE_DB
        self._reduction = 0.0

    def add(self, meter: MeterFrame, now_s: float | None = None) -> None:
        """Add a frame. now_s: monotonic, for tests."""
        now_s = time.monotonic() if now_s is None else now_s
        if self._begun_s is None:
            self._begun_s = now_s
        counts = (meter.xruns, meter.late_hops, meter.dry_hops)
        # The counters start from 0 with each audio process.
        before = self._counts if self._counts is not None else counts
        for i, (old, new) in enumerate(zip(before, counts, strict=True)):
            self._news[i] += new - old if new >= old else new
        self._counts = counts
        self._in = max(self._in, *meter.in_peak_db[: meter.channels])
        self._out = max(self._out, *meter.out_peak_db[: meter.mix_channels])
        self._reduction = max(self._reduction, meter.reduction_db)
        if now_s - self._begun_s >= STEP_S:
            self._number += 1
            load = (meter.load_mean, meter.load_p99)
            moment = Moment(self._number, now_s, self._in, self._out, self._reduction, *load, *self._news)
            with self._lock:
                self._moments.append(moment)
            self._start(now_s)

    def since(self, number: int) -> list[Moment]:
        """The moments after the one called `number`, oldest first; 0 for all."""
        with self._lock:
            return [moment for moment in self._moments if moment.number > number]

    def _start(self, now_s: float) -> None:
        self._begun_s = now_s
        self._in = self._out = SILENCE_DB
        self._reduction = 0.0
        self._news = [0, 0, 0]
