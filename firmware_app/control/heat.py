"""Watches the board's temperature and throttling. Asks the audio process for less work before it becomes late."""

import logging
from collections.abc import Callable

from firmware_app.link.shed import Shed
from hw.board import health as board_health
from hw.board.health import HOT_C, BoardHealth

log = logging.getLogger(__name__)

COOL_C = HOT_C - 5.0  # below this, work comes back
LOOK_S = 5.0


class HeatWatch:
    """Call look() every LOOK_S. One thread, never the audio thread."""

    def __init__(self, ask: Callable[[int], None], read: Callable[[], BoardHealth] = board_health.read) -> None:
        """ask: gets the work to leave out at each look, because the audio process may have been restarted."""
        self._ask = ask
        self._read = read
        self._asked = Shed.NOTHING

    def look(self) -> None:
        health = self._read()
        asked = self._judge(health)
        if asked != self._asked:
            log.warning("%s", health.words() or "the board is cool again")
        self._asked = asked
        self._ask(asked)

    def _judge(self, health: BoardHealth) -> Shed:
        if health.throttled:
            return Shed.LISTEN
        bound = COOL_C if self._asked else HOT_C
        return Shed.SPECTRUM if (health.temperature_c or 0.0) >= bound else Shed.NOTHING
