"""KnobFilter: positions from a noisy converter. A knob that is not turned gives none."""

STEPS = 1024
DEAD_STEPS = 3  # at either end: worn tracks and supply ripple keep a knob from reading exactly 0 or 1023
HYSTERESIS_STEPS = 4.5  # wider than ±2 steps of noise, which is ±6 mV at 3.3 V; 0.2 dB of a 40 dB knob


class KnobFilter:
    """One knob or pedal. Any thread, one at a time.

    bits: the converter's resolution; thresholds are in steps of a 10-bit one. start, end: the raw readings 0…1 that
    become 0 and 1; the other way round for an inverted pedal.
    """

    def __init__(self, bits: int = 10, start: float = 0.0, end: float = 1.0) -> None:
        self._top = (1 << bits) - 1
        direction = 1.0 if end > start else -1.0
        self._zero = start * (STEPS - 1) + direction * DEAD_STEPS
        self._travel = (end - start) * (STEPS - 1) - direction * 2 * DEAD_STEPS
        self._last: float | None = None
        self.raw = start  # the last reading 0…1, unfiltered

    def feed(self, raw: int) -> float | None:
        """Return the new position 0…1 when the knob really moved, else None. The first reading always counts."""
        self.raw = raw / self._top
        position = min(max((self.raw * (STEPS - 1) - self._zero) / self._travel, 0.0), 1.0)
        if self._last is not None:
            moved = abs(position - self._last) >= HYSTERESIS_STEPS / abs(self._travel)
            reached_end = position in (0.0, 1.0) and position != self._last
            if not moved and not reached_end:
                return None
        self._last = position
        return position
