"""What only wpa_supplicant knows or does: the regulatory domain, the phones in the own Wi-Fi, and a Wi-Fi that is lost.

NetworkManager has no word for the first two. The third it misses when wpa_supplicant goes from joined to scanning so
quickly that it tells of both at once, as on a busy board: it then says "connected" for good (seen with 1.42).
Setting the domain through the kernel takes root; wpa_supplicant, which runs as root, does it for whom the bus lets near
it. Its D-Bus policy on the installed box (systemd/hushbox.dbus) lets the box's user read and write properties, and
nothing else.
"""

from jeepney import DBusAddress

from hw.network.bus import BusError, SystemBus
from hw.network.network import WORLD, NetworkError

_NAME = "fi.w1.wpa_supplicant1"
_ROOT = DBusAddress("/fi/w1/wpa_supplicant1", _NAME, _NAME)

_JOINED = ("completed", "4way_handshake", "group_handshake")  # the last two while keys are renewed


class Supplicant:
    """wpa_supplicant on the system bus, for one Wi-Fi interface."""

    def __init__(self, bus: SystemBus) -> None:
        self._bus = bus

    def country(self, interface: str) -> str:
        """Two letters, or WORLD; "" when it cannot be told."""
        try:
            found = str(self._bus.get(self._interface(interface), "Country"))
        except BusError:
            return ""
        return found if found.isalpha() else WORLD

    def set_country(self, interface: str, country: str) -> None:
        """Raises NetworkError."""
        try:
            self._bus.set(self._interface(interface), "Country", "s", country)
        except BusError as error:
            raise NetworkError(f"the country could not be set to {country}: {error}") from None

    def guests(self, interface: str) -> int | None:
        """How many phones are in the Wi-Fi that this interface hosts; None when it cannot be told."""
        try:
            return len(self._bus.get(self._interface(interface), "Stations"))
        except BusError:
            return None

    def is_joined(self, interface: str) -> bool:
        """Whether this interface is in a Wi-Fi. True when it cannot be told."""
        try:
            return str(self._bus.get(self._interface(interface), "State")) in _JOINED
        except BusError:
            return True

    def _interface(self, name: str) -> DBusAddress:
        path = str(self._bus.call(_ROOT, "GetInterface", "s", name)[0])
        return DBusAddress(path, _NAME, f"{_NAME}.Interface")
