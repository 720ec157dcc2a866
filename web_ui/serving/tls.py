"""The wire of one connection: in the clear, or TLS where the box has a certificate. It quacks like a socket.

With a certificate one port takes both, told apart by the first byte: a page opened in the clear can then be led to TLS
(web_ui/visitors/security.py). A handshake is part of the request's head: it has the same deadline, and a connection
that is still shaking hands is the first to make room.

Python's ssl lets two threads into one connection at a time, and OpenSSL must not be entered twice (before Python 3.13
nothing prevents it): the server's thread reads while another one answers, so each wire has a lock. Nobody waits in it.
"""

import contextlib
import errno
import socket
import ssl
import threading
from collections.abc import Iterator

_HANDSHAKE = b"\x16"  # the first byte of TLS (RFC 8446, 5.1); no method of HTTP begins with it
LARGEST_RECORD_BYTES = 16384  # of plain text. Less at a time would leave some behind, where poll() does not see it
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all fine


def server_context(certificate: str) -> ssl.SSLContext:
    """The context that serves the certificate in this PEM file, which has its key too.

    TLS 1.2 (older phones) and 1.3. Raises OSError (ssl.SSLError is one) when the file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(CIPHERS)
    context.load_cert_chain(certificate)
    return context


class Wire:
    """One accepted socket. recv: the server's thread. send: any thread. Both at once: BlockingIOError, or they work."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        self._socket: socket.socket | ssl.SSLSocket = sock
        self._context = context
        self._lock = threading.Lock()
        self._is_decided = False
        self._is_shaken = False
        self.waits_to_write = False  # a read has to send something first

    @property
    def is_tls(self) -> bool:
        """Whether what comes from here came over TLS."""
        return self._is_shaken

    def recv(self, size: int) -> bytes:
        """What has come; b"" at the end. Raises BlockingIOError while there is nothing, ConnectionResetError."""
        with self._lock, _as_a_socket_says(self):
            if not self._is_decided and not self._decide():
                return b""
            if isinstance(self._socket, ssl.SSLSocket):
                if not self._is_shaken:
                    self._socket.do_handshake()
                    self._is_shaken = True
                size = max(size, LARGEST_RECORD_BYTES)
            return self._socket.recv(size)

    def send(self, data: bytes) -> int:
        """How much of it is on its way. Raises BlockingIOError when nothing can be now, ConnectionResetError."""
        with self._lock, _as_a_socket_says(self):
            if isinstance(self._socket, ssl.SSLSocket) and not self._is_shaken:
                raise BlockingIOError(errno.EWOULDBLOCK, "the handshake is not over")
            return self._socket.send(data)

    def close(self) -> None:
        """Say goodbye, without waiting for an answer, and close."""
        with self._lock:
            if isinstance(self._socket, ssl.SSLSocket) and self._is_shaken:
                with contextlib.suppress(OSError, ValueError):
                    self._socket.unwrap()
            self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def setblocking(self, flag: bool) -> None:
        self._socket.setblocking(flag)

    def getsockname(self) -> tuple[str, int]:
        name: tuple[str, int] = self._socket.getsockname()
        return name

    def getsockopt(self, level: int, option: int) -> int:
        return self._socket.getsockopt(level, option)

    def _decide(self) -> bool:
        """Look at the first byte. False when the client has left without one."""
        first = self._socket.recv(1, socket.MSG_PEEK)
        if first == _HANDSHAKE:
            self._socket = self._context.wrap_socket(
                self._socket, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=True
            )
        self._is_decided = bool(first)
        return self._is_decided


@contextlib.contextmanager
def _as_a_socket_says(wire: Wire) -> Iterator[None]:
    """OpenSSL's refusals as a socket's."""
    try:
        yield
    except ssl.SSLWantWriteError:
        wire.waits_to_write = True
        raise BlockingIOError(errno.EWOULDBLOCK, "TLS has to send first") from None
    except ssl.SSLWantReadError:
        wire.waits_to_write = False
        raise BlockingIOError(errno.EWOULDBLOCK, "TLS has to read first") from None
    except ssl.SSLError as error:
        raise ConnectionResetError(errno.ECONNRESET, error.reason or "TLS failed") from None
    wire.waits_to_write = False
