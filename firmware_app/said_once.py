"""SaidOnce: logs trouble that comes again and again once a minute, with how often it came."""

import logging
import time
from collections.abc import Callable

AGAIN_S = 60.0
MOST_TEXTS = 32


class SaidOnce:
    """Logs the same text at most once in AGAIN_S, so that a loose plug cannot fill the disk. One thread."""

    def __init__(self, log: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._log, self._clock = log, clock
        self._said: dict[str, tuple[float, int]] = {}  # text -> when it was logged, how often it came since

    def warn(self, text: str) -> None:
        """Log a warning."""
        self._say(logging.WARNING, text, text)

    def note(self, text: str, about: str) -> None:
        """Log good news. about: two texts with the same `about` count as the same, such as when they carry a number."""
        self._say(logging.INFO, text, about)

    def _say(self, level: int, text: str, about: str) -> None:
        now = self._clock()
        at, since = self._said.get(about, (-AGAIN_S, 0))
        if now - at < AGAIN_S:
            self._said[about] = (at, since + 1)
            return
        self._log.log(
            level, "%s (and %d times more before that)" if since else "%s", *([text, since] if since else [text])
        )
        self._said.pop(about, None)
        self._said[about] = (now, 0)
        while len(self._said) > MOST_TEXTS:
            del self._said[next(iter(self._said))]
