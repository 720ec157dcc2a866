"""Print the address of the page, with a QR code for the phone's camera.

While the box has no owner, the link makes the phone the owner; only the box's
own user gets it (sudo -u hushbox hushbox url).

Exit code 1: no page answers there, because the box does not run.

examples:
    hushbox url
    hushbox url --svg door.svg
    hushbox url --json
"""

import argparse
import json
import sys
import urllib.request
from pathlib import Path

from firmware_app.commands.common import add_settings, settings
from firmware_app.config.places import Places
from firmware_app.page import address

OK, SILENT = 0, 1
_ANSWER_S = 3.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--svg", metavar="FILE", type=Path, help="write the QR code there, to print it")
    parser.add_argument("--json", action="store_true", help="print the address as JSON, and no QR code")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    config, places = settings(args)
    # A running box may have another port than the file: --port, or 0 for a free one.
    host, port = address.left(places.runtime) or (config.page.host, config.page.port)
    url = address.url_of(host, port)
    link = address.opening(url, address.first_code_left(places.runtime))
    answers = bool(port) and _answers(host, port)
    picture = _picture(places)
    if args.svg:
        address.qr(link).save(str(args.svg), kind="svg", scale=8, border=4)
    if args.json:
        print(json.dumps({"url": url, "link": link, "answers": answers, "picture": picture}, indent=2))
        return OK if answers else SILENT
    print(link)
    if link != url:
        print("(the box has no owner: the phone that opens this link becomes the owner)")
    if address.this_machine_only(url):
        print("(this machine only)")
    elif sys.stdout.isatty():
        address.qr(link).terminal(out=sys.stdout, compact=True, border=2)
    if picture:
        print(f"as a picture: {picture}")
    if not answers:
        print(
            "hushbox: no page answers there: start the box with hushbox run, or look at hushbox doctor", file=sys.stderr
        )
    return OK if answers else SILENT


def _picture(places: Places) -> str:
    """The picture that the running box has drawn; "" where there is none."""
    path = places.state / address.PICTURE
    try:
        return str(path) if path.is_file() else ""
    except OSError:  # another user's folder
        return ""


def _answers(host: str, port: int) -> bool:
    near = {"::": "[::1]"}.get(host, "127.0.0.1") if host in address.ANY else host
    near = f"[{near}]" if ":" in near and not near.startswith("[") else near
    try:
        with urllib.request.urlopen(f"http://{near}:{port}/api/v1/session", timeout=_ANSWER_S) as answer:
            return "version" in json.load(answer)
    except (OSError, ValueError):  # URLError is an OSError
        return False
