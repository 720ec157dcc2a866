"""Pickup: a knob acts only once it has crossed the value that is stored.

A knob keeps its place while presets and phones move the value away from it. Without pickup the first touch would make
the value jump, which on a stage is a bang.
"""


class Pickup:
    """One knob and the value it steers, both 0…1. Any thread, one at a time.

    tolerance: how near counts as there; also how far the value may jump when the knob takes over.
    """

    def __init__(self, tolerance: float = 0.02) -> None:
        self.caught = False
        self._tolerance = tolerance
        self._position: float | None = None

    def moved(self, position: float, stored: float) -> bool:
        """Note that the knob is at `position`; return True when the value shall follow it.

        The first call only tells where the knob stands: it never acts, or every start would nudge the stored value.
        """
        previous, self._position = self._position, position
        if self.caught:
            return True
        near = abs(position - stored) <= self._tolerance
        crossed = previous is not None and (previous - stored) * (position - stored) <= 0.0
        self.caught = near or crossed
        return self.caught and previous is not None

    def stored_changed(self, stored: float) -> None:
        """Note that someone else (a phone, a preset) set the value: the knob lets go unless it stands right there."""
        self.caught = self._position is not None and abs(self._position - stored) <= self._tolerance

    @property
    def position(self) -> float | None:
        """Where the knob stands, None before the first reading."""
        return self._position
