"""Air: Wi-Fi without hardware in the test machine (the kernel's mac80211_hwsim): the box's radio, a studio, a phone.

The studio (hostapd, dnsmasq) and the phone (wpa_supplicant, a DHCP client) are in networks of their own, so that all
they share with the box is the air.
"""

import base64
import json
from pathlib import Path
from typing import Any

from tests.rigs.vm.machine import Machine

STUDIO, PASSWORD = "Studio", "correct horse"
STUDIO_ADDRESS = "198.51.100.1"
_FAR = f"""
set -e
modprobe mac80211_hwsim radios=3
until [ -e /sys/class/net/wlan2 ]; do sleep 0.2; done
for far in studio:wlan1 phone:wlan2; do
    ip netns add ${{far%:*}}
    iw phy "$(cat /sys/class/net/${{far#*:}}/phy80211/name)" set netns name ${{far%:*}}
    ip netns exec ${{far%:*}} ip link set lo up
done
printf '%s\\n' interface=wlan1 ssid={STUDIO} hw_mode=g channel=6 wpa=2 wpa_key_mgmt=WPA-PSK \
    'wpa_passphrase={PASSWORD}' rsn_pairwise=CCMP >/tmp/hostapd.conf
printf '%s\\n' port=0 interface=wlan1 dhcp-range=198.51.100.50,198.51.100.99,1h dhcp-leasefile=/tmp/leases \
    pid-file=/tmp/studio.pid >/tmp/studio.conf
"""
_ON = f"""
ip netns exec studio ip addr replace {STUDIO_ADDRESS}/24 dev wlan1
ip netns exec studio hostapd -B -P /tmp/hostapd.pid /tmp/hostapd.conf
ip netns exec studio dnsmasq -C /tmp/studio.conf
"""
_OFF = "kill $(cat /tmp/hostapd.pid /tmp/studio.pid)"
_JOIN = """
pkill -F /tmp/phone.pid || true
ip netns exec phone ip addr flush dev wlan2
printf '%s\\n' 'network={' 'ssid="{name}"' 'psk="{password}"' 'key_mgmt=WPA-PSK WPA-PSK-SHA256 SAE' ieee80211w=1 '}' \
    >/tmp/phone.conf
ip netns exec phone wpa_supplicant -B -P /tmp/phone.pid -i wlan2 -c /tmp/phone.conf
"""


class Air:
    """One per test machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        phone = (Path(__file__).parent / "air_phone.py").read_bytes()
        machine.run(f"echo {base64.b64encode(phone).decode()} | base64 -d >/usr/local/sbin/air-phone")
        machine.run(_FAR, 120)

    def studio(self, on: bool) -> None:
        """The studio's access point, on or off."""
        self._machine.run(_ON if on else _OFF, 60)

    def phone_joins(self, name: str, password: str) -> dict[str, Any]:
        """The phone joins a Wi-Fi, and asks for an address. What it got: address, router, dns, portal (option 114)."""
        self._machine.run(_JOIN.replace("{name}", name).replace("{password}", password), 60)
        self._machine.wait("ip netns exec phone iw dev wlan2 link | grep -q Connected", 60)
        return dict(self._phone("address"))

    def phone_asks(self, host: str, path: str = "/", port: int = 80) -> dict[str, Any]:
        """What the phone gets for http://host:port/path: status, location, text. It asks its DNS for the address."""
        return dict(self._phone("fetch", host, path, str(port)))

    def studio_finds(self, host: str) -> list[str]:
        """The addresses that somebody in the studio's Wi-Fi gets for a name in .local."""
        asked = f"ip netns exec studio python3 /usr/local/sbin/air-phone name {host} {STUDIO_ADDRESS} 60"
        return list(json.loads(self._machine.run(asked, 120)))

    def what_is_offered(self, name: str) -> str:
        """What the phone sees of a Wi-Fi's security, as iw prints it."""
        self._machine.run("ip netns exec phone ip link set wlan2 up")
        return self._machine.wait(f"ip netns exec phone iw dev wlan2 scan | grep -A40 'SSID: {name}' | "
                                  "grep -m1 'Authentication suites'", 60)  # fmt: skip

    def _phone(self, *words: str) -> Any:
        said = " ".join(f"'{word}'" for word in words)
        return json.loads(self._machine.run(f"ip netns exec phone python3 /usr/local/sbin/air-phone {said}", 60))
