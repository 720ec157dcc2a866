"""The health of the audio process: safe mode after several crashes, less work under load or heat."""

import time

from dsp.rack.rack import Rack
from dsp.rack.voice_stages import CAN_REST, MENDING
from firmware_app.audio.shedding import LoadShedder
from firmware_app.link.shed import Shed
from firmware_app.link.wire import AudioLink, HealthFrame
from firmware_app.running.crash_loop import QUIET_DB, QUIET_S, CrashLoop


class Health:
    """Decides what work to shed, applies it to the rack, and tells control. Audio thread."""

    def __init__(self, crashes: CrashLoop) -> None:
        self._crashes = crashes
        self._shedder = LoadShedder()
        self._rack: Rack | None = None
        self.keeps_before_and_after = True  # read in every block
        self._told = HealthFrame()
        self._waits = True  # there is something to tell
        self._quiet_since = time.monotonic()

    @property
    def safe(self) -> bool:
        """Safe mode: no model is to be loaded."""
        return self._crashes.safe

    @property
    def why_safe(self) -> str:
        """In words; empty outside safe mode."""
        return self._crashes.why

    def watch(self, rack: Rack) -> None:
        """Work is shed in this rack. Outside streaming."""
        self._rack = rack
        without = set() if rack.has_light_voice else {Shed.LIGHTER}
        self._shedder = LoadShedder(tuple(step for step in Shed if step not in without))

    def block_done(self, work_s: float, deadline_s: float) -> None:
        """Count one block's work; shed or restore some when it is time."""
        if self._shedder.add(work_s, deadline_s):
            self._apply()

    @property
    def too_much(self) -> bool:
        """Whether there was too much work in the last 100 ms."""
        return self._shedder.too_much

    def ask(self, least: int) -> None:
        """Control says that the board is hot or throttled: shed at least this much (link/shed.py)."""
        before = self._shedder.shed
        self._shedder.ask(least)
        if self._shedder.shed != before:
            self._apply()

    def tell(self, link: AudioLink, *, connected: bool) -> None:
        """Send what has changed; to a control process that has just connected, everything."""
        if connected or self._waits:
            self._told = HealthFrame(self.safe, self._shedder.shed, self._shedder.times, self.why_safe)
            self._waits = not link.send(self._told)

    def may_start_anew(self, peak_db: float, now: float) -> bool:
        """Whether safe mode has lasted long enough, and the input is quiet. peak_db: of the input, dBFS."""
        if peak_db > QUIET_DB:
            self._quiet_since = now
        return now - self._quiet_since >= QUIET_S and self._crashes.may_leave()

    def _apply(self) -> None:
        shed = self._shedder.shed
        self.keeps_before_and_after = shed < Shed.LISTEN
        if self._rack is not None:
            stages = CAN_REST if shed >= Shed.DRY else MENDING if shed >= Shed.STAGES else frozenset()
            self._rack.rest(stems=shed >= Shed.STEMS, models=shed >= Shed.DRY, stages=stages)
            self._rack.lighten(shed >= Shed.LIGHTER)
        self._waits = True
