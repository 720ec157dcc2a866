"""Debounce: decides which of a switch's raw edges are presses. Pure logic on the caller's clock.

gpiozero's own `bounce_time` loses events (gpiozero #550) and reports phantom ones (#1090), so the panel takes raw edges
and decides here. A new level counts once it has been stable for `stable_s`. Then nothing counts for `lockout_s`, and
after that the pin's real level. So a press is never lost, only told late.
"""

LATE_S = 0.02  # an edge is reported at most this late after the pin has moved; later means it was dropped


class Debounce:
    """One switch. Any thread, one at a time; times are seconds of one monotonic clock.

    `level` is the level that counts now. It starts as the pin's level, so a pedal that is held down at power-on, or a
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
        self._believed: list[tuple[bool, float]] = []  # levels that count and are not told yet
        self._doubt_to_s: float | None = (
            None  # until then the pin's level does not count, because its last edge had another
        )

    def edge(self, level: bool, at_s: float) -> None:
        """Note an edge to `level`. Two edges to the same level mean that one between them was missed.

        A level that was stable for long enough before it counts, even without a poll in time: a whole press may lie
        between two polls of a thread that was held up.
        """
        self._doubt_to_s = None
        self._believe(at_s)
        self._note(level, at_s)

    def due(self) -> float | None:
        """When to call `poll` next; None while the switch is quiet."""
        if self._believed:
            return self._believed[0][1]
        if self._doubt_to_s is not None:
            return self._doubt_to_s
        if self.raw != self.level:
            return self._due_s()
        return None if self._settled else self._locked_until

    def poll(self, level: bool, now: float) -> list[tuple[bool, float]]:
        """The levels that count since the last call, each with its time; mostly none.

        level: read from the pin just now. If it differs from the last edge, another edge is on its way with its own
        time, or was dropped by the kernel or the pin library.
        """
        if level == self.raw:
            self._doubt_to_s = None
            self._believe(now)
        elif self._doubt_to_s is None:
            self._doubt_to_s = now + LATE_S
        elif now >= self._doubt_to_s:
            self._note(level, now - LATE_S)
            self._doubt_to_s = None
            self._believe(now)
        believed, self._believed = self._believed, []
        return believed

    def look(self, level: bool, now: float) -> None:
        """Note the pin's level when no edge came and nothing is due."""
        if level != self.raw and self._doubt_to_s is None:
            self._doubt_to_s = now + LATE_S

    def _note(self, level: bool, at_s: float) -> None:
        self.raw = level
        self._raw_since = at_s

    def _due_s(self) -> float:
        return max(self._raw_since + self._stable_s, self._locked_until)

    def _believe(self, now: float) -> None:
        if self.raw != self.level and (at_s := self._due_s()) <= now:
            self.level = self.raw
            self._locked_until = at_s + self._lockout_s
            self._believed.append((self.level, at_s))
        self._settled = now >= self._locked_until
