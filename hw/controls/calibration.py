"""Calibrates an expression pedal: its range is from heel down to toe down."""

from hw.controls.kinds import MIN_TRAVEL, PanelSpecError

MARGIN = 0.02  # of the travel, at either end: a pedal never comes back to exactly the same place
SETTLE = 5  # readings: an end is their median, so one bad reading does not move it


class PedalCalibration:
    """The calibration of one pedal. Any thread, one at a time.

    Feed `Panel.raw_position` while the pedal is rocked from end to end, then call `ends` with the heel down.
    """

    def __init__(self) -> None:
        self._readings: list[float] = []
        self._low = self._high = -1.0

    def feed(self, raw: float) -> None:
        """Take a raw reading of the converter, 0…1."""
        self._readings = [*self._readings[-SETTLE + 1 :], raw]
        settled = sorted(self._readings)[len(self._readings) // 2]
        self._low = settled if self._low < 0.0 else min(self._low, settled)
        self._high = max(self._high, settled)

    @property
    def travel(self) -> float:
        """How much of the converter's range the pedal has covered so far, 0…1."""
        return max(self._high - self._low, 0.0)

    def ends(self, heel: float) -> tuple[float, float]:
        """(heel, toe) for a PedalSpec. heel: the reading with the heel down.

        Raises PanelSpecError for a pedal that hardly moved: it is not plugged in, or on another channel.
        """
        if self.travel < MIN_TRAVEL:
            raise PanelSpecError(
                f"the pedal moved over {self.travel:.0%} of the range: at least {MIN_TRAVEL:.0%} is needed. "
                "Rock it from end to end; if it did, look at its plug and its channel"
            )
        margin = self.travel * MARGIN
        low, high = self._low + margin, self._high - margin
        return (low, high) if abs(heel - self._low) <= abs(heel - self._high) else (high, low)
