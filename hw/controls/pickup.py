"""Takeover: how a value follows a knob that stands at another value.

A knob keeps its place while presets and phones change the value. If the value jumped to the knob at the first touch,
that could be a bang on stage. There are three ways, with positions and values 0…1:

- pickup: the knob acts only once it has crossed the stored value (the default).
- jump: the value goes to the knob at once.
- scaled: the value moves with the knob at once, by as much as brings both to the same end together.
"""

from typing import Protocol


class Takeover(Protocol):
    """One knob and its value. Any thread, one at a time."""

    def stands_at(self, position: float, stored: float) -> None:
        """Note where the knob stands, without a turn (`TurnEvent.first`)."""

    def turn(self, position: float, stored: float) -> float | None:
        """The knob was turned to `position` while the value is `stored`. Returns the new value, None for no change."""

    def stored_changed(self, stored: float) -> None:
        """A phone or a preset set the value."""


class Pickup:
    """The value follows once the knob has crossed it.

    tolerance: how near counts as the same; also how far the value may jump when the knob takes over.
    """

    def __init__(self, tolerance: float = 0.02) -> None:
        self.caught = False
        self._tolerance = tolerance
        self._position: float | None = None

    def stands_at(self, position: float, stored: float) -> None:
        self._position = position
        self.stored_changed(stored)

    def turn(self, position: float, stored: float) -> float | None:
        return position if self.moved(position, stored) else None

    def moved(self, position: float, stored: float) -> bool:
        """Note that the knob is at `position`. Returns whether the value follows it.

        The first call never acts: it only tells where the knob stands, or every start would change the stored value.
        """
        previous, self._position = self._position, position
        if self.caught:
            return True
        near = abs(position - stored) <= self._tolerance
        crossed = previous is not None and (previous - stored) * (position - stored) <= 0.0
        self.caught = near or crossed
        return self.caught and previous is not None

    def stored_changed(self, stored: float) -> None:
        """A phone or a preset set the value: the knob lets go, unless it stands at the new value."""
        self.caught = self._position is not None and abs(self._position - stored) <= self._tolerance


class Jump:
    """The value goes wherever the knob is turned to."""

    def stands_at(self, position: float, stored: float) -> None:
        pass

    def turn(self, position: float, stored: float) -> float | None:
        return position

    def stored_changed(self, stored: float) -> None:
        pass


class Scaled:
    """The value moves with the knob from the first touch, and both arrive at either end together.

    A turn of the knob moves the value by the same share of the way that is left in that direction. Once they have met,
    they stay together. The first `turn` without an earlier `stands_at` only tells where the knob stands.
    """

    def __init__(self) -> None:
        self._position: float | None = None

    def stands_at(self, position: float, stored: float) -> None:
        self._position = position

    def turn(self, position: float, stored: float) -> float | None:
        previous, self._position = self._position, position
        if previous is None:
            return None
        if position >= 1.0 or position <= 0.0:
            return position
        if position > previous:
            return 1.0 - (1.0 - stored) * (1.0 - position) / (1.0 - previous)
        return stored * position / previous if previous > 0.0 else stored

    def stored_changed(self, stored: float) -> None:
        pass


TAKEOVERS: dict[str, type[Pickup] | type[Jump] | type[Scaled]] = {"pickup": Pickup, "jump": Jump, "scaled": Scaled}
