"""The panel's own threads: each owns its stop flag and says so when it will not end."""

import threading
import time
from collections.abc import Callable, Sequence

from hw.panel_events import PanelEvent, StepEvent
from hw.panel_gestures import GestureMachine
from hw.panel_lines import EncoderLine, SwitchLine

THREAD_END_S = 2.0


class PanelThread(threading.Thread):
    """A daemon thread with a condition to sleep on."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._condition = threading.Condition()
        self._stopping = False

    def wake(self) -> None:
        """Let the thread look around. Called with the condition held."""
        self._condition.notify()

    def end(self) -> bool:
        """Stop; True when the thread is gone (or never ran)."""
        with self._condition:
            self._stopping = True
            self.wake()
        if self.ident is not None:
            self.join(THREAD_END_S)
        return not self.is_alive()


class SwitchThread(PanelThread):
    """Turns contacts of every kind into gestures, and encoder edges into steps. Sleeps until something is due.

    tell(event) and on_level(line, closed, at_s), for every debounced change of a pin, are called in this thread.
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
        self._contacts: list[tuple[str, bool, float]] = []
        self._turns: list[tuple[EncoderLine, bool, bool, float]] = []

    def listen(self, lines: Sequence[SwitchLine]) -> None:
        """Add switches to listen to. Any thread."""
        with self._condition:
            self._lines = [*self._lines, *lines]
        for line in lines:
            line.listen()

    def forget(self, lines: Sequence[SwitchLine]) -> None:
        """Stop listening to these. Any thread."""
        with self._condition:
            self._lines = [line for line in self._lines if line not in lines]

    def edge(self, line: SwitchLine, level: bool) -> None:
        """Note a raw edge. Called from the pin library's thread."""
        with self._condition:
            line.debounce.edge(level, time.monotonic())
            self.wake()

    def contact(self, name: str, closed: bool) -> None:
        """Note a contact that needs no debounce (HID, MIDI). Any thread."""
        with self._condition:
            self._contacts.append((name, closed, time.monotonic()))
            self.wake()

    def turned(self, line: EncoderLine, a: bool, b: bool) -> None:
        """Note an encoder's raw edge. Called from the pin library's thread."""
        with self._condition:
            self._turns.append((line, a, b, time.monotonic()))
            self.wake()

    def run(self) -> None:
        while True:
            with self._condition:
                if self._stopping:
                    return
                levels = self._poll()
                contacts, self._contacts = self._contacts, []
                turns, self._turns = self._turns, []
                if not (levels or contacts or turns or self._gestures_are_due()):
                    self._condition.wait(self._sleep_s())
            for line, closed, at_s in levels:
                self._on_level(line, closed, at_s)
                if line.name:
                    contacts.append((line.name, closed, at_s))
            self._tell_gestures(contacts)
            for encoder, a, b, at_s in turns:
                detents, steps = encoder.turn(a, b, at_s)
                if detents:
                    self._tell(StepEvent(encoder.spec.name, steps, detents, at_s))

    def _tell_gestures(self, contacts: list[tuple[str, bool, float]]) -> None:
        for name, closed, at_s in sorted(contacts, key=lambda contact: contact[2]):
            for event in self._gestures.contact(name, closed, at_s):
                self._tell(event)
        for event in self._gestures.poll(time.monotonic()):
            self._tell(event)

    def _poll(self) -> list[tuple[SwitchLine, bool, float]]:
        now = time.monotonic()
        changed = []
        for line in self._lines:
            due = line.debounce.due()
            if due is not None and due <= now:
                level = line.debounce.poll(line.read(), now)
                if level is not None:
                    changed.append((line, line.is_closed(level), now))
        return changed

    def _gestures_are_due(self) -> bool:
        due = self._gestures.due()
        return due is not None and due <= time.monotonic()

    def _sleep_s(self) -> float | None:
        due = [at for line in self._lines if (at := line.debounce.due()) is not None]
        gesture_due = self._gestures.due()
        if gesture_due is not None:
            due.append(gesture_due)
        return max(min(due) - time.monotonic(), 0.0) if due else None
