"""RealSound: looking at, listening to and comparing the sound, over the listen ring and the history."""

import math
import time
from dataclasses import astuple
from pathlib import Path

from dsp.rack.dry_path import MUTE
from firmware_app.control.compare import Comparer
from firmware_app.control.control import Control
from firmware_app.control.history import History
from firmware_app.control.live_sound import LiveSound
from firmware_app.control.spectrum import Spectrum
from firmware_app.link import listen_ring
from firmware_app.link.shed import Shed
from web_ui.ports.errors import NotThere
from web_ui.ports.sound import LIVE, CompareView, HistoryView, LiveStream, MomentView, Recording


class RealSound:
    """Implements SoundPort. Any thread."""

    def __init__(self, control: Control, ring: Path, history: History, comparer: Comparer) -> None:
        self._control = control
        self._ring = ring
        self._history = history
        self._comparer = comparer
        self._spectrum = Spectrum(ring)
        self._picture = b""

    def spectrum(self) -> bytes:
        """The newest picture; the last one while the board is too busy."""
        if not self._picture or self._control.health.shed < Shed.SPECTRUM:
            self._picture = self._spectrum.picture()
        return self._picture

    def history(self, after: int) -> HistoryView:
        return HistoryView(time.monotonic(), [MomentView(*astuple(moment)) for moment in self._history.since(after)])

    def live(self, which: str) -> LiveStream:
        if which not in LIVE:
            raise NotThere(f"nothing called {which[:40]!r} to listen to: there are {', '.join(LIVE)}")
        return LiveSound(self._ring, which, lambda: self._control.value(MUTE.id) >= 0.5)

    def recording(self) -> Recording:
        try:
            return Recording(*listen_ring.read_wavs(self._ring))
        except FileNotFoundError:
            raise NotThere("no sound has been heard yet: start the box and try again") from None

    def compare(self, on: bool) -> CompareView:
        if on:
            self._comparer.start()
        else:
            self._comparer.end()
        return self.comparison()

    def comparison(self) -> CompareView:
        view = self._comparer.view
        return CompareView(
            view.on, _known(view.untouched_lufs), _known(view.processed_lufs), view.match_db, view.measured_s
        )


def _known(lufs: float) -> float | None:
    return lufs if math.isfinite(lufs) else None
