"""PinPort: the PIN that guards everything but Play, and the sessions of those who know it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PinView:
    """in_force: a PIN is set, so everything but Play asks for it. wanted: none is set and one should be."""

    in_force: bool
    wanted: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """The client that sends a PIN: wrong PINs are counted by it. session: its last one, valid or not."""

    address: str = ""
    session: str = ""


UNKNOWN_CALLER = Caller()


class PinPort(Protocol):
    """The PIN. No answer ever contains it."""

    def view(self) -> PinView: ...

    def unlock(self, pin: str, caller: Caller = UNKNOWN_CALLER) -> str:
        """Check the PIN and return a new session. Raises PinRefused."""
        ...

    def lock(self, session: str) -> None:
        """End this session. Raises ControlRefused when it would be valid again after a restart."""
        ...

    def knows(self, session: str) -> bool:
        """Whether this session was opened with the PIN in force. Any session will do while no PIN is set."""
        ...

    def change(self, pin: str, old: str, caller: Caller = UNKNOWN_CALLER) -> str:
        """Replace the PIN `old` by `pin`; an empty `pin` removes it. Returns a session. Raises PinRefused."""
        ...
