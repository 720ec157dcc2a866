"""SystemPort: the box as a machine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SystemView:
    """The machine. no_restart, no_power_off: why it cannot be done here, empty when it can."""

    versions: Mapping[str, str]
    health: str  # what is wrong with the board in one sentence, empty when all is well
    temperature_c: float | None
    uptime_s: float  # of the control process
    no_restart: str
    no_power_off: str
    restored: str = ""  # when the newest restore was, "2026-01-31 21:03:00", while it can be taken back


@dataclass(frozen=True, slots=True)
class ReplacedView:
    """What a restore replaces. what: "presets", "scenes", "panel", "audio", "models", "sound" or "name".

    now, then: how many there are on the box and in the backup; of "name" the names.
    """

    what: str
    now: str
    then: str


@dataclass(frozen=True, slots=True)
class BackupView:
    """A backup as a restore would find it. Only what differs from the box is in `replaces`."""

    made_at: str
    made_by: str
    replaces: tuple[ReplacedView, ...]


@dataclass(frozen=True, slots=True)
class NetworkView:
    """Where the page is. urls: the surest first. qr: rows of a QR code of that one, "1" is dark; may be empty.

    fingerprint: of the page's certificate, "AB:CD:…", which the code carries too; "" for a page in the clear.
    """

    urls: tuple[str, ...]
    qr: tuple[str, ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class PackageView:
    """A program library that ships with the box."""

    name: str
    version: str
    licence: str


@dataclass(frozen=True, slots=True)
class AboutView:
    """What ships with the box. licence: of Hushbox itself. docs: whether its docs are on the box, at /docs/."""

    licence: str
    packages: tuple[PackageView, ...]
    docs: bool


class SystemPort(Protocol):
    """Versions, log, diagnostics, backup, restart and power."""

    @property
    def version(self) -> str:
        """Hushbox's version."""
        ...

    def view(self) -> SystemView: ...

    def network(self, port: int) -> NetworkView:
        """The addresses of the page. port: the one at which the page was asked for."""
        ...

    def about(self) -> AboutView: ...

    def docs_page(self, name: str) -> str:
        """A page of the docs, in Markdown; "" is the first. Raises NotThere."""
        ...

    def docs_picture(self, name: str) -> bytes:
        """A picture of the docs (PNG). Raises NotThere."""
        ...

    def log_lines(self, most: int) -> Sequence[str]:
        """The newest `most` lines of the log, oldest first. May take seconds."""
        ...

    def diagnostics(self, gone: Callable[[], bool] = bool) -> bytes:
        """A zip file for a helper, with nothing secret in it.

        Takes seconds. gone: whether the client has left; the work is given up then. Raises ControlRefused.
        """
        ...

    def backup(self) -> bytes:
        """All settings that are kept, as one JSON file."""
        ...

    def look_into_backup(self, backup: bytes) -> BackupView:
        """Check the whole backup, and tell what a restore would replace; nothing is changed. Raises ControlRefused."""
        ...

    def restore_backup(self, backup: bytes) -> None:
        """Check the whole backup, put it in place of what is kept, and restart. Raises ControlRefused."""
        ...

    def undo_restore(self) -> None:
        """Put back what was kept before the newest restore, and restart; doing it again takes that back.

        Raises ControlRefused when there was none, or it was kept.
        """
        ...

    def keep_restore(self) -> None:
        """The newest restore stays: it can be taken back no longer."""
        ...

    def restart(self) -> None:
        """Restart the box's processes: sound stops for some seconds. Raises ControlRefused."""
        ...

    def power_off(self) -> None:
        """Raises ControlRefused."""
        ...
