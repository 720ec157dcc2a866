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


class SystemPort(Protocol):
    """Versions, log, diagnostics, backup, restart and power."""

    @property
    def version(self) -> str:
        """Hushbox's version."""
        ...

    def view(self) -> SystemView: ...

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

    def restore_backup(self, backup: bytes) -> None:
        """Check the whole backup, put it in place of what is kept, and restart. Raises ControlRefused."""
        ...

    def restart(self) -> None:
        """Restart the box's processes: sound stops for some seconds. Raises ControlRefused."""
        ...

    def power_off(self) -> None:
        """Raises ControlRefused."""
        ...
