"""The thread that turns switches and encoders into events."""

import time
from collections.abc import Callable, Collection, Sequence

from hw.controls.events import PanelEvent, StepEvent
from hw.panel.gestures import GestureMachine
from hw.panel.lines import EncoderLine, SwitchLine
from hw.threads import PanelThread

STALE_S = 10.0  # a timestamp older than this is from another clock
LOOK_S = 0.1  # how often the pins are read without an edge, because kernels and pin libraries drop some


class SwitchThread(PanelThread):
    """Turns contacts of every kind into gestures, and encoder edges into steps. Sleeps until something is due.

    tell(event) and, for every debounced change of a pin, on_level(line, closed, at_s) are called in this thread. They
    may take long: meanwhile edges keep their own times, so none is lost or mistaken for another gesture.
    """

    def __init__(
        self,
        gestures: GestureMachine,
        tell: Callable[[PanelEvent], None],
        on_level: Callable[[SwitchLine, bool, float], None],
    ) -> None:
        super().__init__("panel switches")
        self._gestures = gestures
        self._tell = tell
        self._on_level = on_level
        self._lines: list[SwitchLine] = []
        self._encoders: list[EncoderLine] = []
        self._contacts: list[tuple[str, bool, float]] = []
        self._turns: list[tuple[EncoderLine, bool, bool, float]] = []
        self._look_at_s = 0.0
        self._told_to_s = 0.0  # gestures are decided up to this time

    def listen(
        self, lines: Sequence[SwitchLine], encoders: Sequence[EncoderLine] = (), held: Collection[str] = ()
    ) -> None:
        """Add switches and encoders. held: those whose press was told before. Any thread."""
        new: list[SwitchLine | EncoderLine] = [*lines, *encoders]
        for one in new:
            one.listen()
        with self._condition:
            # Read the pins again now that edges are heard: an edge since they were opened was not.
            for one in new:
                one.settle()
            for line in lines:
                if line.name in held:
                    self._gestures.resume(line.name)
                    self._contacts.append((line.name, line.is_closed(line.debounce.level), time.monotonic()))
            self._lines = [*self._lines, *lines]
            self._encoders = [*self._encoders, *encoders]
            self.wake()

    def forget(self, lines: Sequence[SwitchLine]) -> None:
        """Stop listening to these. Any thread."""
        with self._condition:
            self._lines = [line for line in self._lines if line not in lines]

    def edge(self, line: SwitchLine, level: bool, stamp_s: float) -> None:
        """Note a raw edge. Called from the pin library's thread."""
        with self._condition:
            line.debounce.edge(level, edge_time(stamp_s, time.monotonic()))
            self.wake()

    def contact(self, name: str, closed: bool) -> None:
        """Note a contact that needs no debounce (USB key, MIDI). Any thread."""
        with self._condition:
            self._contacts.append((name, closed, time.monotonic()))
            self.wake()

    def turned(self, line: EncoderLine, a: bool, b: bool, stamp_s: float) -> None:
        """Note an encoder's raw edge. Called from the pin library's thread."""
        with self._condition:
            self._turns.append((line, a, b, edge_time(stamp_s, time.monotonic())))
            self.wake()

    def run(self) -> None:
        while True:
            with self._condition:
                if self._stopping:
                    return
                now = time.monotonic()
                if now >= self._look_at_s:
                    self._look(now)
                levels = self._poll(now)
                contacts, self._contacts = self._contacts, []
                turns, self._turns = self._turns, []
                if not (levels or contacts or turns or self._gestures_are_due(now)):
                    self._condition.wait(self._sleep_s(now))
                    continue
            for line, closed, at_s in levels:
                self._on_level(line, closed, at_s)
                if line.name:
                    contacts.append((line.name, closed, at_s))
            self._tell_gestures(contacts, now)
            for encoder, a, b, at_s in turns:
                detents, steps = encoder.turn(a, b, at_s)
                if detents:
                    self._tell(StepEvent(encoder.spec.name, steps, detents, at_s))

    def _tell_gestures(self, contacts: list[tuple[str, bool, float]], now: float) -> None:
        """Tell gestures up to `now`, when the contacts were taken. Later contacts may still change undecided ones."""
        for name, closed, at_s in sorted(contacts, key=lambda contact: contact[2]):
            for event in self._gestures.contact(name, closed, max(at_s, self._told_to_s)):
                self._tell(event)
        for event in self._gestures.poll(now):
            self._tell(event)
        self._told_to_s = now

    def _look(self, now: float) -> None:
        """Find edges that were dropped."""
        self._look_at_s = now + LOOK_S
        for line in self._lines:
            line.debounce.look(line.read(), now)
        self._turns += [(encoder, a, b, now) for encoder in self._encoders for a, b in encoder.look()]

    def _poll(self, now: float) -> list[tuple[SwitchLine, bool, float]]:
        changed = []
        for line in self._lines:
            due = line.debounce.due()
            if due is not None and due <= now:
                for level, at_s in line.debounce.poll(line.read(), now):
                    changed.append((line, line.is_closed(level), at_s))
        return changed

    def _gestures_are_due(self, now: float) -> bool:
        due = self._gestures.due()
        return due is not None and due <= now

    def _sleep_s(self, now: float) -> float | None:
        due = [at for line in self._lines if (at := line.debounce.due()) is not None]
        gesture_due = self._gestures.due()
        if gesture_due is not None:
            due.append(gesture_due)
        if self._lines or self._encoders:
            due.append(self._look_at_s)
        return max(min(due) - now, 0.0) if due else None


def edge_time(stamp_s: float, now_s: float) -> float:
    """The time of an edge whose callback runs now: a callback may be late, and two may come at once.

    Since 5.7 Linux stamps edges with the monotonic clock, and gpiozero stamps those of its mock pins. A timestamp from
    another clock (an older kernel's, pigpio's) is ignored.
    """
    return stamp_s if 0.0 <= now_s - stamp_s < STALE_S else now_s
