"""How the audio process looks after itself: safe mode after a row of crashes, less work under load or heat."""

import time

from dsp.rack.rack import Rack
from firmware_app.audio.shedding import LoadShedder
from firmware_app.link.shed import Shed
from firmware_app.link.wire import AudioLink, HealthFrame
from firmware_app.running.crash_loop import QUIET_DB, QUIET_S, CrashLoop


class SelfCare:
    """Judges between blocks, puts into force what it finds and tells control. Audio thread."""

    def __init__(self, crashes: CrashLoop) -> None:
        self._crashes = crashes
        self._shedder = LoadShedder()
        self._rack: Rack | None = None
        self._told = HealthFrame()
        self._waits = True  # something is to be told
        self._quiet_since = time.monotonic()

    @property
    def safe(self) -> bool:
        """Safe mode: no model is to be loaded."""
        return self._crashes.safe

    @property
    def why_safe(self) -> str:
        """In words; empty outside safe mode."""
        return self._crashes.why

    @property
    def keeps_before_and_after(self) -> bool:
        return self._shedder.shed < Shed.LISTEN

    def watch(self, rack: Rack) -> None:
        """From now on it is `rack` whose work is left out. Outside streaming."""
        self._rack = rack
        without = set() if rack.has_light_voice else {Shed.LIGHTER}
        self._shedder = LoadShedder(tuple(step for step in Shed if step not in without))

    def block_done(self, work_s: float, deadline_s: float) -> None:
        if self._shedder.add(work_s, deadline_s):
            self._put_in_force()

    @property
    def too_much(self) -> bool:
        """Is there more work at this moment than may be?"""
        return self._shedder.too_much

    def ask(self, least: int) -> None:
        """Control says that the board is too hot for more."""
        before = self._shedder.shed
        self._shedder.ask(least)
        if self._shedder.shed != before:
            self._put_in_force()

    def tell(self, link: AudioLink, *, connected: bool) -> None:
        """Send what has changed; everything to somebody who has just connected."""
        if connected or self._waits:
            self._told = HealthFrame(self.safe, self._shedder.shed, self._shedder.times, self.why_safe)
            self._waits = not link.send(self._told)

    def may_start_anew(self, peak_db: float, now: float) -> bool:
        """Is safe mode over, and nothing heard that a new start would interrupt? peak_db: of the input, dBFS."""
        if peak_db > QUIET_DB:
            self._quiet_since = now
        return now - self._quiet_since >= QUIET_S and self._crashes.may_leave()

    def _put_in_force(self) -> None:
        shed = self._shedder.shed
        if self._rack is not None:
            self._rack.rest(stems=shed >= Shed.STEMS, models=shed >= Shed.DRY)
            self._rack.lighten(shed >= Shed.LIGHTER)
        self._waits = True
