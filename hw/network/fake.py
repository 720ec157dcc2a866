"""FakeNetwork: networks that are not there, on a clock that a test turns. For tests and for work on the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hw.network.network import (
    HOTSPOT_ADDRESS,
    HOTSPOT_S,
    JOIN_S,
    SCAN_S,
    WORLD,
    JoinError,
    NetworkError,
    NetworkState,
    Seen,
    check_country,
    check_password,
    check_ssid,
)

JOINED_S = 4.0  # what a join takes that works; hosting takes half of it
AUTO_S = 6.0  # until the machine has joined a saved Wi-Fi that has come into reach


@dataclass
class FakeWifi:
    """A Wi-Fi in the air. answers: it gives out an address."""

    password: str = ""
    strength: int = 70
    answers: bool = True


@dataclass
class FakeNetwork:
    """Implements Network. A test changes the fields as the world changes, and calls `pass_s` as time passes."""

    air: dict[str, FakeWifi] = field(default_factory=dict)
    radio: bool = True
    manager: bool = True  # NetworkManager answers
    cable: bool = False  # plugged in, and there is an address
    hosts: bool = True  # the radio can host
    scans_while_hosting: bool = False
    guests: int = 0
    sleep: Callable[[float], None] = lambda seconds: None  # how time passes while a call takes long
    known: dict[str, str] = field(default_factory=dict)
    domain: str = WORLD
    joined: str = ""
    hotspot: str = ""
    _auto_s: float = 0.0  # for how long a saved Wi-Fi has been in reach of an idle radio

    def pass_s(self, seconds: float) -> None:
        """What the machine does by itself in this time: it loses what is gone, and joins what it knows."""
        if self.joined and not self._lets_in(self.joined, self.known.get(self.joined, "")):
            self.joined = ""
        if not self.radio:
            self.joined = self.hotspot = ""
        ready = next((ssid for ssid, password in self.known.items() if self._lets_in(ssid, password)), "")
        idle = self.manager and self.radio and not self.joined and not self.hotspot
        self._auto_s = self._auto_s + seconds if idle and ready else 0.0
        if self._auto_s >= AUTO_S:
            self.joined, self._auto_s = ready, 0.0

    def state(self) -> NetworkState:
        self.pass_s(0.0)
        if not self.manager:
            return NetworkState(why_not="NetworkManager does not answer: it is not there")
        interfaces = [("eth0", "192.0.2.7")] * self.cable + [("wlan0", "198.51.100.7")] * bool(self.joined)
        return NetworkState(
            interfaces=(*interfaces, *[("wlan0", HOTSPOT_ADDRESS)] * bool(self.hotspot)),
            radio=self.radio,
            wired=("192.0.2.7",) if self.cable else (),
            wifi=self.joined,
            wifi_addresses=("198.51.100.7",) if self.joined else (),
            hotspot=self.hotspot,
            guests=self.guests if self.hotspot else None,
        )

    def scan(self) -> Sequence[Seen]:
        self._need_radio()
        if self.hotspot and not self.scans_while_hosting:
            raise NetworkError("the Wi-Fis in reach cannot be listed now: the radio hosts")
        self._take(SCAN_S / 4)
        found = [Seen(ssid, wifi.strength, bool(wifi.password)) for ssid, wifi in self.air.items()]
        return sorted(found, key=lambda each: (-each.strength, each.ssid))

    def saved(self) -> Sequence[str]:
        self._need_manager()
        return list(self.known)

    def join(self, ssid: str, password: str) -> None:
        check_ssid(ssid)
        check_password(password)
        self._need_radio()
        self.hotspot = self.joined = ""
        password = password or self.known.get(ssid, "")
        wifi = self.air.get(ssid)
        if wifi is None:
            self._take(JOIN_S)
            raise JoinError("range", "it is not in reach")
        self._take(JOINED_S)
        if wifi.password != password:
            raise JoinError("password", "the password is wrong, or it does not let the box in")
        if not wifi.answers:
            self._take(JOIN_S - JOINED_S)
            raise JoinError("address", "it gave the box no address")
        self._need_radio()
        self.known[ssid], self.joined = password, ssid

    def forget(self, ssid: str) -> None:
        self._need_manager()
        self.known.pop(ssid, None)
        if self.joined == ssid:
            self.joined = ""

    def start_hotspot(self, ssid: str, password: str) -> None:
        check_ssid(ssid)
        check_password(password)
        self._need_radio()
        self.joined = ""
        self._take(JOINED_S / 2 if self.hosts else HOTSPOT_S)
        self._need_radio()
        if not self.hosts:
            raise NetworkError("the own Wi-Fi could not be opened: the radio cannot host")
        self.hotspot, self.joined = ssid, ""

    def stop_hotspot(self) -> None:
        self._need_manager()
        self.hotspot = ""

    def country(self) -> str:
        self._need_manager()
        return self.domain

    def set_country(self, country: str) -> None:
        check_country(country)
        self._need_radio()
        self.domain = country

    def wait_for_change(self, timeout_s: float) -> bool:
        self._take(timeout_s)
        return False

    def _take(self, seconds: float) -> None:
        self.sleep(seconds)
        self.pass_s(seconds)

    def _lets_in(self, ssid: str, password: str) -> bool:
        wifi = self.air.get(ssid)
        return wifi is not None and wifi.answers and wifi.password == password

    def _need_manager(self) -> None:
        if not self.manager:
            raise NetworkError("NetworkManager does not answer: it is not there")

    def _need_radio(self) -> None:
        self._need_manager()
        if not self.radio:
            raise NetworkError("there is no Wi-Fi here that NetworkManager manages")
