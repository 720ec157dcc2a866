"""NetworkManagerNetwork: the box's networks over NetworkManager's D-Bus interface.

NetworkManager keeps the passwords, in files of root's own, and joins what it knows by itself: the box only tells it
what to add, to forget and to host. What it needs to be allowed stands in systemd/hushbox-network.polkit.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from jeepney import DBusAddress

from hw.network import profiles
from hw.network.bus import BusError, SystemBus
from hw.network.network import (
    HOTSPOT_S,
    JOIN_S,
    SCAN_S,
    JoinError,
    NetworkError,
    NetworkState,
    NoNetworkManager,
    Seen,
    check_country,
    check_password,
    check_ssid,
)
from hw.network.objects import ACTIVATED, FAILED, NM, NO_PATH, UNAVAILABLE, Objects, ssid_text
from hw.network.supplicant import Supplicant

_ROOT = DBusAddress("/org/freedesktop/NetworkManager", NM, NM)
_OBJECTS = DBusAddress("/org/freedesktop", NM, "org.freedesktop.DBus.ObjectManager")
_SETTINGS = DBusAddress("/org/freedesktop/NetworkManager/Settings", NM, f"{NM}.Settings")
_ADD = "AddAndActivateConnection2", "a{sa{sv}}ooa{sv}"
_NOT_THERE = ("", "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner")

# NMDeviceStateReason, as far as it tells a person something.
_WRONG_PASSWORD = (7, 8, 9, 10, 11)  # no secrets; the supplicant was disconnected, failed, or took too long
_NO_ADDRESS = (5, 6, 15, 16, 17, 18, 19, 20)  # the IP configuration; DHCP; a shared address
_OUT_OF_RANGE = (53,)  # SSID not found
_WORDS = {
    "password": "the password is wrong, or it does not let the box in",
    "range": "it is not in reach",
    "address": "it gave the box no address",
    "refused": "NetworkManager gave up",
}


class NetworkManagerNetwork:
    """Implements Network."""

    def __init__(self, bus: SystemBus | None = None) -> None:
        self._bus = bus or SystemBus()
        self._watched = SystemBus() if bus is None else bus
        self._supplicant = Supplicant(self._bus)

    def state(self) -> NetworkState:
        try:
            objects = self._objects()
        except NetworkError as error:
            return NetworkState(why_not=str(error))
        state = objects.state()
        if state.wifi and not self._supplicant.is_joined(objects.radio_interface):
            state = replace(state, wifi="", wifi_addresses=())
        guests = self._supplicant.guests(objects.radio_interface) if state.hotspot else None
        return replace(state, guests=guests)

    def scan(self) -> Sequence[Seen]:
        objects = self._objects()
        before = objects.get(self._radio(objects), "Device.Wireless", "LastScan", -1)
        radio = DBusAddress(objects.radio, NM, f"{NM}.Device.Wireless")
        with self._in_words("the Wi-Fis in reach cannot be listed now"):
            try:
                self._bus.call(radio, "RequestScan", "a{sv}", {})
            except BusError as error:
                if not error.name.endswith("NotAllowed"):  # it is looking already
                    raise
            until = time.monotonic() + SCAN_S
            while time.monotonic() < until and self._bus.get(radio, "LastScan") == before:
                time.sleep(0.25)
        return self._objects().seen()

    def saved(self) -> Sequence[str]:
        return list(dict.fromkeys(ssid for _, ssid in self._profiles()))

    def join(self, ssid: str, password: str) -> None:
        check_ssid(ssid)
        check_password(password)
        objects = self._objects()
        self._radio(objects)
        known = [path for path, name in self._profiles() if name == ssid]
        if known and not password:
            self._activate(objects, JOIN_S, "ActivateConnection", "ooo", known[0], objects.radio, NO_PATH)
            return
        spot = objects.strongest(ssid)
        profile = profiles.to_join(
            ssid, password, _asked(objects, spot, password), objects.radio_interface, hidden=not spot
        )
        added = self._activate(
            objects, JOIN_S, *_ADD, profile, objects.radio, spot or NO_PATH, {"persist": ("s", "memory")}
        )
        with self._in_words(f"{ssid!r} is joined, but could not be kept"):
            self._bus.call(_connection(added), "Save")
            for path in known:
                self._delete(path)

    def forget(self, ssid: str) -> None:
        for path, name in self._profiles():
            if name == ssid:
                self._delete(path)

    def start_hotspot(self, ssid: str, password: str) -> None:
        check_ssid(ssid)
        check_password(password)
        with self._in_words("the radio cannot be switched on"):
            if not self._bus.get(_ROOT, "WirelessEnabled"):
                self._bus.set(_ROOT, "WirelessEnabled", "b", True)
                self._wait_for_radio()
        objects = self._objects()
        self._radio(objects)
        profile = profiles.to_host(ssid, password, objects.radio_interface)
        try:
            # Volatile: gone with its end, and never on disk.
            self._activate(objects, HOTSPOT_S, *_ADD, profile, objects.radio, NO_PATH, {"persist": ("s", "volatile")})
        except JoinError as error:
            raise NetworkError(f"the own Wi-Fi could not be opened: {error.reason}: {error}") from None

    def stop_hotspot(self) -> None:
        objects = self._objects()
        if not objects.state().hotspot:
            return
        active = objects.get(objects.radio, "Device", "ActiveConnection", NO_PATH)
        with self._in_words("the own Wi-Fi could not be closed"):
            self._bus.call(_ROOT, "DeactivateConnection", "o", active)

    def country(self) -> str:
        return self._supplicant.country(self._objects().radio_interface)

    def set_country(self, country: str) -> None:
        check_country(country)
        objects = self._objects()
        self._radio(objects)
        self._supplicant.set_country(objects.radio_interface, country)

    def wait_for_change(self, timeout_s: float) -> bool:
        try:
            # An address that comes or goes changes a device, too.
            with self._watched.signals(sender=NM, interface="org.freedesktop.DBus.Properties") as signals:
                return signals.next(timeout_s) is not None
        except BusError:
            time.sleep(timeout_s)
            return False

    def _objects(self) -> Objects:
        """Raises NoNetworkManager, NetworkError."""
        try:
            return Objects(self._bus.call(_OBJECTS, "GetManagedObjects")[0])
        except BusError as error:
            if error.name in _NOT_THERE:
                raise NoNetworkManager(f"NetworkManager does not answer: {error}") from None
            raise NetworkError(f"NetworkManager refuses: {error}") from None

    def _radio(self, objects: Objects) -> str:
        if not objects.radio:
            raise NetworkError("there is no Wi-Fi here that NetworkManager manages")
        return objects.radio

    def _wait_for_radio(self) -> None:
        until = time.monotonic() + SCAN_S
        while time.monotonic() < until:
            objects = self._objects()
            if objects.radio and objects.device_state(objects.radio) > UNAVAILABLE:
                return
            time.sleep(0.25)

    def _profiles(self) -> Iterator[tuple[str, str]]:
        """(path, name of the Wi-Fi) of each profile that joins one."""
        with self._in_words("the saved networks cannot be read"):
            for path in self._bus.call(_SETTINGS, "ListConnections")[0]:
                try:
                    tree = self._bus.call(_connection(path), "GetSettings")[0]
                except BusError as error:
                    if error.name.endswith("UnknownObject") or error.name.endswith("UnknownMethod"):
                        continue  # gone since it was listed
                    raise
                wifi = tree.get(profiles.WIFI, {})
                ssid = ssid_text(wifi.get("ssid", ("ay", b""))[1])
                if ssid and wifi.get("mode", ("s", "infrastructure"))[1] in ("", "infrastructure"):
                    yield path, ssid

    def _activate(self, objects: Objects, seconds: float, method: str, signature: str, *values: Any) -> str:
        """Call a method that activates a profile, and wait for its end. Returns the path of a profile it has added.

        Raises JoinError; the profile is removed again then.
        """
        added = ""
        try:
            with self._bus.signals(
                sender=NM, path=objects.radio, interface=f"{NM}.Device", member="StateChanged"
            ) as signals:
                answer = self._bus.call(_ROOT, method, signature, *values)
                if method == _ADD[0]:
                    added = str(answer[0])
                active = str(answer[1] if added else answer[0])
                why = self._outcome(signals, objects.radio, active, seconds)
        except BusError as error:
            raise NetworkError(f"NetworkManager refuses: {error}") from None
        if why:
            if added:
                self._delete(added)
            raise JoinError(why, f"it took longer than {seconds:.0f} s" if why == "time" else _WORDS[why])
        return added

    def _outcome(self, signals: Any, radio: str, active: str, seconds: float) -> str:
        """Wait until the device is up with this connection. Returns "", or one of WHY_NOT_JOINED."""
        until = time.monotonic() + seconds
        device = DBusAddress(radio, NM, f"{NM}.Device")
        last = 0
        while (left := until - time.monotonic()) > 0:
            heard = signals.next(min(left, 1.0))
            if heard is not None:
                new, _, reason = heard
                last = new
                if new == FAILED:
                    return _reason(int(reason))
            if last == ACTIVATED or heard is None:
                now = self._bus.get(device, "ActiveConnection")
                if now == active and self._bus.get(device, "State") == ACTIVATED:
                    return ""
        return "time"

    def _delete(self, path: str) -> None:
        with contextlib.suppress(BusError):  # it is gone already
            self._bus.call(_connection(path), "Delete")

    @contextlib.contextmanager
    def _in_words(self, what: str) -> Iterator[None]:
        try:
            yield
        except BusError as error:
            raise NetworkError(f"{what}: {error}") from None


def _asked(objects: Objects, spot: str, password: str) -> str:
    """The key management for a Wi-Fi. Raises JoinError for one that the box cannot join as it is asked to."""
    if not spot:  # hidden, or not seen yet
        return "wpa-psk" if password else ""
    asks = objects.management(spot)
    if asks in ("wep", "wpa-eap"):
        words = {"wep": "it is locked by WEP, which protects nothing", "wpa-eap": "it asks for a user's name"}
        raise JoinError("refused", words[asks])
    if asks in ("wpa-psk", "sae") and not password:
        raise JoinError("password", "it asks for a password")
    if asks in ("", "owe") and password:
        raise JoinError("password", "it has no password")
    return asks


def _reason(number: int) -> str:
    if number in _WRONG_PASSWORD:
        return "password"
    if number in _NO_ADDRESS:
        return "address"
    return "range" if number in _OUT_OF_RANGE else "refused"


def _connection(path: str) -> DBusAddress:
    return DBusAddress(path, NM, f"{NM}.Settings.Connection")
