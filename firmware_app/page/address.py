"""The page's address: where other devices reach it, its QR code, and the note by which `hushbox url` finds it."""

import contextlib
import io
import json
import os
import socket
from pathlib import Path

import segno

from firmware_app.kept.kept_file import write_whole

ANY = ("", "*", "0.0.0.0", "::")
NOTE = "page.json"  # in the runtime folder: the host and the port that are served
PICTURE = "page-address.png"  # in the state folder
FIRST_CODE = "first-code"  # in the runtime folder, for the box's own user
SESSION = "session"  # likewise: with it, a command on the box may read what a player may
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


def url_of(host: str, port: int) -> str:
    """What to type on a phone for a page that is served at this host and port."""
    shown = own_address(host) if host in ANY else host.strip("[]")
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"


def link(base: str, code: str) -> str:
    """The address that opens the page and pairs the phone. Browsers send no fragment, so no log has the code."""
    return f"{base}#pair={code}"


def qr_rows(url: str) -> tuple[str, ...]:
    """Rows of the QR code; 1 is dark."""
    return tuple("".join(map(str, row)) for row in qr(url).matrix)


def this_machine_only(url: str) -> bool:
    return url.startswith(("http://127.", "http://[::1]"))


def qr(url: str) -> segno.QRCode:
    return segno.make(url, error="l")


def leave(runtime: Path, state: Path, host: str, port: int, first_code: str = "", session: str = "") -> None:
    """Note where the page is, for `hushbox url`, and draw its QR code. A folder that cannot be written is let be.

    first_code: of a box without an owner. session: of commands on the box. Only its own user may read the two.
    """
    with contextlib.suppress(OSError):
        fresh = runtime / f"{NOTE}.new"
        fresh.write_text(json.dumps({"host": host, "port": port}))
        os.replace(fresh, runtime / NOTE)
    with contextlib.suppress(OSError):
        write_whole(runtime / FIRST_CODE, first_code.encode())
        write_whole(runtime / SESSION, session.encode())
    with contextlib.suppress(OSError):
        drawn = io.BytesIO()
        qr(opening(url_of(host, port), first_code)).save(drawn, kind="png", scale=10, border=4)
        write_whole(state / PICTURE, drawn.getvalue())


def first_code_left(runtime: Path) -> str:
    """The code that makes a phone the owner of the box that runs on this machine; "" without, or when not for us."""
    return _secret(runtime / FIRST_CODE)


def session_left(runtime: Path) -> str:
    """The session of commands on this machine; "" without, or when not for us."""
    return _secret(runtime / SESSION)


def _secret(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, ValueError):
        return ""


def opening(url: str, code: str) -> str:
    """The link for the camera: with the code while there is one."""
    return link(url, code) if code else url


def left(runtime: Path) -> tuple[str, int] | None:
    """(host, port) of the box that runs on this machine; None when there is no note, or it may not be read."""
    try:
        tree = json.loads((runtime / NOTE).read_text())
        return str(tree["host"]), int(tree["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
