"""Where a request comes from: this box's page, a person, or another site's page (W3C Fetch Metadata, Origin, Referer).

A browser says so in Sec-Fetch-Site, -Mode and -Dest, which no script can set, at addresses that it trusts: HTTPS and
this machine. Elsewhere, and in old browsers, there are only Origin (with changes, and with what a script reads) and
Referer (unless the other page forbids it; this page sends none). What slips through cannot be read by the other page,
changes nothing, and ranks as unknown: phones.py knows the page's own requests by their cookie.

Another site may do one thing: lead a person here. A navigation to a page, in a window of its own, is let in. A read of
the API, of a script or a picture is refused, and so is a page that is fetched, framed or embedded.
"""

from urllib.parse import urlsplit

from flask import Request

API = "/api/"
STATIC = "/static/"
PARTS = frozenset({"manifest", "docs_picture"})
"""Endpoints outside /api/ and /static/ that are no pages of their own. Any other one is a page."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_page(request: Request) -> bool:
    """Whether a person may be led to this address from elsewhere."""
    return not request.path.startswith((API, STATIC)) and request.endpoint not in PARTS


def may_ask(request: Request) -> bool:
    """Whether this request may have an answer, by where it comes from. For every method."""
    said = request.headers.get("Sec-Fetch-Site")
    if said is None:
        return _may_ask_by_referer(request)
    if said == "same-origin":
        return same_origin(request)
    if said == "none":  # typed, scanned, or from a bookmark
        return request.method in SAFE_METHODS
    return request.method in ("GET", "HEAD") and is_page(request) and _is_navigation(request)


def same_origin(request: Request) -> bool:
    """Browsers send Origin with every change. curl and scripts send none, and need the token anyway."""
    origin = request.headers.get("Origin")
    return origin is None or _is_of(origin, request)


def _is_navigation(request: Request) -> bool:
    """Whether a whole window shows the answer. A frame or an embedded object is a navigation too, to its Dest.

    Some browsers of 2019 and 2020 send a Mode and no Dest.
    """
    mode, dest = request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest", "document")
    return mode == "navigate" and dest == "document" and "Origin" not in request.headers


def _may_ask_by_referer(request: Request) -> bool:
    if not same_origin(request):
        return False
    referer = request.headers.get("Referer")
    return is_page(request) or referer is None or _is_of(referer, request)


def _is_of(url: str, request: Request) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == request.scheme and parts.netloc.lower() == request.host.lower()
    except ValueError:
        return False
