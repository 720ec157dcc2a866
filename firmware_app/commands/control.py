"""Run only the control process, as "hushbox run" and the systemd unit do.

example:
    hushbox control --port 8088
"""

import argparse

from firmware_app import control_process
from firmware_app.commands.common import add_box, add_settings, run_process


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    add_box(parser)


def run(args: argparse.Namespace) -> int:
    return run_process(args, "control", control_process.main)
