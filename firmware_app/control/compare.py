"""A/B: compares the untouched and the processed sound at equal loudness, because the louder one always seems better.

While it is on, bypass chooses the side, from the page or by foot. The louder side is turned down (box.match_db) by the
difference in LUFS. Both are measured at the same moments, while the processed sound is heard.

The dry path's own level ramp plays the match (dsp.rack.dry_path); at 0 dB bypass stays bit-exact. Loudness is measured
from the listen ring (dsp.analysis.loudness).
"""

import math
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from dsp.analysis.loudness import HOP_FRAMES, Loudness
from dsp.block import RATE_HZ
from dsp.rack.dry_path import BYPASS, MATCH, MUTE
from dsp.rack.voice_stages import SOLO
from firmware_app.control.control import Control
from firmware_app.link.listen_ring import READ_SECONDS, RingReader
from web_ui.ports.limits import COMPARE_HOLD_S

LISTEN = "denoise.listen"
WINDOW_S = 10.0  # the measurement is of the newest seconds
ENOUGH_S = 1.0  # of measured sound before anything is matched
SETTLE_S = 0.3  # after a change of side or level, until the ring has the new sound only
LOOK_S = 0.1
ORIGIN = "compare"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The state. Loudness in LUFS, -inf while unknown. match_db: of the side that is heard, 0 or below."""

    on: bool = False
    untouched_lufs: float = -math.inf
    processed_lufs: float = -math.inf
    match_db: float = 0.0
    measured_s: float = 0.0


class Comparer:
    """One per box. Methods from any thread; a thread of its own measures while it is on."""

    def __init__(self, control: Control, ring: Path) -> None:
        self._control = control
        self._reader = RingReader(ring)
        self._lock = threading.Lock()
        self._view = Comparison()
        self._renewed_at = 0.0
        self._ending = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._bypass_before = 0.0
        self._settled_at = time.monotonic()
        self._renew_measure = False
        self._was_bypassed = False
        control.listen(ORIGIN, self._on_change)
        if control.value(MATCH.id) != MATCH.default:  # left over from a comparison that a power cut ended
            control.set_param(MATCH.id, MATCH.default, ORIGIN)

    @property
    def view(self) -> Comparison:
        return self._view

    def start(self) -> None:
        """Begin, or renew a comparison."""
        self._renewed_at = time.monotonic()
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._bypass_before = self._control.value(BYPASS.id)
            self._ending.clear()
            self._view = Comparison(on=True)
            self._control.comparing = True
            self._thread = threading.Thread(target=self._run, name="compare", daemon=True)
            self._thread.start()
        self._control.news()

    def end(self) -> None:
        """End: no match, and bypass as it was before. Waits for the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is None:
                return
            self._ending.set()
            self._wake.set()
        thread.join(timeout=1.0)

    def _on_change(self, id: str, value: float, origin: str) -> None:
        if id in (BYPASS.id, MUTE.id, LISTEN, SOLO.id):
            self._settled_at = time.monotonic() + SETTLE_S
            self._wake.set()  # so that the other side gets its level at once
        if origin == "preset":
            self._renew_measure = True

    # --- the thread ---

    def _run(self) -> None:
        untouched, processed = self._meters()
        # The sound just before counts too, as far back as it was the processed one.
        heard_s = min(READ_SECONDS - 1.0, max(0.0, time.monotonic() - self._settled_at))
        position = max(0, self._reader.newest() - int(heard_s * RATE_HZ))
        while not self._ending.is_set() and time.monotonic() - self._renewed_at < COMPARE_HOLD_S:
            if self._renew_measure:
                self._renew_measure = False
                untouched, processed = self._meters()
            position = self._measure(position, untouched, processed)
            self._match(untouched, processed)
            self._wake.wait(LOOK_S)
            self._wake.clear()
        self._reader.close()
        self._view = Comparison()
        self._control.comparing = False
        self._control.set_param(MATCH.id, 0.0, ORIGIN)
        self._control.set_param(BYPASS.id, self._bypass_before, ORIGIN)
        self._control.news()

    def _meters(self) -> tuple[Loudness, Loudness]:
        found = self._reader.latest(1)
        channels = found[0].shape[1] if found is not None else 1
        return Loudness(channels, WINDOW_S), Loudness(channels, WINDOW_S)

    def _measure(self, position: int, untouched: Loudness, processed: Loudness) -> int:
        """Measure what was heard since `position`; returns the new one."""
        while self._reader.newest() - position >= HOP_FRAMES:
            position, before, after = self._reader.since(position, HOP_FRAMES)
            if len(before) < HOP_FRAMES or not self._counts():
                continue
            untouched.add(before)
            processed.add(after, 10.0 ** (self._control.value(MATCH.id) / 20.0))
        return position

    def _counts(self) -> bool:
        """Whether the ring holds the processed sound now."""
        values = self._control.values()
        quiet = values[BYPASS.id] or values[MUTE.id] or values.get(LISTEN, 0.0) or values.get(SOLO.id, 0.0)
        return not quiet and time.monotonic() >= self._settled_at

    def _match(self, untouched: Loudness, processed: Loudness) -> None:
        before, after = untouched.lufs, processed.lufs
        louder = after - before if math.isfinite(before) and math.isfinite(after) else 0.0
        if untouched.seconds < ENOUGH_S:
            louder = 0.0
        bypassed = self._control.value(BYPASS.id) >= 0.5
        wanted = round(max(min(louder if bypassed else -louder, 0.0), MATCH.low), 1)
        # Not in smaller steps, which nobody would hear: each one pauses the measurement.
        if abs(wanted - self._control.value(MATCH.id)) > 0.25 or (bypassed != self._was_bypassed):
            self._was_bypassed = bypassed
            self._control.set_param(MATCH.id, wanted, ORIGIN)
            self._settled_at = max(self._settled_at, time.monotonic() + SETTLE_S)
        view = Comparison(True, before, after, self._control.value(MATCH.id), untouched.seconds)
        if view != self._view:
            self._view = view
            self._control.news()
