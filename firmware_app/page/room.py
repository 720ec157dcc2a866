"""RealRoom: learning the room, over the listen ring; what it proposes is set as one step of undo."""

import time
from pathlib import Path

from firmware_app.control.control import Control
from firmware_app.control.room import Proposal, Room, RoomLearner, proposals
from firmware_app.control.undo import ROOM
from web_ui.ports.errors import NotThere
from web_ui.ports.room import ProposalView, RoomNews, RoomView

SILENCE_DB = -120.0


class RealRoom:
    """Implements RoomPort. Any thread."""

    def __init__(self, control: Control, ring: Path) -> None:
        """ring: the listen ring's file."""
        self._control = control
        self._learner = RoomLearner(ring, control.news)
        self._used = 0  # the number of the learning that was set

    def news(self) -> RoomNews:
        now = self._learner.now
        idle = "refused" if now.problem else "learned" if now.number else "nothing"
        state = "listening" if now.listening else idle
        return RoomNews(state, now.seconds_left, now.problem, now.number, self._is_used(now.number))

    def room(self) -> RoomView:
        now = self._learner.now
        if now.room is None:
            return RoomView(0, 0.0, SILENCE_DB, 0.0, SILENCE_DB, (), (), used=False)
        proposed = [ProposalView(each.id, each.value, each.why) for each in self._proposals(now.room)]
        ago_s = time.monotonic() - now.learned_at_s
        return RoomView(
            now.number, ago_s, max(now.room.floor_db, SILENCE_DB), now.room.hum_hz,
            max(now.room.hum_db, SILENCE_DB), now.room.curve, proposed, self._is_used(now.number),
        )  # fmt: skip

    def learn(self, on: bool) -> None:
        if on:
            self._learner.start()
        else:
            self._learner.cancel()

    def use(self, number: int) -> None:
        now = self._learner.now
        if now.room is None or number != now.number:
            raise NotThere(f"there is no learning {number} of the room: it was learned again, or not yet")
        with self._control.one_step(ROOM, "", "page", lambda: self._not_used(number)):
            self._control.set_params({each.id: each.value for each in self._proposals(now.room)}, "page")
        self._used = number
        self._control.news()

    def _proposals(self, heard: Room) -> tuple[Proposal, ...]:
        return proposals(heard, self._control.values())

    def _is_used(self, number: int) -> bool:
        return bool(number) and number == self._used

    def _not_used(self, number: int) -> None:
        """What it set was undone."""
        if self._used == number:
            self._used = 0
