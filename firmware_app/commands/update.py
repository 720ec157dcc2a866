"""Look for a newer version of the box and install it, or go back.

Without a word it says which version runs and what came of the newest update.
"install" fetches what is newest, stops the sound for some seconds, and tries
it: when its sound or its page is not back within 30 s, the box goes back by
itself. Everything is signed by the maker (docs/updates.md). On a device, run
it with sudo.

examples:
    hushbox update look --from /media/stick
    hushbox update install --from https://example.org/hushbox
    hushbox update --back
"""

import argparse
import json
import os
import pwd
import sys
import time

from tqdm import tqdm

from firmware_app.commands.common import settings
from firmware_app.errors import UsageError
from firmware_app.system.versions import box_version
from firmware_app.update import fetch
from firmware_app.update.layout import PREVIOUS, Layout, UpdateError, find, why_none
from firmware_app.update.record import Record, RecordFile
from firmware_app.update.source import Source, source_of, sticks

WHAT = ("look", "get", "install")
TAKEN_UP_S, INSTALLED_S = 20.0, 1800.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", choices=WHAT, help="what to do; without it, say how things are")
    parser.add_argument(
        "--from", dest="source", metavar="FOLDER|URL", help="where to look; else [update] source, or a stick"
    )
    parser.add_argument("--back", action="store_true", help="go back to the version before")
    parser.add_argument("--yes", action="store_true", help="do not ask before the sound stops")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--config", metavar="FILE", help="use these settings instead of the hushbox.toml that is found")


def run(args: argparse.Namespace) -> int:
    """Raises UpdateError, UsageError."""
    if args.back and args.what:
        raise UsageError(f"--back and {args.what}: only one of them")
    layout = find()
    if layout is None:
        if args.what or args.back:
            raise UpdateError("checkout", why_none())
        return _say(
            args, {"version": box_version(), "updates": False, "why": why_none()}, f"{box_version()}. {why_none()}"
        )
    if not args.what and not args.back:
        return _status(args, layout)
    source = None if args.back else _source(args)
    _become_control(layout)
    if args.back:
        return _wait(args, layout, _asked_back(args, layout))
    assert source is not None
    return _forward(args, layout, source)


def _forward(args: argparse.Namespace, layout: Layout, source: Source) -> int:
    found = fetch.look(layout, source)
    if found.clock_is_wrong:
        print(f"hushbox: {found.clock_is_wrong}", file=sys.stderr)
    offer = found.offer
    if offer is None:
        if found.why_not is not None:
            raise found.why_not
        return _say(args, {"newer": None}, "nothing newer is there")
    tree = {"newer": offer.version, "made": f"{offer.made:%Y-%m-%d}", "bytes": offer.length, "changes": offer.changes}
    if args.what == "look":
        lines = [f"{offer.version}, made on {offer.made:%Y-%m-%d}, {offer.length / 1e6:.1f} MB"]
        return _say(args, tree, "\n".join([*lines, *(f"- {change}" for change in offer.changes)]))
    with tqdm(total=offer.length, unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def tell(got: int, of: int) -> None:
            bar.update(got - bar.n)

        fetch.get(layout, source, offer, tell)
    if args.what == "get":
        return _say(args, tree, f"{offer.version} is fetched; `hushbox update install` installs it")
    _may_stop(args, RecordFile(layout.keep).load())
    return _wait(args, layout, fetch.ask(layout, offer.version))


def _asked_back(args: argparse.Namespace, layout: Layout) -> str:
    _may_stop(args, RecordFile(layout.keep).load())
    return fetch.ask_back(layout)


def _source(args: argparse.Namespace) -> Source:
    if args.source:
        return source_of(args.source)
    config, _ = settings(args)
    if config.update.source:
        return source_of(config.update.source)
    found = sticks()
    if not found:
        raise UpdateError("source", "where from? Put in a stick with a folder hushbox-update, or name one with --from")
    return source_of(str(found[0]))


def _become_control(layout: Layout) -> None:
    """As root: go on as the user who owns the staging folder, so that control can still write there."""
    layout.staging.mkdir(parents=True, exist_ok=True, mode=0o750)
    owner = layout.staging.stat().st_uid
    if os.geteuid() == 0 and owner != 0:
        user = pwd.getpwuid(owner)
        os.initgroups(user.pw_name, user.pw_gid)
        os.setgid(user.pw_gid)
        os.setuid(owner)
    elif not os.access(layout.staging, os.W_OK):
        name = pwd.getpwuid(owner).pw_name
        raise UpdateError(
            "user", f"only {name} may fetch updates here: sudo -u {name} hushbox update, or sudo hushbox update"
        )


def _may_stop(args: argparse.Namespace, record: Record) -> None:
    """Ask first. Raises UpdateError when there is nobody to ask."""
    if args.yes:
        return
    last = f"about {record.silent_s:.0f} s, as last time" if record.silent_s else "some seconds"
    words = f"The sound stops for {last}; should the new version not start, for up to a minute."
    if not sys.stdin.isatty():
        raise UpdateError("ask", f"{words} Add --yes when that is all right")
    if input(f"{words} Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise UpdateError("ask", "nothing was changed")


def _wait(args: argparse.Namespace, layout: Layout, id: str) -> int:
    """Wait for what comes of it. Returns the exit code."""
    file = RecordFile(layout.keep)
    until = time.monotonic() + TAKEN_UP_S
    said = ""
    while True:
        record = file.load()
        if record.id == id:
            until = max(until, time.monotonic() + (INSTALLED_S if said == "" else 0))
            if record.result:
                break
            if record.phase != said and not args.json:
                said = record.phase
                print(f"{record.version}: {said.replace('_', ' ')}")
        if time.monotonic() > until:
            raise UpdateError("system", "nobody takes it up: does the box run, with hushbox-update.path switched on?")
        time.sleep(0.2)
    words = record.words or f"{record.version} runs; the sound was away for {record.silent_s:.1f} s"
    _say(args, _tree(layout, record), words)
    return 0 if record.result == "installed" else 1


def _status(args: argparse.Namespace, layout: Layout) -> int:
    record = RecordFile(layout.keep).seen()
    lines = [f"{box_version()} runs" + (f"; {layout.pointed(PREVIOUS)} is kept" if layout.pointed(PREVIOUS) else "")]
    if record.running:
        lines.append(f"{record.version} is being installed: {record.phase.replace('_', ' ')}")
    elif record.result:
        day = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.ended_s))
        lines.append(f"{day}: {record.words or f'{record.version} installed'}")
    return _say(args, _tree(layout, record), "\n".join(lines))


def _tree(layout: Layout, record: Record) -> dict[str, object]:
    newest = {
        "version": record.version, "phase": record.phase, "result": record.result, "code": record.code,
        "words": record.words, "silent_s": round(record.silent_s, 2),
    }  # fmt: skip
    return {"version": box_version(), "previous": layout.pointed(PREVIOUS), "updates": True, "newest": newest}


def _say(args: argparse.Namespace, tree: dict[str, object], words: str) -> int:
    print(json.dumps(tree, indent=1) if args.json else words)
    return 0
