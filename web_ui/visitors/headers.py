"""The headers of every answer: what a browser may do with it. Also of those that the server makes without the app."""

from collections.abc import Mapping

from flask import Flask, Response, request

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "script-src-attr 'none'",
        "style-src 'self'",
        "style-src-attr 'none'",
        "img-src 'self'",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "manifest-src 'self'",
        "object-src 'none'",
        "worker-src 'none'",
        "frame-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",  # no text becomes code or markup …
        "trusted-types 'none'",  # … by no policy either
    )
)

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer. No Strict-Transport-Security: with it a browser lets nobody past a certificate that it does not
know, and the box's own is one, so a new certificate would shut a phone out for good."""

OPENER = ("Cross-Origin-Opener-Policy", "same-origin")
"""On answers over TLS and to this machine: elsewhere browsers ignore it, and complain."""


def install(app: Flask) -> None:
    """Set them on every answer of `app`. First of all, so that they are on refusals too."""
    app.after_request(_set)


def below_the_app() -> list[tuple[str, str]]:
    """For an answer that the server makes by itself."""
    return [*HEADERS.items(), ("Cache-Control", "no-store")]


def _set(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    if request.is_secure or request.host.partition(":")[0] in ("localhost", "127.0.0.1"):
        response.headers.setdefault(*OPENER)
    if request.is_secure:
        cookies = response.headers.getlist("Set-Cookie")
        response.headers.setlist("Set-Cookie", [_secure(cookie) for cookie in cookies])
    return response


def _secure(cookie: str) -> str:
    """A cookie that was given over TLS is sent over TLS only."""
    return cookie if "; secure" in cookie.lower() else f"{cookie}; Secure"
