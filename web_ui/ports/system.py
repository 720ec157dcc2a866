"""SystemPort: the box as a machine, and its PIN, in the page's words. A part of ControlPort; the same rules hold."""

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


@dataclass(frozen=True, slots=True)
class PinView:
    """in_force: a PIN is set, so everything but Play asks for it. wanted: the box has none and should have."""

    in_force: bool
    wanted: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """Who tells a PIN, for the count of wrong ones. session: what they got before, good or not."""

    address: str = ""
    session: str = ""


ANYBODY = Caller()


class SystemPort(Protocol):
    """Each method may raise NotThere or ControlRefused."""

    def system(self) -> SystemView: ...

    def log_lines(self, most: int) -> Sequence[str]:
        """The newest lines of the log, oldest first. May take seconds."""
        ...

    def diagnostics(self, gone: Callable[[], bool] = bool) -> bytes:
        """A zip for whoever helps, with nothing secret in it. Takes seconds; given up once who asked is `gone`."""
        ...

    def backup(self) -> bytes:
        """Everything that is kept of the settings, as one JSON file."""
        ...

    def restore_backup(self, backup: bytes) -> None:
        """Check a backup wholly, then put it in place of what is kept, and start the box again."""
        ...

    def restart_box(self) -> None:
        """Start the box's processes again: sound stops for some seconds."""
        ...

    def power_off(self) -> None: ...

    def pin(self) -> PinView: ...

    def unlock(self, pin: str, who: Caller = ANYBODY) -> str:
        """A session for who knows the PIN. Raises PinRefused."""
        ...

    def lock(self, session: str) -> None:
        """End this session."""
        ...

    def knows_session(self, session: str) -> bool:
        """Whether this session was given out under the PIN in force; any will do while none is set."""
        ...

    def set_pin(self, pin: str, old: str, who: Caller = ANYBODY) -> str:
        """Set another PIN, or none when it is empty; `old` is the one before. Returns a session. Raises PinRefused."""
        ...
