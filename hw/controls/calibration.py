"""Calibrating an expression pedal: heel down, toe down, and what lies between is the range."""

from hw.controls.kinds import MIN_TRAVEL, PanelSpecError

MARGIN = 0.02  # of the travel, at either end: a pedal does not come back to exactly the same place
SETTLE = 5  # readings that an end is the middle of: one bad reading moves nothing


class PedalCalibration:
    """One pedal being calibrated. Any thread, one at a time.

    Rock the pedal from end to end and feed `Panel.raw_position` all the while, then mark where the heel is.
    """

    def __init__(self) -> None:
        self._readings: list[float] = []
        self._low = self._high = -1.0

    def feed(self, raw: float) -> None:
        """A reading 0…1, as the converter gave it."""
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

        Raises PanelSpecError for a pedal that hardly moved: it is not plugged in, or wired to another channel.
        """
        if self.travel < MIN_TRAVEL:
            raise PanelSpecError(
                f"the pedal moved over {self.travel:.0%} of the range: at least {MIN_TRAVEL:.0%} is needed. "
                "Rock it from end to end; if it did, look at its plug and its channel"
            )
        margin = self.travel * MARGIN
        low, high = self._low + margin, self._high - margin
        return (low, high) if abs(heel - self._low) <= abs(heel - self._high) else (high, low)
