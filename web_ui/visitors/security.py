"""Which requests the page answers: Host and Origin are checked, changes need a token, the browser gets strict rules.

Anybody in the box's network may play it, as anybody in the room may press its footswitch; setting it up may need a PIN
(pin_gate.py). This module keeps out other sites' pages, open in a browser in the same network: DNS rebinding (Host),
cross-site requests (Origin and token) and injected scripts (CSP).
"""

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from flask import Flask, Request, Response, request

from web_ui.errors import Refused

API = "/api/"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
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

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "media-src 'self' blob:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Gate:
    """Checks every request of one app. Any of the server's threads."""

    def __init__(self, names: Callable[[], Iterable[str]], secret: bytes) -> None:
        """names(): the host names that the page answers to, without port. Called each time, as a box may be renamed.

        secret: the same secret makes the same token after a restart.
        """
        self._names = names
        self.token = hmac.new(secret, b"hushbox csrf token 1", hashlib.sha256).hexdigest()[:40]

    def install(self, app: Flask) -> None:
        """Check every request of `app`, and set headers on every answer."""
        app.before_request(self._check)
        app.after_request(_set_headers)

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

    def trusts(self, headers: Mapping[str, str]) -> bool:
        """Whether these headers, named as in WSGI (X_CSRF_TOKEN), have the token that changes need."""
        return self._is_token(headers.get(TOKEN_HEADER.upper().replace("-", "_"), ""))

    def _is_token(self, sent: str) -> bool:
        return hmac.compare_digest(sent.encode(), self.token.encode())

    def _check(self) -> None:
        if not self.knows(request.host):
            raise Refused(
                403,
                f"this page does not answer to {request.host!r}: use the box's address or name, "
                "or add the name to [page] allowed_hosts",
            )
        if request.method in SAFE_METHODS:
            if request.path.startswith(API) and _comes_from_elsewhere(request):
                raise Refused(403, "other sites' pages may not ask this box anything")
            return
        if not _same_origin(request):
            raise Refused(403, f"changes from pages of {request.headers['Origin']} are refused")
        if not self._is_token(request.headers.get(TOKEN_HEADER, "")):
            raise Refused(403, f"the {TOKEN_HEADER} header is missing or old: get one from /api/v1/session", "token")


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


def _same_origin(request: Request) -> bool:
    """Browsers send Origin with every change. curl and scripts send none, and need the token anyway."""
    origin = request.headers.get("Origin")
    return origin is None or _is_of(origin, request)


def _comes_from_elsewhere(request: Request) -> bool:
    """Whether another site's page sent a read.

    At a trustworthy address (localhost, HTTPS) browsers say so in Sec-Fetch-Site. At any address they send Origin with
    what a script reads, and Referer unless that page forbids it. This page sends no Referer. A read that slips through
    cannot be read by the other page, and ranks as unknown: phones.py knows the page's own requests by their cookie.
    """
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return True
    referer = request.headers.get("Referer")
    return not _same_origin(request) or (referer is not None and not _is_of(referer, request))


def _is_of(url: str, request: Request) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and parts.netloc.lower() == request.host.lower()
    except ValueError:
        return False


def _set_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response
