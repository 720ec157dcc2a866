"""Telemetry of the audio process: load, counters and levels, gathered block by block, sent every 50 ms."""

import math
import time

import numpy as np

from dsp.parts.meter import PEAK, RMS, Meter
from dsp.rack.rack import Rack
from firmware_app.link.stage_meters import StageMeter
from firmware_app.link.wire import SILENCE_DB, MeterFrame, State
from hw.audio.audio_io import AudioIo

METER_S = 0.050
_MOST_COLUMNS = 8
_BUCKETS = 400  # of 0.5 % of the deadline each; the last one holds everything above
_HALVE_AFTER_S = 30.0  # so the percentiles describe the last minute or so
_MEAN_S = 1.0  # how far back the mean reaches


class LoadHistogram:
    """Time used ÷ deadline of each block: percentiles and mean of the recent past. No allocation when counting."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BUCKETS)
        self._halve_at = 0.0
        self._sum, self._blocks, self._mean = 0.0, 0, -1.0

    def add(self, load: float) -> None:
        self._counts[min(int(load * 200), _BUCKETS - 1)] += 1
        self._sum += load
        self._blocks += 1

    def mean(self) -> float:
        """As a share of the deadline, of about the last second. Called once every METER_S."""
        if self._blocks:
            newest = self._sum / self._blocks
            share = METER_S / _MEAN_S if self._mean >= 0.0 else 1.0
            self._mean = max(self._mean, 0.0) + share * (newest - max(self._mean, 0.0))
            self._sum, self._blocks = 0.0, 0
        return max(self._mean, 0.0)

    def percentiles(self, now: float) -> tuple[float, float]:
        """(p50, p99) as shares of the deadline. Older blocks count less and less."""
        if now > self._halve_at:
            self._halve_at = now + _HALVE_AFTER_S
            self._counts *= 0.5
        total = np.cumsum(self._counts)
        if total[-1] <= 0:
            return 0.0, 0.0
        p50, p99 = np.searchsorted(total, (0.5 * total[-1], 0.99 * total[-1]))
        return (p50 + 1) / 200, (p99 + 1) / 200


class Telemetry:
    """Fills the same MeterFrame again and again. Audio thread."""

    def __init__(self) -> None:
        self.frame = MeterFrame()
        self.load = LoadHistogram()
        self._born = time.monotonic()
        self._due = 0.0
        self._xruns_before = 0  # of devices that have gone
        self._levels = np.zeros((_MOST_COLUMNS, 2), np.float32)
        self._stems = np.zeros(4, np.float32)

    def device_gone(self, io: AudioIo) -> None:
        """Keep the count of a device that is about to be closed."""
        self._xruns_before += io.xruns

    def due(self, now: float) -> bool:
        """Is it time for a meter frame? At most every 50 ms."""
        if now < self._due:
            return False
        self._due = now + METER_S
        return True

    def update(self, now: float, state: State, rack: Rack, io: AudioIo | None) -> MeterFrame:
        """The frame to send now; levels are those since the last call."""
        frame = self.frame
        frame.state = state
        frame.uptime_s = now - self._born
        frame.xruns = self._xruns_before + (io.xruns if io is not None else 0)
        frame.late_hops, frame.dry_hops = rack.late_hops, rack.dry_hops
        frame.load_p50, frame.load_p99 = self.load.percentiles(now)
        frame.load_mean = self.load.mean()
        frame.model_off = rack.model_off
        frame.reduction_db = rack.reduction_db
        frame.in_peak_db, frame.in_rms_db = self._take(rack.meters.input)
        frame.out_peak_db, frame.out_rms_db = self._take(rack.meters.output)
        if not rack.take_stem_levels(self._stems):
            self._stems.fill(0.0)
        vocals, drums, bass, other = self._stems.tolist()
        frame.stems_rms_db = (_db(vocals), _db(drums), _db(bass), _db(other))
        frame.stages = tuple(StageMeter(*state) for state in rack.stages)
        return frame

    def _take(self, meter: Meter) -> tuple[tuple[float, float], tuple[float, float]]:
        """(peaks, RMS) of two channels in dBFS. The second is the loudest of all but the first."""
        levels = self._levels
        levels[1] = 0.0
        meter.take(levels[: meter.channels])
        for further in range(2, meter.channels):
            np.maximum(levels[1], levels[further], out=levels[1])
        return (
            (_db(levels[0, PEAK]), _db(levels[1, PEAK])),
            (_db(levels[0, RMS]), _db(levels[1, RMS])),
        )


def _db(linear: float) -> float:
    return max(SILENCE_DB, 20.0 * math.log10(linear)) if linear > 1e-6 else SILENCE_DB
