"""NetworkName: has Avahi answer to a name in the local network (mDNS, RFC 6762) beside the machine's own.

Avahi lets anybody on the machine publish a name, so the box needs neither rights nor a socket of its own on port 5353,
and it keeps the machine's host name as it is. Each address is told on its own interface only: a phone in the own Wi-Fi
must not be sent to the cable.
"""

import socket
from collections.abc import Sequence

from jeepney import DBusAddress

from hw.network.bus import BusError, SystemBus
from hw.network.network import NetworkError

_NAME = "org.freedesktop.Avahi"
_SERVER = DBusAddress("/", _NAME, f"{_NAME}.Server")
_ANY_PROTOCOL = -1
_REGISTERING, _ESTABLISHED = 1, 2  # AvahiEntryGroupState
_NO_REVERSE = 16  # AVAHI_PUBLISH_NO_REVERSE: the address has the machine's own name already


class NetworkName:
    """One name, as long as this program runs. One thread; up to ten seconds a call."""

    def __init__(self, bus: SystemBus | None = None) -> None:
        self._bus = bus or SystemBus()
        self._group: DBusAddress | None = None
        self._machines_own = False

    def publish(self, name: str, title: str, port: int, interfaces: Sequence[tuple[str, str]]) -> None:
        """Answer to `name`.local with these addresses, and tell of the page. Raises NetworkError.

        title: of the service that browsers for such things list. interfaces: (interface, address).
        """
        try:
            self._machines_own = str(self._bus.call(_SERVER, "GetHostName")[0]) == name
            if self._machines_own:
                return  # the machine has it already
            group = self._fresh_group()
            for interface, address in interfaces:
                index = socket.if_nametoindex(interface)
                self._bus.call(
                    group, "AddAddress", "iiuss",
                    index, _ANY_PROTOCOL, _NO_REVERSE, f"{name}.local", address,
                )  # fmt: skip
            for index in {socket.if_nametoindex(interface) for interface, _ in interfaces}:
                self._bus.call(
                    group, "AddService", "iiussssqaay",
                    index, _ANY_PROTOCOL, 0, title, "_http._tcp", "", f"{name}.local", port, [],
                )  # fmt: skip
            if interfaces:
                self._bus.call(group, "Commit")
        except BusError as error:
            self._group = None
            raise NetworkError(f"{name}.local is not answered to: {error}") from None
        except OSError as error:  # the interface is gone
            raise NetworkError(f"{name}.local is not answered to: {error}") from None

    def answers(self) -> bool:
        """Whether Avahi still answers to what was published. An Avahi that was started again has forgotten it."""
        if self._group is None:
            return self._machines_own
        try:
            return self._bus.call(self._group, "GetState")[0] in (_REGISTERING, _ESTABLISHED)
        except BusError:
            return False

    def close(self) -> None:
        """The name is given back."""
        self._group = None
        self._bus.close()

    def _fresh_group(self) -> DBusAddress:
        """An empty group of entries. It belongs to the connection: a broken one has taken the old group along."""
        if self._group is not None:
            try:
                self._bus.call(self._group, "Reset")
            except BusError:
                self._group = None
            else:
                return self._group
        path = str(self._bus.call(_SERVER, "EntryGroupNew")[0])
        self._group = DBusAddress(path, _NAME, f"{_NAME}.EntryGroup")
        return self._group
