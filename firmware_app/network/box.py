"""BoxNetwork: the box's networks as the control process has them: what is kept, Reach and the name, on one thread.

It is D-Bus work, so it has a thread of its own in control, and the audio process never loads it.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from firmware_app.kept.network import NetworkStore
from firmware_app.network import card as cards
from firmware_app.network.card import Card
from firmware_app.network.reach import Reach
from firmware_app.said_once import SaidOnce
from hw.network.names import NetworkName
from hw.network.network import Network, NetworkError, NetworkState

log = logging.getLogger(__name__)

SWITCHED_OFF = "the settings file says [network] manage = false, so this machine's own settings hold"
NO_BOX = "Hushbox runs as a program on this computer, not as a box of its own, so the computer's own settings hold"
_END_S = 0.5
_TELL_AGAIN_S = 60.0


class BoxNetwork:
    """One per control process. start and stop: by its owner; everything else by any thread, at once."""

    def __init__(self, folder: Path, country: str = "") -> None:
        """folder: the state folder. country: the settings file's, "" for none; what the page has said comes first."""
        self._folder = folder
        self._file_country = country
        self.store = NetworkStore(folder)
        self.reach: Reach | None = None
        self.why_not = NO_BOX  # until `start`
        self.on_change: Callable[[], None] = lambda: None
        self.on_addresses: Callable[[], None] = lambda: None  # they are others now; on the network's thread
        self._told: tuple[tuple[str, str], ...] = ()
        self._tell_at_s = 0.0
        self._said = SaidOnce(log)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.id = self._make_id()

    @property
    def country(self) -> str:
        """What somebody has said, "" for nothing."""
        return self.store.now.country or self._file_country

    @property
    def name(self) -> str:
        """Of the own Wi-Fi: "Hushbox-7KQ2"."""
        return f"Hushbox-{self.id}"

    @property
    def host(self) -> str:
        """The name that answers in the network, without ".local": the box's own, else the machine's."""
        return f"hushbox-{self.id.lower()}" if self.reach is not None else socket.gethostname().partition(".")[0]

    def card(self) -> Card:
        """The own Wi-Fi's. Its password is made, and kept, when it is asked for the first time."""
        if not self.store.now.password:
            self.store.change(lambda notes: replace(notes, password=cards.new_password()))
        return Card(self.name, self.store.now.password)

    def start(self, network: Network, port: int, name: NetworkName | None = None) -> None:
        """See to these networks from now on. port: the page's, which is told beside the name."""
        self.why_not = ""
        self.card().draw(self._folder)
        self.reach = Reach(network, self.card, lambda: self.country, on_change=lambda: self.on_change())
        self._port, self._mdns = port, name or NetworkName()
        self._thread = threading.Thread(target=self._run, args=(self.reach,), name="network", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, unless it is in the middle of a call. May be called without start."""
        self._stopping.set()
        if self.reach is not None and self._thread is not None:
            self.reach.wake()
            self._thread.join(_END_S)

    def forget_all(self) -> None:
        """For "lost everything": the saved Wi-Fis. The own one keeps its password, which is on the printed sheet."""
        if self.reach is not None:
            self.reach.forget_all()

    def toggle_own(self) -> None:
        """The own Wi-Fi on or off, by foot."""
        if self.reach is not None:
            self.reach.toggle()

    def _run(self, reach: Reach) -> None:
        reach.run(self._stopping, self._look_at_addresses)
        self._mdns.close()

    def _look_at_addresses(self, state: NetworkState) -> None:
        """Tell the name with the addresses, whenever they change, and again when it is not answered to any more."""
        now, changed = time.monotonic(), state.interfaces != self._told
        if state.why_not or not (changed or (state.interfaces and now >= self._tell_at_s)):
            return
        self._tell_at_s = now + _TELL_AGAIN_S
        if changed:
            self._told = state.interfaces
            self.on_addresses()
        elif self._mdns.answers():
            return
        try:
            self._mdns.publish(self.host, self.name, self._port, state.interfaces)
        except NetworkError as error:
            self._said.warn(f"network: {error}")

    def _make_id(self) -> str:
        found = cards.box_id() or self.store.now.id
        if not found:
            found = cards.random_id()
            self.store.change(lambda notes: replace(notes, id=found))
        return found
