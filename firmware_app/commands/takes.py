"""List the takes, show one, or pack one for others.

"export" writes a folder of WAV or FLAC files, or one zip where the name
ends in .zip: the sounds from trim to trim, and the settings as text.

examples:
    hushbox takes
    hushbox takes show "2026-05-04 10.00.00"
    hushbox takes export "2026-05-04 10.00.00" song/ --flac
    hushbox takes export "2026-05-04 10.00.00" song.zip
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from firmware_app.commands import table
from firmware_app.config import places as places_of_box
from firmware_app.errors import UsageError
from firmware_app.takes import export
from firmware_app.takes import take as takes
from firmware_app.takes.library import TakeLibrary, sheet
from firmware_app.takes.listing import Listed
from firmware_app.takes.take import TakeError
from hw.audio.files.growing_bwf import RATE_HZ

WHAT = ("list", "show", "export")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", metavar="list|show|export", nargs="?", choices=WHAT, default="list", help="list if none"
    )
    parser.add_argument("take", metavar="TAKE", nargs="?", help="as the list names it")
    parser.add_argument("to", metavar="TO", nargs="?", help="export: a folder that is not there yet, or a .zip")
    parser.add_argument("--flac", action="store_true", help="export FLAC instead of WAV")
    parser.add_argument("--json", action="store_true", help="print as JSON")
    parser.add_argument("--state-dir", metavar="FOLDER", help="where takes are kept")


def run(args: argparse.Namespace) -> int:
    library = TakeLibrary(places_of_box.find(args.state_dir).takes)
    if args.what == "list":
        if args.take:
            raise UsageError(f"list takes no name: did you mean `hushbox takes show {args.take!r}`?")
        _list(library, args.json)
        return 0
    if not args.take:
        raise UsageError(f"{args.what}: which take? `hushbox takes` lists them")
    try:
        take = library.take(args.take)
        if args.what == "show":
            print(json.dumps(asdict(take), indent=2) if args.json else sheet(take), end="\n" if args.json else "")
            return 0
        if not args.to:
            raise UsageError("export: where to? Name a folder that is not there yet, or a .zip")
        for path in export.export(library.folder(args.take), take, Path(args.to), flac=args.flac):
            print(path)
    except TakeError as error:
        raise UsageError(str(error)) from None
    return 0


def _list(library: TakeLibrary, as_json: bool) -> None:
    listed = library.listed()
    if as_json:
        tree = [
            {"id": each.id, "bytes": each.bytes, "problem": each.problem, **(_all_of(library, each))} for each in listed
        ]
        print(json.dumps(tree, indent=2))
    elif not listed:
        print("No takes yet: `hushbox record`, or the record button of the page.")
    else:
        rows = [[each.id, *_facts(each)] for each in listed]
        print("\n".join(table.lines(("take", "length", "MB", "state", "holds", "name"), rows)))


def _all_of(library: TakeLibrary, each: Listed) -> dict[str, object]:
    """A take with its parameters; nothing of one that cannot be read."""
    return asdict(library.take(each.id)) if each.take is not None else {}


def _facts(each: Listed) -> list[str]:
    if each.take is None:
        return ["", f"{each.bytes / 1e6:.0f}", "damaged", "", each.problem]
    length_s = each.take.frames / RATE_HZ
    state = each.take.state if each.take.state != takes.WHOLE else ("starred" if each.take.star else "")
    lanes = ", ".join(lane.name for lane in each.take.lanes)
    return [f"{int(length_s // 60)}:{length_s % 60:02.0f}", f"{each.bytes / 1e6:.0f}", state, lanes, each.take.name]
