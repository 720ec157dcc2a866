"""Which requests the page answers: Host and origin are checked, changes need a token, the browser gets strict rules.

Who may do what is gate.py's. This module keeps out other sites' pages, open in a browser in the same network: DNS
rebinding (Host), cross-site requests (sites.py, and a token for changes) and injected scripts (headers.py). It covers
every address: API, pages, files, streams.
"""

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue

from web_ui.errors import Refused
from web_ui.visitors import headers, sites
from web_ui.visitors.phones import SAME_MACHINE
from web_ui.visitors.sites import SAFE_METHODS

TOKEN_HEADER = "X-CSRF-Token"
FIRST_NAME = "hushbox"
HOME_SUFFIXES = (
    "",
    ".local",
    ".lan",
    ".home",
    ".home.arpa",
    ".internal",
    ".localdomain",
)  # no public name ends like this


class Gate:
    """Checks every request of one app. Any of the server's threads."""

    def __init__(self, names: Callable[[], Iterable[str]], secret: bytes, *, tls: bool = False) -> None:
        """names(): the host names that the page answers to, without port. Called each time, as a box may be renamed.

        secret: the same secret makes the same token after a restart. tls: a request that came in the clear is led to
        TLS, whatever it asks.
        """
        self._names = names
        self._tls = tls
        self.token = hmac.new(secret, b"hushbox csrf token 1", hashlib.sha256).hexdigest()[:40]

    def install(self, app: Flask) -> None:
        """Check every request of `app`, and set headers on every answer."""
        app.before_request(self._check)
        headers.install(app)

    def knows(self, host: str) -> bool:
        """Whether `host` (a Host header, with or without port) means this box.

        Any literal address is fine, a public one too: rebinding needs a name, which its owner can point elsewhere. A
        browser that sends a literal has connected to it, so its page came from here.
        """
        name = plain_host(host)
        if name in map(plain_host, self._names()):
            return True
        try:
            ipaddress.ip_address(name.split("%", 1)[0])
        except ValueError:
            return False
        return True

    def trusts(self, sent: Mapping[str, str]) -> bool:
        """Whether these headers, named as in WSGI (X_CSRF_TOKEN), have the token that changes need."""
        return self._is_token(sent.get(TOKEN_HEADER.upper().replace("-", "_"), ""))

    def _is_token(self, sent: str) -> bool:
        return hmac.compare_digest(sent.encode(), self.token.encode())

    def _check(self) -> ResponseReturnValue | None:
        if not self.knows(request.host):
            raise Refused(
                403,
                f"this page does not answer to {request.host!r}: use the box's address or name, "
                "or add the name to [page] allowed_hosts",
            )
        # Nothing can be overheard inside the box: its own commands, and what watches it, need no certificate.
        if self._tls and not request.is_secure and not request.environ.get(SAME_MACHINE):
            return _to_tls()
        is_safe = request.method in SAFE_METHODS
        if not is_safe and not sites.same_origin(request):
            raise Refused(403, f"changes from pages of {request.headers['Origin']} are refused")
        if not sites.may_ask(request):
            raise Refused(403, "other sites' pages may not ask this box anything")
        if not is_safe and not self._is_token(request.headers.get(TOKEN_HEADER, "")):
            raise Refused(403, f"the {TOKEN_HEADER} header is missing or old: get one from /api/v1/session", "token")
        return None


def _to_tls() -> ResponseReturnValue:
    """Lead a person to the same page over TLS. A program is told: what it sends in the clear must not just work."""
    if request.method in ("GET", "HEAD") and sites.is_page(request):
        query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
        return redirect(f"https://{request.host}{quote(request.path)}{query}", 307)
    raise Refused(403, "this box is reached over TLS only: ask at https://", "tls")


def box_names(box_name: str) -> set[str]:
    """The names that the box may have in a home network, each with the usual suffixes.

    Its own, the machine's, and the one that it came with: the page that renames the box stays open.
    """
    own = {plain_host(box_name).replace(" ", "-"), plain_host(socket.gethostname()).split(".")[0], FIRST_NAME}
    return {name + suffix for name in own if name for suffix in HOME_SUFFIXES} | {"localhost"}


def plain_host(host: str) -> str:
    """`host` in lower case, without port, brackets and the dot at the end."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    if host.count(":") == 1:
        host = host.partition(":")[0]
    return host.rstrip(".")
