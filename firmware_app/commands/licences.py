"""Print the licences of everything that the box is made of.

Its packages, its models and their data, its sounds: pipe it into a pager.

examples:
    hushbox licences
"""

import argparse
import sys
from importlib.metadata import distribution

from firmware_app.config import places as places_of_box
from firmware_app.system.licence_texts import whole
from firmware_app.system.licences import shipped


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace) -> int:
    packages = [distribution(package.name) for package in shipped()]
    sys.stdout.write(whole(places_of_box.find(), packages))
    return 0
