"""List the keyboards that are plugged in, and let the box read one as a pedal.

A box reads no keyboard but a pedal: what is typed is nobody's business. It
knows the usual USB pedals; another one is allowed by its id, as root.

examples:
    hushbox pedals
    sudo hushbox pedals --allow 1a86-e026
    sudo hushbox pedals --forbid 1a86-e026
"""

import argparse
import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path

from dsp.inference.handed_in import HandedInError, read_file
from firmware_app.commands.common import add_settings, settings
from firmware_app.config.keys import Config
from firmware_app.config.places import BOX_STATE
from firmware_app.errors import AppError, UsageError
from hw.panel.keyboards import keyboards

RULES = Path("/etc/udev/rules.d/62-hushbox-pedals.rules")
_HEAD = "# Keyboards that the box may read as pedals. `sudo hushbox pedals --allow ID` writes this file.\n"
_RULE = (
    'SUBSYSTEM=="input", KERNEL=="event*", ATTRS{id/vendor}=="%s", ATTRS{id/product}=="%s", '
    'GROUP="hushbox-keys", MODE="0640"\n'
)
_ID = re.compile(r"[0-9a-f]{4}-[0-9a-f]{4}")
_LARGEST_BYTES = 1_000_000


class PedalsError(AppError, OSError):
    """The rule cannot be written."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--allow", metavar="ID", action="append", default=[], help="let the box read this one")
    parser.add_argument("--forbid", metavar="ID", action="append", default=[], help="no longer")
    parser.add_argument("--mapped", action="store_true", help="allow every one that the box's panel already uses")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    for id in (*args.allow, *args.forbid):
        if not _ID.fullmatch(id):
            raise UsageError(f"{id}: no id of a keyboard: it looks like 1a86-e026, and `hushbox pedals` lists them")
    wanted = {*args.allow, *(mapped(settings(args)[0]) if args.mapped else ())}
    if not wanted and not args.forbid:
        return _list() if not args.mapped else 0
    before = allowed(RULES)
    write(RULES, (before | wanted) - set(args.forbid))
    _apply()
    print(f"The box may read: {', '.join(sorted(allowed(RULES))) or 'only the pedals that it knows'}.")
    return 0


def allowed(rules: Path) -> set[str]:
    """The ids in the file of rules."""
    try:
        text = rules.read_text(errors="replace")
    except OSError:
        return set()
    found = re.findall(r'ATTRS\{id/vendor\}=="(\w{4})", ATTRS\{id/product\}=="(\w{4})"', text)
    return {f"{vendor}-{product}" for vendor, product in found}


def write(rules: Path, ids: Collection[str]) -> None:
    """Write the file anew. Raises PedalsError."""
    text = _HEAD + "".join(_RULE % tuple(id.split("-")) for id in sorted(ids))
    try:
        rules.parent.mkdir(parents=True, exist_ok=True)
        fresh = rules.with_name(rules.name + ".new")  # udev reads *.rules only
        fresh.write_text(text)
        os.replace(fresh, rules)
    except OSError as error:
        raise PedalsError(f"{rules}: cannot be written ({error.strerror}): sudo hushbox pedals") from None


def mapped(config: Config, state: Path = BOX_STATE) -> set[str]:
    """The ids that the settings file and the page's panel name."""
    ids = {key.device for key in config.panel.hid_keys}
    with contextlib.suppress(OSError, HandedInError, UnicodeDecodeError):  # nothing is mapped on the page
        ids |= set(re.findall(rf'"({_ID.pattern})"', read_file(state / "panel.json", _LARGEST_BYTES).decode()))
    return {id for id in ids if _ID.fullmatch(id)}


def _list() -> int:
    for keyboard in filter(lambda each: each.plugged_in, keyboards()):
        print(f"{keyboard.id}  {keyboard.name}  {'' if keyboard.readable else '(not readable)'}".rstrip())
    return 0


def _apply() -> None:
    """Let udev read the rules, and give the devices that are there to their group."""
    if shutil.which("udevadm") is None:
        return
    for command in (["control", "--reload"], ["trigger", "--action=change", "--subsystem-match=input"]):
        subprocess.run(["udevadm", *command], capture_output=True)
