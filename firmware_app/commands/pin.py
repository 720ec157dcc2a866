"""Say whether a PIN lets phones in. With --clear, remove a forgotten one.

This works while the box runs. On an installed box, run it as the user hushbox:
sudo -u hushbox hushbox pin --clear

examples:
    hushbox pin
    hushbox pin --clear
"""

import argparse

from firmware_app.config import places as places_of_box
from firmware_app.kept.pin import Pin


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clear", action="store_true", help="remove the PIN; a new one can be set on the page")
    parser.add_argument("--state-dir", metavar="FOLDER", help="where settings are kept")


def run(args: argparse.Namespace) -> int:
    places = places_of_box.find(args.state_dir)
    pin = Pin(places.state)
    if args.clear:
        print(
            "The PIN is removed. A new one can be set on the page: Set up, PIN." if pin.clear() else "There was no PIN."
        )
    else:
        guarded = "A PIN lets phones in as engineers." if pin.is_set else "No PIN is set."
        print(f"{guarded} ({places.state})")
    return 0
