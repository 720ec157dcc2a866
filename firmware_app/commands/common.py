"""What several commands share: the options that find the settings, and the bundles by name."""

import argparse
import contextlib
import difflib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dsp.inference.bundle import RUNTIMES, list_bundles
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
    parser.add_argument("--config", metavar="FILE", help="settings to use instead of the first hushbox.toml found")
    parser.add_argument("--state-dir", metavar="FOLDER", help="where live settings and recordings are kept")


def add_box(parser: argparse.ArgumentParser) -> None:
    """--device and --port, for those who try something out."""
    parser.add_argument("--device", metavar="NAME", help='ALSA device to use, "auto", or "demo"')
    parser.add_argument("--port", metavar="N", type=int, help="port of the page; 0 takes a free one")


def box_settings(args: argparse.Namespace) -> tuple[Config, Places]:
    """`settings` with the options of `add_box`. Raises ConfigError."""
    return settings(args, audio_device=args.device, page_port=args.port)


def add_model(parser: argparse.ArgumentParser) -> None:
    """--bundle and --runtime."""
    parser.add_argument("--bundle", metavar="NAME", help="model bundle, or the path of its folder; none: no model")
    parser.add_argument("--runtime", choices=("auto", *RUNTIMES), help="what runs the model")


def settings(args: argparse.Namespace, **overrides: object) -> tuple[Config, Places]:
    """The checked configuration, with options that were given winning over the file, and the places.

    overrides: by key with "_" for the first dot ("audio_device"); None is left out. Raises ConfigError.
    """
    given = {key.replace("_", ".", 1): value for key, value in overrides.items() if value is not None}
    return config_file.load(args.config, given), places_of_box.find(args.state_dir)


def bundle_folder(places: Places, name: str) -> Path | None:
    """The folder of a bundle, None for "none". Raises UsageError with the nearest name when there is no such bundle."""
    if name == NO_BUNDLE:
        return None
    folder = places.bundle(name)
    if not (folder / "bundle.toml").is_file():
        if "/" in name:
            raise UsageError(f"bundle {name}: no bundle.toml in that folder")
        known = [path.name for path in list_bundles(places.models)]
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        hint = f"did you mean {near[0]}? `hushbox models` lists all" if near else f"there are none in {places.models}"
        raise UsageError(f"no model bundle {name!r}; {hint}")
    return folder


def start_log(process: str, state_dir: str | None = None) -> None:
    """Logging of the commands that run for long: to standard error, where journald adds the time itself.

    process: "run", "audio" or "control": without a journal its lines also go where the page finds them.
    """
    form = "%(message)s" if "JOURNAL_STREAM" in os.environ else "%(asctime)s %(levelname)s %(message)s"
    handler = logging.StreamHandler()
    handler.setFormatter(log_files.OneLine(form, "%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    log_files.keep(places_of_box.find(state_dir), process)


def run_process(args: argparse.Namespace, process: str, main: Callable[[Config, Places], int]) -> int:
    """The life of the audio or the control process; EXIT_USAGE when a person must change something first."""
    start_log(process, args.state_dir)
    try:
        status = main(*box_settings(args))
    except ConfigError as error:
        print("\n".join(f"hushbox: {mistake}" for mistake in error.mistakes), file=sys.stderr)
        status = EXIT_USAGE
    if status == EXIT_USAGE and os.environ.get("NOTIFY_SOCKET"):
        time.sleep(RETRY_S)  # systemd starts us again all the same: not five times a second then
    return status


@contextlib.contextmanager
def ending_cleanly() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the work as Ctrl-C does, so that no temporary file stays. Main thread."""

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # once is enough: what follows is the cleaning up
        raise SystemExit(128 + number)

    # A signal that whoever started us has set aside (nohup) stays so.
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
