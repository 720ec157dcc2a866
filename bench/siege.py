"""The page under siege: how long a paired phone waits while a thousand connections want something and give nothing.

    python -m bench.siege [--seconds 5] [--addresses 1 250] [--cookies none forged page] [--tls] [KIND ...]

Runs `hushbox run` on the demo, pairs a phone, lets anybody play, and besieges the box with one kind after the other,
from one address and from many (127.0.1.1 …), as strangers (none), with a forged session (forged), and as phones that
have the page open (page). Meanwhile the paired phone asks for the status with a new connection each time: from its
usual address, and from addresses that the box has never seen ("first"). Columns: percentiles of its waits in ms, and
the control process's memory in MB before, meanwhile and after. It asserts nothing.

Connections that are half open in TCP's own sense never reach the page: the kernel answers them with SYN cookies.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from firmware_app.page import address
from tests.rigs.running_box import RunningBox
from tests.rigs.siege import KINDS, TLS_KINDS, Phone, Siege, waits_s

REST_S = 1.0  # between two sieges
COOKIES = ("none", "forged", "page")
HEAD = (
    f"{'kind':<20}{'from':>5} {'cookie':<7}{'made':>7}{'held':>6}   "
    f"{'known: p50 p90 p99 max':<26}{'first: p50 p90 p99 max':<26}MB"
)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.siege", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="connections at a time")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each kind")
    parser.add_argument("--addresses", type=int, nargs="+", default=[1, 250])
    parser.add_argument("--cookies", nargs="+", choices=COOKIES, default=list(COOKIES))
    parser.add_argument("--tls", action="store_true", help="the box has [page] tls, and the phone comes over it")
    parser.add_argument("kinds", nargs="*", help=f"of: {', '.join(KINDS)}; with --tls: {', '.join(TLS_KINDS)}")
    options = parser.parse_args(argv)
    print(HEAD)
    for line in rows(options):
        print(line, flush=True)
    return 0


def rows(options: argparse.Namespace) -> Iterator[str]:
    """A line for each kind, number of addresses and cookie."""
    config = f'tls = "{"on" if options.tls else "off"}"\n[audio]\ndevice = "demo"\n'
    with tempfile.TemporaryDirectory() as folder, RunningBox(Path(folder), config, pair=False) as box:
        port = int(box.url.rstrip("/").rpartition(":")[2])
        phone = Phone(port, tls=options.tls)
        _pair(phone, address.first_code_left(box.runtime))
        while not json.loads(phone.ask("GET", "/api/v1/status")[1])["audio_alive"]:
            time.sleep(0.5)
        time.sleep(2)  # a recording to be fetched
        control = box.child("control")
        yield _row("(nobody)", 0, "", Waits(phone, options.seconds), (0, 0), [_mb(control)])
        guest = Phone(port, "127.0.0.3", options.tls)
        guest.ask("GET", "/")
        cookies = {
            "none": "",
            "forged": f"hushbox_session={'0' * 43}; hushbox_phone=0011223344556677.{'0' * 32}",
            "page": f"hushbox_phone={guest.cookies['hushbox_phone']}",
        }
        for kind in options.kinds or [*KINDS, *(TLS_KINDS if options.tls else ())]:
            for addresses in options.addresses:
                for cookie in options.cookies:
                    time.sleep(REST_S)
                    memory = [_mb(control)]
                    with Siege(kind, port, options.count, 120, addresses, cookies[cookie]) as siege:
                        waits = Waits(phone, options.seconds / 2)
                        memory.append(_mb(control))
                    time.sleep(REST_S)
                    memory.append(_mb(control))
                    yield _row(kind, addresses, cookie, waits, (siege.opened, siege.most_held), memory)


class Waits:
    """Of the phone at its own address, and of its first connections from others, in ms."""

    def __init__(self, phone: Phone, seconds: float) -> None:
        home = phone.address
        self.known = waits_s(phone, seconds)
        self.first = waits_s(phone, seconds, roams=True)
        phone.address = home


def _pair(phone: Phone, code: str) -> None:
    token = str(json.loads(phone.ask("GET", "/api/v1/session")[1])["token"])
    for method, path, body in (
        ("POST", "pairing/claim", {"code": code, "name": "Siege"}),
        ("PUT", "phones/open_play", {"on": True}),  # or strangers are sent away before they cost anything
    ):
        told = phone.ask(method, f"/api/v1/{path}", body, **{"X-CSRF-Token": token})
        assert told[0] == 204, told


def _row(kind: str, addresses: int, cookie: str, waits: Waits, made: tuple[int, int], memory: list[float]) -> str:
    shown = "/".join(f"{mb:.0f}" for mb in memory)
    return (
        f"{kind:<20}{addresses:>5} {cookie:<7}{made[0]:>7}{made[1]:>6}   "
        f"{_percentiles(waits.known):<26}{_percentiles(waits.first):<26}{shown}"
    )


def _percentiles(waits: list[float]) -> str:
    ordered = sorted(waits)
    found = [ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.9, 0.99, 1.0)]
    return " ".join(f"{wait * 1000:5.0f}" for wait in found)


def _mb(process: psutil.Process) -> float:
    return process.memory_info().rss / 1e6


if __name__ == "__main__":
    raise SystemExit(main())
