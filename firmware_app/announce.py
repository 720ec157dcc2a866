"""Tell the person at the terminal where the page is, as an address and as a QR code for the phone."""

import socket
import sys

import segno


def own_address() -> str:
    """The address other machines on the network reach this one by; the loopback address when there is no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address: nothing is sent, only a route is looked up
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def page(host: str, port: int) -> None:
    """Print the page's address; with a QR code on a terminal."""
    shown = own_address() if host in ("0.0.0.0", "::", "") else host
    url = f"http://{shown}:{port}/"
    _say(f"Hushbox's page: {url}")
    if shown.startswith("127."):
        _say("(this machine only: no network was found)" if host in ("0.0.0.0", "::", "") else "(this machine only)")
    elif sys.stdout.isatty():
        segno.make(url, error="l").terminal(out=sys.stdout, compact=True, border=2)
        _say("Point the phone's camera at it. Ctrl-C stops the box.")
    else:
        _say("Ctrl-C stops the box.")


def _say(line: str) -> None:
    """With its end in one piece: unbuffered, another process's log would otherwise come between the two."""
    print(line + "\n", end="", flush=True)
