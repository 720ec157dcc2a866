"""Reach: keeps the box in reach. There is Ethernet with an address, a Wi-Fi that is joined, or the box's own Wi-Fi.

    nothing for PATIENCE_S  →  own Wi-Fi
    a join that is asked for  →  the own Wi-Fi ends; joined, or own Wi-Fi again, and why
    own Wi-Fi that nobody asked for, a Wi-Fi is saved, nobody uses it  →  every LOOK_EVERY_S a look: off for LOOK_S,
        in which NetworkManager joins what it knows; else own Wi-Fi again

A Raspberry Pi has one radio, which hosts or joins, and mostly cannot scan while it hosts: so the Wi-Fis in reach are
those from before it hosted. One thread runs `step`; what phones and feet ask for waits for it. With no radio and no
cable there is nothing to do, and the page says so.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from firmware_app.network.card import Card
from firmware_app.said_once import SaidOnce
from hw.network.network import HOTSPOT_S, JOIN_S, JoinError, Network, NetworkError, NetworkState, Seen

log = logging.getLogger(__name__)

PATIENCE_S = 30.0  # without anything, at the start and later
LOOK_EVERY_S = 300.0
LOOK_S = 25.0
ENDED_S = 20.0  # a hotspot that failed, or was ended from outside, is tried again after this time
STEP_S = 1.0  # while something is to happen soon
IDLE_S = 5.0
FACTS_S = 30.0  # between two questions for what seldom changes: the saved ones, the country
RESCAN_S = 20.0  # at most so often, however often a page asks
OUT_OF_REACH_S = PATIENCE_S + JOIN_S + LOOK_S + 2 * HOTSPOT_S + ENDED_S + 2 * IDLE_S
"""The longest time without any way in, if the radio can host."""


_NOT_LOOKED = NetworkState(why_not="the box has not looked yet")


@dataclass(frozen=True, slots=True)
class ReachView:
    """What Reach knows. near_s: the time of `near`, monotonic, -1 for never."""

    state: NetworkState = _NOT_LOOKED
    doing: str = ""  # "", "joining", "opening" or "looking"
    target: str = ""  # the Wi-Fi that is being joined
    failed: str = ""  # the Wi-Fi that could not be joined last
    why: str = ""  # why: one of hw.network.network.WHY_NOT_JOINED, "" for none
    asked: bool = False  # somebody asked for the own Wi-Fi, so it stays
    problem: str = ""  # why the own Wi-Fi does not open, in words
    near: tuple[Seen, ...] = ()
    near_s: float = -1.0
    saved: tuple[str, ...] = ()
    country: str = ""  # in force


class Reach:
    """One per box. `step` by one thread; everything else by any, at once."""

    def __init__(
        self,
        network: Network,
        card: Callable[[], Card],
        country: Callable[[], str] = lambda: "",
        *,
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """card: of the own Wi-Fi. country: what somebody has said, "" for nothing. on_change: the view has changed."""
        self._network, self._card, self._country = network, card, country
        self._clock, self._on_change = clock, on_change
        self._lock = threading.Lock()
        self._wishes: list[Callable[[], None]] = []
        self._wished = threading.Event()
        self.view = ReachView()
        self._alone_since_s = clock()  # since when there is no way in
        self._look_at_s = 0.0  # when an own Wi-Fi that nobody asked for gives way for a look
        self._looks_until_s = 0.0
        self._host_at_s = 0.0  # not before this time, after a failure
        self._scanned_s = -RESCAN_S
        self._told_country = ""
        self._facts_at_s = clock()  # when what seldom changes is asked for again
        self._said = SaidOnce(log, clock)

    # --- what phones, feet and commands ask for; each is done in the next step ---

    def join(self, ssid: str, password: str) -> None:
        """Join a Wi-Fi; falls back to the own one. `view` tells what came of it."""
        self._wish(lambda: self._join(ssid, password))
        self._now(doing="joining", target=ssid, failed="", why="")

    def forget(self, ssid: str) -> None:
        self._wish(lambda: self._try(lambda: self._network.forget(ssid)))

    def forget_all(self) -> None:
        """For "lost everything": no Wi-Fi is known any more, so the own one opens. Its password stays."""
        self._wish(self._forget_all)

    def host(self, on: bool) -> None:
        """Open the own Wi-Fi, and let it stay; or close it."""
        self._wish(lambda: self._host_as_asked(on))

    def toggle(self) -> None:
        """A foot's way: the own Wi-Fi on or off."""
        self.host(not self.view.asked)

    def look_around(self) -> None:
        """Scan for Wi-Fis, at most every RESCAN_S; nothing while the radio hosts and cannot."""
        self._wish(self._scan)

    def wake(self) -> None:
        """Look now: something that it reads has changed."""
        self._facts_at_s = 0.0
        self._wished.set()

    # --- the thread ---

    def run(self, stopping: threading.Event, beside: Callable[[NetworkState], None] = lambda state: None) -> None:
        """Until `stopping`: step when something has changed or is asked for. beside: done after each step."""
        while not stopping.is_set():
            try:
                self.step()
                beside(self.view.state)
            except Exception:  # nothing here may end it: the box would be out of reach for good
                log.exception("network: a step failed")
            self._wished.wait(STEP_S if self._soon else IDLE_S)
            self._wished.clear()

    def step(self) -> None:
        """Do what is asked for, look how the box is connected, and keep it in reach. As long as a join takes."""
        while (wish := self._next_wish()) is not None:
            self._facts_at_s = 0.0
            wish()
        state = self._look()
        now = self._clock()
        if state.why_not:
            self._told_country = ""  # it forgets, too
            return
        if state.reachable:
            self._alone_since_s = now
        if state.hotspot:
            self._while_hosting(state, now)
        elif state.wifi:
            self._now(asked=False, problem="")
        elif state.radio and (self.view.asked or not state.wired):
            self._while_alone(now)
        self._tell_country(state)

    @property
    def _soon(self) -> bool:
        state = self.view.state
        return not state.why_not and not state.reachable

    def _while_hosting(self, state: NetworkState, now: float) -> None:
        if self.view.asked or state.guests != 0 or not (self.view.saved or state.wired):
            self._look_at_s = now + LOOK_EVERY_S
        elif now >= self._look_at_s:
            log.info("the own Wi-Fi, which nobody uses, gives way to a look for a known one")
            self._looks_until_s = now + LOOK_S
            self._now(doing="looking")
            self._try(self._network.stop_hotspot)
            self._look()

    def _while_alone(self, now: float) -> None:
        if now < self._looks_until_s:  # NetworkManager is looking
            return
        waited = self.view.asked or self.view.doing == "looking" or now - self._alone_since_s >= PATIENCE_S
        if waited and now >= self._host_at_s:
            self._open()

    def _open(self) -> None:
        """Open the own Wi-Fi."""
        if self.view.state.radio:
            self._scan()  # while the radio still can
        self._now(doing="opening")
        card = self._card()
        self._host_at_s = self._clock() + ENDED_S
        self._look_at_s = self._clock() + LOOK_EVERY_S
        try:
            self._network.start_hotspot(card.name, card.password)
        except NetworkError as error:
            self._said.warn(f"network: {error}")
            self._now(problem=str(error))
        else:
            log.info("the own Wi-Fi %s is open", card.name)
            self._now(problem="")
        self._now(doing="")
        self._look()

    def _join(self, ssid: str, password: str) -> None:
        self._now(doing="joining", target=ssid, failed="", why="")
        try:
            self._network.join(ssid, password)
        except (NetworkError, ValueError) as error:
            log.warning("network: %s was not joined: %s", ssid, error)
            why = error.reason if isinstance(error, JoinError) else "refused"
            self._now(doing="", target="", failed=ssid, why=why)
            if not self._look().reachable:
                self._open()
            return
        log.info("joined %s", ssid)
        self._now(doing="", target="", asked=False)
        self._look()

    def _forget_all(self) -> None:
        for ssid in self._saved():
            self._try(lambda ssid=ssid: self._network.forget(ssid))  # type: ignore[misc]
        self._now(failed="", why="")

    def _host_as_asked(self, on: bool) -> None:
        self._now(asked=on)
        if on and not self._look().hotspot:
            self._open()
        elif not on:
            self._try(self._network.stop_hotspot)
            self._alone_since_s = self._clock()

    def _scan(self) -> None:
        now = self._clock()
        if now - self._scanned_s < RESCAN_S:
            return
        self._scanned_s = now
        try:
            near = tuple(each for each in self._network.scan() if each.ssid != self._card().name)
        except NetworkError as error:
            log.info("network: %s", error)
            return
        if near or not self.view.near:  # a radio that has just changed its mind sees nothing for a moment
            self._now(near=near, near_s=self._clock())

    def _tell_country(self, state: NetworkState) -> None:
        """What somebody has said is told to the radio, again after each start: it forgets."""
        wanted = self._country()
        if state.radio and wanted and wanted != self._told_country:
            self._try(lambda: self._network.set_country(wanted))
            self._told_country = wanted
            self._facts_at_s = 0.0

    # --- looking ---

    def _look(self) -> NetworkState:
        state = self._network.state()
        doing = "" if self.view.doing == "looking" and state.reachable else self.view.doing
        self._now(state=state, doing=doing)
        if self._clock() >= self._facts_at_s and not state.why_not:
            self._facts_at_s = self._clock() + FACTS_S
            self._now(saved=self._saved(), country=self._in_force(state))
        return state

    def _saved(self) -> tuple[str, ...]:
        try:
            return tuple(self._network.saved())
        except NetworkError:
            return self.view.saved

    def _in_force(self, state: NetworkState) -> str:
        try:
            return self._network.country() if state.radio else ""
        except NetworkError:
            return ""

    def _now(self, **changes: object) -> None:
        with self._lock:
            before, self.view = self.view, replace(self.view, **changes)  # type: ignore[arg-type]
        if self.view != before:
            self._on_change()

    def _try(self, do: Callable[[], None]) -> None:
        try:
            do()
        except NetworkError as error:
            self._said.warn(f"network: {error}")

    def _wish(self, wish: Callable[[], None]) -> None:
        with self._lock:
            self._wishes = [*self._wishes[-7:], wish]
        self._wished.set()

    def _next_wish(self) -> Callable[[], None] | None:
        with self._lock:
            return self._wishes.pop(0) if self._wishes else None
