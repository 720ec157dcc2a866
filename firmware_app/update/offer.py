"""What a repository offers: one version for one kind of machine, as its signed list describes it."""

import datetime
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firmware_app.update.clock import utc
from firmware_app.update.layout import UpdateError
from firmware_app.update.version_name import parsed

MOST_BYTES, MOST_FILES = 2_000_000_000, 100_000  # of a version, unpacked
MOST_CHANGES, LONGEST_CHANGE = 200, 600
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}  # as `uname -m` and as Debian say it


@dataclass(frozen=True, slots=True)
class Offer:
    """A version that can be fetched. path, hashed: its archive's name in the list, and as it is stored."""

    version: str
    machine: str  # as Debian says it
    python: str  # "3.11"
    least: str  # the oldest version that may go to this one
    made: datetime.datetime
    changes: tuple[str, ...]
    path: str
    hashed: str
    length: int
    unpacked_bytes: int
    files: int

    def why_not(self, running: str) -> UpdateError | None:
        """Why it cannot be installed on this machine, over the version that runs; None when it can."""
        here = MACHINES.get(platform.machine(), platform.machine())
        python = python_here()
        if parsed(self.version) <= parsed(running):
            return UpdateError(
                "older", f"{self.version} is not newer than {running}, which runs", version=self.version, now=running
            )
        if self.machine != here:
            return UpdateError("machine", f"{self.version} is for {self.machine}; this is {here}", version=self.version)
        if self.python != python:
            return UpdateError(
                "python",
                f"{self.version} is for Python {self.python}; this system has {python}: it takes a newer Debian or a "
                "package made for this one",
                version=self.version,
                wants=self.python,
                has=python,
            )
        if parsed(running) < parsed(self.least):
            return UpdateError(
                "step",
                f"{self.version} wants {self.least} first; {running} runs",
                version=self.version,
                least=self.least,
            )
        return None


def python_here() -> str:
    return "{}.{}".format(*sys.version_info[:2])


def read(path: str, length: int, hashes: Mapping[str, str], custom: Mapping[str, Any] | None) -> Offer:
    """One entry of the signed list. Raises UpdateError: the signature says who wrote it, not that it makes sense."""
    try:
        tree = dict((custom or {})["hushbox"])
        changes = tuple(str(line)[:LONGEST_CHANGE] for line in list(tree["changes"])[:MOST_CHANGES])
        offer = Offer(
            str(tree["version"]), str(tree["machine"]), str(tree["python"]), str(tree["least"]), utc(tree["made"]),
            changes, path, f"{hashes['sha256']}.{path}", int(length), int(tree["unpacked_bytes"]), int(tree["files"]),
        )  # fmt: skip
        parsed(offer.version)
        parsed(offer.least)
    except (KeyError, TypeError, ValueError) as error:
        raise UpdateError("damaged", f"the list's entry {path[:80]!r} cannot be used: {error}") from None
    if not (0 < offer.unpacked_bytes <= MOST_BYTES and 0 < offer.files <= MOST_FILES and 0 < length <= MOST_BYTES):
        raise UpdateError("damaged", f"the list's entry {path[:80]!r} is larger than a version can be")
    return offer


def best(offers: Sequence[Offer], running: str) -> tuple[Offer | None, UpdateError | None]:
    """(the newest that can be installed here, why a still newer one cannot)."""
    newer = sorted((each for each in offers if parsed(each.version) > parsed(running)), key=lambda o: parsed(o.version))
    fits = [each for each in newer if each.why_not(running) is None]
    chosen = fits[-1] if fits else None
    beyond = [each for each in newer if chosen is None or parsed(each.version) > parsed(chosen.version)]
    return chosen, beyond[-1].why_not(running) if beyond else None
