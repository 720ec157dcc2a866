"""Print the page's address on the terminal, with a QR code for the phone."""

import socket
import sys

import segno

_ANY = ("", "*", "0.0.0.0", "::")
_PROBES = (("0.0.0.0", "192.0.2.1"), ("::", "2001:db8::1"))  # reserved for documentation: only a route is looked up


def own_address(host: str = "") -> str:
    """This machine's address in the network; the loopback address when there is no network.

    host: the address that the page is served at: the answer is of its kind, IPv4 or IPv6.
    """
    for any_address, probed in _PROBES:
        if host not in ("", "*", any_address):
            continue
        try:
            with socket.socket(socket.AF_INET6 if ":" in any_address else socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect((probed, 9))
                return str(probe.getsockname()[0])
        except OSError:  # no route, or no such protocol here
            continue
    return "::1" if host == "::" else "127.0.0.1"


def page(host: str, port: int) -> None:
    """Print the page's address; with a QR code on a terminal."""
    shown = own_address(host) if host in _ANY else host.strip("[]")
    url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"
    _say(f"Hushbox's page: {url}")
    if shown.startswith("127.") or shown == "::1":
        _say("(this machine only: no network was found)" if host in _ANY else "(this machine only)")
    elif sys.stdout.isatty():
        segno.make(url, error="l").terminal(out=sys.stdout, compact=True, border=2)
        _say("Point the phone's camera at it. Ctrl-C stops the box.")
    else:
        _say("Ctrl-C stops the box.")


def _say(line: str) -> None:
    """Print line and line end in one write: unbuffered, another process's log could come between them."""
    print(line + "\n", end="", flush=True)
