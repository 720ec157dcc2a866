"""Finds out the kind of a pedal's switch from three presses in a row: pedals differ in what they send."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hw.controls.kinds import PRESSED

PRESSES = 3  # that the page asks for
QUIET_S = 1.5  # of silence after three messages: then each was a press
ROW_S = 4.0  # a longer pause starts an unclear row over
PULSE_S = 0.02  # shorter than any press by foot: the release is sent at once


@dataclass(frozen=True, slots=True)
class Found:
    """settings: the control's keys that differ from their defaults; words: the same for people."""

    settings: Mapping[str, bool | int]
    words: str


@dataclass(slots=True)
class Stomps:
    """The values of one MIDI message or USB key while it is learned. words: its place for people.

    One thread, or the caller's lock. Times are seconds of one monotonic clock.
    """

    source: str
    words: str
    values: list[int] = field(default_factory=list)  # 0…127
    times_s: list[float] = field(default_factory=list)
    told: Found | None = None  # the last result that the caller has used

    def take(self, value: int, at_s: float) -> None:
        """Note `value`; a key sends 127 and 0."""
        unclear = len(self.values) > PRESSES and self.told is None
        if unclear and at_s - self.times_s[-1] > ROW_S:
            self.values, self.times_s = [], []
        self.values.append(value)
        self.times_s.append(at_s)

    @property
    def is_turned(self) -> bool:
        """Whether the values are those of a knob or an expression pedal."""
        return ":cc:" in self.source and len(self.values) > PRESSES and len(set(self.values)) > 2

    @property
    def asks(self) -> str:
        """What the player is asked to do next."""
        if self.is_turned:
            return f"{self.words} is a knob: press a switch."
        return f"{self.words} is heard. Press it three times in a row, then wait a moment."

    def found(self, now_s: float) -> Found | None:
        """The kind of switch; None while it is not clear."""
        count = len(self.values)
        if count >= 2 * PRESSES and not self.is_turned:
            return self._of_pairs()
        same = len(set(self.values)) == 1
        if count and (count == PRESSES or (self.told and same)) and now_s - self.times_s[-1] >= QUIET_S:
            return self._of_single_ones()
        return self.told if self.told and same and "press_only" in self.told.settings else None

    def _of_single_ones(self) -> Found:
        """One message at each press."""
        first, second, *_ = self.values
        if first != second and self.values[2] == first:
            said = f"{first} and {second}" if self._counts else "pressed and let go"
            return Found({"latching": True}, f"It sends {said} in turn, one at each press: each acts. {_NEVER_HELD}")
        lowest = min(self.values)
        settings: dict[str, bool | int] = {"press_only": True}
        if self._counts and lowest < PRESSED:
            settings["pressed_from"] = lowest
        value = f"{first} " if self._counts and len(set(self.values)) == 1 else ""
        return Found(settings, f"It sends {value}at each press and never says that it was let go. {_NEVER_HELD}")

    def _of_pairs(self) -> Found | None:
        """Two messages at each press."""
        ons, offs = self.values[::2], self.values[1::2]
        offs = offs[: len(self.values) // 2]
        differ = all(on != off for on, off in zip(ons, offs, strict=False))
        if not differ or len(set(offs)) > 1 or (self._counts and len(set(ons)) > 1):
            return self.told
        on, off = ons[0], offs[0]
        downs = [up - down for down, up in zip(self.times_s[::2], self.times_s[1::2], strict=False)]
        if on > off and max(downs) < PULSE_S:
            from_value = {"pressed_from": (on + off + 1) // 2} if self._counts and on < PRESSED else {}
            return Found({"press_only": True, **from_value}, f"It says at once that it was let go. {_NEVER_HELD}")
        settings: dict[str, bool | int] = {}
        if self._counts:
            low, high = min(on, off), max(on, off)
            if not low < PRESSED <= high:
                settings["pressed_from"] = (low + high + 1) // 2
            if on < off:
                settings["inverted"] = True
            return Found(settings, f"It says when it is pressed ({on}) and when it is let go ({off}).")
        return Found(settings, "It says when it is pressed and when it is let go.")

    @property
    def _counts(self) -> bool:
        """Whether its values are more than on and off."""
        return ":cc:" in self.source


_NEVER_HELD = "So it cannot be held."
