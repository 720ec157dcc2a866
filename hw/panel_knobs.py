"""The thread that reads the knobs and pedals behind the SPI converters."""

import logging
import time
from collections.abc import Callable

from hw.panel_events import PanelEvent, TurnEvent
from hw.panel_lines import KnobLine
from hw.panel_problems import explain
from hw.panel_threads import PanelThread

KNOB_POLL_S = 1 / 60
KNOB_RETRY_S = 1.0

log = logging.getLogger(__name__)


class KnobThread(PanelThread):
    """Reads the knobs, one after the other, 60 times a second. tell(event) is called in this thread."""

    def __init__(self, tell: Callable[[PanelEvent], None]) -> None:
        super().__init__("panel knobs")
        self._tell = tell
        self._lines: list[KnobLine] = []

    def start_with(self, lines: list[KnobLine]) -> None:
        self._lines = lines
        self.start()

    def run(self) -> None:
        while True:
            for line in self._lines:
                self._read(line)
            with self._condition:
                if self._stopping or self._condition.wait_for(lambda: self._stopping, KNOB_POLL_S):
                    return

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
            line.restart()  # whoever turns it meanwhile moves the knob, but not the value
            return
        line.problem = ""
        if position is not None:
            first, line.first = line.first, False
            self._tell(TurnEvent(line.spec.name, position, time.monotonic(), first))
