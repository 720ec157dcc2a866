"""PairingPort: which phones are paired with the box, what each may do, and the codes and the switch that let one in.

A phone has a role: "owner" may do all; "engineer" the sound, presets and controls; "player" what Play shows. Whoever is
not paired has the role "". web_ui/visitors/roles.py says which role each operation needs.
"""

from dataclasses import dataclass
from typing import Protocol

from web_ui.ports.pin import UNKNOWN_CALLER, Caller

OWNER, ENGINEER, PLAYER, NOBODY = "owner", "engineer", "player", ""
ROLES = (PLAYER, ENGINEER, OWNER)
"""From the one that may least to the one that may all."""

COOKIE = "hushbox_session"
"""In which a client shows its session."""


@dataclass(frozen=True, slots=True)
class PhoneView:
    """A paired phone. since, seen, ends: Unix time by the box's clock. ends: None for a phone that may stay."""

    id: str
    name: str
    role: str
    since: float
    seen: float
    ends: float | None
    here: bool  # the phone that asks


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a client stands. claimed: the box has an owner. waiting_s: a phone may be let in at the box for so long.

    While a box is not claimed, or open_play is on, anybody in the network may do what a player may. waiting_s is told
    to paired phones only: a stranger must not see when the switch is held.
    """

    role: str
    phone_id: str
    claimed: bool
    open_play: bool
    waiting_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Invite:
    """A code for one more phone. link: opens the page and pairs. qr: its QR code's rows, 1 is dark.

    ends: Unix time by the box's clock, when the code ends; a guest's pairing ends then as well. fingerprint: of the
    page's certificate, "AB:CD:…", which the link carries too; "" for a page in the clear.
    """

    code: str
    link: str
    qr: tuple[str, ...]
    ends: float
    fingerprint: str = ""


class PairingPort(Protocol):
    """The paired phones. A session is the secret text that a phone keeps; the box keeps only its hash."""

    def entry(self, session: str) -> Entry:
        """Where the client with this session stands. Asked for every request: no disk, no wait."""
        ...

    def claim(self, code: str, name: str, caller: Caller = UNKNOWN_CALLER) -> str:
        """Pair by a code, and return the session. name: the phone's; "" for a number.

        A paired phone keeps its place and takes the code's role and end, unless it may as much as long already: then
        the code stays unused. Raises PairRefused: in the same words for a code that is wrong, used or ended.
        """
        ...

    def ask(self, name: str, caller: Caller = UNKNOWN_CALLER) -> str:
        """Ask to be let in at the box, every second or two: a session, or "" while nobody has held the footswitch.

        The phone becomes an owner while the box is unclaimed, else a player. Raises PairRefused while phones at two
        addresses ask: the box cannot tell which one is meant.
        """
        ...

    def leave(self, session: str) -> None:
        """The phone gives up its pairing. Raises ControlRefused for the last owner."""
        ...

    def phones(self, session: str = "") -> tuple[PhoneView, ...]:
        """Every paired phone, in the order they came. session: of the phone that asks."""
        ...

    def change(self, id: str, *, name: str | None = None, role: str | None = None) -> None:
        """Rename a phone, or give it another role. Raises NotThere; ControlRefused, also for the last owner."""
        ...

    def revoke(self, id: str) -> None:
        """End a phone's pairing at once, and its streams within a second. Raises NotThere, ControlRefused."""
        ...

    def invite(self, role: str, hours: float | None, base: str) -> Invite:
        """A code for one more phone. hours: a guest's, whose pairing ends with them; None: the phone stays.

        base: the page's address as the link has it, with "/" at its end. Raises ControlRefused.
        """
        ...

    def set_open_play(self, on: bool) -> None:
        """Whether anybody in the network may play."""
        ...
