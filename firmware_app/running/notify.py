"""systemd's notification socket: READY=1, WATCHDOG=1, STATUS=… Does nothing when systemd did not start the process."""

import os
import socket


class Notifier:
    """One connected datagram socket. `send` never blocks and never raises."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        address = os.environ.get("NOTIFY_SOCKET", "")
        if address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            try:
                self._socket.connect("\0" + address[1:] if address.startswith("@") else address)
            except OSError:
                self._socket = None

    def send(self, message: bytes) -> None:
        if self._socket is not None:
            try:
                self._socket.send(message)
            except OSError:
                return
