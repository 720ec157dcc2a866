"""NetworkManager's connection profiles for a Wi-Fi to join and for the own one, and what an access point asks for.

The keys are those of NetworkManager's D-Bus reference, "Connection settings" (nm-settings-dbus); the flags those of
its NM80211ApSecurityFlags.
"""

from typing import Any

from hw.network.network import HOTSPOT_ADDRESS

Profile = dict[str, dict[str, tuple[str, Any]]]
"""What D-Bus calls a{sa{sv}}: each value with its signature."""

WIFI = "802-11-wireless"
SECURITY = "802-11-wireless-security"
HOTSPOT_SUFFIX = " (own Wi-Fi)"  # of the profile's name, after the Wi-Fi's
_PRIVACY = 0x1  # NM80211ApFlags
_PSK, _802_1X, _SAE, _OWE, _OWE_TRANSITION, _SUITE_B = 0x100, 0x200, 0x400, 0x800, 0x1000, 0x2000
PMF_OPTIONAL = 2


def key_management(flags: int, wpa: int, rsn: int) -> str:
    """NetworkManager's key-mgmt for an access point with these flags.

    "" for an open one, "wep" and "wpa-eap" for those that the box does not join. An access point that takes WPA2 and
    WPA3 is joined by "wpa-psk", with which wpa_supplicant takes WPA3 where the radio can.
    """
    either = wpa | rsn
    if either & _PSK:
        return "wpa-psk"
    if either & _SAE:
        return "sae"
    if either & (_802_1X | _SUITE_B):
        return "wpa-eap"
    if either & _OWE:
        return "owe"
    return "wep" if flags & _PRIVACY and not either else ""


def to_join(ssid: str, password: str, management: str, interface: str, *, hidden: bool) -> Profile:
    """The profile of a Wi-Fi to join. management: key_management's, "wpa-psk" for one that is not seen."""
    profile: Profile = {
        "connection": {
            "id": ("s", ssid),
            "type": ("s", WIFI),
            "interface-name": ("s", interface),
            "autoconnect": ("b", True),
            # 0 is "for ever". By itself NetworkManager gives up after four tries, and the router may be off for a week.
            "autoconnect-retries": ("i", 0),
        },
        WIFI: {"ssid": ("ay", ssid.encode()), "mode": ("s", "infrastructure"), "hidden": ("b", hidden)},
        "ipv4": {"method": ("s", "auto"), "may-fail": ("b", True)},
        "ipv6": {"method": ("s", "auto"), "may-fail": ("b", True)},
    }
    if management:
        profile[SECURITY] = {"key-mgmt": ("s", management)}
    if password:
        profile[SECURITY]["psk"] = ("s", password)
    return profile


def to_host(ssid: str, password: str, interface: str) -> Profile:
    """The profile of the own Wi-Fi: WPA2 with AES, at 2.4 GHz, where every country allows channels 1 to 11.

    "shared" has NetworkManager give out addresses by dnsmasq, which reads /etc/NetworkManager/dnsmasq-shared.d.
    IPv6 is off: a phone must not think that there is a way out.
    """
    return {
        "connection": {
            "id": ("s", ssid + HOTSPOT_SUFFIX),
            "type": ("s", WIFI),
            "interface-name": ("s", interface),
            "autoconnect": ("b", False),
        },
        WIFI: {"ssid": ("ay", ssid.encode()), "mode": ("s", "ap"), "band": ("s", "bg")},
        SECURITY: {
            "key-mgmt": ("s", "wpa-psk"),
            "proto": ("as", ["rsn"]),
            "pairwise": ("as", ["ccmp"]),
            "group": ("as", ["ccmp"]),
            "pmf": ("i", PMF_OPTIONAL),
            "psk": ("s", password),
        },
        "ipv4": {
            "method": ("s", "shared"),
            "address-data": ("aa{sv}", [{"address": ("s", HOTSPOT_ADDRESS), "prefix": ("u", 24)}]),
        },
        "ipv6": {"method": ("s", "disabled")},
    }
