"""The captive page: a phone that has joined the box's own Wi-Fi is shown the page by itself.

In the own Wi-Fi every name leads to the box, so the addresses by which phones test a new network do, too. They get a
redirect to the page, and the phone opens it; once this visitor has loaded the page, they get what they wait for, so
that the phone takes the network for good and stays. Else it would send the page's requests over its mobile network.

This is an application of its own on port 80 of the own Wi-Fi's address, which reaches nothing of the box: the page's
checks of names (security.py) stay as strict as they are. systemd hands in the socket (systemd/hushbox-captive.socket).
"""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from web_ui.visitors.security import plain_host

PROBES: Mapping[str, Mapping[str, tuple[int, str, str]]] = {
    "connectivitycheck.gstatic.com": {"/generate_204": (204, "", "")},
    "connectivitycheck.android.com": {"/generate_204": (204, "", "")},
    "clients3.google.com": {"/generate_204": (204, "", "")},
    "www.google.com": {"/gen_204": (204, "", ""), "/generate_204": (204, "", "")},
    "play.googleapis.com": {"/generate_204": (204, "", "")},
    "captive.apple.com": {
        path: (200, "text/html", "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>")
        for path in ("/", "/hotspot-detect.html")
    },
    "www.msftconnecttest.com": {
        "/connecttest.txt": (200, "text/plain", "Microsoft Connect Test"),
        "/redirect": (200, "text/plain", ""),
    },
    "www.msftncsi.com": {"/ncsi.txt": (200, "text/plain", "Microsoft NCSI")},
    "detectportal.firefox.com": {
        "/success.txt": (200, "text/plain", "success\n"),
        "/canonical.html": (200, "text/html", "<meta http-equiv=refresh content=0;url=https://support.mozilla.org/>"),
    },
    "nmcheck.gnome.org": {"/check_network_status.txt": (200, "text/plain", "NetworkManager is online\n")},
}
"""By host and path, what a phone waits for: status, type, text. As those systems publish or send it."""

API_PATH = "/captive"  # RFC 8908; told by DHCP option 114 (RFC 8910)
_MOST_VISITORS = 256
_REMEMBERED_S = 12 * 3600.0  # a phone that comes back the next day is shown the page again
Start = Callable[[str, list[tuple[str, str]]], Any]


class Visitors:
    """The addresses in the own Wi-Fi at which the page has been loaded. Any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, float] = OrderedDict()

    def note(self, address: str) -> None:
        """The page was loaded from there."""
        with self._lock:
            self._seen[address] = self._clock()
            self._seen.move_to_end(address)
            while len(self._seen) > _MOST_VISITORS:
                self._seen.popitem(last=False)

    def knows(self, address: str) -> bool:
        return self._clock() - self._seen.get(address, -_REMEMBERED_S) < _REMEMBERED_S


class CaptivePage:
    """The WSGI application. page: the page's address in the own Wi-Fi."""

    def __init__(self, page: str, address: str, visitors: Visitors) -> None:
        """address: the box's own in its Wi-Fi, the only Host beside those of PROBES."""
        self._page, self._address, self._visitors = page, address, visitors

    def __call__(self, environ: Mapping[str, Any], start: Start) -> Iterable[bytes]:
        host, path = plain_host(str(environ.get("HTTP_HOST", ""))), str(environ.get("PATH_INFO", "/"))
        known = self._visitors.knows(str(environ.get("REMOTE_ADDR", "")))
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return _answer(start, "405 Method Not Allowed", text="only GET\n", more=[("Allow", "GET, HEAD")])
        if host == self._address and path == API_PATH:
            tree = {"captive": not known, "user-portal-url": self._page}
            return _answer(start, "200 OK", "application/captive+json", json.dumps(tree))
        if host == self._address or (host in PROBES and not known):
            return _answer(start, "302 Found", text="the box's page is here\n", more=[("Location", self._page)])
        if host not in PROBES:
            return _answer(start, "404 Not Found", text="this is the Wi-Fi of a Hushbox, without internet\n")
        expected = PROBES[host].get(path)
        if expected is None:
            return _answer(start, "404 Not Found", text="this is the Wi-Fi of a Hushbox, without internet\n")
        status, kind, text = expected
        return _answer(start, "204 No Content" if status == 204 else "200 OK", kind, text)


def _answer(
    start: Start, status: str, kind: str = "text/plain", text: str = "", more: Iterable[tuple[str, str]] = ()
) -> list[bytes]:
    body = text.encode()
    headers = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), *more]
    if not status.startswith("204"):
        headers += [("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(body)))]
    start(status, headers)
    return [body] if body else []
