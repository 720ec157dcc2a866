"""Encoder: turns a rotary encoder's two contacts into clicks. Pure logic.

There is no debounce and so no delay: a contact that bounces goes back and forth between two neighbouring states, which
cancels out. A click counts when both contacts are at rest again (after Ben Buxton's state machine). In a fast turn a
click counts for more, so one twist covers the whole range, and slow turns stay fine.
"""

SLOW_S = 0.060  # between clicks: from here up a click counts as one
FAST_S = 0.012  # from here down it counts as `acceleration`
RING = (0b00, 0b01, 0b11, 0b10)  # the states in the order of a clockwise turn, A in the high bit


class QuadratureDecoder:
    """One encoder. a, b: True while the contact is open (its pull-up holds it high).

    detent_edges: edges from click to click. At 4 clicks rest with both open, at 2 with both open or both closed.
    """

    def __init__(self, a: bool, b: bool, detent_edges: int = 4) -> None:
        self._detent_edges = detent_edges
        self._place = RING.index(a * 2 + b)
        self._travel = 0
        self._direction = 1

    def feed(self, a: bool, b: bool) -> int:
        """The clicks that this edge completes: positive clockwise, mostly 0."""
        place = RING.index(a * 2 + b)
        moved = (place - self._place + 1) % 4 - 1  # -1, 0, 1, or 2: one edge was missed, so the direction is unknown
        self._place = place
        if moved == 2:
            moved *= self._direction
        elif moved:
            self._direction = moved
        self._travel += moved
        if not self._rests(place):
            return 0
        # From rest to rest it is whole clicks or none: this corrects a missed edge.
        clicks = round(self._travel / self._detent_edges)
        self._travel = 0
        return clicks

    def _rests(self, place: int) -> bool:
        if self._detent_edges == 4:
            return RING[place] == 0b11
        return self._detent_edges == 1 or RING[place] in (0b11, 0b00)


class Acceleration:
    """How many steps a click counts: 1 when slow, up to `most` when fast; the first click of a new direction is 1."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._last_s = float("-inf")
        self._direction = 0

    def steps(self, clicks: int, now_s: float) -> int:
        direction = 1 if clicks > 0 else -1
        gap_s = (now_s - self._last_s) / abs(clicks) if direction == self._direction else SLOW_S
        self._last_s, self._direction = now_s, direction
        share = min(max((SLOW_S - gap_s) / (SLOW_S - FAST_S), 0.0), 1.0)
        return clicks * round(1 + (self._most - 1) * share)
