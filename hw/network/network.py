"""Network: what the box asks of its networks. Real over NetworkManager (manager.py), and a fake (fake.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hw.errors import HwError

HOTSPOT_ADDRESS = "10.42.0.1"
"""The box's address in its own Wi-Fi. systemd/hushbox-captive.socket and hushbox.dnsmasq have the same."""
HOTSPOT_NET = "10.42.0.0/24"
JOIN_S = 45.0  # a join takes at most so long, and then has failed
HOTSPOT_S = 20.0  # until the own Wi-Fi is up, or has failed
SCAN_S = 10.0
LONGEST_SSID_BYTES = 32  # IEEE 802.11
PASSWORD = (8, 63)  # characters of a WPA passphrase, IEEE 802.11
WORLD = "00"  # the regulatory domain that is allowed everywhere: channels 1 to 11, nothing is sent at 5 GHz

WHY_NOT_JOINED = ("password", "range", "address", "refused", "time")


class NetworkError(HwError, OSError):
    """Something that the networks do not do now; the message says why."""


class NoNetworkManager(NetworkError):
    """Nothing can be set: NetworkManager does not answer."""


class JoinError(NetworkError):
    """A Wi-Fi that was not joined. reason: one of WHY_NOT_JOINED."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NetworkValueError(HwError, ValueError):
    """A name, password or country that cannot be one."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A Wi-Fi in reach. strength: 0…100. why_not: why the box cannot join it ("enterprise", "wep"), else ""."""

    ssid: str
    strength: int
    locked: bool  # it asks for a password
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class NetworkState:
    """How the box is connected now."""

    why_not: str = ""  # why nothing can be set here, in words; then the rest says nothing
    radio: bool = False  # there is a Wi-Fi interface for the box, on or off
    wired: tuple[str, ...] = ()  # addresses of Ethernet, without link-local ones
    wifi: str = ""  # the name of the Wi-Fi that is joined; "" without an address in it
    wifi_addresses: tuple[str, ...] = ()
    hotspot: str = ""  # the name of the own Wi-Fi while it is up
    guests: int | None = None  # phones in the own Wi-Fi; None: this machine cannot tell
    interfaces: tuple[tuple[str, str], ...] = ()  # every address with its interface: ("wlan0", "10.42.0.1")

    @property
    def reachable(self) -> bool:
        """Whether a phone can reach the box at all."""
        return bool(self.wired or self.wifi or self.hotspot)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address of the box, the surest first."""
        return (*self.wired, *self.wifi_addresses, *((HOTSPOT_ADDRESS,) if self.hotspot else ()))


class Network(Protocol):
    """The machine's networks. One thread at a time; never the audio process. A call may take as long as it says.

    Every method may raise NetworkError; state() raises nothing.
    """

    def state(self) -> NetworkState: ...

    def scan(self) -> Sequence[Seen]:
        """The Wi-Fis in reach, the strongest first, each name once; up to SCAN_S.

        Many radios cannot look while they host: NetworkError then. A name that is no printable UTF-8 is left out.
        """
        ...

    def saved(self) -> Sequence[str]:
        """The names of the Wi-Fis that the machine joins by itself."""
        ...

    def join(self, ssid: str, password: str) -> None:
        """Join a Wi-Fi and remember it; up to JOIN_S. The own Wi-Fi ends, for there is one radio.

        password: "" for an open one, or for one that is saved. Raises JoinError; then nothing new is remembered, and
        the own Wi-Fi stays off.
        """
        ...

    def forget(self, ssid: str) -> None:
        """Forget a saved Wi-Fi, and leave it. Nothing when it is not saved."""
        ...

    def start_hotspot(self, ssid: str, password: str) -> None:
        """Open the own Wi-Fi; up to HOTSPOT_S. What was joined is left."""
        ...

    def stop_hotspot(self) -> None:
        """Close the own Wi-Fi. The machine then joins a saved one by itself, if one is in reach."""
        ...

    def country(self) -> str:
        """The regulatory domain in force: two letters, or WORLD. "" when it cannot be told."""
        ...

    def set_country(self, country: str) -> None: ...

    def wait_for_change(self, timeout_s: float) -> bool:
        """Wait until something may have changed. False after timeout_s."""
        ...


def check_ssid(ssid: str) -> None:
    """Raises NetworkValueError when this cannot be the name of a Wi-Fi."""
    length = len(ssid.encode(errors="replace"))
    if not 1 <= length <= LONGEST_SSID_BYTES or not ssid.isprintable():
        raise NetworkValueError(
            f"name of the Wi-Fi = {ssid[:40]!r}: 1 to {LONGEST_SSID_BYTES} bytes of printable text are allowed"
        )


def check_password(password: str) -> None:
    """Raises NetworkValueError when this cannot be the password of a Wi-Fi. The message does not have it."""
    fits = PASSWORD[0] <= len(password) <= PASSWORD[1] and password.isascii() and password.isprintable()
    if password and not fits:
        raise NetworkValueError(
            f"the password of a Wi-Fi has {PASSWORD[0]} to {PASSWORD[1]} characters: letters, digits and signs; "
            f"this has {len(password)}"
            if password.isascii()
            else f"the password of a Wi-Fi has {PASSWORD[0]} to {PASSWORD[1]} characters: letters, digits and signs; "
            f"this has {len(password)}, some of them others"
        )


def check_country(country: str) -> None:
    """Raises NetworkValueError."""
    if country != WORLD and not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
        raise NetworkValueError(f'country = {country[:10]!r}: two capital letters (ISO 3166) or "{WORLD}" are allowed')
