"""How `hushbox pair` asks the running box: a file in the runtime folder, and one with the answer.

Only a file of the box's own user, or of root, counts: whoever may write there otherwise (the audio process) may not
pair a phone.
"""

import contextlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firmware_app.kept.pairing_rules import PairingError
from firmware_app.kept.pairings import Pairings
from firmware_app.setup.lost_everything import LostEverything

REQUEST = "pair_request.json"
ANSWER = "pair_answer.json"
_LARGEST_BYTES = 2000


def leave(runtime: Path, name: str, tree: Mapping[str, Any]) -> None:
    """Write one of the two, readable by the box's user alone. Raises OSError."""
    fresh = runtime / f"{name}.new"
    fresh.unlink(missing_ok=True)
    with open(fresh, "x", opener=lambda path, flags: os.open(path, flags | os.O_NOFOLLOW, 0o600)) as file:
        json.dump(tree, file)
    if os.geteuid() == 0:  # root asks for the box's user
        owner = runtime.stat()
        os.chown(fresh, owner.st_uid, owner.st_gid, follow_symlinks=False)
    os.replace(fresh, runtime / name)


def taken(runtime: Path, name: str) -> Mapping[str, Any] | None:
    """Read one of the two and remove it. None when there is none, or it is not from the box's user."""
    path = runtime / name
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink()  # a link
        return None
    try:
        found = os.fstat(descriptor)
        ours = stat.S_ISREG(found.st_mode) and found.st_uid in (0, os.geteuid(), runtime.stat().st_uid)
        tree = json.loads(os.read(descriptor, _LARGEST_BYTES)) if ours else None
    except (OSError, ValueError):
        tree = None
    finally:
        os.close(descriptor)
        with contextlib.suppress(OSError):
            path.unlink()
    return tree if isinstance(tree, dict) else None


def answer(runtime: Path, pairings: Pairings, lost: LostEverything) -> None:
    """Do what a waiting request asks for, and leave the answer. Called a few times a second by the running box."""
    if not (runtime / REQUEST).exists():
        return
    tree = taken(runtime, REQUEST)
    if tree is not None:
        with contextlib.suppress(OSError):
            leave(runtime, ANSWER, done(tree, pairings, lost))


def done(tree: Mapping[str, Any], pairings: Pairings, lost: LostEverything) -> Mapping[str, Any]:
    """Do it: {"do": "forget_all"} or {"do": "invite", "role": …, "hours": …}. {"problem": …, "code": …, "ends": …}."""
    try:
        if tree.get("do") == "forget_all":
            return {"problem": lost.forget()}
        code, ends = pairings.invite(str(tree["role"]), None if tree["hours"] is None else float(tree["hours"]))
        return {"problem": "", "code": code, "ends": ends}
    except PairingError as error:
        return {"problem": str(error)}
    except (KeyError, TypeError, ValueError):
        return {"problem": "this request cannot be read"}
