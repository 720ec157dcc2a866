"""Make a link, with a QR code, that pairs one more phone with the box.

Without --role, the phone becomes an owner. With --hours it is a guest's, whose
pairing ends after them. --forget-all makes the box nobody's again: all phones
and the PIN are forgotten, presets and sound stay. On an installed box, run it
as the user hushbox: sudo -u hushbox hushbox pair

examples:
    hushbox pair
    hushbox pair --role player --hours 4
    hushbox pair --forget-all
"""

import argparse
import contextlib
import sys
import time
from collections.abc import Mapping
from typing import Any

from firmware_app.commands.common import add_settings, settings
from firmware_app.config.places import Places
from firmware_app.errors import AppError
from firmware_app.kept.pairings import Pairings
from firmware_app.kept.pin import Pin
from firmware_app.kept.saver import Saver
from firmware_app.page import address
from firmware_app.running.locks import AlreadyRunning, state_locked
from firmware_app.setup import pair_requests
from firmware_app.setup.lost_everything import LostEverything
from web_ui.ports.pairing import OWNER, ROLES

_ANSWER_S = 8.0
_LOOK_S = 0.05
_SAVE_S = 5.0


class PairError(AppError, RuntimeError):
    """The box could not do it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--role", choices=ROLES, default=OWNER, help="what the phone may do (default: owner)")
    parser.add_argument("--hours", type=float, metavar="N", help="a guest's: the pairing ends after so many hours")
    parser.add_argument("--forget-all", action="store_true", help="forget all phones, codes and the PIN")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    config, places = settings(args)
    if args.forget_all:
        _asked(places, {"do": "forget_all"})
        print("All phones and the PIN are forgotten. `hushbox url` prints the link that makes a phone the owner.")
        return 0
    answer = _asked(places, {"do": "invite", "role": args.role, "hours": args.hours})
    host, port = address.left(places.runtime) or (config.page.host, config.page.port)
    link = address.link(address.url_of(host, port), answer["code"])
    until = time.strftime("%H:%M", time.localtime(answer["ends"]))
    ends = f"guest's link, for {args.hours:g} hours" if args.hours else f"link, good until {until}"
    print(f"{link}\n({args.role}: a {ends}; for one phone)")
    if sys.stdout.isatty() and not address.this_machine_only(link):
        address.qr(link).terminal(out=sys.stdout, compact=True, border=2)
    return 0


def _asked(places: Places, tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer of the running box; if none runs, do it here. Raises PairError."""
    try:
        with state_locked(places, wait_s=0.0):
            answer = _done_here(places, tree)
    except AlreadyRunning:
        answer = _answer_of_box(places, tree)
    if answer.get("problem"):
        raise PairError(str(answer["problem"]))
    return answer


def _done_here(places: Places, tree: Mapping[str, Any]) -> Mapping[str, Any]:
    saver, pairings = Saver("pairings"), Pairings(places.state)
    saver.add(pairings.save_job)
    answer = pair_requests.done(tree, pairings, LostEverything(pairings, Pin(places.state)))
    pairings.close()
    if saver.close(_SAVE_S):
        raise PairError(pairings.save_job.problem or f"{places.state} cannot be written")
    return answer


def _answer_of_box(places: Places, tree: Mapping[str, Any]) -> Mapping[str, Any]:
    with contextlib.suppress(OSError):
        (places.runtime / pair_requests.ANSWER).unlink()  # of a request that was given up
    try:
        pair_requests.leave(places.runtime, pair_requests.REQUEST, tree)
    except OSError as error:
        raise PairError(
            f"{places.runtime} cannot be written ({error.strerror}): run it as the box's user, "
            "on a device with sudo -u hushbox"
        ) from None
    until = time.monotonic() + _ANSWER_S
    while time.monotonic() < until:
        answer = pair_requests.taken(places.runtime, pair_requests.ANSWER)
        if answer is not None:
            return answer
        time.sleep(_LOOK_S)
    raise PairError(f"the box did not answer within {_ANSWER_S:g} s: see hushbox doctor")
