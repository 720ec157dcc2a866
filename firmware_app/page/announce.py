"""Tell the person at the terminal where the page is, as an address and as a QR code for the phone."""

import socket
import sys

import segno

_EVERY = ("", "*", "0.0.0.0", "::")
_SOMEWHERE = (("0.0.0.0", "192.0.2.1"), ("::", "2001:db8::1"))  # documentation: nothing is sent, only a route looked up


def own_address(host: str = "") -> str:
    """The address other machines on the network reach this one by; the loopback address when there is no network.

    host: what the page is served at; only what it serves is looked for.
    """
    for every, somewhere in _SOMEWHERE:
        if host not in ("", "*", every):
            continue
        try:
            with socket.socket(socket.AF_INET6 if ":" in every else socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect((somewhere, 9))
                return str(probe.getsockname()[0])
        except OSError:  # no route, or no such protocol here
            continue
    return "::1" if host == "::" else "127.0.0.1"


def page(host: str, port: int) -> None:
    """Print the page's address; with a QR code on a terminal."""
    shown = own_address(host) if host in _EVERY else host.strip("[]")
    url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"
    _say(f"Hushbox's page: {url}")
    if shown.startswith("127.") or shown == "::1":
        _say("(this machine only: no network was found)" if host in _EVERY else "(this machine only)")
    elif sys.stdout.isatty():
        segno.make(url, error="l").terminal(out=sys.stdout, compact=True, border=2)
        _say("Point the phone's camera at it. Ctrl-C stops the box.")
    else:
        _say("Ctrl-C stops the box.")


def _say(line: str) -> None:
    """With its end in one piece: unbuffered, another process's log would otherwise come between the two."""
    print(line + "\n", end="", flush=True)
