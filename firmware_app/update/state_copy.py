"""A copy of the settings, made before a version is changed.

A newer version may bring a file into a new form, which the older one cannot read: it would set the file aside and start
from defaults. So after going back, each file whose form (its schema) has changed is replaced with its copy. Files whose
form is the same stay: what was changed during the trial is not lost. `mutes` has one form for ever, so what was muted
last stays muted whichever version runs.
"""

import contextlib
import json
import os
import shutil
import stat
from pathlib import Path

from firmware_app.kept.kept_file import sync_folder, write_whole

FOLDER = "before-update"
RESTORED = "restored.json"  # in FOLDER: what the newest restore put back
LARGEST_BYTES, MOST_FILES = 8_000_000, 500  # settings are small; recordings and the like are not copied
_NO_SETTINGS = frozenset({FOLDER, "recordings", "log"})


def copy(state: Path) -> None:
    """Copy all settings into state/before-update, whole or not at all. Raises OSError. The box does not run."""
    fresh = state / f"{FOLDER}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    for name in _settings(state):
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        data, mode = _read(state / name)
        write_whole(path, data, mode)
    for folder in {fresh, *(path for path in fresh.rglob("*") if path.is_dir())}:
        sync_folder(folder)
    shutil.rmtree(state / FOLDER, ignore_errors=True)
    os.replace(fresh, state / FOLDER)
    sync_folder(state)


def restore(state: Path) -> tuple[str, ...]:
    """Put back what has another schema than its copy. Returns the names. Raises OSError. The box does not run.

    Doing it twice, or ending within it, does no harm: what is put back has the copy's schema then.
    """
    kept = state / FOLDER
    if not kept.is_dir():
        return ()
    names = [name for name in _settings(kept) if name != RESTORED and _other_form(kept / name, state / name)]
    for name in names:
        data, mode = _read(kept / name)
        (state / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(state / name, data, mode)
    write_whole(kept / RESTORED, json.dumps(names).encode())
    return tuple(names)


def restored(state: Path) -> tuple[str, ...]:
    """What the newest going back has put back; for the page."""
    with contextlib.suppress(OSError, ValueError):
        names = json.loads((state / FOLDER / RESTORED).read_bytes()[:100_000])
        if isinstance(names, list):
            return tuple(str(name)[:100] for name in names[:MOST_FILES])
    return ()


def _settings(folder: Path) -> list[str]:
    """Regular files of a sensible size, by their path in `folder`; no links are followed."""
    found: list[str] = []
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NO_SETTINGS and not name.startswith(FOLDER)]
        for name in files:
            path = Path(root, name)
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_BYTES:
                found.append(str(path.relative_to(folder)))
    return sorted(found)[:MOST_FILES]


def _read(path: Path) -> tuple[bytes, int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        return file.read(LARGEST_BYTES), stat.S_IMODE(os.fstat(descriptor).st_mode)


def _other_form(copied: Path, now: Path) -> bool:
    """Whether `now` has another schema than its copy. A file without a schema keeps its form for ever."""
    before = _schema(copied)
    return before is not None and _schema(now) != before


def _schema(path: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError, RecursionError):
        tree = json.loads(_read(path)[0])
        if isinstance(tree, dict) and type(tree.get("schema")) is int:
            return int(tree["schema"])
    return None
