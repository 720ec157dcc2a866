"""Where versions lie, and the three links that say which of them counts.

    /opt/hushbox/versions/0.2.0/      one whole version: its own environment, its models, its system files
    /opt/hushbox/current              what runs
    /opt/hushbox/good                 the newest that has proved itself; who judges a trial runs from here
    /opt/hushbox/previous             the one before

`current` is `good`, but for a trial. So one glance at the links says what a start has to do after a power cut: where
they differ, nobody confirmed the trial, and `current` goes back. A link changes by a rename: it is the old or the new
one at every moment.
"""

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from firmware_app.errors import AppError
from firmware_app.kept.kept_file import sync_folder
from firmware_app.update.version_name import is_version

HOME = Path("/opt/hushbox")
KEEP = Path("/var/lib/hushbox-update")
CURRENT, GOOD, PREVIOUS = "current", "good", "previous"
ROOT_NAME = "update-root.json"


class UpdateError(AppError, RuntimeError):
    """An update that is refused, or failed. code: for the page, which has its own words for each; values: in them."""

    def __init__(self, code: str, words: str, **values: str) -> None:
        super().__init__(words)
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of an installed box. home: root owns it, nobody else writes. keep: what updates must remember."""

    home: Path
    keep: Path

    @property
    def versions(self) -> Path:
        return self.home / "versions"

    @property
    def trial(self) -> Path:
        """The mark of a trial: there from before the sound stops until the trial is settled."""
        return self.keep / "trial"

    @property
    def staging(self) -> Path:
        """What control has fetched, and asks for. Its user writes here, so nothing in it is believed."""
        return self.keep / "staging"

    @property
    def request(self) -> Path:
        return self.staging / "request.json"

    @property
    def trusted(self) -> Path:
        """The installer's own TUF metadata: what it has seen, it never takes an older one of."""
        return self.keep / "trusted"

    def version(self, name: str) -> Path:
        return self.versions / name

    def program(self, link: str) -> Path:
        """The command `hushbox` of the version behind a link."""
        return self.home / link / ".venv" / "bin" / "hushbox"

    def pointed(self, link: str) -> str:
        """The version that a link names; "" when there is no such link or version."""
        try:
            folder, _, name = os.readlink(self.home / link).partition("/")
        except OSError:
            return ""
        return name if folder == "versions" and is_version(name) and self.version(name).is_dir() else ""

    def point(self, link: str, name: str) -> None:
        """Let a link name another version, atomically and durably. Raises OSError."""
        fresh = self.home / f".{link}.new"
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        fresh.symlink_to(f"versions/{name}")
        os.replace(fresh, self.home / link)
        sync_folder(self.home)

    def roots(self) -> tuple[Path, ...]:
        """Where the trusted root may be: what the administrator has put there comes before what was installed."""
        own = Path("/etc/hushbox") if self.home == HOME else self.home
        return own / ROOT_NAME, Path(__file__).resolve().parents[1] / "assets" / ROOT_NAME


def find(program: Path | None = None) -> Layout | None:
    """The layout that this program runs from; None for a checkout or a frozen build."""
    for folder in (program or Path(__file__)).resolve().parents:
        if folder.parent.name == "versions" and is_version(folder.name):
            home = folder.parents[1]
            return Layout(home, KEEP if home == HOME else home / "kept")
    return None


def why_none() -> str:
    """Why this program cannot be updated by itself, in words for people."""
    if getattr(sys, "frozen", False):
        return "the frozen box has no updates of its own: put a newer one in its place"
    return "Hushbox runs from a checkout: fetch a newer one and install it (sudo make install)"
