"""RoomPort: learning the room while everybody is quiet, and what that proposes. Nothing is set before `use`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

STATES = ("nothing", "listening", "learned", "refused")


@dataclass(frozen=True, slots=True)
class ProposalView:
    """One parameter that the room asks for."""

    id: str
    value: float
    why: str  # one sentence


@dataclass(frozen=True, slots=True)
class RoomView:
    """The room as it was learned last, since the box started. Levels in dBFS at the input; -120 is silence."""

    number: int  # of the learning that this shows; 0 for none
    ago_s: float
    floor_db: float  # the noise, RMS
    hum_hz: float  # of the mains, 0 for no hum
    hum_db: float  # the hum's own level
    curve: Sequence[float]  # of the noise, in the bands of ports/sound.py; empty before anything was learned
    proposals: Sequence[ProposalView]
    used: bool  # the proposals were set


@dataclass(frozen=True, slots=True)
class RoomNews:
    """What every open page is told."""

    state: str  # one of STATES; "refused" keeps what was learned before
    seconds_left: int  # of listening
    problem: str  # why nothing was learned, in words; "" unless refused
    number: int  # of the RoomView that there is
    used: bool


class RoomPort(Protocol):
    """The noise of the room."""

    def news(self) -> RoomNews: ...

    def room(self) -> RoomView: ...

    def learn(self, on: bool) -> None:
        """Listen for limits.QUIET_S, or stop listening. What was learned before stays until there is something new."""
        ...

    def use(self, number: int) -> None:
        """Set what the learning with this number proposes, as one step of undo. Raises NotThere."""
        ...
