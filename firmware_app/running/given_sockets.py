"""Sockets that systemd has opened for this process (sd_listen_fds(3)): a port below 1024 without any right to it."""

import os
import socket

_FIRST = 3


def taken() -> list[socket.socket]:
    """The listening sockets that were handed in, once; none when systemd did not hand in any to this very process."""
    try:
        mine = int(os.environ.pop("LISTEN_PID", "0")) == os.getpid()
        count = int(os.environ.pop("LISTEN_FDS", "0"))
    except ValueError:
        return []
    os.environ.pop("LISTEN_FDNAMES", None)
    if not mine:
        return []
    found = []
    for number in range(_FIRST, _FIRST + count):
        os.set_inheritable(number, False)
        found.append(socket.socket(fileno=number))
    return found
