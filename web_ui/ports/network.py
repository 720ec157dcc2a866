"""NetworkPort: how the box is in reach: Ethernet, the Wi-Fi that it has joined, and its own Wi-Fi."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NearView:
    """A Wi-Fi in reach. strength: 0…100. why_not: why it cannot be joined: "enterprise", "wep", else ""."""

    ssid: str
    strength: int
    locked: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class OwnWifiView:
    """The box's own Wi-Fi. guests: phones in it, None: unknown. problem: why it does not open, in words."""

    name: str
    on: bool
    asked: bool  # somebody asked for it, so it stays; else it gives way to a Wi-Fi that is known
    guests: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class NetworksView:
    """All that Set up shows of the networks. No password is in it.

    why_not: why nothing can be set here, in words; "" when it can. doing: "", "joining", "opening" or "looking".
    why: why `failed` was not joined: "password", "range", "address", "refused" or "time".
    near: those in reach, the strongest first; near_age_s: how long ago they were seen, None for never.
    """

    why_not: str
    radio: bool  # there is a Wi-Fi interface
    wired: bool  # Ethernet, with an address
    wifi: str  # the Wi-Fi that is joined
    host: str  # the name that answers in the network: "hushbox-7kq2.local"
    saved: tuple[str, ...]
    doing: str
    target: str  # the Wi-Fi that is being joined
    failed: str  # the Wi-Fi that could not be joined last
    why: str
    own: OwnWifiView
    near: tuple[NearView, ...]
    near_age_s: float | None
    country: str  # what somebody has said; "" for nothing
    country_in_force: str  # "00": what is allowed everywhere; "": unknown
    countries: tuple[str, ...] = ()  # those that can be said beside "00": ISO 3166


@dataclass(frozen=True, slots=True)
class CardView:
    """What lets a phone into the own Wi-Fi. qr: rows of its code, "1" is dark."""

    name: str
    password: str
    qr: tuple[str, ...]


class NetworkPort(Protocol):
    """The networks. What changes something is done a moment later, and `view` tells what came of it."""

    @property
    def host(self) -> str:
        """The box's name in the network, without ".local"."""
        ...

    def view(self) -> NetworksView: ...

    def look_around(self) -> None:
        """Look for Wi-Fis in reach; bounded by the box, however often it is asked. Raises ControlRefused."""
        ...

    def join(self, ssid: str, password: str) -> None:
        """Join a Wi-Fi; what fails falls back to the own one. password: "" for an open or a saved one.

        Raises ControlRefused.
        """
        ...

    def forget(self, ssid: str) -> None:
        """Raises NotThere, ControlRefused."""
        ...

    def open_own(self, on: bool) -> None:
        """Open the own Wi-Fi, and let it stay; or close it. Raises ControlRefused."""
        ...

    def set_country(self, country: str) -> None:
        """Where the box is: one of the view's countries, or "00". Raises ControlRefused."""
        ...

    def card(self) -> CardView: ...
