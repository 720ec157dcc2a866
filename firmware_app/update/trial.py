"""The trial of a version: stop the old one, switch, start the new one, watch it; keep it, or go back.

Who judges runs from `good`, so a version is never judged by its own code. What a power cut or a kill leaves is settled
by `settle`: the guard calls it at the next start, and the installer's unit when it ends in whatever way.
"""

import contextlib
import fcntl
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware_app.kept.kept_file import make_folder, write_whole
from firmware_app.update.layout import CURRENT, GOOD, PREVIOUS, Layout, UpdateError
from firmware_app.update.proof import Proof
from firmware_app.update.record import CUT_OFF, RecordFile
from firmware_app.update.services import Services

log = logging.getLogger(__name__)

BACK_S = 30.0  # sound and page have to be back within this
STEADY_S = 5.0  # and then stay for this long
MOST_ENDS = 1  # a process that ends by itself may be started again once
LOOK_S = 0.25
WORDS = {
    "page": "{version} did not start its page",
    "sound": "{version} made no sound",
    "crash": "{version} ended again and again",
    "apply": "the system files of {version} could not be put in place",
    "cut": "the trial of {version} was cut off",
}


@contextlib.contextmanager
def locked(layout: Layout) -> Iterator[None]:
    """One installer at a time, the guard too. Raises UpdateError when another one works."""
    make_folder(layout.keep)
    with (layout.keep / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UpdateError("busy", "another update is being installed") from None
        yield


@dataclass(frozen=True, slots=True)
class Verdict:
    """code: "" when the version is good, else a key of WORDS. silent_s: how long the sound was away."""

    code: str
    silent_s: float


def watch(
    services: Services, proof: Proof, stopped_s: float, back_s: float = BACK_S, steady_s: float = STEADY_S
) -> Verdict:
    """Watch the version that was just started. stopped_s: time.monotonic() when the sound was stopped."""
    seen, ends = [0, 0], 0
    steady_since: float | None = None
    silent_s = 0.0
    sound = page = False
    while True:
        now = time.monotonic()
        for index, pid in enumerate(services.pids()):
            if pid and seen[index] and pid != seen[index]:
                ends += 1
                steady_since = None
            seen[index] = pid or seen[index]
        if ends > MOST_ENDS:
            return Verdict("crash", silent_s)
        sound, page = proof.sound(), proof.page()
        if sound and not silent_s:
            silent_s = time.monotonic() - stopped_s
        if not (sound and page):
            steady_since = None
        elif steady_since is None:
            steady_since = now
        elif now - steady_since >= steady_s:
            return Verdict("", silent_s)
        if steady_since is None and proof.running_s > back_s:
            return Verdict("page" if sound else "sound", silent_s)
        time.sleep(LOOK_S)


def run(
    layout: Layout,
    record: RecordFile,
    services: Services,
    version: str,
    proof: Callable[[], Proof],
    back_s: float = BACK_S,
    steady_s: float = STEADY_S,
) -> bool:
    """Try `version`, which lies in its place whole. Returns whether it is kept. Raises UpdateError, OSError.

    When it raises, the trial is not settled: `settle` has to follow.
    """
    record.phase("stop")
    write_whole(layout.trial, version.encode(), 0o644)
    stopped_s = time.monotonic()
    try:
        services.stop()
        services.copy_state()
    except (UpdateError, OSError) as error:
        services.start()
        layout.trial.unlink(missing_ok=True)
        raise UpdateError("state", f"the settings could not be copied first, so nothing was changed: {error}") from None
    record.phase("trial")
    watched = proof()
    try:
        layout.point(CURRENT, version)
        try:
            services.apply()
        except UpdateError as error:
            log.warning("%s: %s", version, error)
            verdict = Verdict("apply", 0.0)
        else:
            services.start()
            verdict = watch(services, watched, stopped_s, back_s, steady_s)
    finally:
        watched.close()
    if verdict.code:
        _go_back(layout, record, services, verdict.code)
        return False
    _keep(layout, version)
    record.end("installed", silent_s=verdict.silent_s)
    layout.trial.unlink(missing_ok=True)
    return True


def settle(layout: Layout, record: RecordFile, services: Services, *, running: bool = True) -> bool:
    """Settle a trial that was cut off; returns whether there was one. Raises UpdateError, OSError.

    running: start sound and page again; at boot they are started anyway, after this.
    """
    if not layout.trial.exists():
        if record.load().running:
            record.end("refused", "cut", CUT_OFF)
        return False
    if layout.pointed(CURRENT) != layout.pointed(GOOD):
        _go_back(layout, record, services, "cut", running=running)
        return True
    # It was cut before the switch, or just after its end.
    now = record.load()
    if now.running:
        if now.version == layout.pointed(GOOD):
            record.end("installed")
        else:
            record.end("back", "cut", *_words("cut", now.version, layout.pointed(GOOD)))
    if running:
        services.start()
    layout.trial.unlink(missing_ok=True)
    return True


def _keep(layout: Layout, version: str) -> None:
    """Confirm: the order is such that a cut between two steps still leads back to a version that is good."""
    old = layout.pointed(GOOD)
    if old and old != version:
        layout.point(PREVIOUS, old)
    layout.point(GOOD, version)
    remove_others(layout)


def _go_back(layout: Layout, record: RecordFile, services: Services, code: str, *, running: bool = True) -> None:
    """Whatever fails on the way, the old version is started in the end. Raises OSError when the link stays."""
    failed, good = layout.pointed(CURRENT) or record.load().version, layout.pointed(GOOD)
    record.phase("going_back")
    if running:
        _anyway(services.stop)
    _anyway(services.restore_state)  # before the link: until it changes, everybody sees that this is not settled
    layout.point(CURRENT, good)
    _anyway(services.apply)
    if running:
        _anyway(services.start)
    record.end("back", code, *_words(code, failed, good))
    layout.trial.unlink(missing_ok=True)
    log.warning("%s", _words(code, failed, good)[0])


def _anyway(step: Callable[[], None]) -> None:
    try:
        step()
    except (UpdateError, OSError) as error:
        log.warning("going back: %s", error)


def _words(code: str, version: str, good: str) -> tuple[str]:
    return (f"{WORDS[code].format(version=version)}: back on {good}",)


def remove_others(layout: Layout) -> None:
    """Remove every version but those that a link names, and what unpacking has left."""
    named = {layout.pointed(link) for link in (CURRENT, GOOD, PREVIOUS)}
    with os.scandir(layout.versions) as entries:
        others = [Path(entry.path) for entry in entries if entry.name not in named]
    for folder in others:
        shutil.rmtree(folder, ignore_errors=True)
