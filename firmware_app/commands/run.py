"""Run the box until Ctrl-C: live sound, the page for the phone, the front panel.

The address of the page is printed when it is ready. Without an audio interface
the built-in demo plays. Sound and page are a process each; one that ends is
started again.

examples:
    hushbox run
    hushbox run --device demo --port 8088
    hushbox run --device "Scarlett 2i2"
"""

import argparse
import os

from firmware_app.commands.common import add_box, add_settings, box_settings, start_log
from firmware_app.config.read import check_params
from firmware_app.kept.param_table import PARAMS
from firmware_app.running import supervisor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    add_box(parser)


def run(args: argparse.Namespace) -> int:
    start_log("run", args.state_dir)
    config, _ = box_settings(args)
    check_params(config, PARAMS)
    # Both children read the file themselves: they must find the same one, and get the same options.
    options = {
        "--config": os.path.abspath(config.source) if config.source else None,
        "--state-dir": os.path.abspath(args.state_dir) if args.state_dir else None,
        "--device": args.device,
        "--port": args.port,
    }
    arguments = [word for option, value in options.items() if value is not None for word in (option, str(value))]
    return supervisor.run(arguments, args.state_dir)
