"""List the takes, show one, pack one for others, play one through other
settings, or line two of them up.

"export" writes a folder of WAV or FLAC files, or one zip where the name
ends in .zip: the sounds from trim to trim, and the settings as text. A name
that ends in .stem.mp4 makes a stem file for DJ software.
"retry" makes another version of the take: its dry sound through a preset,
or through the take's own settings. The take stays as it is.

examples:
    hushbox takes
    hushbox takes show "2026-05-04 10.00.00"
    hushbox takes export "2026-05-04 10.00.00" song/ --flac
    hushbox takes export "2026-05-04 10.00.00" song.zip
    hushbox takes retry "2026-05-04 10.00.00" --preset Karaoke
    hushbox takes compare "2026-05-04 10.00.00" "2026-05-04 10.05.00"
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import tqdm

from firmware_app.commands import table, take_work
from firmware_app.commands.common import add_settings, ending_cleanly, settings
from firmware_app.config.keys import Config
from firmware_app.config.places import Places
from firmware_app.errors import UsageError
from firmware_app.kept import choice, models
from firmware_app.takes import export, stem_file, versions
from firmware_app.takes import take as takes
from firmware_app.takes.library import TakeLibrary, sheet
from firmware_app.takes.listing import Listed
from firmware_app.takes.take import TakeError
from hw.audio.files.growing_bwf import RATE_HZ

_BAR = "{percentage:3.0f}%|{bar}| [{elapsed}<{remaining}]"
WHAT = ("list", "show", "export", "retry", "compare")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", metavar="list|show|export|retry|compare", nargs="?", choices=WHAT, default="list", help="list if none"
    )
    parser.add_argument("take", metavar="TAKE", nargs="?", help="as the list names it")
    parser.add_argument(
        "to", metavar="TO", nargs="?", help="export: a new folder, a .zip or a .stem.mp4; compare: the other take"
    )
    parser.add_argument("--flac", action="store_true", help="export FLAC instead of WAV")
    parser.add_argument("--preset", metavar="NAME", default="", help='retry: one of "hushbox presets"')
    parser.add_argument("--json", action="store_true", help="print as JSON")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    config, places = settings(args)
    library = TakeLibrary(places.takes)
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
        if args.what == "retry":
            return _retry(args, config, places, library.folder(args.take))
        if args.what == "compare":
            return _compare(args, config, places, library)
        if not args.to:
            raise UsageError("export: where to? Name a folder that is not there yet, or a .zip")
        if args.to.lower().endswith(stem_file.SUFFIX):
            print(stem_file.write(library.folder(args.take), take, Path(args.to)))
            return 0
        for path in export.export(library.folder(args.take), take, Path(args.to), flac=args.flac):
            print(path)
    except TakeError as error:
        raise UsageError(str(error)) from None
    return 0


def _retry(args: argparse.Namespace, config: Config, places: Places, folder: Path) -> int:
    """Raises TakeError, UsageError."""
    model = models.in_force(choice.in_force(config, choice.kept(config, places)), places)[0].model
    period = config.audio.period_frames
    quiet = True if args.json else None
    with tqdm.tqdm(disable=quiet, total=100.0, leave=False, bar_format=_BAR) as bar, ending_cleanly():
        made = take_work.retry(
            places, model, folder, args.preset, period, lambda share: bar.update(100.0 * share - bar.n)
        )
    if args.json:
        print(json.dumps(asdict(made), indent=2))
    else:
        for name in (made.id, *made.lanes):
            print(versions.file_of(folder, name))
    return 0


def _compare(args: argparse.Namespace, config: Config, places: Places, library: TakeLibrary) -> int:
    """Returns 1 for two songs. Raises TakeError, UsageError."""
    if not args.to:
        raise UsageError("compare: with which take? `hushbox takes` lists them")
    found = take_work.compare(places, config.model, library.folder(args.take), library.folder(args.to))
    if args.json:
        print(json.dumps({"pairs": found.pairs, "score": found.score, "same": found.same}, indent=2))
    elif found.same:
        print(f"the same song, {100 * found.score:.0f} % alike")
        print("\n".join(f"{here:9.2f} s  {there:9.2f} s" for here, there in found.pairs))
    else:
        print(f"not the same song: {100 * found.score:.0f} % alike")
    return 0 if found.same else 1


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
        print("\n".join(table.lines(("take", "length", "MB", "state", "holds", "LUFS", "key", "bpm", "name"), rows)))


def _all_of(library: TakeLibrary, each: Listed) -> dict[str, object]:
    """A take with its parameters; nothing of one that cannot be read."""
    return asdict(library.take(each.id)) if each.take is not None else {}


def _facts(each: Listed) -> list[str]:
    if each.take is None:
        return ["", f"{each.bytes / 1e6:.0f}", "damaged", "", "", "", "", each.problem]
    length_s = each.take.frames / RATE_HZ
    state = each.take.state if each.take.state != takes.WHOLE else ("starred" if each.take.star else "")
    lanes = ", ".join(lane.name for lane in each.take.lanes)
    length = f"{int(length_s // 60)}:{length_s % 60:02.0f}"
    known = each.facts
    loud = None if known is None else known.lufs.get("wet", next(iter(known.lufs.values()), None))
    worth = ["" if loud is None else f"{loud:.1f}", "", ""]
    if known is not None:
        worth[1:] = [known.key, "" if known.bpm is None else f"{known.bpm:.0f}"]
    return [length, f"{each.bytes / 1e6:.0f}", state, lanes, *worth, each.take.name]
