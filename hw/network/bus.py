"""SystemBus: calls, properties and signals of the system's D-Bus, each with a time limit.

By jeepney (MIT): pure Python without dependencies, 50 kB, so one wheel fits every board and every Python, and it
blocks, which suits a thread of its own. `sdbus` has to be compiled (libsystemd's headers) and its NetworkManager part
is of 2023, both LGPL; `dbus-fast` needs an asyncio loop and 3 MB of C for one call every few seconds.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from jeepney import DBusAddress, MatchRule, Message, MessageType, Properties, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from hw.network.network import NetworkError

ANSWER_S = 10.0
MOST_SIGNALS = 64  # kept until somebody looks
PROPERTIES = "org.freedesktop.DBus.Properties"
_Answer = TypeVar("_Answer")


class BusError(NetworkError):
    """The other side refused or is not there. name: D-Bus's name of the error, "" when there was no answer."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class SystemBus:
    """A connection to the system bus, opened when it is needed and again after it broke. Any thread, one at a time."""

    def __init__(self, bus: str = "SYSTEM") -> None:
        """bus: "SYSTEM", or a D-Bus address."""
        self._bus = bus
        self._lock = threading.RLock()
        self._connection: DBusConnection | None = None

    def call(
        self, address: DBusAddress, method: str, signature: str = "", *values: Any, timeout_s: float = ANSWER_S
    ) -> tuple[Any, ...]:
        """The values that a method answers with. Raises BusError."""
        message = new_method_call(address, method, signature or None, values)
        return self._ask(message, timeout_s)

    def get(self, address: DBusAddress, name: str) -> Any:
        """A property. Raises BusError."""
        return self._ask(Properties(address).get(name), ANSWER_S)[0][1]

    def set(self, address: DBusAddress, name: str, signature: str, value: Any) -> None:
        """Set a property. Raises BusError."""
        self._ask(Properties(address).set(name, signature, value), ANSWER_S)

    @contextlib.contextmanager
    def signals(self, **match: str) -> Iterator["Signals"]:
        """Signals from now on that match: sender, path, interface, member. Holds this connection for this thread."""
        rule = MatchRule(type="signal", **match)
        with self._lock:
            connection = self._open()
            heard: deque[Message] = deque(maxlen=MOST_SIGNALS)
            # D-Bus's own name of a sender is what signals carry, so a local filter by name would miss them.
            local = MatchRule(type="signal", **{key: value for key, value in match.items() if key != "sender"})
            self._ask(message_bus.AddMatch(rule), ANSWER_S)
            try:
                with connection.filter(local, queue=heard):
                    yield Signals(connection, heard, self._broken)
            finally:
                with contextlib.suppress(BusError):
                    self._ask(message_bus.RemoveMatch(rule), ANSWER_S)

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        with self._lock, contextlib.suppress(OSError):
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def _ask(self, message: Message, timeout_s: float) -> tuple[Any, ...]:
        with self._lock:
            answer = self._guarded(lambda: self._open().send_and_get_reply(message, timeout=timeout_s))
        body = tuple(answer.body or ())
        if answer.header.message_type is MessageType.error:
            name = str(answer.header.fields.get(4, ""))  # HeaderFields.error_name
            raise BusError(name, str(body[0]) if body else name)
        return body

    def _open(self) -> DBusConnection:
        if self._connection is None:
            self._connection = self._guarded(lambda: open_dbus_connection(self._bus))
        return self._connection

    def _guarded(self, do: Callable[[], _Answer]) -> _Answer:
        try:
            return do()
        except BusError:  # of what `do` has guarded itself
            raise
        except TimeoutError:
            self.close()
            raise BusError("", "the system bus did not answer in time") from None
        except (OSError, EOFError, KeyError) as error:  # KeyError: no address of a bus
            raise self._broken(error) from None

    def _broken(self, error: Exception) -> BusError:
        self.close()
        return BusError("", f"the system bus is not there: {error}")


class Signals:
    """Signals as they come, within `SystemBus.signals`."""

    def __init__(
        self, connection: DBusConnection, heard: deque[Message], broken: Callable[[Exception], BusError]
    ) -> None:
        self._connection, self._heard, self._broken = connection, heard, broken

    def next(self, timeout_s: float) -> tuple[Any, ...] | None:
        """The next signal's values; None when none has come in time. Raises BusError."""
        until = time.monotonic() + timeout_s
        try:
            message = self._connection.recv_until_filtered(self._heard, timeout=max(0.0, until - time.monotonic()))
        except TimeoutError:
            return None
        except (OSError, EOFError) as error:
            raise self._broken(error) from None
        return tuple(message.body or ())
