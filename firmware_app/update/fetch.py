"""Control's half: look what a source has, fetch it into the staging folder, and ask the installer for it.

Nothing here is privileged. The installer believes nothing of it: it checks every signature again.
"""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from firmware_app.kept.kept_file import make_folder, write_whole
from firmware_app.update.layout import GOOD, PREVIOUS, Layout, UpdateError
from firmware_app.update.offer import Offer, best
from firmware_app.update.source import NoSuchFile, Source
from firmware_app.update.trust import LARGEST_LIST, LARGEST_ROOT, MOST_ROOTS, Trust

SPARE_BYTES = 50_000_000  # the disk keeps at least this much free: settings must always fit
REPOSITORY = "repository"  # in the staging folder: as much of the repository as the installer needs
SEEN = "seen"
Tell = Callable[[int, int], None]  # bytes so far, bytes in all


@dataclass(frozen=True, slots=True)
class Found:
    """Result of look(). offer: what can be installed, None for nothing. why_not: why something newer cannot be."""

    offer: Offer | None
    why_not: UpdateError | None
    clock_is_wrong: str


def look(layout: Layout, source: Source) -> Found:
    """Look what a source has for this box. It may take as long as the source does. Raises UpdateError, OSError."""
    trust = Trust(layout, layout.staging / SEEN, layout.home / GOOD)
    offer, why_not = best(trust.look(source), layout.pointed(GOOD))
    return Found(offer, why_not, trust.clock_is_wrong)


def get(layout: Layout, source: Source, offer: Offer, tell: Tell = lambda got, of: None) -> None:
    """Fetch an offer into the staging folder; goes on where an earlier try ended. Raises UpdateError, OSError."""
    place = layout.staging / REPOSITORY
    make_folder(place / "metadata")
    make_folder(place / "targets")
    for path in (place / "targets").iterdir():
        if path.name not in (offer.hashed, f"{offer.hashed}.part"):
            path.unlink()
    archive, part = place / "targets" / offer.hashed, place / "targets" / f"{offer.hashed}.part"
    if not archive.exists():
        room_for(place, offer.length - (part.stat().st_size if part.exists() else 0))
        _archive(source, offer, part, tell)
        os.replace(part, archive)
    _metadata(layout, source, place / "metadata")


def ask(layout: Layout, version: str) -> str:
    """Ask the installer to install what was fetched, or "back" for the version before. Returns the request's id."""
    id = secrets.token_hex(8)
    text = json.dumps({"id": id, "version": version})
    make_folder(layout.staging)
    write_whole(layout.request, text.encode(), 0o640)
    return id


def ask_back(layout: Layout) -> str:
    """Ask for the version before. Raises UpdateError when there is none."""
    if not layout.pointed(PREVIOUS) or layout.pointed(PREVIOUS) == layout.pointed(GOOD):
        raise UpdateError("no_previous", "there is no version before this one on the box")
    return ask(layout, "back")


def fetched(layout: Layout) -> str:
    """The hashed name of the archive that lies in the staging folder; "" when there is none."""
    try:
        names = os.listdir(layout.staging / REPOSITORY / "targets")
    except OSError:
        return ""
    return next((name for name in names if not name.endswith(".part")), "")


def forget(layout: Layout) -> None:
    """Remove what was fetched: it is installed."""
    shutil.rmtree(layout.staging / REPOSITORY, ignore_errors=True)


def room_for(folder: Path, wanted: int) -> None:
    """Raises UpdateError when the disk has no room for so many bytes."""
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    if free < wanted + SPARE_BYTES:
        need, have = f"{(wanted + SPARE_BYTES) / 1e6:.0f}", f"{free / 1e6:.0f}"
        raise UpdateError("space", f"{folder}: {need} MB are needed, {have} MB are free", need=need, have=have)


def _archive(source: Source, offer: Offer, part: Path, tell: Tell) -> None:
    """Fetch the archive itself. What was fetched of it stays when the source goes away."""
    got = part.stat().st_size if part.exists() else 0
    if got > offer.length:
        part.unlink()
        got = 0
    with part.open("ab") as file:
        for piece in source.pieces(f"targets/{offer.hashed}", got) if got < offer.length else ():
            got += len(piece)
            if got > offer.length:
                break
            file.write(piece)
            tell(got, offer.length)
        file.flush()
        os.fsync(file.fileno())
    if got < offer.length:
        raise UpdateError("short", f"{offer.path}: {got} of {offer.length} bytes came; the rest is fetched next time")
    with part.open("rb") as file:
        right = (
            got == offer.length and hashlib.file_digest(file, "sha256").hexdigest() == offer.hashed.partition(".")[0]
        )
    if not right:
        part.unlink()
        raise UpdateError("damaged", f"{offer.path}: is not what was signed; it was thrown away")


def _metadata(layout: Layout, source: Source, place: Path) -> None:
    """Copy the signed lists as they are. The installer starts from the same root as this box."""
    shutil.rmtree(place)
    make_folder(place)
    timestamp = _whole(source.pieces("metadata/timestamp.json"), LARGEST_ROOT)
    seen = {name: _version(layout.staging / SEEN / f"{name}.json") for name in ("snapshot", "targets")}
    write_whole(place / "timestamp.json", timestamp, 0o640)
    for name, number in seen.items():
        data = _whole(source.pieces(f"metadata/{number}.{name}.json"), LARGEST_LIST)
        write_whole(place / f"{number}.{name}.json", data, 0o640)
    for number in range(1, MOST_ROOTS):
        try:
            data = _whole(source.pieces(f"metadata/{number}.root.json"), LARGEST_ROOT)
        except NoSuchFile:
            if number > 1:  # a repository may have dropped its first one
                break
            continue
        write_whole(place / f"{number}.root.json", data, 0o640)


def _whole(pieces: Iterable[bytes], most: int) -> bytes:
    data = b""
    for piece in pieces:
        data += piece
        if len(data) > most:
            raise UpdateError("damaged", "a list of the repository is too long")
    return data


def _version(path: Path) -> int:
    return int(json.loads(path.read_bytes())["signed"]["version"])
