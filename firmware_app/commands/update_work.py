"""Install what was fetched for an update, or settle a trial.

Units and "hushbox run" start this. "install" installs, "guard" (at boot,
before sound and page start) and "settle" (after the installer, however it
ended) settle a trial that was cut off, "state" (as the box's user) copies the
settings before a trial and puts them back after one.

examples:
    hushbox update_work install
    hushbox update_work settle --within 30
"""

import argparse
import logging
import os
import sys
from pathlib import Path

from firmware_app.commands.common import start_log
from firmware_app.config import places as places_of_box
from firmware_app.running.realtime import SUPERVISOR_ENV
from firmware_app.update import state_copy, trial
from firmware_app.update.layout import CURRENT, GOOD, UpdateError, find, why_none
from firmware_app.update.record import RecordFile
from firmware_app.update.services import RunServices, Services, SystemdServices

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("install", "guard", "settle", "state"))
    parser.add_argument(
        "--within", metavar="S", type=float, default=trial.BACK_S, help="how soon sound and page have to be back"
    )
    parser.add_argument("--state-dir", metavar="FOLDER", help="where settings are kept")


def run(args: argparse.Namespace) -> int:
    start_log("update", args.state_dir)
    layout = find()
    if layout is None:
        raise UpdateError("checkout", why_none())
    places = places_of_box.find(args.state_dir)
    if args.what == "state":
        if layout.pointed(CURRENT) == layout.pointed(GOOD):
            state_copy.copy(places.state)
        else:
            for name in state_copy.restore(places.state):
                log.info("%s: as it was before the update", name)
        return 0
    services = _services(places.runtime, places.state)
    if args.what == "install":
        from firmware_app.update import install  # what checks signatures is not needed at each start

        install.install(layout, services, places, args.within)
        return 0
    with trial.locked(layout):
        trial.settle(layout, RecordFile(layout.keep), services, running=args.what == "settle")
    return 0


def _services(runtime: Path, state: Path) -> Services:
    supervisor = os.environ.get(SUPERVISOR_ENV, "")
    if supervisor.isdigit():
        return RunServices(runtime, state, int(supervisor))
    if "INVOCATION_ID" in os.environ or os.path.isdir("/run/systemd/system"):
        return SystemdServices()
    print("hushbox: only a unit or `hushbox run` starts this", file=sys.stderr)
    raise UpdateError("system", "nothing here starts and stops the box")
