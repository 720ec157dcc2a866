"""Run the box until Ctrl-C: the audio process, and the control process with the page and the panel.

Without an audio interface the built-in demo plays. The page's address is printed once it is there.
"""

import argparse
import os

from firmware_app import supervisor
from firmware_app.commands.common import add_settings, settings, start_log
from firmware_app.config import check_params
from firmware_app.param_table import PARAMS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    start_log()
    config, _ = settings(args)
    check_params(config, PARAMS)
    # Both children read the file anew; they must find the same one.
    arguments = ["--config", os.path.abspath(config.source)] if config.source else []
    if args.state_dir:
        arguments += ["--state-dir", os.path.abspath(args.state_dir)]
    return supervisor.run(config, arguments, args.state_dir)
