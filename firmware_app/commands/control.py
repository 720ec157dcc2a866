"""The control process alone, as `hushbox run` and the systemd unit start it."""

import argparse
import sys

from firmware_app import control_process
from firmware_app.commands.common import add_box, add_settings, box_settings, start_log, wait_before_next_start
from firmware_app.config import ConfigError
from firmware_app.supervisor import EXIT_USAGE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    add_box(parser)


def run(args: argparse.Namespace) -> int:
    start_log()
    try:
        config, places = box_settings(args)
        status = control_process.main(config, places)
    except ConfigError as error:
        print("\n".join(f"hushbox: {mistake}" for mistake in error.mistakes), file=sys.stderr)
        status = EXIT_USAGE
    if status == EXIT_USAGE:
        wait_before_next_start()
    return status
