"""Lost everything: two footswitches, held from power-on for ten seconds and then let go, make the box nobody's again.

The paired phones, the codes and the PIN are forgotten, and what else is given (the networks). Presets, mappings and
sound stay as they are, and what is muted stays muted.
"""

import logging
import time
from collections.abc import Callable, Collection

from firmware_app.kept.pairing_rules import PairingError
from firmware_app.kept.pairings import Pairings
from firmware_app.kept.pin import Pin

log = logging.getLogger(__name__)

HELD_S = 10.0
LET_GO_S = 60.0  # held longer than this, it is no hand: a broken cable, or something lies on the board


class LostEverything:
    """Forgets who may do what. also: what else is to be forgotten; each is called once, and may take a while."""

    def __init__(self, pairings: Pairings, pin: Pin, also: Collection[Callable[[], None]] = ()) -> None:
        self._pairings, self._pin = pairings, pin
        self.also = list(also)

    def forget(self) -> str:
        """Do it. Returns why something would come back at the next start, else "". Any thread."""
        log.warning("all phones and the PIN are forgotten: the box can be claimed anew")
        problems = []
        for work in (self._pairings.forget_all, self._pin.clear, *self.also):
            try:
                work()
            except (PairingError, OSError) as error:
                problems.append(str(error))
            except Exception as error:  # the others must be forgotten all the same
                log.exception("something could not be forgotten")
                problems.append(f"{type(error).__name__}: {error}")
        return "; ".join(problems)


class HeldAtStart:
    """Whether two switches are held from the start. Its owner's thread calls `tick` a few times a second."""

    def __init__(
        self,
        closed: Callable[[], Collection[str]],
        act: Callable[[], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """closed(): the switches that are held now. act: called once, when they were held and let go."""
        self._closed, self._act, self._clock = closed, act, clock
        self._held: set[str] | None = None  # None before the first tick
        self._began_s = 0.0

    def tick(self) -> None:
        closed, now = set(self._closed()), self._clock()
        if self._held is None:
            self._held, self._began_s = closed, now
            return
        if len(self._held) < 2:
            return
        still = self._held & closed
        if len(still) >= 2:
            self._held = still
            return
        self._held = set()
        if HELD_S <= now - self._began_s <= LET_GO_S:
            self._act()
