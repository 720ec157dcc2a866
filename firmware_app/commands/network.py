"""Say how the box is connected, and change it.

It joins or forgets a Wi-Fi, opens the box's own, and sets the country.

The running box does it, a moment later. Nothing that is printed has a
password, except `card`: the own Wi-Fi's, to print. join asks for the password,
so that no list of processes shows it. On an installed box, run it as the user
hushbox: sudo -u hushbox hushbox network

Exit code 1: no box answers, or it refuses.

examples:
    hushbox network
    hushbox network --json
    hushbox network join "Studio 1"
    hushbox network hotspot on
    hushbox network forget "Studio 1"
    hushbox network country DE
    hushbox network card
"""

import argparse
import getpass
import json
import sys
from collections.abc import Mapping
from typing import Any

from firmware_app.commands.common import add_settings, settings
from firmware_app.errors import AppError, UsageError
from firmware_app.network.card import Card
from firmware_app.page.own_api import BoxSilent, OwnApi

OK, SILENT = 0, 1
_DO = ("join", "forget", "hotspot", "country", "card")
_WHY = {
    "password": "it did not let the box in: check the password",
    "range": "it is out of range",
    "address": "it gave the box no address",
    "refused": "NetworkManager gave up",
    "time": "it did not answer in time",
}


class NetworkCommandError(AppError, RuntimeError):
    """The box does not answer, or refuses."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("do", nargs="?", choices=_DO, help="what to do; without it, say how the box is connected")
    parser.add_argument("what", nargs="?", metavar="NAME", help='a Wi-Fi\'s name, "on" or "off", or a country')
    parser.add_argument("--json", action="store_true", help="print as JSON")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    config, places = settings(args)
    if (args.what is None) != (args.do in (None, "card")):
        raise UsageError("join, forget, hotspot and country take one word more, card takes none")
    box = OwnApi(places.runtime, config.page.host, config.page.port)
    try:
        if args.do == "card":
            _card(box.get("network/own/card"), as_json=args.json)
        elif args.do is None:
            now = box.get("network")
            print(json.dumps(now, indent=2) if args.json else "\n".join(_lines(now)))
        else:
            _change(box, args.do, args.what)
            print("The box does it now: `hushbox network` says what came of it.")
    except BoxSilent as error:
        raise NetworkCommandError(str(error)) from None
    return OK


def _change(box: OwnApi, do: str, what: str) -> None:
    if do == "join":
        password = getpass.getpass(f"Password of {what} (empty for none): ") if sys.stdin.isatty() else input()
        box.change("POST", "network/join", {"ssid": what, "password": password})
    elif do == "forget":
        box.change("POST", "network/forget", {"ssid": what})
    elif do == "country":
        box.change("PUT", "network/country", {"country": what.upper()})
    elif what in ("on", "off"):
        box.change("PUT", "network/own", {"on": what == "on"})
    else:
        raise UsageError(f'hotspot {what[:20]}: "on" or "off" is allowed')


def _card(tree: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(tree, indent=2))
        return
    card = Card(str(tree["name"]), str(tree["password"]))
    print(f"name:     {card.name}\npassword: {card.password}")
    if sys.stdout.isatty():
        card.qr().terminal(out=sys.stdout, compact=True, border=2)


def _lines(now: Mapping[str, Any]) -> list[str]:
    """How the box is connected, in words."""
    if now["why_not"]:
        return [str(now["why_not"])]
    own = now["own"]
    guests = "" if own["guests"] is None else f", {own['guests']} phones in it"
    ways = ["Ethernet"] * now["wired"] + [f"Wi-Fi {now['wifi']}"] * bool(now["wifi"])
    ways += [f"own Wi-Fi {own['name']}{guests}"] * own["on"]
    rows = [
        ("connected", ", ".join(ways) or "not at all"),
        ("name", now["host"]),
        ("saved", ", ".join(now["saved"]) or "none"),
        ("country", now["country"] or f"not said (in force: {now['country_in_force'] or 'unknown'})"),
        ("in reach", ", ".join(f"{near['ssid']} {near['strength']} %" for near in now["near"]) or "none seen"),
    ]
    rows += [
        ("now", f"{now['doing']} {now['target']}".rstrip() if now["doing"] else ""),
        ("failed", f"{now['failed']}: {_WHY[now['why']]}" if now["failed"] else ""),
        ("trouble", own["problem"]),
    ]
    return [f"{name + ':':11}{words}" for name, words in rows if words]
