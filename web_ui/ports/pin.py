"""PinPort: the PIN by which a phone gets in as an engineer, where an owner has set one."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PinView:
    """in_force: a PIN is set, so a phone may be paired with it."""

    in_force: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """The client that sends a PIN or a code: wrong ones are counted by it. session: its last one, valid or not."""

    address: str = ""
    session: str = ""


UNKNOWN_CALLER = Caller()


class PinPort(Protocol):
    """The PIN. No answer ever contains it."""

    def view(self) -> PinView: ...

    def unlock(self, pin: str, name: str = "", caller: Caller = UNKNOWN_CALLER) -> str:
        """Check the PIN, pair the phone as an engineer, and return its session. name: the phone's; "" for a number.

        Raises PinRefused, also while no PIN is set.
        """
        ...

    def change(self, pin: str, old: str, caller: Caller = UNKNOWN_CALLER) -> None:
        """Replace the PIN `old` by `pin`; an empty `pin` removes it. Phones stay paired. Raises PinRefused."""
        ...
