"""The thread that reads the knobs and pedals on the converters."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from hw.controls.events import PanelEvent, TurnEvent
from hw.controls.problems import explain
from hw.panel.lines import KnobLine
from hw.threads import PanelThread

KNOB_POLL_S = 1 / 60
KNOB_RETRY_S = 1.0
LEARN_MOVE = 0.15  # of the whole turn; an open channel drifts, and follows its neighbour a little

log = logging.getLogger(__name__)


class WatchedChannel:
    """A converter channel without a control, read while learning. device: gpiozero's. Raises the bus's errors."""

    def __init__(self, source: str, words: str, device: Any) -> None:
        self.source, self.words = source, words
        self._device = device
        # Read now: before the thread's first reading it may have been turned.
        self._last = self._position = float(device.value)

    def moved(self) -> float:
        """Its distance from the last position that was told. Raises the SPI library's errors."""
        self._position = float(self._device.value)
        return abs(self._position - self._last)

    def take(self) -> float:
        """The position 0…1; it counts as told."""
        self._last = self._position
        return self._position

    def close(self) -> None:
        self._device.close()


class KnobThread(PanelThread):
    """Reads the knobs, one after the other, 60 times a second, and sleeps while there are none.

    tell(event) and heard(source, kind, value, words, at_s) are called in this thread.
    """

    def __init__(
        self, tell: Callable[[PanelEvent], None], heard: Callable[[str, str, float, str, float], None]
    ) -> None:
        super().__init__("panel knobs")
        self._tell, self._heard = tell, heard
        self._lines: list[KnobLine] = []
        self._watched: Sequence[WatchedChannel] = ()

    def start_with(self, lines: list[KnobLine]) -> None:
        self._lines = lines
        self.start()

    def watch(self, channels: Sequence[WatchedChannel]) -> None:
        """Read these channels too, () for none. Any thread; waits for a reading under way."""
        with self._condition:
            self._watched = tuple(channels)
            self.wake()

    def run(self) -> None:
        while True:
            for line in self._lines:
                self._read(line)
            with self._condition:
                moved = self._moved_furthest()
            if moved is not None:
                self._heard(moved.source, "turn", moved.take(), moved.words, time.monotonic())
            with self._condition:
                if not self._stopping:
                    self._condition.wait(KNOB_POLL_S if self._lines or self._watched else None)
                if self._stopping:
                    return

    def _moved_furthest(self) -> WatchedChannel | None:
        """The watched channel that was turned furthest: in the converter its neighbours follow a little."""
        try:
            furthest = max(self._watched, key=WatchedChannel.moved, default=None)
            return furthest if furthest is not None and furthest.moved() >= LEARN_MOVE else None
        except Exception as error:  # the SPI libraries share no error base
            log.info("front panel: not heard while learning: %s", error)
            self._watched = ()
            return None

    def _read(self, line: KnobLine) -> None:
        if time.monotonic() < line.retry_at:
            return
        try:
            position = line.read()
        except Exception as error:  # the SPI libraries share no error base
            if not line.problem:
                log.warning("front panel: %s", explain(line.spec, error))
            line.problem = explain(line.spec, error)
            line.retry_at = time.monotonic() + KNOB_RETRY_S
            line.restart()  # a turn meanwhile moves the knob, but not the value
            return
        line.problem = ""
        if position is not None:
            first, line.first = line.first, False
            self._tell(TurnEvent(line.spec.name, position, time.monotonic(), first))
