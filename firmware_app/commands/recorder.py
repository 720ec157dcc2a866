"""Run only the recorder process, as "hushbox run" and the systemd unit do.

example:
    hushbox recorder
"""

import argparse

from firmware_app import recorder_process
from firmware_app.commands.common import add_box, add_settings, run_process


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    add_box(parser)


def run(args: argparse.Namespace) -> int:
    return run_process(args, "recorder", recorder_process.main)
