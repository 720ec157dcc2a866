"""FakeNetwork: the networks of a box that is not there. A join is done at once."""

import re
from dataclasses import replace

from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.network import CardView, NearView, NetworksView, OwnWifiView

PASSWORDS = {"Studio": "correct horse", "Café": ""}
OWN = OwnWifiView("Hushbox-7KQ2", True, False, 1)
START = NetworksView(
    why_not="", radio=True, wired=False, wifi="", host="hushbox-7kq2.local", saved=(), doing="", target="", failed="",
    why="", own=OWN,
    near=(NearView("Studio", 80, True), NearView("Café", 40, False), NearView("Office", 30, True, "enterprise")),
    near_age_s=40.0, country="", country_in_force="00",
    countries=("AT", "CH", "DE", "FR", "GB", "JP", "US"),
)  # fmt: skip


class FakeNetwork:
    """A NetworkPort in memory. now: what `view` answers; a test may change it."""

    def __init__(self) -> None:
        self.now = START

    @property
    def host(self) -> str:
        return self.now.host.removesuffix(".local")

    def view(self) -> NetworksView:
        return self.now

    def look_around(self) -> None:
        self._check()

    def join(self, ssid: str, password: str) -> None:
        self._check()
        if not 1 <= len(ssid.encode()) <= 32:
            raise ControlRefused(f"name of the Wi-Fi = {ssid[:40]!r}: 1 to 32 bytes of printable text are allowed")
        if password and not (8 <= len(password) <= 63 and password.isascii()):
            raise ControlRefused("the password of a Wi-Fi has 8 to 63 characters: letters, digits and signs")
        wanted = PASSWORDS.get(ssid)
        if wanted is None or wanted != password:
            why = "range" if wanted is None else "password"
            self.now = replace(self.now, failed=ssid, why=why, wifi="", own=replace(OWN, on=True))
            return
        saved = tuple(dict.fromkeys((*self.now.saved, ssid)))
        self.now = replace(self.now, wifi=ssid, saved=saved, failed="", why="", own=replace(OWN, on=False, guests=None))

    def forget(self, ssid: str) -> None:
        self._check()
        if ssid not in self.now.saved:
            raise NotThere(f"{ssid[:40]!r} is not saved; saved: {', '.join(self.now.saved) or 'none'}")
        rest = tuple(name for name in self.now.saved if name != ssid)
        self.now = replace(self.now, saved=rest, wifi="" if self.now.wifi == ssid else self.now.wifi)

    def open_own(self, on: bool) -> None:
        self._check()
        self.now = replace(self.now, own=replace(OWN, on=on, asked=on, guests=0 if on else None), wifi="")

    def set_country(self, country: str) -> None:
        if not re.fullmatch("[A-Z]{2}|00", country):
            raise ControlRefused(f'country = {country[:10]!r}: two capital letters (ISO 3166) or "00" are allowed')
        if country not in (*self.now.countries, "00"):
            raise ControlRefused(f"country = {country!r}: no country has this code (ISO 3166)")
        self.now = replace(self.now, country=country, country_in_force=country)

    def card(self) -> CardView:
        return CardView(self.now.own.name, "bcdfghjkmnpqrs", ("10" * 11, "01" * 11) * 11)

    def _check(self) -> None:
        if self.now.why_not:
            raise ControlRefused(self.now.why_not)
