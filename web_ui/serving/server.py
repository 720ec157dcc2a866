"""PageServer: the page's HTTP server, in a thread of the control process."""

import errno
import logging
import os
import socket
import threading
from pathlib import Path
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.adjustments import Adjustments

from web_ui import limits
from web_ui.errors import PageAddressError, PortTaken
from web_ui.ports.limits import LARGEST_BACKUP_BYTES
from web_ui.serving.fair_queue import FairDispatcher
from web_ui.serving.limited_server import CHECK_S, LimitedServer
from web_ui.streams.events import EventStreams
from web_ui.streams.sound import SoundStreams

__all__ = ["PageAddressError", "PageServer", "PortTaken"]

THREADS = limits.MAX_STREAMS + limits.MAX_LOOKS + limits.MAX_LISTENERS + limits.WORKERS  # each stream holds one
UNREAD_BYTES = 16384  # socket buffer: some seconds of events, then a stream waits for its phone
TCP_GONE_MS = 10_000  # a phone that acknowledges nothing for so long is gone
TCP_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", 18)


class PageServer:
    """Serves `app` at host:port. host "" or "*" means every address, IPv4 and IPv6; port 0 takes a free one.

    start and stop: from one thread.
    """

    def __init__(self, app: Flask, host: str = "0.0.0.0", port: int = 8080) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._server: LimitedServer | None = None
        self._map: dict[int, Any] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> int:
        """Bind, and serve in a thread. Returns the TCP port. Raises PortTaken or PageAddressError."""
        listener = _listen(self._host, self._port)
        logging.getLogger("waitress").setLevel(logging.WARNING)  # or it logs every phone that leaves
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # or every request that waits
        dispatcher = FairDispatcher()
        dispatcher.set_thread_count(THREADS)
        adj = Adjustments(
            ident=None,
            log_socket_errors=False,  # phones walk out of range all day
            channel_request_lookahead=1,  # keep reading during an answer: this notices a closed page
            outbuf_high_watermark=UNREAD_BYTES,
            max_request_body_size=2 * LARGEST_BACKUP_BYTES,  # each route has its own, smaller limit
            max_request_header_size=limits.MAX_HEAD_BYTES,
        )
        self._server = LimitedServer(
            self._app,
            self._map,
            True,
            listener,
            dispatcher=dispatcher,
            adj=adj,
            bind_socket=False,
            rank_of=self._app.extensions["hushbox.rank"],
            trusts=self._app.extensions["hushbox.trusts"],
            say_of=self._app.extensions["hushbox.say"],
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
        )
        self._thread = threading.Thread(target=self._serve, name="page", daemon=True)
        self._thread.start()
        return int(listener.getsockname()[1])

    def stop(self) -> None:
        """Close every connection and end within a second. May be called twice, or without start."""
        if self._thread is None or self._server is None:
            return
        streams: EventStreams = self._app.extensions["hushbox.streams"]
        streams.close()
        sound: SoundStreams = self._app.extensions["hushbox.sound"]
        sound.close()
        self._stopping.set()
        self._server.pull_trigger()
        self._thread.join(1.0)
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()  # frees a thread that waits for its phone to read
        self._server.task_dispatcher.shutdown(timeout=0.8)
        wasyncore.close_all(self._map, ignore_all=True)
        self._thread = None

    def _serve(self) -> None:
        assert self._server is not None
        while not self._stopping.is_set():
            wasyncore.loop(timeout=CHECK_S, use_poll=True, map=self._map, count=1)
            self._server.close_overdue()


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; for IPv4 and IPv6 if the host is empty and the machine has both. Raises PageAddressError."""
    everywhere = host in ("", "*")
    dual = everywhere and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if dual or ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit these two from the listener.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES)
        listener.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, TCP_GONE_MS)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if dual else 1)
        listener.bind(("" if everywhere else host.strip("[]"), port))
        listener.listen(64)
    except (OSError, OverflowError) as error:
        listener.close()
        raise _explain(host, port, error) from None
    return listener


def _explain(host: str, port: int, error: OSError | OverflowError) -> PageAddressError:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        owner = port_owner(port) or "another program"
        return PortTaken(f"port {port} is taken by {owner}: set [page] port or stop it")
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM):
        return PageAddressError(f"port {port} needs more rights: set [page] port to 1024 or above")
    return PageAddressError(f"the page cannot be served at {host or '*'}:{port}: {error}")


def port_owner(port: int, proc: Path = Path("/proc")) -> str:
    """The process that listens on TCP `port`: "python3 (process 123)"; empty when it cannot be found."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            rows = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            columns = row.split()
            if columns[3] == "0A" and int(columns[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{columns[9]}]")
    for process in proc.glob("[0-9]*") if inodes else ():
        try:
            if any(os.readlink(fd) in inodes for fd in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
        except OSError:
            continue  # another user's process, or one that just ended
    return ""
