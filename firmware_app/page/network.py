"""RealNetwork: the networks, over BoxNetwork."""

import time

from firmware_app.network.box import BoxNetwork
from firmware_app.network.reach import Reach, ReachView
from firmware_app.page.address import qr_rows
from hw.network.countries import countries
from hw.network.network import NetworkValueError, check_password, check_ssid
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.network import CardView, NearView, NetworksView, OwnWifiView


class RealNetwork:
    """Implements NetworkPort. Any thread."""

    def __init__(self, network: BoxNetwork) -> None:
        self._network = network

    @property
    def host(self) -> str:
        return self._network.host

    def view(self) -> NetworksView:
        network = self._network
        now = network.reach.view if network.reach is not None else ReachView()
        state = now.state
        return NetworksView(
            why_not=network.why_not or state.why_not,
            radio=state.radio,
            wired=bool(state.wired),
            wifi=state.wifi,
            host=f"{network.host}.local",
            saved=now.saved,
            doing=now.doing,
            target=now.target,
            failed=now.failed,
            why=now.why,
            own=OwnWifiView(network.name, bool(state.hotspot), now.asked, state.guests, now.problem),
            near=tuple(NearView(each.ssid, each.strength, each.locked, each.why_not) for each in now.near),
            near_age_s=round(time.monotonic() - now.near_s) if now.near_s >= 0 else None,
            country=network.country,
            country_in_force=now.country,
            countries=countries(),
        )

    def look_around(self) -> None:
        self._reach().look_around()

    def join(self, ssid: str, password: str) -> None:
        try:
            check_ssid(ssid)
            check_password(password)
        except NetworkValueError as error:
            raise ControlRefused(str(error)) from None
        self._reach().join(ssid, password)

    def forget(self, ssid: str) -> None:
        reach = self._reach()
        if ssid not in reach.view.saved:
            raise NotThere(f"{ssid[:40]!r} is not saved; saved: {', '.join(reach.view.saved) or 'none'}")
        reach.forget(ssid)

    def open_own(self, on: bool) -> None:
        self._reach().host(on)

    def set_country(self, country: str) -> None:
        try:
            self._network.store.set_country(country)
        except NetworkValueError as error:
            raise ControlRefused(str(error)) from None
        if self._network.reach is not None:
            self._network.reach.wake()

    def card(self) -> CardView:
        card = self._network.card()
        return CardView(card.name, card.password, qr_rows(card.code))

    def _reach(self) -> Reach:
        """Raises ControlRefused where nothing can be set."""
        reach, why_not = self._network.reach, self.view().why_not
        if reach is None or why_not:
            raise ControlRefused(why_not)
        return reach
