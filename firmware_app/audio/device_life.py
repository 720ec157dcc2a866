"""What happens to the device while sound runs: it goes, falls silent or changes its rate, and comes back.

Each is said to control, and in the log once; the device is then closed and opened again, for as long as it takes.

A second of silence or a clock that was switched (`RateWatch`) closes the device. The reason is on the page until sound
is back, and in the log once a minute at most (`SaidOnce`). A call that never returns is ended by the supervisor.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from firmware_app.audio.source import Opened
from firmware_app.said_once import SaidOnce
from hw.audio.audio_io import AudioIo, IoStatus
from hw.audio.clocks.rate_watch import RateWatch

log = logging.getLogger(__name__)

PATIENCE_S = 1.0  # a device that gives nothing for so long is closed and opened anew


class DeviceLife:
    """Judges the device, block by block. Audio thread; nothing is logged while streaming."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.trouble = ""  # why sound stopped; empty once it is back
        self.ended = ""  # why the stream that runs is to end
        self.message = ""  # what is to be said of a device that runs, for people
        self.news = False  # `message` has changed
        self._clock = clock
        self._said = SaidOnce(log, clock)
        self._lost_at = self._heard_at = clock()
        self._standing = ""  # what is to be said of the device for as long as it runs
        self._rate_excused = False  # its rate is off, and opening it again has not helped

    def opened(self, opened: Opened) -> Opened:
        """The device is open again: what went wrong before is said until sound has come."""
        self._standing = opened.message
        if not self.trouble:
            return opened
        assert opened.io is not None
        away_s = self._clock() - self._lost_at
        self._said.note(f"{opened.io.name} is open again after {away_s:.1f} s", opened.io.name)
        return replace(opened, message=opened.message or self.trouble)

    def begin(self, io: AudioIo) -> None:
        """Sound is about to start."""
        self._io = io
        self.ended = ""
        self._heard_at = self._clock()
        self._rate = RateWatch(48_000, io.format.box_period_frames)
        self.message, self.news = self._standing, False

    def goes_on(self, status: IoStatus) -> bool:
        """After each read, and a write that failed. False: close the device and open it again; `ended` says why."""
        now = self._clock()
        if status is IoStatus.GONE or status is IoStatus.END:
            self.ended = self._io.gone_reason
            self._rate_excused = False
        elif status is IoStatus.TIMEOUT:
            if now - self._heard_at > PATIENCE_S:
                self.ended = f"{self._io.name}: no sound for {PATIENCE_S:g} s, opening it again"
            self._rate.forget()
        else:
            self._heard_at = now
            if status is IoStatus.XRUN:
                self._rate.forget()
            elif self._rate.block(now):
                self._judge_rate()
            if self.trouble and status is IoStatus.OK and not self.ended:
                self.trouble, self.news = "", True
        return not self.ended

    def closed(self, reason: str) -> None:
        """The device was closed, real time is over: say why; empty: it was left on purpose."""
        if reason and not self.trouble:
            self._lost_at = self._heard_at
        self.trouble = reason
        if reason:
            self._said.warn(reason)

    def _judge_rate(self) -> None:
        """Opening again lets both sides agree anew; where that does not help, both directions are off alike."""
        off_hz, rate_hz = self._rate.off_hz, self._io.format.rate_hz
        if not off_hz:
            self._rate_excused = False
            return
        hz = 100 * round(off_hz * rate_hz / 4_800_000)
        if self._rate_excused:
            text = f"{self._io.name} says {rate_hz} Hz but runs at about {hz}: has another program switched its clock?"
            self.news |= self.message != text
            self.message = text
        else:
            self._rate_excused = True
            self.ended = f"{self._io.name}: its clock went from {rate_hz} to about {hz} Hz, opening it again"
