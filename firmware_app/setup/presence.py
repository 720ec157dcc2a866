"""Presence: a phone gets in because somebody holds a footswitch, so is at the box.

The phone asks first, again and again; then somebody holds the switch, and the phone is let in. If phones at two
addresses ask within a minute of it, neither gets in: the box cannot tell whose hand is on the switch (as Wi-Fi's own
push button does it). Nobody but paired phones sees that the switch is held, so a stranger can only ask all the time,
and is noticed.
"""

import threading
import time
from collections.abc import Callable

from firmware_app.kept.guesses import counted_as
from firmware_app.kept.pairing_rules import PairingError
from web_ui.ports.limits import WINDOW_S

_MOST_ASKING = 64


class SeveralAsk(PairingError):
    """Phones at several addresses ask to be let in."""

    def __init__(self) -> None:
        super().__init__(
            "several phones ask to be let in, and the box cannot tell which is yours: scan its code instead"
        )


class Presence:
    """Who asks, and whether the switch was held. Any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: dict[str, float] = {}
        self._until_s = 0.0

    def hold(self) -> None:
        """Somebody has held a footswitch: one phone may come in within WINDOW_S."""
        with self._lock:
            self._until_s = self._clock() + WINDOW_S

    @property
    def waiting_s(self) -> float:
        """How long a phone may still come in; 0: not now."""
        return max(0.0, self._until_s - self._clock())

    def ask(self, address: str) -> bool:
        """Whether the phone at this address may come in now; then no other one may. Raises SeveralAsk."""
        with self._lock:
            now = self._clock()
            self._asked = {who: at for who, at in self._asked.items() if now - at <= WINDOW_S}
            who = counted_as(address)
            if who in self._asked or len(self._asked) < _MOST_ASKING:
                self._asked[who] = now
            if now >= self._until_s:
                return False
            if len(self._asked) > 1 or who not in self._asked:
                raise SeveralAsk
            self._until_s = 0.0
            self._asked.clear()
            return True
