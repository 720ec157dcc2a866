"""Shared by several commands: the options that find the settings, bundles by name, logging, clean ends."""

import argparse
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dsp.inference.bundle import RUNTIMES, list_bundles
from dsp.nearest import did_you_mean
from firmware_app.config import places as places_of_box
from firmware_app.config import read as config_file
from firmware_app.config.places import Places
from firmware_app.config.read import Config, ConfigError
from firmware_app.errors import UsageError
from firmware_app.running.supervisor import EXIT_USAGE
from firmware_app.system import log_files

NO_BUNDLE = "none"
RETRY_S = 5.0
BAR = "{percentage:3.0f}%|{bar}| {n:.0f} of {total:.0f} s [{elapsed}<{remaining}]"


def add_settings(parser: argparse.ArgumentParser) -> None:
    """--config and --state-dir."""
    parser.add_argument("--config", metavar="FILE", help="use these settings instead of the hushbox.toml that is found")
    parser.add_argument("--state-dir", metavar="FOLDER", help="where settings and recordings are kept")


def add_box(parser: argparse.ArgumentParser) -> None:
    """--device and --port, to try something without changing the settings."""
    parser.add_argument(
        "--device",
        metavar="NAME",
        help='interface to use: a name or serial number of "hushbox devices", an ALSA name, "auto" or "demo"',
    )
    parser.add_argument("--port", metavar="N", type=int, help="port of the page; 0 chooses a free one")


def box_settings(args: argparse.Namespace) -> tuple[Config, Places]:
    """`settings` with the options of `add_box`. Raises ConfigError."""
    return settings(args, audio_device=args.device, page_port=args.port)


def add_model(parser: argparse.ArgumentParser) -> None:
    """--bundle and --runtime."""
    parser.add_argument(
        "--bundle",
        metavar="NAME",
        help='model to use, by name (see "hushbox models") or by the path of its folder; "none" for no model',
    )
    parser.add_argument("--runtime", choices=("auto", *RUNTIMES), help="the library that runs the model")


def settings(args: argparse.Namespace, **overrides: object) -> tuple[Config, Places]:
    """The checked settings and the places. Options on the command line win over the file. Raises ConfigError.

    overrides: by key with "_" for the first dot ("audio_device"); None is left out.
    """
    given = {key.replace("_", ".", 1): value for key, value in overrides.items() if value is not None}
    return config_file.load(args.config, given), places_of_box.find(args.state_dir)


def bundle_folder(places: Places, name: str) -> Path | None:
    """The folder of a bundle; None for "none". Raises UsageError, with the nearest name, when there is no such one."""
    if name == NO_BUNDLE:
        return None
    folder = places.bundle(name)
    if not places.has_bundle(name):
        if "/" in name:
            raise UsageError(f"bundle {name}: no bundle.toml in that folder")
        known = [path.name for path in list_bundles(places.models)]
        hint = "`hushbox models` lists all" if known else f"there are none in {places.models}"
        raise UsageError(f"no model bundle {name!r}{did_you_mean(name, known) or ';'} {hint}")
    return folder


def start_log(process: str, state_dir: str | None = None) -> None:
    """Log to standard error, for the commands that keep running. journald adds the time itself.

    process: "run", "audio" or "control". Without a journal the lines are also kept in a file for the page.
    """
    form = "%(levelname)s %(message)s" if "JOURNAL_STREAM" in os.environ else "%(asctime)s %(levelname)s %(message)s"
    handler = logging.StreamHandler()
    handler.setFormatter(log_files.OneLine(form, "%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    log_files.keep(places_of_box.find(state_dir), process)


def run_process(args: argparse.Namespace, process: str, main: Callable[[Config, Places], int]) -> int:
    """Run the audio or the control process. Returns EXIT_USAGE when a person must change something first."""
    start_log(process, args.state_dir)
    try:
        status = main(*box_settings(args))
    except ConfigError as error:
        print("\n".join(f"hushbox: {mistake}" for mistake in error.mistakes), file=sys.stderr)
        status = EXIT_USAGE
    if status == EXIT_USAGE and os.environ.get("NOTIFY_SOCKET"):
        time.sleep(RETRY_S)  # systemd restarts us all the same: it must not do so five times a second
    return status


@contextlib.contextmanager
def ending_cleanly() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the work as Ctrl-C does, so that no temporary file is left. Main thread."""

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # the clean-up must not be interrupted
        raise SystemExit(128 + number)

    # A signal that is ignored already (nohup) stays ignored.
    ours = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def milliseconds(frames: int, rate_hz: int = 48_000) -> float:
    return round(1000 * frames / rate_hz, 2)
