"""Debounce: which of a switch's raw edges are presses. Pure logic on a clock that the caller brings.

gpiozero's own `bounce_time` loses events (gpiozero #550) and reports phantom ones (#1090), so the panel listens to raw
edges and decides here. A new level is believed once it has been stable for `stable_s`; after that nothing is believed
for `lockout_s`, and then the level the pin really has. So a press is never lost for good, only told late.
"""


class Debounce:
    """One switch. Any thread, one at a time; times are seconds of one monotonic clock.

    `level` is what has been believed so far: it starts as the pin's level, so that a pedal held down at power-on, or a
    normally closed one, is no press.
    """

    def __init__(self, level: bool, stable_s: float = 0.001, lockout_s: float = 0.005) -> None:
        self.level = level
        self.raw = level
        self._stable_s = stable_s
        self._lockout_s = lockout_s
        self._raw_since = float("-inf")
        self._locked_until = float("-inf")
        self._settled = True

    def edge(self, level: bool, now: float) -> None:
        """Note an edge that left the pin at `level`. Two edges to the same level mean one between them was missed."""
        self.raw = level
        self._raw_since = now

    def due(self) -> float | None:
        """When to call `poll` next, or None while the switch is quiet."""
        if self.raw != self.level:
            return max(self._raw_since + self._stable_s, self._locked_until)
        return None if self._settled else self._locked_until

    def poll(self, level: bool, now: float) -> bool | None:
        """Return the newly believed level, or None when there is none yet.

        level: read from the pin just now. It catches an edge that the kernel or the pin library dropped.
        """
        if level != self.raw:
            self.edge(level, now)
        if now >= self._locked_until:
            self._settled = True
        due = self.due()
        if due is None or now < due or self.raw == self.level:
            return None
        self.level = self.raw
        self._locked_until = now + self._lockout_s
        self._settled = False
        return self.level
