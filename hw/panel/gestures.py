"""Gestures: tells apart short, long and double presses and two switches together. Pure logic on the caller's clock.

A press that is told late feels like a bad switch, so a switch waits only for the gestures in use (`Gestures.cost`).
Every event is followed by one RELEASE when the foot leaves, so that held actions never stay on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hw.controls.events import SwitchEvent, SwitchKind
from hw.controls.kinds import ChordSpec, Gestures


@dataclass(slots=True)
class _Switch:
    """The state of one switch. A press is `undecided` while it may still become another gesture."""

    gestures: Gestures
    down: bool = False
    undecided: bool = False
    told: bool = False  # a RELEASE must follow
    began_at_s: float = float("-inf")  # the last press that may still become a double one
    long_at_s: float = float("inf")


class GestureMachine:
    """All switches of a panel. One thread, or the caller's lock. Times are seconds of one monotonic clock."""

    def __init__(
        self, switches: Mapping[str, Gestures], chords: Sequence[ChordSpec] = (), chord_s: float = 0.06
    ) -> None:
        self._switches = {name: _Switch(gestures) for name, gestures in switches.items()}
        self._chords = tuple(chords)
        self._chord_s = chord_s
        self._held_chords: list[ChordSpec] = []
        self._chorded = {name for chord in chords for name in chord.switches}

    def contact(self, name: str, closed: bool, at_s: float) -> list[SwitchEvent]:
        """Note that a debounced contact closed or opened. Returns the decided events. Times must not go back."""
        events = self.poll(at_s)
        switch = self._switches[name]
        if switch.gestures.latching:
            return [*events, _event(name, SwitchKind.PRESS, at_s), _event(name, SwitchKind.RELEASE, at_s)]
        if switch.gestures.press_only and closed:
            # No release will come, so it is made here.
            switch.down = True
            events += self._closed(name, switch, at_s)
            switch.down = False
            return events + self._opened(name, switch, at_s)
        if closed == switch.down:
            return events
        switch.down = closed
        return events + (self._closed(name, switch, at_s) if closed else self._opened(name, switch, at_s))

    def resume(self, name: str) -> None:
        """This switch is held from before, and its press was told: only its RELEASE is still to come."""
        self._switches[name].down = self._switches[name].told = True

    def due(self) -> float | None:
        """When to call `poll` next; None while nothing is undecided."""
        waiting = [self._decided_at(name, switch) for name, switch in self._switches.items() if switch.undecided]
        waiting += [switch.long_at_s for switch in self._switches.values()]
        soonest = min(waiting, default=float("inf"))
        return None if soonest == float("inf") else soonest

    def poll(self, now_s: float) -> list[SwitchEvent]:
        """The events that waiting has decided, in their order."""
        events: list[SwitchEvent] = []
        for name, switch in self._switches.items():
            if switch.undecided and self._decided_at(name, switch) <= now_s:
                events += self._press(name, switch, max(self._decided_at(name, switch), switch.began_at_s))
            if switch.long_at_s <= now_s:
                events.append(_event(name, SwitchKind.LONG_PRESS, switch.long_at_s))
                switch.told, switch.undecided = True, False
                switch.long_at_s, switch.began_at_s = float("inf"), float("-inf")
        return sorted(events, key=lambda event: event.at_s)

    def _closed(self, name: str, switch: _Switch, at_s: float) -> list[SwitchEvent]:
        chord = self._completed_chord(name, at_s)
        if chord is not None:
            for member in chord.switches:
                self._switches[member].undecided = False
                self._switches[member].long_at_s = self._switches[member].began_at_s = float("inf")
            began = [_event(chord.name, SwitchKind.CHORD, at_s)]
            if chord in self._held_chords:  # one after the other was let go and pressed anew, and never both at once
                return [_event(chord.name, SwitchKind.RELEASE, at_s), *began]
            self._held_chords.append(chord)
            return began
        gestures = switch.gestures
        # The same sum as in _decided_at, so that rounding cannot make them disagree.
        if switch.began_at_s <= at_s < switch.began_at_s + gestures.double_press_ms / 1000.0:
            switch.undecided, switch.told, switch.began_at_s = False, True, float("-inf")
            return [_event(name, SwitchKind.DOUBLE_PRESS, at_s)]
        switch.began_at_s = at_s
        switch.long_at_s = at_s + gestures.long_press_ms / 1000.0 if gestures.long_press_ms else float("inf")
        if gestures.eager or self._decided_at(name, switch) <= at_s:
            switch.told = True
            return [_event(name, SwitchKind.PRESS, at_s)]
        switch.undecided = True
        return []

    def _opened(self, name: str, switch: _Switch, at_s: float) -> list[SwitchEvent]:
        events = []
        switch.long_at_s = float("inf")
        if switch.told:
            switch.told = False
            events.append(_event(name, SwitchKind.RELEASE, at_s))
        for chord in [chord for chord in self._held_chords if name in chord.switches]:
            if not any(self._switches[member].down for member in chord.switches):
                self._held_chords.remove(chord)
                events.append(_event(chord.name, SwitchKind.RELEASE, at_s))
        if switch.undecided and self._decided_at(name, switch) <= at_s:
            events += self._press(name, switch, at_s)
        return events

    def _press(self, name: str, switch: _Switch, at_s: float) -> list[SwitchEvent]:
        switch.undecided = False
        press = _event(name, SwitchKind.PRESS, at_s)
        if switch.down:
            switch.told = True
            return [press]
        return [press, _event(name, SwitchKind.RELEASE, at_s)]

    def _decided_at(self, name: str, switch: _Switch) -> float:
        """When an undecided press becomes a plain one, if nothing happens before."""
        if switch.down and switch.gestures.long_press_ms:
            return float("inf")
        chord_s = self._chord_s if switch.down and name in self._chorded else 0.0
        return switch.began_at_s + max(switch.gestures.double_press_ms / 1000.0, chord_s)

    def _completed_chord(self, name: str, at_s: float) -> ChordSpec | None:
        for chord in self._chords:
            if name in chord.switches:
                other = chord.switches[chord.switches[0] == name]
                partner = self._switches[other]
                free = partner.undecided or partner.gestures.eager
                if partner.down and free and 0.0 <= at_s - partner.began_at_s <= self._chord_s:
                    return chord
        return None


def _event(name: str, kind: SwitchKind, at_s: float) -> SwitchEvent:
    return SwitchEvent(name, kind, at_s)
