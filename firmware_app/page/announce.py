"""Print the page's address on the terminal, with a QR code for the phone."""

import sys

from firmware_app.page.address import ANY, opening, qr, this_machine_only, url_of


def page(host: str, port: int, first_code: str = "", fingerprint: str = "") -> None:
    """Print the page's address; with a QR code on a terminal.

    first_code: makes a phone the box's owner. It goes to a terminal only: what is printed elsewhere becomes a log.
    fingerprint: of the page's certificate, where it has one.
    """
    url, to_terminal = url_of(host, port, bool(fingerprint)), sys.stdout.isatty()
    _say(f"Hushbox's page: {url}")
    if first_code and to_terminal:
        _say(f"This opens it and makes that phone the owner: {opening(url, first_code, fingerprint)}")
    elif first_code:
        _say("The box has no owner yet: `hushbox url` prints the link that makes a phone the owner.")
    if this_machine_only(url):
        _say("(this machine only: no network was found)" if host in ANY else "(this machine only)")
    elif to_terminal:
        qr(opening(url, first_code, fingerprint)).terminal(out=sys.stdout, compact=True, border=2)
        _say("Point the phone's camera at it. Ctrl-C stops the box.")
    else:
        _say("Ctrl-C stops the box.")
    if fingerprint:
        _say(f"SHA-256 fingerprint of its certificate: {fingerprint}")


def _say(line: str) -> None:
    """Print line and line end in one write: unbuffered, another process's log could come between them."""
    print(line + "\n", end="", flush=True)
