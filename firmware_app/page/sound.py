"""SoundBoxPort: looking at and listening to the sound as the page sees it, over the listen ring and the history."""

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
from firmware_app.link.shed import Shed
from web_ui.ports.box import NotThere
from web_ui.ports.sound import LIVE, CompareView, HistoryView, LiveStream, MomentView


class SoundBoxPort:
    """Implements web_ui's SoundPort. Any thread."""

    def __init__(self, control: Control, ring: Path, history: History, comparer: Comparer) -> None:
        self._control = control
        self._ring = ring
        self._history = history
        self._comparer = comparer
        self._spectrum = Spectrum(ring)
        self._picture = b""

    def spectrum(self) -> bytes:
        """While the board is too busy it stands still."""
        if not self._picture or self._control.health.shed < Shed.SPECTRUM:
            self._picture = self._spectrum.picture()
        return self._picture

    def history(self, after: int) -> HistoryView:
        return HistoryView(time.monotonic(), [MomentView(*astuple(moment)) for moment in self._history.since(after)])

    def live(self, which: str) -> LiveStream:
        if which not in LIVE:
            raise NotThere(f"nothing called {which[:40]!r} to listen to: there are {', '.join(LIVE)}")
        return LiveSound(self._ring, which, lambda: self._control.value(MUTE.id) >= 0.5)

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
