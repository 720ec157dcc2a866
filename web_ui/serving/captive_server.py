"""CaptiveServer: serves the captive page on sockets that systemd has opened, in a thread of its own.

Waitress with tight limits and nothing of the page's: who besieges it harms only phones that test a network.
"""

import contextlib
import socket
import threading
from collections.abc import Sequence

from waitress.server import create_server

from web_ui.visitors.captive import CaptivePage

_THREADS = 2
_CONNECTIONS = 40
_IDLE_S = 5  # of a connection
_HEAD_BYTES = 8192
_END_S = 0.5


class CaptiveServer:
    """Serves `app` on these sockets, which it closes at the end. start and stop: from one thread."""

    def __init__(self, app: CaptivePage, sockets: Sequence[socket.socket]) -> None:
        self._server = create_server(
            app,
            sockets=list(sockets),
            threads=_THREADS,
            connection_limit=_CONNECTIONS,
            channel_timeout=_IDLE_S,
            cleanup_interval=_IDLE_S,
            max_request_header_size=_HEAD_BYTES,
            max_request_body_size=1,
            log_socket_errors=False,
            clear_untrusted_proxy_headers=True,
            ident=None,
            asyncore_use_poll=True,
        )
        self._thread = threading.Thread(target=self._serve, name="captive", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.close()
        self._thread.join(_END_S)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # closed under its select
            self._server.run()
