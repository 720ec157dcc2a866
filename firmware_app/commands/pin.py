"""Say whether a PIN guards the page; with --clear take it away, for whoever has forgotten it.

It works while the box runs. On a device: sudo -u hushbox hushbox pin --clear
"""

import argparse

from firmware_app.config import places as places_of_box
from firmware_app.kept.pin import Pin


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clear", action="store_true", help="take the PIN away; a new one is set on the page")
    parser.add_argument("--state-dir", metavar="FOLDER", help="where live settings are kept")


def run(args: argparse.Namespace) -> int:
    places = places_of_box.find(args.state_dir)
    pin = Pin(places.state)
    if args.clear:
        print("The PIN is gone: set a new one on the page, Set up, PIN." if pin.clear() else "There was no PIN.")
    else:
        guarded = "A PIN guards everything on the page but Play." if pin.is_set else "No PIN is set."
        print(f"{guarded} ({places.state})")
    return 0
