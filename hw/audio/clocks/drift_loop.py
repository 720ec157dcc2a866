"""DriftLoop: finds how fast to read one device's sound so that it keeps up with another device's clock."""

MOST_DRIFT = 3e-3  # relative; crystals are within 1e-4, poor ones within 1e-3
QUICKEST, SLOWEST = 0.6, 0.02  # rad/s: bandwidth of the loop at the start, and in the long run
NARROWING = 4.0  # the bandwidth after t seconds is this, divided by t
FILTER = 8.0  # the low-pass before the loop, as a multiple of its bandwidth


class DriftLoop:
    """A second-order loop that keeps the level of a buffer. Its ratio is right in the long run and moves slowly.

    Proportional and integral terms, critically damped, on the smoothed error, as in F. Adriaensen, "Controlling
    adaptive resampling", LAC 2012. The bandwidth is wide at first, to catch an unknown drift before the buffer has
    moved by a fraction of a period. It narrows with time, so that jitter of the readings does not reach the pitch.
    Any thread.
    """

    def __init__(self, rate_hz: float, quick_above_frames: float) -> None:
        """rate_hz: of the counted frames. quick_above_frames: a smoothed error above this widens the bandwidth again.

        A larger error counts as twice that at most: it is lost sound, not a clock.
        """
        self._rate_hz = rate_hz
        self._quick_above = quick_above_frames
        self._age_s = 0.0
        self._error = 0.0
        self._drift = 0.0  # the integral: what is known about the clocks
        self.correction = 0.0  # relative: read (1 + correction) times as fast

    @property
    def drift(self) -> float:
        """How much faster one clock runs than the other, relative, as far as it is known."""
        return self._drift

    @property
    def error_frames(self) -> float:
        """The smoothed error of the level."""
        return self._error

    def update(self, error_frames: float, seconds: float) -> float:
        """Take a reading: `error_frames` too many wait, `seconds` after the last reading. Returns `correction`."""
        self._age_s += seconds
        error_frames = min(2.0 * self._quick_above, max(-2.0 * self._quick_above, error_frames))
        if abs(self._error) > self._quick_above:
            self._age_s = NARROWING / QUICKEST
        bandwidth = min(QUICKEST, max(SLOWEST, NARROWING / self._age_s))
        self._error += (error_frames - self._error) * min(1.0, FILTER * bandwidth * seconds)
        per_frame = bandwidth / self._rate_hz
        self._drift = _within(self._drift + per_frame * bandwidth * self._error * seconds)
        self.correction = _within(self._drift + 2.0 * per_frame * self._error)
        return self.correction

    def level_set(self) -> None:
        """The level was set to its target: forget the error, keep what is known about the clocks."""
        self._error = 0.0
        self.correction = self._drift


def _within(relative: float) -> float:
    return min(MOST_DRIFT, max(-MOST_DRIFT, relative))
