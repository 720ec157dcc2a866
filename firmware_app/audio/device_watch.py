"""Watches the device while sound runs: it may vanish, fall silent or change its rate, and come back.

Each of these is told to control, and logged once. The device is then closed and opened again, until it works.

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

PATIENCE_S = 1.0  # a device that delivers nothing for this long is closed and opened again


class DeviceWatch:
    """Judges the device, block by block. Audio thread; logs nothing while streaming."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.trouble = ""  # why sound stopped; empty once it is back
        self.ended = ""  # why the stream must end
        self.message = ""  # what to say about a device that runs, for people
        self.news = False  # `message` has changed
        self._clock = clock
        self._said = SaidOnce(log, clock)
        self._lost_at = self._heard_at = clock()
        self._standing = ""  # what to say about the device for as long as it runs
        self._leaving = False
        self._rate_excused = False  # its rate is off, and opening it again has not helped

    def opened(self, opened: Opened) -> Opened:
        """The device is open. What went wrong before stays the message until there is sound."""
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
        self._leaving = False
        self._heard_at = self._clock()
        self._rate = RateWatch(48_000, io.format.box_period_frames)
        self.message, self.news = self._standing, False

    def leave(self) -> None:
        """The device will be closed on purpose in a moment: what its clock does no longer matters."""
        self._leaving = True

    def goes_on(self, status: IoStatus) -> bool:
        """After each read, and a write that failed. False: close the device and open it again; `ended` says why."""
        now = self._clock()
        if status is IoStatus.GONE or status is IoStatus.END:
            self.ended = self._io.gone_reason
            self._rate_excused = False
            return False  # the end of a file has no reason
        if status is IoStatus.TIMEOUT:
            if now - self._heard_at > PATIENCE_S:
                self.ended = f"{self._io.name}: no sound for {PATIENCE_S:g} s, opening it again"
            self._rate.forget()
        else:
            self._heard_at = now
            if status is IoStatus.OK and self._rate.block(now) and not self._leaving:
                self._judge_rate()
            if self.trouble and status is IoStatus.OK and not self.ended:
                self.trouble, self.news = "", True
        return not self.ended

    def lost(self) -> None:
        """There was an xrun, of either direction. Both have started again, which took time that is not the clock's."""
        self._rate.forget()

    def closed(self, reason: str) -> None:
        """The device was closed, and real time is over. reason: for the log; empty when it was left on purpose."""
        if reason and not self.trouble:
            self._lost_at = self._heard_at
        self.trouble = reason
        if reason:
            self._said.warn(reason)

    def _judge_rate(self) -> None:
        """Opening it again lets both sides agree on a rate. Where that does not help, the message says so instead."""
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
