"""Print the page's address on the terminal, with a QR code for the phone."""

import sys

from firmware_app.page.address import ANY, qr, this_machine_only, url_of


def page(host: str, port: int) -> None:
    """Print the page's address; with a QR code on a terminal."""
    url = url_of(host, port)
    _say(f"Hushbox's page: {url}")
    if this_machine_only(url):
        _say("(this machine only: no network was found)" if host in ANY else "(this machine only)")
    elif sys.stdout.isatty():
        qr(url).terminal(out=sys.stdout, compact=True, border=2)
        _say("Point the phone's camera at it. Ctrl-C stops the box.")
    else:
        _say("Ctrl-C stops the box.")


def _say(line: str) -> None:
    """Print line and line end in one write: unbuffered, another process's log could come between them."""
    print(line + "\n", end="", flush=True)
