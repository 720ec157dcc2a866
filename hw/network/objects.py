"""Objects: NetworkManager's devices, access points and addresses at one moment, from one call to it.

The numbers are those of its D-Bus reference (NMDeviceType, NMDeviceState, NM80211Mode).
"""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from hw.network.network import NetworkState, Seen
from hw.network.profiles import HOTSPOT_SUFFIX, key_management

NM = "org.freedesktop.NetworkManager"
WIFI = 2  # NMDeviceType
WIRED = (1, 20)  # Ethernet, and a container's
UNMANAGED, UNAVAILABLE, ACTIVATED, FAILED = 10, 20, 100, 120  # NMDeviceState
HOSTING = 3  # NM80211Mode
NO_PATH = "/"
_WHY_NOT = {"wpa-eap": "enterprise", "wep": "wep"}

Tree = Mapping[str, Mapping[str, Mapping[str, tuple[str, Any]]]]
"""What ObjectManager.GetManagedObjects answers with: path: interface: property: (signature, value)."""


class Objects:
    """Looks things up in the tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def get(self, path: str, interface: str, name: str, default: Any = None) -> Any:
        """A property; interface without NetworkManager's own prefix: "Device.Wireless"."""
        return self._tree.get(path, {}).get(f"{NM}.{interface}", {}).get(name, ("", default))[1]

    def devices(self, *kinds: int) -> list[str]:
        """The paths of the devices of these kinds, by the name of their interface."""
        found = [path for path in self._tree if self.get(path, "Device", "DeviceType") in kinds]
        return sorted(found, key=lambda path: str(self.get(path, "Device", "Interface", "")))

    @property
    def radio(self) -> str:
        """The path of the Wi-Fi device that is used: the first one that NetworkManager manages; "" for none."""
        return next((each for each in self.devices(WIFI) if self.device_state(each) > UNMANAGED), "")

    @property
    def radio_interface(self) -> str:
        return str(self.get(self.radio, "Device", "Interface", ""))

    def device_state(self, device: str) -> int:
        return int(self.get(device, "Device", "State", 0))

    def state(self) -> NetworkState:
        """How the box is connected, without the guests."""
        radio = self.radio
        wired = [address for device in self.devices(*WIRED) for address in self.addresses(device)]
        hosts = self.get(radio, "Device.Wireless", "Mode") == HOSTING
        up = self.device_state(radio) == ACTIVATED if radio else False
        addresses = tuple(self.addresses(radio)) if up else ()
        return NetworkState(
            radio=bool(radio),
            wired=tuple(wired),
            wifi=self._joined(radio) if addresses and not hosts else "",
            wifi_addresses=() if hosts else addresses,
            interfaces=tuple(
                (str(self.get(device, "Device", "Interface", "")), address)
                for device in (*self.devices(*WIRED), *([radio] if up else ()))
                for address in self.addresses(device)
            ),
            hotspot=self._profile(radio).removesuffix(HOTSPOT_SUFFIX) if up and hosts else "",
        )

    def addresses(self, device: str) -> Iterator[str]:
        """A device's addresses, IPv4 first, without link-local ones: a phone's browser cannot use those."""
        for kind, config in (("Ip4Config", "IP4Config"), ("Ip6Config", "IP6Config")):
            for entry in self.get(self.get(device, "Device", kind, NO_PATH), config, "AddressData", ()):
                address = str(entry.get("address", ("s", ""))[1])
                if address and not ipaddress.ip_address(address).is_link_local:
                    yield address

    def seen(self) -> list[Seen]:
        """The Wi-Fis in reach, the strongest first, each name once."""
        found: dict[str, Seen] = {}
        for path in self.get(self.radio, "Device.Wireless", "AccessPoints", ()):
            ssid = self.ssid(path)
            strength = int(self.get(path, "AccessPoint", "Strength", 0))
            if ssid and (ssid not in found or found[ssid].strength < strength):
                asks = self.management(path)
                found[ssid] = Seen(ssid, strength, asks not in ("", "owe"), _WHY_NOT.get(asks, ""))
        return sorted(found.values(), key=lambda each: (-each.strength, each.ssid))

    def strongest(self, ssid: str) -> str:
        """The path of the strongest access point of this Wi-Fi; "" when none is in reach."""
        paths = [p for p in self.get(self.radio, "Device.Wireless", "AccessPoints", ()) if self.ssid(p) == ssid]
        return max(paths, key=lambda path: int(self.get(path, "AccessPoint", "Strength", 0)), default="")

    def management(self, path: str) -> str:
        """What an access point asks for, as profiles.key_management says it."""
        return key_management(*(int(self.get(path, "AccessPoint", f"{name}Flags", 0)) for name in ("", "Wpa", "Rsn")))

    def ssid(self, path: str) -> str:
        """An access point's name; "" when it hides it, or it is no printable UTF-8."""
        return ssid_text(self.get(path, "AccessPoint", "Ssid", b""))

    def _joined(self, device: str) -> str:
        path = self.get(device, "Device.Wireless", "ActiveAccessPoint", NO_PATH)
        return self.ssid(path) or self._profile(device)

    def _profile(self, device: str) -> str:
        """The name of the profile in force on a device."""
        path = self.get(device, "Device", "ActiveConnection", NO_PATH)
        return str(self.get(path, "Connection.Active", "Id", ""))


def ssid_text(raw: bytes | list[int]) -> str:
    """A Wi-Fi's name as text; "" for one that is no printable UTF-8."""
    try:
        text = bytes(raw).decode()
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""
