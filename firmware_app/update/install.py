"""The installer: checks what was fetched once more, unpacks it beside the running version, and tries it.

On a box it runs as root, without a network, in a unit of its own (systemd/hushbox-update.service). Control's user can
ask it for something, and put files before it; what counts is the maker's signature alone.
"""

import hashlib
import json
import logging
import os
import shutil
import subprocess
from pathlib import Path

from dsp.inference.handed_in import HandedInError, read_file
from firmware_app.config.places import Places
from firmware_app.kept.kept_file import make_folder, sync_folder
from firmware_app.update import trial
from firmware_app.update.fetch import REPOSITORY, room_for
from firmware_app.update.layout import GOOD, PREVIOUS, Layout, UpdateError
from firmware_app.update.offer import Offer
from firmware_app.update.proof import Proof
from firmware_app.update.record import Record, RecordFile
from firmware_app.update.services import Services
from firmware_app.update.source import FolderSource
from firmware_app.update.trust import Trust
from firmware_app.update.unpack import unpack
from firmware_app.update.version_name import is_version

log = logging.getLogger(__name__)

BACK = "back"
COMPILE_S = 900.0  # a Pi 4 with a slow card


def install(layout: Layout, services: Services, places: Places, back_s: float = trial.BACK_S) -> Record:
    """Do what control asks for, once. Returns the record of it. Raises OSError when not even that can be kept.

    places: where sound and page show that they run. back_s: how soon sound and page must be back.

    It ends with either version running, or is killed; then `settle` of trial.py has to follow, and the unit sees to it.
    """
    record = RecordFile(layout.keep)
    with trial.locked(layout):
        trial.settle(layout, record, services)
        id, wanted = _request(layout)
        before = record.load()
        if not id or id == before.id:
            return before
        record.begin(id, wanted if wanted != BACK else layout.pointed(PREVIOUS), layout.pointed(GOOD))
        try:
            if not services.running():
                raise UpdateError(
                    "stopped", "the box does not run, so a new version could not prove itself: start it first"
                )
            version = _back(layout) if wanted == BACK else _put_beside(layout, record, wanted)
            trial.run(layout, record, services, version, lambda: Proof(places.runtime, places.sound), back_s)
        except UpdateError as error:
            record.end("refused", error.code, str(error), values=error.values)
            log.warning("update refused: %s", error)
        except OSError as error:
            record.end("refused", "disk", f"{error.filename or layout.home}: {error.strerror}")
            log.warning("update refused: %s", error)
        finally:
            shutil.rmtree(layout.keep / "incoming", ignore_errors=True)
            trial.remove_others(layout)
            trial.settle(layout, record, services)
    return record.load()


def _request(layout: Layout) -> tuple[str, str]:
    """(id, version or "back") that control asks for; ("", "") when there is no proper request."""
    try:
        tree = json.loads(read_file(layout.request, 1000))
        id, version = tree["id"], tree["version"]
    except (OSError, HandedInError, ValueError, KeyError, TypeError, RecursionError):
        return "", ""
    proper = isinstance(id, str) and 8 <= len(id) <= 64 and id.isalnum() and (version == BACK or is_version(version))
    return (id, version) if proper else ("", "")


def _back(layout: Layout) -> str:
    """The version before: it was signed and proved when it was installed, and only root could have changed it."""
    version = layout.pointed(PREVIOUS)
    if not version or version == layout.pointed(GOOD):
        raise UpdateError("no_previous", "there is no version before this one on the box")
    return version


def _put_beside(layout: Layout, record: RecordFile, version: str) -> str:
    """Check, copy and unpack `version`; it lies whole in its place on return. Raises UpdateError, OSError."""
    good = layout.pointed(GOOD)
    source = FolderSource(layout.staging / REPOSITORY)
    offers = Trust(layout, layout.trusted, layout.home / GOOD).look(source)
    chosen = [each for each in offers if each.version == version and each.why_not(good) is None]
    if not chosen:
        reasons = [why for each in offers if each.version == version if (why := each.why_not(good))]
        raise reasons[0] if reasons else UpdateError("not_there", f"{version} is not in what was fetched")
    offer = chosen[0]
    record.phase("copy")
    incoming = layout.keep / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    make_folder(incoming)
    room_for(incoming, offer.length)
    archive = incoming / "archive"
    _copy(source, offer, archive)
    record.phase("unpack")
    room_for(layout.versions, offer.unpacked_bytes + 4096 * offer.files)
    fresh = layout.versions / f".{version}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(layout.version(version), ignore_errors=True)  # of a try that was cut off: no link names it
    unpack(archive, fresh, offer)
    (fresh / ".venv/bin/python").symlink_to(os.readlink(layout.home / GOOD / ".venv/bin/python"))
    record.phase("compile")
    _compile(fresh, layout.version(version))
    os.sync()
    os.replace(fresh, layout.version(version))
    sync_folder(layout.versions)
    return version


def _copy(source: FolderSource, offer: Offer, archive: Path) -> None:
    """Copy the archive to where control cannot change it any more, then check it. Raises UpdateError, OSError."""
    digest, got = hashlib.sha256(), 0
    with archive.open("xb") as file:
        for piece in source.pieces(f"targets/{offer.hashed}"):
            got += len(piece)
            if got > offer.length:
                break
            digest.update(piece)
            file.write(piece)
    if got != offer.length or digest.hexdigest() != offer.hashed.partition(".")[0]:
        raise UpdateError("damaged", f"{offer.path}: is not what was signed")


def _compile(fresh: Path, place: Path) -> None:
    """Python's compiled files, as if they had been made where they will lie: the box may not write them itself."""
    if any(fresh.glob(".venv/lib/python3.*/site-packages/dsp/__pycache__")):
        return
    command = [str(fresh / ".venv/bin/python"), "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(fresh), "-p", str(place), str(fresh / ".venv/lib")]
    try:
        subprocess.run(
            command, capture_output=True, timeout=COMPILE_S, check=False
        )  # one bad file in a library: no harm
    except (OSError, subprocess.SubprocessError) as error:
        raise UpdateError("damaged", f"the version could not be compiled: {error}") from None
    if not any(fresh.glob(".venv/lib/python3.*/site-packages/dsp/__pycache__")):
        raise UpdateError("damaged", "the version could not be compiled")
