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
    print(f"Hushbox's page: {url}", flush=True)
    if shown.startswith("127."):
        print(
            "(this machine only: no network was found)" if host in ("0.0.0.0", "::", "") else "(this machine only)",
            flush=True,
        )
    elif sys.stdout.isatty():
        segno.make(url, error="l").terminal(out=sys.stdout, compact=True, border=2)
        print("Point the phone's camera at it. Ctrl-C stops the box.", flush=True)
    else:
        print("Ctrl-C stops the box.", flush=True)
