"""A Wi-Fi that wpa_supplicant has lost is not joined, though NetworkManager has missed it and says so."""

from collections.abc import Mapping
from typing import Any

import pytest
from jeepney import DBusAddress

from hw.network.bus import BusError, SystemBus
from hw.network.manager import NetworkManagerNetwork
from hw.network.objects import ACTIVATED, NM, WIFI

ADDRESS = "198.51.100.62"


def tree() -> Mapping[str, Mapping[str, Mapping[str, tuple[str, Any]]]]:
    """NetworkManager with one radio that it says is in Studio."""
    device = {"DeviceType": ("u", WIFI), "State": ("u", ACTIVATED), "Interface": ("s", "wlan0"),
              "Ip4Config": ("o", "/ip"), "ActiveConnection": ("o", "/active")}  # fmt: skip
    return {
        "/radio": {f"{NM}.Device": device, f"{NM}.Device.Wireless": {"Mode": ("u", 2)}},
        "/ip": {f"{NM}.IP4Config": {"AddressData": ("aa{sv}", [{"address": ("s", ADDRESS)}])}},
        "/active": {f"{NM}.Connection.Active": {"Id": ("s", "Studio")}},
    }


class Bus(SystemBus):
    """Answers as the two do. state: wpa_supplicant's; "" where it does not answer."""

    def __init__(self, state: str) -> None:
        super().__init__("unix:path=/nowhere")
        self._state = state

    def call(
        self, address: DBusAddress, method: str, signature: str = "", *values: Any, timeout_s: float = 0.0
    ) -> tuple[Any, ...]:
        return (tree(),) if method == "GetManagedObjects" else ("/fi/w1/wpa_supplicant1/Interfaces/0",)

    def get(self, address: DBusAddress, name: str) -> Any:
        if name != "State" or not self._state:
            raise BusError("", "no such thing")
        return self._state


@pytest.mark.parametrize(
    ("state", "joined"),
    [
        ("completed", True), ("group_handshake", True), ("4way_handshake", True), ("", True),
        ("scanning", False), ("disconnected", False), ("inactive", False), ("associating", False),
    ],
)  # fmt: skip
def test_who_has_lost_it_is_asked(state: str, joined: bool) -> None:
    now = NetworkManagerNetwork(Bus(state)).state()
    assert (now.wifi, now.wifi_addresses) == (("Studio", (ADDRESS,)) if joined else ("", ()))
    assert now.reachable == joined
    assert now.radio


def test_a_bus_that_is_gone_is_said_once() -> None:
    with pytest.raises(BusError) as caught:
        SystemBus("unix:path=/nowhere").call(DBusAddress("/", NM, NM), "Anything")
    assert str(caught.value).count("the system bus is not there") == 1
