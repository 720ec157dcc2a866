"""FakeRoom: a room of hiss and hum that takes no sound to learn."""

import time

from web_ui.fakes.live import FakeLive
from web_ui.ports.errors import NotThere
from web_ui.ports.limits import QUIET_S
from web_ui.ports.room import ProposalView, RoomNews, RoomView
from web_ui.ports.sound import SPECTRUM_BANDS

PROPOSALS = (
    ProposalView(
        "gate.threshold", -47.0, "Above the loudest moments of the noise, which reaches the gate with -54 dB."
    ),
    ProposalView("hum.on", 1.0, "There is hum at 50.0 Hz, -58 dB."),
)


class FakeRoom:
    """A RoomPort. Any thread."""

    def __init__(self, live: FakeLive) -> None:
        self.spoken = False  # somebody will have spoken
        self.quiet_s = QUIET_S
        self._live = live
        self._number, self._learned_at = 0, 0.0
        self._until: float | None = None
        self._problem = ""
        self._used = False

    def news(self) -> RoomNews:
        self._look()
        left = 0 if self._until is None else max(1, round(self._until - time.monotonic()))
        idle = "refused" if self._problem else "learned" if self._number else "nothing"
        used = self._used and all(self._live.value(each.id) == each.value for each in PROPOSALS)  # until it is undone
        return RoomNews("listening" if left else idle, left, self._problem, self._number, used)

    def room(self) -> RoomView:
        self._look()
        if not self._number:
            return RoomView(0, 0.0, -120.0, 0.0, -120.0, (), (), used=False)
        curve = [-62.0 - 0.25 * band + (14.0 if band in (3, 4, 14) else 0.0) for band in range(SPECTRUM_BANDS)]
        ago_s = time.monotonic() - self._learned_at
        return RoomView(self._number, ago_s, -54.0, 50.0, -58.0, curve, PROPOSALS, self._used)

    def learn(self, on: bool) -> None:
        self._until = time.monotonic() + self.quiet_s if on else None
        self._problem = ""
        self._live.tell()

    def use(self, number: int) -> None:
        if not number or number != self._number:
            raise NotThere(f"there is no learning {number} of the room: it was learned again, or not yet")
        with self._live.one_step("room", ""):
            for proposal in PROPOSALS:
                self._live.set_param(proposal.id, proposal.value, "page")
        self._used = True
        self._live.tell()

    def _look(self) -> None:
        if self._until is None or time.monotonic() < self._until:
            return
        self._until = None
        if self.spoken:
            self._problem = "That was not quiet: somebody spoke or something moved. Be quiet and learn again."
            return
        self._number, self._learned_at, self._used = self._number + 1, time.monotonic(), False
